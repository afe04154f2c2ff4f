"""What claims refuse, with the field, its value and what would be right."""

from __future__ import annotations

from datetime import date

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class ClaimNotFound(NotFound):
    """There is no such claim, or it lies in no district of who asks."""

    def __init__(self, claim: int) -> None:
        message = N_("There is no such claim.")
        super().__init__("NO_SUCH_CLAIM", message, field="claim", value=claim)


class NothingToGiveBack(Refused):
    """The engine holds nothing for the days that are named."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            "NOTHING_TO_GIVE_BACK",
            N_(
                "Nothing is held for these days ({first} to {last}): no charge, or it was"
                " given back already."
            ),
            field="from",
            value=first,
            first=first,
            last=last,
        )


class OverOwnLimit(Refused):
    """So much compensation needs the approval of the head."""

    def __init__(self, amount: int, limit: int, before: int = 0) -> None:
        more = N_("{amount:money} is more than the {limit:money} you may decide: ask the head.")
        again = N_(
            "{amount:money} and the {before:money} that you gave this account within 30 days are more"
            " than the {limit:money} you may decide: ask the head."
        )
        super().__init__(
            "CLAIM_LIMIT",
            again if before else more,
            field="amount",
            value=amount,
            amount=amount,
            limit=limit,
            before=before,
        )


class OtherSumNow(Conflict):
    """The account has changed: the engine would give back another sum than was decided."""

    def __init__(self, decided: int, now: int) -> None:
        super().__init__(
            "CLAIM_OTHER_SUM",
            N_(
                "{decided:money} was decided, by now the engine gives back {now:money}:"
                " decide anew."
            ),
            field="form",
            value=now,
            decided=decided,
            now=now,
        )


class ClaimPaid(Refused):
    """What was decided is given back once, whatever became of the claim since."""

    def __init__(self, amount: int) -> None:
        given = N_("{amount:money} was given back already: a claim is carried out once.")
        super().__init__("CLAIM_PAID", given, field="form", value=amount, amount=amount)


class CompensationOwed(Refused):
    """A claim is not closed before what it was promised is paid."""

    def __init__(self, amount: int) -> None:
        super().__init__(
            "CLAIM_OWES",
            N_("{amount:money} is still to be given back: carry the decision out first."),
            field="form",
            value=amount,
            amount=amount,
        )
