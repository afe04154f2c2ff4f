"""What a drawer should hold, what it does hold, and the states of a cash shift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

CASH = "cash"
"""The source whose money lies in the drawer; the money of others is only counted beside it."""


class ShiftState(StrEnum):
    """OPEN takes money, COUNTED waits to be closed or gone on with, CLOSED is final."""

    OPEN = "OPEN"
    COUNTED = "COUNTED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Taking:
    """What one kind of money came to: taken and voided, counts and amounts in minor units."""

    source: str
    count: int
    amount: int
    voids: int
    voided: int

    @property
    def total(self) -> int:
        """What is left of it."""
        return self.amount - self.voided


def should_hold(float_money: int, takings: Iterable[Taking], moved: int) -> int:
    """Answer what the drawer should hold: what it began with, cash taken, cash put in less out.

    500000 at the start, 84350 taken, 30000 handed in: 554350.
    """
    return float_money + sum(t.total for t in takings if t.source == CASH) + moved


def count_pieces(pieces: Mapping[int, int]) -> int:
    """Answer the worth of notes and coins: pieces by their value in minor units.

    Raises ValueError for a value or a number of pieces that cannot be.
    """
    if any(value <= 0 or number < 0 for value, number in pieces.items()):
        raise ValueError("notes and coins have a value and a number of pieces")
    return sum(value * number for value, number in pieces.items())


def joined(takings: Iterable[Taking]) -> list[Taking]:
    """Sum takings of several drawers by kind, cash first, then by name."""
    sums: dict[str, list[int]] = {}
    for one in takings:
        row = sums.setdefault(one.source, [0, 0, 0, 0])
        for at, number in enumerate((one.count, one.amount, one.voids, one.voided)):
            row[at] += number
    order = sorted(sums, key=lambda source: (source != CASH, source))
    return [Taking(source, *sums[source]) for source in order]
