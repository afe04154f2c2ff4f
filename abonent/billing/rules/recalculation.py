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
from abonent.billing.rules.history import History, was_served
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
    if _still_to_be_billed(book, service, day):
        return was
    served = truth.served
    if served is None:
        served = was_served(book, service, past, day)
    if not served:
        return 0
    term = service.term_on(day)
    if truth.tariff and truth.tariff.id != term.tariff.id:
        term = Term(truth.start, truth.tariff)
    part = price_on(book, service, day, term, hindsight=True)
    if truth.percent is not None or truth.amount is not None:
        part = part._replace(fee=discounted(part.base, truth.percent or 0, truth.amount or 0))
    return slice_share(part, day)


def _still_to_be_billed(book: Book, service: Service, day: date) -> bool:
    """A postpaid day whose period has not been charged: its charge is still to come."""
    if service.mode_on(day) is not Mode.ARREARS or day < service.billed_to:
        return False
    return service.living(day) and not book.frozen(day)


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

    Days never charged are split where the tax rate or the tariff changes, as charges are.
    Returns the sum posted, positive to the subscriber's good.
    """
    groups: dict[tuple[int | None, object], dict[date, int]] = {}
    for row in rows:
        if row.difference or _restates(book, service, past, row.day, note.get("served")):
            owner = past.owner.get(row.day)
            taxed = None if owner else _taxed_as(service, row.day)
            groups.setdefault((owner, taxed), {})[row.day] = -row.difference
    total = 0
    for (owner, _), amounts in groups.items():
        draft = Posting(0, book.day, kind, sum(amounts.values()), service=service.no, note=note)
        draft.amounts, draft.corrects = amounts, owner
        total += _post_group(book, service, past, draft).amount
    react(book)
    return total


def _taxed_as(service: Service, day: date) -> tuple[int, int]:
    tariff = service.term_on(day).tariff
    return tariff.id, tariff.tax.rate_on(day)


def _restates(book: Book, service: Service, past: History, day: date, served: object) -> bool:
    """True where a day costs the same but was, as is now stated, served or not served."""
    if served is None or _still_to_be_billed(book, service, day):
        return False
    return was_served(book, service, past, day) != served


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
    """Postpaid days not charged yet: their coming charge leaves out the days stated as not served.

    Days stated as served are put back into it.
    """
    start = max(truth.start, service.billed_to, service.starts_on)
    if truth.served is None or start >= truth.end:
        return
    kept = [
        part
        for p in service.pauses
        for part in (
            p._replace(end=min(p.end, start)),
            p._replace(start=max(p.start, truth.end)),
        )
        if part.start < part.end
    ]
    if not truth.served:
        kept.append(Span(start, truth.end))
    service.pauses = tuple(sorted(kept))


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
