"""What was charged for each past day of a service, net of every correction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from abonent.billing.rules.book import MONEY_ONLY, Book, Kind, Mode, Posting, Service
from abonent.billing.rules.fees import spread


@dataclass(slots=True)
class History:
    """Per day of one service: the net charge, the entry that charged it, and whether it was served.

    `net` is positive where the day was charged for. `stated` are the days of which a
    recalculation said whether they were served. `owner` names the charge that holds the
    day; `taxed` gives that charge's tax code and rate, which corrections take over.
    """

    net: dict[date, int] = field(default_factory=dict)
    owner: dict[date, int] = field(default_factory=dict)
    served: set[date] = field(default_factory=set)
    stated: set[date] = field(default_factory=set)
    taxed: dict[int, tuple[str | None, int]] = field(default_factory=dict)


def day_amounts(entry: Posting) -> dict[date, int]:
    """The amount of a service entry per day, signed as the entry; empty for other entries."""
    if entry.amounts is not None:
        return entry.amounts
    amounts: dict[date, int] = {}
    for part in entry.slices:
        shares = spread(part.fee, part.period, part.start, part.end)
        amounts.update([(day, -share) for day, share in shares.items()])
    return amounts


def history_of(entries: Iterable[Posting], service: int) -> History:
    """Fold the entries of an account, in order of their numbers, into one service's days."""
    past = History()
    for entry in entries:
        if entry.service != service or entry.kind is Kind.CONNECTION:
            continue
        for day, amount in day_amounts(entry).items():
            past.net[day] = past.net.get(day, 0) - amount
            if entry.kind is Kind.CHARGE:
                past.owner[day] = entry.no
                past.served.add(day)
            elif entry.kind is Kind.RETURN:
                past.served.discard(day)
            elif entry.kind in MONEY_ONLY and "served" in entry.note:
                past.stated.add(day)
                (past.served.add if entry.note["served"] else past.served.discard)(day)
        if entry.kind is Kind.CHARGE:
            past.taxed[entry.no] = (entry.tax_code, entry.tax_rate)
    return past


def was_served(book: Book, service: Service, past: History, day: date) -> bool:
    """Whether a service was served on a day up to the book's.

    Charged days say so by their entries; postpaid days not charged yet, by their dates.
    """
    if day in past.served:
        return True
    billed = day < service.billed_to and day not in service.compensated
    if billed or day in past.stated or service.mode_on(day) is not Mode.ARREARS:
        return False
    return service.living(day) and not book.frozen(day) and not service.paused(day)
