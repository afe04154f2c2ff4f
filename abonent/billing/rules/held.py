"""What each charge of an account still holds: that much of it, and no more, can have been wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from abonent.billing.rules.book import FEE_KINDS, Book, Kind, Posting
from abonent.billing.rules.charging import post
from abonent.billing.rules.circumstances import source_name
from abonent.billing.rules.explanation import kind_name
from abonent.billing.rules.history import History, history_of
from abonent.billing.rules.opening import react
from abonent.billing.rules.recalculation import DayDifference, post_differences


@dataclass(frozen=True, slots=True)
class Held:
    """A charge with what it still holds of each past day; a fee is held whole, on its own day.

    `past` are the days of its service, None for a fee.
    """

    charge: Posting
    days: dict[date, int]
    past: History | None = None

    @property
    def total(self) -> int:
        """What would go back."""
        return sum(self.days.values())

    def words(self, language: str | None = None) -> str:
        """What it was for, as the ledger says it (default: the reader's language)."""
        name, charge = kind_name(self.charge.kind, language), self.charge
        if charge.tariff is not None:
            return f"{name}: {charge.tariff.name}" if self.past is None else charge.tariff.name
        return f"{name}: {source_name(charge.source, language)}" if charge.source else name


def held(
    book: Book, entries: Iterable[Posting], compensated: Collection[tuple[int, date]]
) -> list[Held]:
    """The charges of an account that still hold something, the latest first.

    `compensated` are days of services that an outage paid back: they stay as they are.
    """
    entries = list(entries)
    corrected = {entry.corrects for entry in entries if entry.kind is Kind.CORRECTION}
    own: dict[int, list[Posting]] = defaultdict(list)
    for entry in entries:
        if entry.service is not None:
            own[entry.service].append(entry)
    found = [
        Held(entry, {entry.day: -entry.amount})
        for entry in entries
        if entry.kind in FEE_KINDS and entry.amount < 0 and entry.no not in corrected
    ]
    for service, its in own.items():
        past, left = history_of(its, service), defaultdict[int, dict[date, int]](dict)
        for day, no in past.owner.items():
            if day < book.day and past.net[day] > 0 and (service, day) not in compensated:
                left[no][day] = past.net[day]
        found += [Held(entry, left[entry.no], past) for entry in its if entry.no in left]
    return sorted(found, key=lambda one: one.charge.no, reverse=True)


def give_back(book: Book, one: Held, *, reason: str) -> None:
    """Correct a charge that should not have been: its past days are stated as not served."""
    charge = one.charge
    if one.past is None:
        _give_fee_back(book, charge, reason=reason)
        return
    service = next(s for s in book.services if s.no == charge.service)
    rows = [DayDifference(day, amount, 0) for day, amount in one.days.items()]
    note: dict[str, object] = {"reason": reason, "served": False}
    post_differences(book, service, one.past, rows, kind=Kind.CORRECTION, note=note)


def _give_fee_back(book: Book, fee: Posting, *, reason: str) -> None:
    """Correct a one-off fee that should not have been charged; the tax is that of the fee.

    One that is not due yet stands in the funds no more: it would be lent beside what went back.
    """
    for charge in (own for service in book.services for own in service.charges):
        if charge.no == fee.no:
            charge.amounts = dict.fromkeys(charge.amounts, 0)
    post(
        book,
        Posting(
            0,
            book.day,
            Kind.CORRECTION,
            -fee.amount,
            service=fee.service,
            tariff=fee.tariff,
            tax_code=fee.tax_code,
            tax_rate=fee.tax_rate,
            corrects=fee.no,
            note={"reason": reason},
        ),
    )
    react(book)
