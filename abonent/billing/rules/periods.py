"""Billing periods and day shares: who owes how much of a fee for which day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from abonent.kernel.money import half_up

DAY = timedelta(days=1)
FAR = date(9999, 12, 31)
"""A day that never comes: "no end" and "nothing is due"."""


class Period(NamedTuple):
    """A half-open span of days [start, end)."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days


class BillingDay(NamedTuple):
    """From `since` on, periods start on `day` (1..31) of each month."""

    since: date
    day: int


def clamped(year: int, month: int, day: int) -> date:
    """The `day` of a month, or its last day: 31 gives 28 February."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _previous_month(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 12) if month == 1 else (year, month - 1)


@lru_cache(maxsize=8192)
def period_of(day: date, billing_day: int) -> Period:
    """The full billing period a day lies in, counted from the configured billing day.

    >>> period_of(date(2026, 2, 10), 31)
    Period(start=datetime.date(2026, 1, 31), end=datetime.date(2026, 2, 28))
    """
    here = clamped(day.year, day.month, billing_day)
    if day >= here:
        return Period(here, clamped(*_next_month(day.year, day.month), billing_day))
    return Period(clamped(*_previous_month(day.year, day.month), billing_day), here)


def billing_day_on(history: tuple[BillingDay, ...], day: date) -> int:
    """The billing day in force on a day; `history` is sorted by `since`."""
    current = history[0].day
    for change in history[1:]:
        if change.since > day:
            break
        current = change.day
    return current


def period_on(history: tuple[BillingDay, ...], day: date) -> Period:
    """The full billing period of a day under the billing day in force on it.

    After a change of billing day the first period is entered in its middle: its length is
    the new period's, and only its tail is charged.
    """
    return period_of(day, billing_day_on(history, day))


def next_period_start(history: tuple[BillingDay, ...], day: date) -> date:
    """The first period start after a day (a change of billing day is one by rule)."""
    return period_on(history, day).end


def day_share(fee: int, days: int, number: int) -> int:
    """The price of day `number` (1-based) of a period of `days` days that costs `fee`.

    ENGINE 2: round(F*k/N) - round(F*(k-1)/N), so that a full period sums to the fee:

    >>> [day_share(50000, 28, k) for k in (1, 2, 28)], sum(day_share(50000, 28, k + 1) for k in range(28))
    ([1786, 1785, 1786], 50000)
    """
    return half_up(fee * number, days) - half_up(fee * (number - 1), days)


def span_share(fee: int, period: Period, start: date, end: date) -> int:
    """The price of the days [start, end) inside one period: its day shares, summed.

    >>> span_share(56000, Period(date(2026, 3, 1), date(2026, 4, 1)), date(2026, 3, 14), date(2026, 4, 1))
    32516
    """
    before = (start - period.start).days
    return half_up(fee * (before + (end - start).days), period.days) - half_up(
        fee * before, period.days
    )


def tax_in(gross: int, rate: int) -> int:
    """The tax inside a gross sum; `rate` in hundredths of a percent (2000 is 20 %)."""
    return half_up(gross * rate, 10000 + rate)


def days_between(start: date, end: date) -> list[date]:
    """The days of [start, end)."""
    return [date.fromordinal(n) for n in range(start.toordinal(), end.toordinal())]


def month_end(day: date) -> date:
    """The last day of the calendar month of a day."""
    return date(day.year, day.month, monthrange(day.year, day.month)[1])
