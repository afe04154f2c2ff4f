"""Cash shifts: whose they are, what came in, what the drawer should hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.cash_errors import ShiftNotFound
from abonent.billing.rules.cash import ShiftState, Taking, should_hold
from abonent.kernel.actor import Actor
from abonent.kernel.db import Connection, reading
from abonent.kernel.jsontext import from_json

_SHIFT = """
SELECT s.*, d.code AS desk, d.name AS desk_name, o.code AS office, o.name AS office_name,
    o.address, o.phone
FROM cash_shift s JOIN cash_desk d ON d.id = s.desk_id JOIN office o ON o.id = d.office_id
WHERE s.id = $1
"""
_OWN = "SELECT id FROM cash_shift WHERE cashier = $1 AND state <> 'CLOSED'"
_OF_DAY = """
SELECT DISTINCT s.id, o.code, d.code, s.no
FROM cash_shift s JOIN cash_desk d ON d.id = s.desk_id JOIN office o ON o.id = d.office_id
WHERE ($2::text IS NULL OR o.code = $2) AND (s.day = $1 OR EXISTS (
    SELECT 1 FROM cash_receipt r WHERE r.day = $1 AND r.shift_id = s.id))
ORDER BY o.code, d.code, s.no
"""
_TAKINGS = """
SELECT source, count(*) FILTER (WHERE kind = 'payment') AS count,
    coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0)::bigint AS amount,
    count(*) FILTER (WHERE kind = 'void') AS voids,
    coalesce(sum(amount) FILTER (WHERE kind = 'void'), 0)::bigint AS voided
FROM cash_receipt WHERE shift_id = $1 AND ($2::date IS NULL OR day = $2)
GROUP BY source ORDER BY source <> 'cash', source
"""
_MOVES = "SELECT no, kind, amount, reason, actor, at FROM cash_move WHERE shift_id = $1 ORDER BY no"
_LEFT = """
SELECT count(*) FROM cash_shift
WHERE state <> 'CLOSED' AND day < (SELECT day FROM billing_installation)
"""
_RANGE = """
SELECT min(no) AS first, max(no) AS last FROM cash_receipt WHERE shift_id = $1 AND desk_id = $2
"""


@dataclass(frozen=True, slots=True)
class CashMove:
    """Cash put into a drawer (kind "in") or handed in from it ("out")."""

    no: int
    kind: str
    amount: int
    reason: str
    actor: str
    at: datetime

    @property
    def signed(self) -> int:
        """The amount as the drawer sees it."""
        return self.amount if self.kind == "in" else -self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A shift as it stands. Amounts in minor units; what is not known yet is None.

    `should` is what the drawer should hold now, `expected` what it should have held when counted.
    """

    id: int
    no: int
    desk_id: int
    desk: str
    desk_name: str
    office: str
    office_name: str
    address: str
    phone: str
    cashier: str
    cashier_name: str
    state: ShiftState
    day: date
    opened_at: datetime
    float_money: int
    counted: Mapping[int, int]
    counted_sum: int | None
    counted_at: datetime | None
    expected: int | None
    explanation: str
    left_money: int | None
    closed_at: datetime | None
    takings: tuple[Taking, ...]
    moves: tuple[CashMove, ...]
    first: int | None
    last: int | None

    @property
    def number(self) -> str:
        """Its public name: desk and number."""
        return f"{self.desk}-{self.no}"

    @property
    def should(self) -> int:
        """What the drawer should hold."""
        moved = sum(move.signed for move in self.moves)
        return should_hold(self.float_money, self.takings, moved)

    @property
    def difference(self) -> int | None:
        """What was counted less what should have been there; below zero when money is missing."""
        if self.counted_sum is None or self.expected is None:
            return None
        return self.counted_sum - self.expected

    @property
    def handed_in(self) -> int | None:
        """What was handed in at the closing."""
        if self.counted_sum is None or self.left_money is None:
            return None
        return self.counted_sum - self.left_money

    def is_of(self, actor: Actor) -> bool:
        """Tell whether it is the actor's own."""
        return self.cashier == f"{actor.kind}:{actor.id}"


async def own_shift(*, by: Actor) -> Shift | None:
    """Return the actor's open or counted shift."""
    async with reading() as connection:
        found = await connection.fetchval(_OWN, f"{by.kind}:{by.id}")
        return None if found is None else await load_shift(connection, found)


async def shift_of(shift: int, *, by: Actor) -> Shift:
    """Return a shift: one's own, or any with the right. Raises ShiftNotFound, Forbidden."""
    async with reading() as connection:
        found = await load_shift(connection, shift)
    if not found.is_of(by):
        by.require("billing.shift.view")
    return found


async def shifts_of_day(day: date, *, by: Actor, office: str | None = None) -> list[Shift]:
    """Return the shifts opened or working on a business day; without the right one's own alone."""
    by.require("billing.shift.work")
    async with reading() as connection:
        rows = await connection.fetch(_OF_DAY, day, office)
        found = [await load_shift(connection, row["id"], day) for row in rows]
    everyone = by.may("billing.shift.view")
    return [shift for shift in found if everyone or shift.is_of(by)]


async def left_open(*, by: Actor) -> int:
    """Return how many shifts of days that are over are not closed."""
    by.require("billing.shift.view")
    async with reading() as connection:
        return int(await connection.fetchval(_LEFT))


async def load_shift(connection: Connection, shift: int, day: date | None = None) -> Shift:
    """Read a shift; with a day only that day's takings. Raises ShiftNotFound."""
    row = await connection.fetchrow(_SHIFT, shift)
    if row is None:
        raise ShiftNotFound(shift)
    takings = await connection.fetch(_TAKINGS, shift, day)
    moves = await connection.fetch(_MOVES, shift)
    ends = await connection.fetchrow(_RANGE, shift, row["desk_id"])
    return _shift(dict(row), takings, moves, ends)


def _shift(row: dict[str, Any], takings: Any, moves: Any, ends: Any) -> Shift:
    pieces = from_json(row.pop("counted")) if row["counted"] else {}
    row.pop("counted", None)
    return Shift(
        **row | {"state": ShiftState(row["state"])},
        counted={int(value): number for value, number in pieces.items()},
        takings=tuple(Taking(**one) for one in takings),
        moves=tuple(CashMove(**one) for one in moves),
        first=ends["first"],
        last=ends["last"],
    )
