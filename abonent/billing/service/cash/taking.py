"""Money taken at a cash desk and taken back: the payment, its receipt and its shift, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.billing.cash_errors import (
    AlreadyVoided,
    NoDrawer,
    NoOpenShift,
    NotInDrawer,
    OfAnotherShift,
    TakenAtDesk,
    TooLittleGiven,
    WrongShiftState,
)
from abonent.billing.queries.accounts import view_of
from abonent.billing.queries.cash.desks import has_desks
from abonent.billing.queries.cash.receipts import Receipt, load_receipt, own_receipt
from abonent.billing.queries.cash.shifts import load_shift
from abonent.billing.rules.cash import CASH, ShiftState
from abonent.billing.service.cash.shifts import actor_code, move_cash
from abonent.billing.service.payments import Taken, refund, reverse_payment, take_payment
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _
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
_OF_NUMBER = """
SELECT r.desk_id, r.no FROM cash_receipt r
JOIN billing_account_number n ON n.account_id = r.account_id
WHERE n.number = $1 AND r.entry_no = $2
"""


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
    """Tell whether cash this actor takes must go into a drawer: a person's, where there are desks."""
    return by.kind == "user" and await has_desks()


async def take_back(number: str, payment: int, *, by: Actor, reason: str) -> Taken:
    """Take any payment back: one that a desk took by voiding its receipt, so that its drawer knows.

    Cash goes out of a drawer only: raises TakenAtDesk where the actor has no open shift.
    """
    async with unit_of_work(by) as work:
        kept = await work.connection.fetchrow(_OF_NUMBER, number, payment)
        if kept is None:
            return await reverse_payment(number, payment, by=by, reason=reason)
        by.require("billing.payment.reverse")
        _check_reason(reason)
        given = await load_receipt(work.connection, kept["desk_id"], kept["no"])
        return (await _void(work, given, by=by, reason=reason, drawer=True)).taken


async def refund_at_desk(number: str, *, by: Actor, amount: int, method: str) -> Taken:
    """Pay money back: a person pays cash out of the drawer of an open shift, where there are desks.

    Raises NoDrawer, NotInDrawer, WrongShiftState, and what refund raises.
    """
    async with unit_of_work(by) as work:
        paid = await refund(number, by=by, amount=amount, method=method)
        drawer = await _drawer(work) if method == CASH else None
        if drawer is None and method == CASH and await must_have_shift(by):
            raise NoDrawer
        if drawer is not None and drawer.shift is not None:
            paper = _("Refund, entry {entry}", entry=f"{number}-{paid.entry_no}")
            await move_cash(drawer.shift, by=by, kind="out", amount=amount, reason=paper)
    return paid


async def void_receipt(desk: int, no: int, *, by: Actor, reason: str) -> Receipt:
    """Take a receipt's payment back by a reversal, and give a receipt for that.

    In one's own open shift it needs the right to void; any other receipt the right for closed
    shifts. Cash comes out of the drawer of the actor's own open shift; without one, out of none.
    """
    _check_reason(reason)
    async with unit_of_work(by) as work:
        voided = await own_receipt(work.connection, desk, no, by=by)
        if voided.kind != "payment" or voided.voided_by is not None:
            raise AlreadyVoided(voided.number)
        by.require("billing.payment.reverse")
        return (await _void(work, voided, by=by, reason=reason.strip())).receipt


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Malformed.of("reason", reason, N_("Say why it is voided."))


@dataclass(frozen=True, slots=True)
class _Voided:
    """The entry that takes a payment back, and the receipt of the refund."""

    taken: Taken
    receipt: Receipt


async def _void(
    work: UnitOfWork, voided: Receipt, *, by: Actor, reason: str, drawer: bool = False
) -> _Voided:
    """Void a receipt; with `drawer` its cash must come out of one. Raises NotInDrawer."""
    taken = await reverse_payment(voided.account, voided.entry_no, by=by, reason=reason)
    place = await _drawer(work)
    if drawer and place is None and voided.source == CASH:
        raise TakenAtDesk(voided.number)
    inside = place is not None and place.shift == voided.shift_id
    if not (inside or by.may("billing.payment.reverse_closed")):
        raise OfAnotherShift(voided.number)
    if voided.source == CASH and place is not None and place.shift is not None:
        should = (await load_shift(work.connection, place.shift)).should
        if voided.amount > should:
            raise NotInDrawer(voided.amount, should)
    receipt = await _give(
        work, place or _Place(voided.desk_id, None), taken, kind="void", source=voided.source,
        amount=voided.amount, corrects=voided, reason=reason,
    )  # fmt: skip
    return _Voided(taken, receipt)


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
