"""A cashier's shift: opened, counted, closed, and cash moved in and out of its drawer."""

from __future__ import annotations

from collections.abc import Mapping

from abonent.billing.cash_errors import (
    DeskNotFound,
    DeskTaken,
    DifferenceUnexplained,
    NotInDrawer,
    OtherOffice,
    ShiftNotFound,
    ShiftOpenElsewhere,
    WrongShiftState,
)
from abonent.billing.queries.books import installation
from abonent.billing.queries.cash.shifts import Shift, load_shift
from abonent.billing.rules.cash import ShiftState, count_pieces
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json
from abonent.kernel.money import LARGEST
from abonent.kernel.work import UnitOfWork

_DESK = """
SELECT d.id, d.name, d.money, d.office_id FROM cash_desk d JOIN office o ON o.id = d.office_id
WHERE d.code = $1 AND d.active AND o.active FOR UPDATE OF d
"""
_AT_DESK = "SELECT cashier_name, opened_at FROM cash_shift WHERE desk_id = $1 AND state <> 'CLOSED'"
_OF_CASHIER = """
SELECT d.name FROM cash_shift s JOIN cash_desk d ON d.id = s.desk_id
WHERE s.cashier = $1 AND s.state <> 'CLOSED'
"""
_NUMBER = "UPDATE cash_desk SET last_shift = last_shift + 1 WHERE id = $1 RETURNING last_shift"
_OPEN = """
INSERT INTO cash_shift (id, desk_id, no, cashier, cashier_name, state, day, opened_at, float_money)
VALUES ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8)
"""
_LOCK = "SELECT cashier, state FROM cash_shift WHERE id = $1 FOR UPDATE"
_COUNT = """
UPDATE cash_shift SET state = 'COUNTED', counted = $2, counted_sum = $3, expected = $4,
    counted_at = $5
WHERE id = $1
"""
_RESUME = """
UPDATE cash_shift SET state = 'OPEN', counted = NULL, counted_sum = NULL, expected = NULL,
    counted_at = NULL
WHERE id = $1
"""
_CLOSE = """
UPDATE cash_shift SET state = 'CLOSED', explanation = $2, left_money = $3, closed_at = $4
WHERE id = $1
"""
_LEAVE = "UPDATE cash_desk SET money = $2 WHERE id = $1"
_MOVE = """
INSERT INTO cash_move (shift_id, no, kind, amount, reason, actor, at)
SELECT $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5, $6 FROM cash_move WHERE shift_id = $1
"""


async def open_shift(desk: str, *, by: Actor) -> Shift:
    """Open a shift at a desk; its drawer holds what the last closing left in it.

    Raises DeskNotFound, OtherOffice, DeskTaken, ShiftOpenElsewhere.
    """
    by.require("billing.shift.work")
    cashier = actor_code(by)
    async with unit_of_work(by) as work:
        ask = work.connection.fetchrow
        day = (await installation(work.connection)).day
        found = await ask(_DESK, desk)
        if found is None:
            raise DeskNotFound(desk)
        if not works_in(by, found["office_id"]):
            raise OtherOffice(found["name"])
        if busy := await ask(_AT_DESK, found["id"]):
            raise DeskTaken(found["name"], busy["cashier_name"], busy["opened_at"])
        if elsewhere := await ask(_OF_CASHIER, cashier):
            raise ShiftOpenElsewhere(elsewhere["name"])
        no = await work.connection.fetchval(_NUMBER, found["id"])
        shift = new_id()
        row = (shift, found["id"], no, cashier, by.name, day, clock.now(), found["money"])
        await work.connection.execute(_OPEN, *row)
        await work.audit("billing:cash_shift:opened", f"{desk}-{no}", after={"no": no})
        return await load_shift(work.connection, shift)


def works_in(by: Actor, office: int) -> bool:
    """Tell whether the actor may open a shift in an office: the own one, or any who supervises."""
    return by.office in (None, office) or by.may("billing.shift.supervise")


