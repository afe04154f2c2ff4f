"""The demo's last days in the office: a cash shift with receipts, a new owner, promises, freezes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.cash.shifts import shift_of
from abonent.billing.service import freezes, promises
from abonent.billing.service.cash.shifts import close_shift, count_shift, move_cash, open_shift
from abonent.billing.service.cash.taking import take_at_desk, void_receipt
from abonent.crm.demo.acts import unless_refused
from abonent.crm.demo.plan import Habit, Household
from abonent.crm.demo.staff import Staff
from abonent.crm.service.companies import issue_for_account
from abonent.crm.service.owners import TakeOver, change_owner
from abonent.crm.service.subscribers import NewSubscriber
from abonent.kernel import clock
from abonent.kernel.actor import Actor

RECEIPTS = 24
DOCUMENTED = 20
"""Companies whose papers lie ready at once; the worker makes those of the others."""
PROMISES = 3
_ASKED = 60
"""So many late payers ask for a promise before enough of them got one."""
_LATE = (Habit.LATE, Habit.FORGETS, Habit.STOPPED)
_FLOAT = 300000
_MORNING, _TILL_RECEIPT = time(6, 5), timedelta(minutes=17)


def on_morning(day: date) -> datetime:
    """The instant at which the office opens on a day."""
    return datetime.combine(day, _MORNING, UTC)


async def work_a_shift(
    households: Sequence[Household], *, staff: Staff, seed: int, day: date
) -> None:
    """Open the cash desk, take money with receipts, void one, count and close it."""
    chance = Random(f"{seed} shift {day}")
    people = [one for one in households if one.person.kind == "person"]
    payers = chance.sample(people, min(RECEIPTS, len(people)))
    at, by = on_morning(day), staff.cashier
    with clock.moved(at):
        shift = await open_shift("К1", by=by)
        await move_cash(shift.id, by=by, kind="in", amount=_FLOAT, reason="Размен из сейфа")
    for place, one in enumerate(payers):
        at += _TILL_RECEIPT
        with clock.moved(at):
            await _receipt(one, place, chance, by, day)
    with clock.moved(at + _TILL_RECEIPT):
        held = (await shift_of(shift.id, by=by)).should
        await count_shift(shift.id, by=by, total=held)
        await close_shift(shift.id, by=by, handed_in=held - _FLOAT)


async def _receipt(one: Household, place: int, chance: Random, by: Actor, day: date) -> None:
    source = "card" if place % 4 == 3 else "cash"
    given = -(-one.fee // 100_000) * 100_000 if source == "cash" and chance.random() < 0.5 else None
    taken = await take_at_desk(
        one.number, by=by, amount=one.fee, source=source, given=given,
        external_id=f"desk-{day:%y%m%d}-{place}",
    )  # fmt: skip
    if place == 5 and taken.receipt is not None:
        reason = "Кассир ошибся счётом"
        await void_receipt(taken.receipt.desk_id, taken.receipt.no, by=by, reason=reason)


async def hand_over(households: Sequence[Household], *, by: Actor, seed: int) -> None:
    """Give one account to somebody new: the flat was sold."""
    chance = Random(f"{seed} owner")
    people = [one for one in households if one.person.kind == "person"]
    for one in chance.sample(people, min(10, len(people))):
        view = await read_account(one.number, by=by)
        if view.balance < 0 or view.state != "served":
            continue
        new = NewSubscriber("Новосёлова Вера Павловна", phone="+7 900 777-00-01")
        over = TakeOver(owner=new, contract=f"{one.since.year}/{one.number}-2")
        if await unless_refused(change_owner(one.number, by=by, over=over)):
            return


async def ask_today(households: Sequence[Household], *, by: Actor, seed: int, day: date) -> None:
    """Promises that hold today, and freezes that begin soon."""
    chance = Random(f"{seed} today")
    people = [one for one in households if one.person.kind == "person"]
    promised = 0
    for one in [one for one in people if one.habit in _LATE][:_ASKED]:
        if promised == PROMISES:
            break
        promised += await unless_refused(promises.give_promise(one.number, by=by))
    for one in chance.sample(people, min(3, len(people))):
        start, end = day + timedelta(2), day + timedelta(chance.randint(10, 25))
        frozen = freezes.freeze_account(one.number, by=by, start=start, end=end, reason="Отпуск")
        await unless_refused(frozen)


async def issue_papers(households: Sequence[Household], *, by: Actor) -> None:
    """Make the invoices and acts of the first companies."""
    companies = [one for one in households if one.person.kind == "company"]
    for one in companies[:DOCUMENTED]:
        await unless_refused(issue_for_account(one.number, by=by, language="ru"))
