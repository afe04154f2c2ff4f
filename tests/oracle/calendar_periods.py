"""Billing periods and day shares: the arithmetic of days, with no state at all."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import cache

ONE_DAY = timedelta(days=1)
LAST_MONTH = 12


def half_up(numerator: int, denominator: int) -> int:
    """Round a non-negative fraction half-up: 1/2 gives 1."""
    return (2 * numerator + denominator) // (2 * denominator)


@cache
def share(fee: int, place: int, length: int) -> int:
    """Give what the `place`-th day (from 1) of a period of `length` days costs.

    A fee of 50000 in 28 days gives 1786 on day 1 and 1785 on day 2.
    """
    return half_up(fee * place, length) - half_up(fee * (place - 1), length)


def start_in_month(year: int, month: int, billing_day: int) -> date:
    """Give the period start of a month: billing day 31 gives 28 February."""
    return date(year, month, min(billing_day, monthrange(year, month)[1]))


@cache
def period_of(billing_day: int, day: date) -> tuple[date, date]:
    """Give the period [start, end) that holds `day`, always counted from the configured day."""
    start = start_in_month(day.year, day.month, billing_day)
    if day < start:
        before = day.replace(day=1) - ONE_DAY
        return start_in_month(before.year, before.month, billing_day), start
    after = date(day.year + day.month // LAST_MONTH, day.month % LAST_MONTH + 1, 1)
    return start, start_in_month(after.year, after.month, billing_day)


def days_between(start: date, end: date) -> list[date]:
    """List the days of [start, end)."""
    return [start + timedelta(days=place) for place in range((end - start).days)]
