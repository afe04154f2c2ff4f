"""Money taken at a cash desk and taken back: the payment, its receipt and its shift, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.billing.cash_errors import AlreadyVoided, NoOpenShift, TooLittleGiven, WrongShiftState
from abonent.billing.queries.accounts import view_of
from abonent.billing.queries.cash.desks import has_desks
from abonent.billing.queries.cash.receipts import Receipt, load_receipt, own_receipt
from abonent.billing.rules.cash import CASH, ShiftState
from abonent.billing.service.cash.shifts import actor_code
from abonent.billing.service.payments import Taken, reverse_payment, take_payment
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.work import UnitOfWork

_OWN = """
SELECT id, desk_id, state FROM cash_shift WHERE cashier = $1 AND state <> 'CLOSED' FOR UPDATE
"""
_NUMBER = """
UPDATE cash_desk SET last_receipt = last_receipt + 1 WHERE id = $1 RETURNING last_receipt
"""
_KEEP = """
INSERT INTO cash_receipt (desk_id, no, shift_id, kind, source, account_id, account, entry_no, amount,
    given, balance, through, corrects_desk, corrects, reason, cashier, day, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""
_OF_ENTRY = "SELECT desk_id, no FROM cash_receipt WHERE account_id = $1 AND entry_no = $2"


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A payment taken at a desk; no receipt where the installation has no cash desks."""

    taken: Taken
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a receipt is written: the desk that numbers it and the shift whose drawer it moves."""

    desk: int
    shift: int | None


async def take_at_desk(
    number: str,
    *,
    by: Actor,
    amount: int,
    source: str,
    external_id: str,
    given: int | None = None,
    paid_on: date | None = None,
) -> AtDesk:
    """Take a payment into the actor's open shift and give a receipt; a repeat gives the first one.

    Who has no cash desk takes money without a receipt of one. Raises NoOpenShift for cash,
    WrongShiftState when the drawer has been counted, TooLittleGiven, and what take_payment raises.
    """
    if given is not None and given < amount:
        raise TooLittleGiven(given, amount)
    async with unit_of_work(by) as work:
        taken = await take_payment(
            number, by=by, amount=amount, source=source, external_id=external_id, paid_on=paid_on
        )
        if taken.repeated:
            return AtDesk(taken, await _known(work, taken))
        place = await _drawer(work)
        if place is None:
            if source == CASH and await must_have_shift(by):
                raise NoOpenShift
            return AtDesk(taken, None)
        receipt = await _give(
            work, place, taken, kind="payment", source=source, amount=amount,
            given=given if source == CASH else None,
        )  # fmt: skip
        return AtDesk(taken, receipt)


async def must_have_shift(by: Actor) -> bool:
    """Tell whether cash this actor takes must go into a drawer: who works at a desk, if any is."""
    return by.may("billing.shift.work") and await has_desks()


async def void_receipt(desk: int, no: int, *, by: Actor, reason: str) -> Receipt:
    """Take a receipt's payment back by a reversal, and give a receipt for that.

    In one's own open shift it needs the right to void; any other receipt the right for closed
    shifts. Cash comes out of the drawer of the actor's own open shift; without one, out of none.
    """
    if not reason.strip():
        raise Malformed.of("reason", reason, N_("Say why it is voided."))
    async with unit_of_work(by) as work:
        voided = await own_receipt(work.connection, desk, no, by=by)
        if voided.kind != "payment" or voided.voided_by is not None:
            raise AlreadyVoided(voided.number)
        by.require("billing.payment.reverse")
        taken = await reverse_payment(voided.account, voided.entry_no, by=by, reason=reason.strip())
        place = await _drawer(work)
        if place is None or place.shift != voided.shift_id:
            by.require("billing.payment.reverse_closed")
        return await _give(
            work, place or _Place(desk, None), taken, kind="void", source=voided.source,
            amount=voided.amount, corrects=voided, reason=reason.strip(),
        )  # fmt: skip


async def _drawer(work: UnitOfWork) -> _Place | None:
    """The actor's open shift, locked so that nobody counts it meanwhile."""
    row = await work.connection.fetchrow(_OWN, actor_code(work.by))
    if row is None:
        return None
    if row["state"] != ShiftState.OPEN:
        raise WrongShiftState(row["state"])
    return _Place(row["desk_id"], row["id"])


async def _known(work: UnitOfWork, taken: Taken) -> Receipt | None:
    account = taken.loaded.book.account
    row = await work.connection.fetchrow(_OF_ENTRY, account, taken.entry_no)
    return None if row is None else await load_receipt(work.connection, row["desk_id"], row["no"])


async def _give(
    work: UnitOfWork,
    place: _Place,
    taken: Taken,
    *,
    kind: str,
    source: str,
    amount: int,
    given: int | None = None,
    corrects: Receipt | None = None,
    reason: str = "",
) -> Receipt:
    """Write the receipt of an entry under the desk's next number."""
    view = view_of(taken.loaded)
    no = await work.connection.fetchval(_NUMBER, place.desk)
    voided = (corrects.desk_id, corrects.no) if corrects else (None, None)
    await work.connection.execute(
        _KEEP, place.desk, no, place.shift, kind, source, view.account, view.number, taken.entry_no,
        amount, given, view.balance, view.outlook.until, *voided, reason, work.by.name, view.day,
        clock.now(),
    )  # fmt: skip
    return await load_receipt(work.connection, place.desk, no)
