"""Putting the past right: what days should have cost, and outages paid back (ENGINE 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from abonent.billing.errors import TooLate
from abonent.billing.rules.book import Book, Kind, Mode, Posting, Service, Span, Tariff, Term
from abonent.billing.rules.charging import post
from abonent.billing.rules.fees import discounted, price_on, slice_share
from abonent.billing.rules.history import History
from abonent.billing.rules.opening import react
from abonent.billing.rules.periods import DAY


@dataclass(frozen=True, slots=True)
class Truth:
    """What should have been true of a service on [start, end); None leaves what was recorded.

    `percent` is in hundredths of a percent and, with `amount`, stands instead of the recorded
    discounts. `incident` lets compensated days be charged again.
    """

    start: date
    end: date
    tariff: Tariff | None = None
    percent: int | None = None
    amount: int | None = None
    served: bool | None = None
    incident: str | None = None


class DayDifference(NamedTuple):
    """One day: charged so far, should have been charged, and what is to be posted (debt positive)."""

    day: date
    was: int
    should: int

    @property
    def difference(self) -> int:
        """What the subscriber still owes for the day; negative is given back."""
        return self.should - self.was


def differences(
    book: Book, service: Service, past: History, truth: Truth, compensated: dict[date, str]
) -> list[DayDifference]:
    """Compare, day by day, what was charged with what should have been.

    `compensated` maps compensated days to their incident. Days on or after the open day are
    refused: they are not past.
    """
    if truth.end > book.day:
        raise TooLate("to", truth.end, book.day)
    rows = []
    day = truth.start
    while day < truth.end:
        was = past.net.get(day, 0)
        rows.append(
            DayDifference(
                day,
                was,
                _should(book, service, past, truth=truth, compensated=compensated, day=day),
            )
        )
        day += DAY
    return rows


def _should(
    book: Book,
    service: Service,
    past: History,
    *,
    truth: Truth,
    compensated: dict[date, str],
    day: date,
) -> int:
    was = past.net.get(day, 0)
    if day in compensated and truth.incident != compensated[day]:
        return was
    if _still_to_be_billed(service, day):
        return was
    served = day in past.served if truth.served is None else truth.served
    if not served:
        return 0
    term = service.term_on(day)
    part = price_on(book, service, day, Term(term.since, truth.tariff) if truth.tariff else None)
    if truth.percent is not None or truth.amount is not None:
        part = part._replace(fee=discounted(part.base, truth.percent or 0, truth.amount or 0))
    return slice_share(part, day)


def _still_to_be_billed(service: Service, day: date) -> bool:
    """A postpaid day whose period has not been charged: its charge is still to come."""
    return service.mode_on(day) is Mode.ARREARS and day >= service.billed_to


def post_differences(
    book: Book,
    service: Service,
    past: History,
    rows: Iterable[DayDifference],
    *,
    kind: Kind,
    note: dict[str, object],
) -> int:
    """Post differences into the open day, one entry per charge they correct.

    Returns the sum posted, positive to the subscriber's good.
    """
    groups: dict[int | None, dict[date, int]] = {}
    for row in rows:
        if row.difference:
            groups.setdefault(past.owner.get(row.day), {})[row.day] = -row.difference
    total = 0
    for owner, amounts in groups.items():
        draft = Posting(0, book.day, kind, sum(amounts.values()), service=service.no, note=note)
        draft.amounts, draft.corrects = amounts, owner
        total += _post_group(book, service, past, draft).amount
    react(book)
    return total


def _post_group(book: Book, service: Service, past: History, draft: Posting) -> Posting:
    """Complete and post the correction of one charge (or of days never charged)."""
    amounts, owner = draft.amounts or {}, draft.corrects
    first, last = min(amounts), max(amounts)
    tariff = service.term_on(first).tariff
    recorded = (tariff.tax.code, tariff.tax.rate_on(first))
    draft.tariff, draft.period = tariff, Span(first, last + DAY)
    draft.tax_code, draft.tax_rate = past.taxed.get(owner, recorded) if owner else recorded
    for charge in service.charges:
        if charge.no == owner:
            for day, amount in amounts.items():
                if day in charge.amounts:
                    charge.amounts[day] -= amount
    return post(book, draft)


def mark_unserved(service: Service, truth: Truth) -> None:
    """Postpaid days stated as not served, and not charged yet, are left out of their charge."""
    start = max(truth.start, service.billed_to, service.starts_on)
    if truth.served is False and start < truth.end:
        service.pauses = (*service.pauses, Span(start, truth.end))


def outage_days(start: datetime, end: datetime, zone: tzinfo, open_day: date) -> list[date]:
    """The days an outage pays for: of the dates it touched, the first ceil(hours/24) past ones.

    26 hours from 22:00 on the 10th touch the 10th to the 12th and pay for the 10th and 11th.
    """
    allowed = -(-(end - start) // timedelta(hours=24))
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    touched = [first + timedelta(n) for n in range((last - first).days + 1)]
    return [day for day in touched if day < open_day][:allowed]


def outage_differences(past: History, days: Iterable[date]) -> list[DayDifference]:
    """All that is still held for the days of an outage, to be given back."""
    return [DayDifference(day, past.net[day], 0) for day in days if past.net.get(day, 0) > 0]
