"""Which charges a debt consists of: settled ones first, then oldest first (ENGINE 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from abonent.billing.rules.book import CHARGE_KINDS, Kind, Posting
from abonent.billing.rules.periods import clamped

BUCKETS = (
    (0, "not_due"),
    (31, "1-30"),
    (61, "31-60"),
    (91, "61-90"),
    (181, "91-180"),
    (366, "181-365"),
)
"""Upper bounds (exclusive) in days past due, and the bucket's name."""

OLDEST_BUCKET = "over_365"
LIMITATION_YEARS = 3
"""Civil Code art. 196: three years from the due day, per charge."""


@dataclass(frozen=True, slots=True)
class AgedCharge:
    """An unpaid (part of a) charge on a day; `days` past due is negative before the due day."""

    entry: int
    due: date
    days: int
    unpaid: int
    bucket: str
    limitation: date


def ageing(entries: Iterable[Posting], *, on: date) -> list[AgedCharge]:
    """The unpaid charges of an account, oldest due first; empty when it owes nothing.

    `entries` are all entries up to the day, in order of their numbers. Corrections are netted
    against the charge they name; a payment settles the charges it names first; with the debt
    left, the unpaid charges are the newest ones whose sum reaches it.
    """
    rows = list(entries)
    debt = -sum(row.amount for row in rows)
    if debt <= 0:
        return []
    owed = _owed(rows)
    for row in rows:
        if row.kind is Kind.PAYMENT:
            _settle_named(owed, row)
    due_on = {row.no: row.due_on or row.day for row in rows if row.no in owed}
    result: list[AgedCharge] = []
    for no in sorted(owed, key=lambda n: (due_on[n], n), reverse=True):
        unpaid = min(owed[no], debt)
        if unpaid > 0:
            result.append(_aged(no, due_on[no], unpaid, on))
            debt -= unpaid
    return result[::-1]


def _owed(rows: list[Posting]) -> dict[int, int]:
    """Each charge (and opening debt) with what is owed for it, net of corrections naming it."""
    owed = {
        row.no: -row.amount
        for row in rows
        if row.kind in CHARGE_KINDS or (row.kind is Kind.OPENING and row.amount < 0)
    }
    for row in rows:
        if row.corrects in owed:
            owed[row.corrects] -= row.amount
    return owed


def _settle_named(owed: dict[int, int], payment: Posting) -> None:
    left = payment.amount
    for no in payment.settles:
        part = min(left, max(0, owed.get(no, 0)))
        if part:
            owed[no] -= part
            left -= part


def _aged(no: int, due: date, unpaid: int, on: date) -> AgedCharge:
    late = (on - due).days
    bucket = next((name for bound, name in BUCKETS if late < bound), OLDEST_BUCKET)
    if late <= 0:
        bucket = BUCKETS[0][1]
    limitation = clamped(due.year + LIMITATION_YEARS, due.month, due.day)
    return AgedCharge(no, due, late, unpaid, bucket, limitation)