async def move_cash(shift: int, *, by: Actor, kind: str, amount: int, reason: str) -> Shift:
    """Put cash into the drawer ("in") or hand it in ("out"), with the paper it goes by.

    Raises NotInDrawer, WrongShiftState, Malformed.
    """
    _check_move(kind, amount, reason)
    async with unit_of_work(by) as work:
        found = await held_shift(work, shift, ShiftState.OPEN)
        if kind == "out" and amount > found.should:
            raise NotInDrawer(amount, found.should)
        row = (shift, kind, amount, reason.strip(), actor_code(by), clock.now())
        await work.connection.execute(_MOVE, *row)
        after = {"kind": kind, "amount": amount}
        await work.audit("billing:cash:moved", found.number, after=after)
        return await load_shift(work.connection, shift)


def _check_move(kind: str, amount: int, reason: str) -> None:
    if kind not in ("in", "out"):
        raise Malformed.of("kind", kind, N_("Choose one of those offered."))
    if not 0 < amount <= LARGEST:
        raise Malformed.of("amount", amount, N_("An amount is larger than zero."))
    if not reason.strip():
        raise Malformed.of("reason", reason, N_("Fill this in."))


async def count_shift(
    shift: int, *, by: Actor, pieces: Mapping[int, int] | None = None, total: int | None = None
) -> Shift:
    """Count the drawer: pieces by value, or one sum where the currency has no list of notes.

    Counting again replaces the first count. Raises WrongShiftState when it is closed.
    """
    if (pieces is None) == (total is None):
        raise Malformed.of("pieces", "", N_("Count the notes and coins."))
    try:
        counted = count_pieces(pieces) if pieces is not None else int(total or 0)
    except ValueError:
        raise Malformed.of("pieces", "", N_("Count the notes and coins.")) from None
    if not 0 <= counted <= LARGEST:
        raise Malformed.of("pieces", counted, N_("So large an amount is a slip of the hand."))
    async with unit_of_work(by) as work:
        found = await held_shift(work, shift, ShiftState.OPEN, ShiftState.COUNTED)
        kept = to_json({str(value): number for value, number in (pieces or {}).items() if number})
        row = (shift, kept, counted, found.should, clock.now())
        await work.connection.execute(_COUNT, *row)
        after = {"counted": counted, "expected": found.should}
        await work.audit("billing:cash_shift:counted", found.number, after=after)
        return await load_shift(work.connection, shift)


async def resume_shift(shift: int, *, by: Actor) -> Shift:
    """Go on taking money after a count, which is forgotten."""
    async with unit_of_work(by) as work:
        found = await held_shift(work, shift, ShiftState.COUNTED)
        await work.connection.execute(_RESUME, shift)
        before = {"counted": found.counted_sum, "expected": found.expected}
        await work.audit("billing:cash_shift:resumed", found.number, before=before)
        return await load_shift(work.connection, shift)


async def close_shift(shift: int, *, by: Actor, handed_in: int = 0, explanation: str = "") -> Shift:
    """Close a counted shift: so much is handed in, the rest stays for the next one.

    A difference needs a word. Raises DifferenceUnexplained, NotInDrawer, WrongShiftState.
    """
    async with unit_of_work(by) as work:
        found = await held_shift(work, shift, ShiftState.COUNTED)
        counted, difference = found.counted_sum or 0, found.difference or 0
        words = explanation.strip()
        if difference and not words:
            raise DifferenceUnexplained(difference)
        if not 0 <= handed_in <= counted:
            raise NotInDrawer(handed_in, counted, "handed_in")
        left = counted - handed_in
        await work.connection.execute(_CLOSE, shift, words, left, clock.now())
        await work.connection.execute(_LEAVE, found.desk_id, left)
        after = {"difference": difference, "handed_in": handed_in, "left": left}
        await work.audit("billing:cash_shift:closed", found.number, after=after)
        return await load_shift(work.connection, shift)


async def held_shift(work: UnitOfWork, shift: int, *states: ShiftState) -> Shift:
    """Lock a shift of the actor's own, or any with the right, in one of the states.

    Raises ShiftNotFound, Forbidden, WrongShiftState.
    """
    row = await work.connection.fetchrow(_LOCK, shift)
    if row is None:
        raise ShiftNotFound(shift)
    own = row["cashier"] == actor_code(work.by)
    work.by.require("billing.shift.work" if own else "billing.shift.supervise")
    if row["state"] not in states:
        raise WrongShiftState(row["state"])
    return await load_shift(work.connection, shift)


def actor_code(by: Actor) -> str:
    """Answer how an actor is written in records: "user:7"."""
    return f"{by.kind}:{by.id}"
