"""What the documents of companies refuse."""

from __future__ import annotations

from datetime import date

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class DocumentNotFound(NotFound):
    """There is no such document, or not for this actor."""

    def __init__(self, document: int) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no such document."), field="document", value=document
        )


class NothingToIssue(Refused):
    """Every period that has ended has its documents."""

    def __init__(self, since: date, allowed_from: date) -> None:
        super().__init__(
            "NOTHING_TO_ISSUE",
            N_(
                "Every period that has ended has its documents. The present one, since {since},"
                " ends on {allowed_from}."
            ),
            field="since",
            value=since,
            since=since,
            allowed_from=allowed_from,
        )


class PeriodDocumented(Conflict):
    """Documents follow each other: none begins before the end of the last one."""

    def __init__(self, value: date, end: date) -> None:
        super().__init__(
            "PERIOD_DOCUMENTED",
            N_("The days up to {end} have their documents: the next ones begin there."),
            field="since",
            value=value,
            end=end,
        )


class StillDraft(Refused):
    """A document without a number is not sent, printed or corrected."""

    def __init__(self) -> None:
        super().__init__(
            "STILL_DRAFT",
            N_("This is a draft: fill in the details that are missing, then issue it."),
            field="document",
        )


class DocumentReplaced(Conflict):
    """Another document stands in for this one."""

    def __init__(self) -> None:
        super().__init__(
            "DOCUMENT_REPLACED",
            N_("Another document stands in for this one already."),
            field="document",
        )


class DetailsMissing(Refused):
    """Details of a party are missing or wrong; `details` says which, in words."""

    def __init__(self, details: str) -> None:
        super().__init__(
            "DETAILS_MISSING",
            N_("Missing or wrong: {details}. Correct them, then issue the document."),
            field="details",
            details=details,
        )


class NoAddress(Refused):
    """Nobody knows where to send documents."""

    def __init__(self) -> None:
        super().__init__(
            "NO_ADDRESS",
            N_("The subscriber has no e-mail address: add one to the contacts first."),
            field="to",
        )


class DaysNotClosed(Refused):
    """A reconciliation holds closed days only: open ones still change."""

    def __init__(self, value: date, day: date) -> None:
        super().__init__(
            "DAYS_NOT_CLOSED",
            N_("{value} is not closed yet: the open day is {day}. Choose an earlier last day."),
            field="last",
            value=value,
            day=day,
        )
