"""The first day of a period for many plain accounts at once, in columns.

A plain account has one served advance service and nothing that would make its days differ: no
promise, freeze, discount, planned change or end. What is done here is proved equal to the rules
by a property test; every case that is not plain is left to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from abonent.billing.rules.book import Tariff, Term, Version
from abonent.billing.rules.fees import version_on
from abonent.billing.rules.periods import Period, period_of
from abonent.kernel.columns import Array, day_number, unique_groups

_EARLIEST = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Plain:
    """Columns of plain accounts, one row an account; money in minor units, days as numbers."""

    account: Array
    balance: Array
    credit: Array
    tariff: Array
    starts_on: Array
    billing_day: Array


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts of one price and one period, opened together.

    `charged` and `cut` are masks over all rows; `due` gives, for the rows cut off, the next day
    on which their funds suffice, else the next period's first.
    """

    tariff: Tariff
    version: Version
    period: Period
    rate: int
    charged: Array
    cut: Array
    due: Array


def open_period(
    plain: Plain, day: date, tariffs: Mapping[int, Tariff], *, lends: bool = False
) -> list[Group]:
    """Open a period's first day for every plain row; rows in no group are left to the rules.

    Where the provider `lends`, so are those whose funds do not suffice: they may get a promise.
    """
    groups: list[Group] = []
    for (tariff_id, billing_day), mask in unique_groups(plain.tariff, plain.billing_day):
        tariff = tariffs[tariff_id]
        period = period_of(day, billing_day)
        if period.start != day or not _one_rate(tariff, period):
            continue
        for version, own in _by_version(plain, tariff, period, mask):
            covered = own & (_funds(plain) >= version.fee) if lends else own
            groups.append(_opened(plain, tariff, version, period, covered))
    return groups


def _one_rate(tariff: Tariff, period: Period) -> bool:
    """True when neither tax nor price changes inside the period."""
    changes = [r.since for r in tariff.tax.rates] + [v.valid_from for v in tariff.versions]
    return not any(period.start < change < period.end for change in changes)


def _by_version(
    plain: Plain, tariff: Tariff, period: Period, mask: Array
) -> list[tuple[Version, Array]]:
    """Split rows by the price they are on: kept prices reach only services begun since."""
    kept = [v.valid_from for v in tariff.versions if not v.moves and v.valid_from <= period.start]
    edges = [_EARLIEST, *kept]
    result = []
    for number, edge in enumerate(edges):
        until = edges[number + 1] if number + 1 < len(edges) else period.end
        own = mask & (plain.starts_on < day_number(until))
        if edge > _EARLIEST:
            own &= plain.starts_on >= day_number(edge)
        if own.any():
            result.append((version_on(Term(edge, tariff), period.start), own))
    return result


def _opened(plain: Plain, tariff: Tariff, version: Version, period: Period, own: Array) -> Group:
    funds = _funds(plain)
    charged = own & (funds >= version.fee)
    cut = own & ~charged
    return Group(
        tariff,
        version,
        period,
        tariff.tax.rate_on(period.start),
        charged,
        cut,
        _next_chance(funds[cut], version.fee, period),
    )


def _funds(plain: Plain) -> Array:
    return plain.balance + plain.credit


def _next_chance(funds: Array, fee: int, period: Period) -> Array:
    """The first later day of the period whose remaining shares the funds cover, else its end."""
    due = np.full(len(funds), day_number(period.end), dtype="i8")
    if not len(funds):
        return due
    for passed in range(period.days - 1, 0, -1):
        remaining = fee - (2 * fee * passed + period.days) // (2 * period.days)
        due[funds >= remaining] = day_number(period.start) + passed
    due[funds < 0] = day_number(period.end)
    return due
