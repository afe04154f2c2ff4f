"""An entry's calculation as data: the figures it was made of, and its amount made again from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from abonent.billing.rules.book import Kind, Posting, Slice, Tariff
from abonent.billing.rules.fees import discounted
from abonent.billing.rules.periods import DAY, span_share, tax_in


class Prices(Protocol):
    """Where the tariff of a version is found (the catalogue)."""

    @property
    def tariffs(self) -> Mapping[int, Tariff]:
        """All tariffs by id."""

    def tariff_of(self, version: int) -> Tariff:
        """The tariff a version belongs to; KeyError for an unknown one."""


class Part(NamedTuple):
    """One line of a charge: a slice with its fee after discounts and what its days cost, made anew."""

    slice: Slice
    fee: int
    amount: int

    @property
    def days(self) -> int:
        """How many days the line charges."""
        return (self.slice.end - self.slice.start).days

    @property
    def before(self) -> int:
        """How many days of the billing period lie before the first one charged."""
        return (self.slice.start - self.slice.period.start).days


class Run(NamedTuple):
    """Neighbouring days of a correction with one amount each; `last` is inclusive."""

    first: date
    last: date
    amount: int

    @property
    def days(self) -> int:
        """How many days the run has."""
        return (self.last - self.first).days + 1


def part_of(line: Slice) -> Part:
    """Price a slice again: the discounts on its base fee, then its days' share of the period.

    46000 for days 14 to 30 of 30: 46000 x 30/30 - 46000 x 13/30 = 26067.
    """
    plain = not line.percent and not line.off
    fee = line.base if plain else discounted(line.base, line.percent, line.off)
    return Part(line, fee, span_share(fee, line.period, line.start, line.end))


def runs_of(amounts: Mapping[date, int]) -> list[Run]:
    """The days of a correction, neighbours of equal amount taken together."""
    days = sorted(amounts)
    keys = {day: (day.toordinal() - place, amounts[day]) for place, day in enumerate(days)}
    runs = []
    for (_, amount), group in groupby(days, keys.__getitem__):
        own = list(group)
        runs.append(Run(own[0], own[-1], amount))
    return runs


def frozen_day_fee(posting: Posting) -> tuple[int, int] | None:
    """The days and the fee per day of a freeze fee, None when its note names no days."""
    days = posting.note.get("days")
    return (days, -posting.amount // days) if isinstance(days, int) and days > 0 else None


def recomputed(posting: Posting) -> int:
    """The signed amount of an entry, made again from its parts; of plain money, the amount itself."""
    if posting.slices and posting.kind is Kind.CHARGE:
        return -sum(part_of(line).amount for line in posting.slices)
    if posting.amounts is not None:
        return sum(posting.amounts.values())
    per_day = frozen_day_fee(posting)
    if posting.kind is Kind.FREEZE_FEE and per_day:
        return -per_day[0] * per_day[1]
    return posting.amount


def tariff_of(posting: Posting, prices: Prices) -> Tariff | None:
    """The tariff an entry was made on, None for money that belongs to no service."""
    if posting.tariff is not None or not posting.slices:
        return posting.tariff
    try:
        return prices.tariff_of(posting.slices[0].version)
    except KeyError:
        return None


def version_number(tariff: Tariff | None, version: int) -> tuple[int, date] | None:
    """Which of its tariff's prices a version is, counted from 1, and since when it is in force."""
    for number, own in enumerate(tariff.versions if tariff else (), 1):
        if own.id == version:
            return number, own.valid_from
    return None


def inputs_of(posting: Posting, prices: Prices) -> dict[str, Any]:
    """The figures of an entry, ready for JSON: dates as ISO text, money in minor units.

    Rates and percents are in hundredths of a percent; `to` is exclusive, `through` is not.
    """
    tariff = tariff_of(posting, prices)
    known: dict[str, Any] = {
        "kind": posting.kind.value,
        "posted_on": posting.day.isoformat(),
        "amount": posting.amount,
        "service": posting.service,
        "tariff": tariff.code if tariff else None,
        "mode": tariff.mode.value if tariff else None,
        "from": _iso(posting.period.start if posting.period else None),
        "to": _iso(posting.period.end if posting.period else None),
        "through": _iso(posting.through),
        "due_on": _iso(posting.due_on),
        "corrects": posting.corrects,
        "settles": list(posting.settles) or None,
        "source": posting.source,
        **posting.note,
    }
    if posting.slices:
        known["slices"] = [_slice_inputs(part_of(line), tariff) for line in posting.slices]
    if posting.amounts is not None:
        known["days"] = [
            {"day": day.isoformat(), "amount": amount}
            for day, amount in sorted(posting.amounts.items())
        ]
    if posting.tax_code is not None:
        tax = tax_in(posting.amount, posting.tax_rate)
        known["tax"] = {"code": posting.tax_code, "rate": posting.tax_rate, "amount": tax}
    return {name: _plain(value) for name, value in known.items() if value is not None}


def _slice_inputs(part: Part, tariff: Tariff | None) -> dict[str, Any]:
    line = part.slice
    numbered = version_number(tariff, line.version)
    return {
        "from": line.start.isoformat(),
        "to": line.end.isoformat(),
        "days": part.days,
        "days_before": part.before,
        "period": {"from": line.period.start.isoformat(), "to": line.period.end.isoformat()},
        "period_days": line.period.days,
        "version": numbered[0] if numbered else None,
        "version_from": _iso(numbered[1]) if numbered else None,
        "base_fee": line.base,
        "discount_percent": line.percent,
        "discount_amount": line.off,
        "fee": part.fee,
        "amount": -part.amount,
    }


def last_day(end: date) -> date:
    """The last day before an exclusive end."""
    return end - DAY


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
