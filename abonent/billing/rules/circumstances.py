"""What stands around an entry's figures, in words: why, from where, for which days, by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from abonent.billing.rules.book import Kind, Posting
from abonent.billing.rules.calculation import last_day
from abonent.billing.rules.periods import DAY
from abonent.kernel.i18n import N_, gettext

_CAUSES = {
    "funds": N_("The money did not suffice for these days: they will not be served."),
    "freeze": N_("The account is frozen on these days."),
    "tariff": N_("The tariff changes, and the old one ends before these days."),
    "end": N_("The service ends before these days."),
    "paid": N_("These days were paid for before the account was taken over."),
    "debt": N_("An unpaid bill from before the account was taken over."),
}
_ACTORS = {
    "system": N_("Posted automatically on {day}."),
    "user": N_("Posted on {day} by a user."),
    "token": N_("Posted on {day} by a program."),
    "subscriber": N_("Posted on {day} by the subscriber."),
    "import": N_("Posted on {day} by an import."),
}
_CHARGED = N_("Charged automatically on {day}.")
_NAMED = {
    "user": N_("Posted on {day} by {name}."),
    "token": N_("Posted on {day} by the program “{name}”."),
}
SOURCES = {
    "cash": N_("cash desk"),
    "bank": N_("bank"),
    "card": N_("card"),
    "sbp": N_("faster payments"),
    "terminal": N_("payment terminal"),
    "visit": N_("visit of a technician"),
}


def source_name(source: str, language: str | None = None) -> str:
    """What people call a source inside a sentence; one the installation named itself, as it is."""
    return gettext(SOURCES[source], language) if source in SOURCES else source


def posted_by(posting: Posting, actor: str | None, name: str | None, language: str) -> str:
    """Who posted an entry and when; `actor` is "kind:id", `name` what people call them."""
    kind = (actor or "").partition(":")[0]
    text = _ACTORS.get(kind, N_("Posted on {day}."))
    if kind == "system" and posting.kind is Kind.CHARGE:
        text = _CHARGED
    if name:
        text = _NAMED.get(kind, text)
    return gettext(text, language, day=posting.day, name=name or "")


class Circumstances:
    """The sentences about one entry in one language; `entry` writes the number of another one."""

    def __init__(self, posting: Posting, language: str, entry: Callable[[int], str]) -> None:
        self.posting = posting
        self.language = language
        self.entry = entry

    def sentences(self) -> Iterator[str]:
        """Why it was posted, where it came from, which days it stands for, when it is due."""
        yield from self._reasons()
        yield from self._origin()
        yield from self._dates()

    def _say(self, msgid: str, **params: Any) -> str:
        return gettext(msgid, self.language, **params)

    def _reasons(self) -> Iterator[str]:
        posting = self.posting
        if posting.corrects is not None:
            what = N_("Corrects entry {entry}.")
            if posting.kind is Kind.REVERSAL:
                what = N_("Takes back payment {entry}.")
            yield self._say(what, entry=self.entry(posting.corrects))
        cause = str(posting.note.get("cause", ""))
        if cause:
            yield self._say(_CAUSES.get(cause, N_("Reason: {reason}.")), reason=cause)
        if incident := posting.note.get("incident"):
            yield self._say(N_("Outage {incident}."), incident=incident)
        if reason := posting.note.get("reason"):
            yield self._say(N_("Reason: {reason}."), reason=reason)
        if posting.note.get("served") is False:
            yield self._say(N_("Stated: these days were not served."))
        if posting.note.get("served") is True:
            yield self._say(N_("Stated: these days were served."))

    def _origin(self) -> Iterator[str]:
        posting, note = self.posting, self.posting.note
        if posting.source:
            source = source_name(posting.source, self.language)
            yield self._say(self._source_words(), source=source)
        if external := note.get("external_id"):
            yield self._say(N_("Number at the source: {external}."), external=external)
        if paid_on := _day(note.get("paid_on")):
            yield self._say(N_("Paid on {day}."), day=paid_on)
        if posting.settles:
            named = ", ".join(self.entry(no) for no in posting.settles)
            yield self._say(N_("Settles {entries} first."), entries=named)

    def _source_words(self) -> str:
        if self.posting.kind is Kind.REFUND:
            return N_("Paid out by: {source}.")
        if self.posting.kind is Kind.FEE:
            return N_("For: {source}.")
        return N_("Source: {source}.")

    def _dates(self) -> Iterator[str]:
        posting = self.posting
        if posting.kind is Kind.OPENING and posting.period:
            span = {"first": posting.period.start, "last": last_day(posting.period.end)}
            yield self._say(N_("For the days from {first} to {last}."), **span)
        if until := _day(posting.note.get("until")):
            text = N_("It counts through {last} and is judged when {day} opens.")
            yield self._say(text, last=until - DAY, day=until)
        if posting.through and self._told_through(posting.through):
            yield self._say(N_("Accrued day by day."))
        elif posting.through:
            yield self._say(N_("Accrued day by day through {through}."), through=posting.through)
        if posting.due_on:
            yield self._say(N_("Due on {due_on}."), due_on=posting.due_on)

    def _told_through(self, through: date) -> bool:
        """Tell whether the days of the charge, named beside it, end on this day."""
        slices = self.posting.slices
        return bool(slices) and last_day(slices[-1].end) == through


def _day(value: object) -> date | None:
    """A day of a note, where it lies as ISO text."""
    return date.fromisoformat(value) if isinstance(value, str) else None
