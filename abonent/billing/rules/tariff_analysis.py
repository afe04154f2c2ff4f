"""How subscribers are spread over tariffs: shares, revenue, churn, migration, the archive's drag.

One unit is a living service: who has internet and television stands in two tariffs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from abonent.billing.rules.fees import WHOLE
from abonent.kernel.money import half_up

NO_TARIFF = 0
"""Stands for charges that belong to no tariff, such as a fee for a visit."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What is told of a tariff beside its figures; `price` is today's for a new subscriber."""

    id: int
    code: str
    name: str
    kind: str
    mode: str
    audience: str
    price: int
    speed: int | None
    archived_on: date | None
    analogue: int | None

    def archived(self, day: date) -> bool:
        """Tell whether it was in the archive on a day."""
        return self.archived_on is not None and self.archived_on <= day


@dataclass(slots=True)
class Figures:
    """A tariff's month: living services at its ends, what moved between, money in minor units.

    `price_sum` sums the monthly prices of the services at the end, before discounts; `corrected`
    is what was given back and recalculated, signed as the debt (below zero: given back).
    """

    began: int = 0
    ended: int = 0
    came: int = 0
    gone: int = 0
    moved_in: int = 0
    moved_out: int = 0
    promo: int = 0
    debtors: int = 0
    price_sum: int = 0
    charged: int = 0
    corrected: int = 0
    archived: bool = False

    @property
    def revenue(self) -> int:
        """What was charged, less what was given back."""
        return self.charged + self.corrected

    @property
    def arpu(self) -> int | None:
        """Revenue by the average of the services at both ends; None where there were none."""
        base = self.began + self.ended
        return half_up(2 * self.revenue, base) if base else None

    @property
    def churn(self) -> int | None:
        """Who left by the average base, in hundredths of a percent: 9 of 1000 are 90."""
        base = self.began + self.ended
        return half_up(2 * self.gone * WHOLE, base) if base else None

    def add(self, other: Figures) -> None:
        """Sum another tariff into this."""
        for name in self.__dataclass_fields__:
            if name != "archived":
                setattr(self, name, getattr(self, name) + getattr(other, name))


class Flag(StrEnum):
    """What calls for a decision about a tariff."""

    ARCHIVE_LARGE = "archive_large"
    ARPU_LOW = "arpu_low"


@dataclass(frozen=True, slots=True)
class Line:
    """A tariff of the analysis; shares in hundredths of a percent, `drag` a month in minor units."""

    tariff: Sold
    figures: Figures
    share: int
    revenue_share: int
    promo_share: int
    debtor_share: int
    analogue: Sold | None
    drag: int
    flags: tuple[Flag, ...]

    @property
    def change(self) -> int:
        """How many services more than at the month's beginning."""
        return self.figures.ended - self.figures.began


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a tariff is flagged, in hundredths of a percent."""

    archive_share: int = 1500
    arpu_gap: int = 2000


@dataclass(frozen=True, slots=True)
class Analysis:
    """A month: its tariffs, the largest first, migrations by (from, to), and the sums.

    `other` are charges and corrections of no tariff: with them `total` is the turnover sheet's.
    """

    month: date
    lines: list[Line]
    moves: Mapping[tuple[int, int], int]
    total: Figures
    other: Figures

    @property
    def drag(self) -> int:
        """What the archive forgoes a month."""
        return sum(line.drag for line in self.lines)

    @property
    def archive_share(self) -> int:
        """The share of the archive in hundredths of a percent."""
        return sum(line.share for line in self.lines if line.figures.archived)


def shares(parts: Sequence[int]) -> list[int]:
    """Parts of their sum in hundredths of a percent, that sum to the whole exactly.

    What rounding leaves goes to the largest remainders. [1, 1, 1] is [3334, 3333, 3333].
    """
    total = sum(parts)
    if total <= 0:
        return [0] * len(parts)
    floors = [part * WHOLE // total for part in parts]
    order = sorted(range(len(parts)), key=lambda at: (-(parts[at] * WHOLE % total), at))
    for at in order[: WHOLE - sum(floors)]:
        floors[at] += 1
    return floors


def analogue_of(tariff: Sold, tariffs: Iterable[Sold], day: date) -> Sold | None:
    """The open tariff an archive one is compared with.

    The one named by hand; else of the same kind, mode and audience the nearest by speed, and where
    no speed is known by price. None where nothing like it is sold.
    """
    near = [other for other in tariffs if other.id != tariff.id and not other.archived(day)]
    named = next((other for other in near if other.id == tariff.analogue), None)
    if named is not None:
        return named
    alike = [o for o in near if _sort(o) == _sort(tariff)]
    return min(alike, key=lambda other: _distance(tariff, other), default=None)


def _sort(tariff: Sold) -> tuple[str, str, str]:
    return tariff.kind, tariff.mode, tariff.audience


def _distance(tariff: Sold, other: Sold) -> tuple[int, int, str]:
    apart = 0
    if tariff.speed is not None:
        apart = abs(tariff.speed - other.speed) if other.speed is not None else 1 << 40
    return apart, abs(tariff.price - other.price), other.code


def analyse(
    month: date,
    last: date,
    figures: Mapping[int, Figures],
    moves: Mapping[tuple[int, int], int],
    *,
    tariffs: Mapping[int, Sold],
    thresholds: Thresholds,
) -> Analysis:
    """Compare the tariffs of a month, whose last day (or the open one) is `last`."""
    own = {key: one for key, one in figures.items() if key != NO_TARIFF and key in tariffs}
    keys = sorted(own, key=lambda key: (-own[key].ended, -own[key].revenue, tariffs[key].code))
    bases = shares([own[key].ended for key in keys])
    money = shares([own[key].revenue for key in keys])
    compare = _Comparison(own, tariffs, last, thresholds)
    lines = [
        compare.line(tariffs[key], share, revenue)
        for key, share, revenue in zip(keys, bases, money, strict=True)
    ]
    total, other = Figures(), figures.get(NO_TARIFF, Figures())
    for one in (*own.values(), other):
        total.add(one)
    return Analysis(month, lines, moves, total, other)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What a tariff is compared with."""

    figures: Mapping[int, Figures]
    tariffs: Mapping[int, Sold]
    last: date
    thresholds: Thresholds

    def line(self, tariff: Sold, share: int, revenue_share: int) -> Line:
        own = self.figures[tariff.id]
        analogue = None
        if own.archived:
            analogue = analogue_of(tariff, self.tariffs.values(), self.last)
        return Line(
            tariff=tariff,
            figures=own,
            share=share,
            revenue_share=revenue_share,
            promo_share=_part(own.promo, own.ended),
            debtor_share=_part(own.debtors, own.ended),
            analogue=analogue,
            drag=analogue.price * own.ended - own.price_sum if analogue else 0,
            flags=self.flags(own, share, analogue),
        )

    def flags(self, own: Figures, share: int, analogue: Sold | None) -> tuple[Flag, ...]:
        flags = []
        if own.archived and share > self.thresholds.archive_share:
            flags.append(Flag.ARCHIVE_LARGE)
        beside = self.figures.get(analogue.id) if analogue else None
        less, more = own.arpu, beside.arpu if beside else None
        if less is not None and more and less * WHOLE <= more * (WHOLE - self.thresholds.arpu_gap):
            flags.append(Flag.ARPU_LOW)
        return tuple(flags)


def _part(some: int, whole: int) -> int:
    return half_up(some * WHOLE, whole) if whole else 0
