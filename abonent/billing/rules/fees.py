"""What a day of a service costs: the version in force, the discounts, the day share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from abonent.billing.rules.book import Book, Discount, Service, Slice, Term, Version
from abonent.billing.rules.periods import DAY, Period, day_share, days_between, period_on
from abonent.kernel.money import half_up

WHOLE = 10_000
"""A hundred percent in hundredths of a percent."""


def version_on(term: Term, day: date) -> Version:
    """The price a term is on: a version reaches terms begun before it only if it moves them.

    A term that starts before the first version takes the first.
    """
    if len(term.tariff.versions) == 1:
        return term.tariff.versions[0]
    reaching = [
        v
        for v in term.tariff.versions
        if v.valid_from <= day and (v.moves or term.since >= v.valid_from)
    ]
    return reaching[-1] if reaching else term.tariff.versions[0]


def discounted(base: int, percent: int, amount: int) -> int:
    """A fee after discounts: percents (summed, at most all of it) first, then amounts, never below 0."""
    return max(0, half_up(base * (WHOLE - min(percent, WHOLE)), WHOLE) - amount)


def discounts_on(
    discounts: Iterable[Discount], day: date, *, hindsight: bool = False
) -> tuple[int, int]:
    """The summed percent and amount of the discounts of a day.

    One recorded later says nothing about the day, except in `hindsight` (ENGINE 4).
    """
    today = [
        d
        for d in discounts
        if d.starts_on <= day < d.ends_on and (hindsight or d.recorded_on <= day)
    ]
    return sum(d.percent for d in today), sum(d.amount for d in today)


def price_on(
    book: Book, service: Service, day: date, term: Term | None = None, *, hindsight: bool = False
) -> Slice:
    """How one day of a service is priced, as a slice of that one day.

    In `hindsight`, as recalculation looks, by every discount that is known now.
    """
    term = term or service.term_on(day)
    version = version_on(term, day)
    period = period_on(book.billing_days, day)
    if not service.discounts:
        return Slice(day, day + DAY, period, version.id, version.fee, 0, 0, version.fee)
    percent, off = discounts_on(service.discounts, day, hindsight=hindsight)
    fee = discounted(version.fee, percent, off)
    return Slice(day, day + DAY, period, version.id, version.fee, percent, off, fee)


def slice_share(part: Slice, day: date) -> int:
    """The share of one day of a slice."""
    return day_share(part.fee, part.period.days, (day - part.period.start).days + 1)


@lru_cache(maxsize=2048)
def spread(fee: int, period: Period, start: date, end: date) -> Mapping[date, int]:
    """The share of each day of [start, end) of a fee; kept, because many accounts share one price."""
    return MappingProxyType(_shares(fee, period, days_between(start, end)))


def share_on(book: Book, service: Service, day: date, term: Term | None = None) -> int:
    """The price of one day of a service.

    Raises nothing; a zero fee is a zero share.
    """
    return slice_share(price_on(book, service, day, term), day)


def priced(
    book: Book, service: Service, days: Iterable[date]
) -> tuple[list[Slice], dict[date, int]]:
    """The calculation of some days in order: slices of equal terms, and each day's share."""
    run = list(days)
    if run and (part := _one_price(book, service, run[0])) and _one_run(run, part):
        return [part._replace(start=run[0], end=run[-1] + DAY)], _shares(part.fee, part.period, run)
    slices: list[Slice] = []
    amounts: dict[date, int] = {}
    last: Slice | None = None
    for day in run:
        part = price_on(book, service, day)
        amounts[day] = slice_share(part, day)
        if last and last.end == day and last[2:] == part[2:]:
            last = last._replace(end=day + DAY)
            slices[-1] = last
        else:
            last = part._replace(start=day, end=day + DAY)
            slices.append(last)
    return slices, amounts


def _one_price(book: Book, service: Service, day: date) -> Slice | None:
    """The plain case: one tariff of one version, no discount and one billing day."""
    if service.discounts or len(service.terms) > 1 or len(book.billing_days) > 1:
        return None
    if len(service.terms[0].tariff.versions) > 1:
        return None
    return price_on(book, service, day)


def _one_run(days: list[date], part: Slice) -> bool:
    """True when the days follow each other inside one period."""
    return days[-1] < part.period.end and (days[-1] - days[0]).days + 1 == len(days)


def _shares(fee: int, period: Period, days: list[date]) -> dict[date, int]:
    """The shares of days that follow each other: differences of rounded running sums."""
    number = (days[0] - period.start).days if days else 0
    length = period.days
    sums = [half_up(fee * (number + k), length) for k in range(len(days) + 1)]
    return {day: sums[k + 1] - sums[k] for k, day in enumerate(days)}
