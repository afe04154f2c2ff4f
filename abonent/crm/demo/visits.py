"""The demo's offices have a queue: visits of the last day, ticked lists, times that were booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from abonent.billing.service.cash.offices import set_office
from abonent.crm.checklists import office_checklists
from abonent.crm.demo.acts import DEMO
from abonent.crm.demo.plan import Household
from abonent.crm.demo.staff import Staff
from abonent.crm.queries.queue import Hall, hall_of, open_slots, queue_services
from abonent.crm.service.queue_checklists import tick_checklist
from abonent.crm.service.queue_setup import OfficeTerms, set_queue_office, set_window
from abonent.crm.service.queue_tickets import book_ticket, take_ticket
from abonent.crm.service.queue_windows import (
    call_next,
    finish_serving,
    leave_window,
    not_come,
    sit_down,
    start_serving,
)
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import time_zone

VISITS, BOOKED = 24, 3
_MINUTE = timedelta(minutes=1)
_WEEK = {day: (time(9), time(19)) for day in range(5)} | {5: (time(10), time(16))}
_WAITS = (0, 1, 2, 3, 3, 4, 5, 6, 8, 9, 11, 13, 17, 24, 33)
_NEVER_COMES = 11
"""So many visits after one whose ticket nobody answers the call to."""


async def open_queues(office: str) -> None:
    """Give the office its queue, and open a second one in another street."""
    services = [one.id for one in await queue_services()]
    await set_office(
        "mira",
        by=DEMO,
        name="Офис на Мира",
        address="ул. Мира, д. 18",
        phone="8 800 100-00-00",
        hours="Пн–Пт 9–19, Сб 10–16",
    )
    for code, windows in ((office, (services, services[:1], services[1:])), ("mira", (services,))):
        made = await set_queue_office(code, OfficeTerms(hours=_WEEK), by=DEMO)
        for number, served in enumerate(windows, 1):
            await set_window(number, served, by=DEMO, office=made)


async def come_to_office(
    households: Sequence[Household], *, staff: Staff, office: str, seed: int, day: date
) -> None:
    """The visits of a day, called to two windows; nobody comes on Sundays or where nobody was hired."""
    if staff.clerk.kind != "user" or staff.cashier.kind != "user" or day.weekday() not in _WEEK:
        return
    hall, chance = await hall_of(office), Random(f"{seed} visits {day}")
    begins, ends = (datetime.combine(day, at, time_zone()) for at in _WEEK[day.weekday()])
    opens = begins + 5 * _MINUTE
    with clock.moved(opens):
        for window, by in ((hall.windows[0], staff.clerk), (hall.windows[1], staff.cashier)):
            await sit_down(window.id, by=by)
        await _tick(hall, by=staff.clerk)
    people = [one for one in households if one.person.kind == "person"]
    for place in range(VISITS):
        at = opens + timedelta(minutes=place * 22 + chance.randrange(15))
        if at >= ends:
            break
        by = staff.cashier if chance.randrange(3) == 0 else staff.clerk
        service = hall.services[0 if by is staff.cashier else chance.randrange(len(hall.services))]
        known = chance.choice(people).number if people and chance.randrange(3) else ""
        with clock.moved(at):
            await take_ticket(hall.office.id, service.id, by=by, typed=known)
        comes = place % _NEVER_COMES != _NEVER_COMES - 1
        await _visit(by, at + chance.choice(_WAITS) * _MINUTE, chance, comes=comes)
    with clock.moved(ends + timedelta(hours=1)):
        for by in (staff.clerk, staff.cashier):
            await leave_window(by=by)


async def _visit(by: Actor, called: datetime, chance: Random, *, comes: bool) -> None:
    with clock.moved(called):
        ticket = await call_next(by=by)
    if ticket is None:
        return
    if not comes:
        with clock.moved(called + 4 * _MINUTE):
            await not_come(ticket.id, by=by)
        return
    with clock.moved(called + _MINUTE):
        await start_serving(ticket.id, by=by)
    outcome = chance.choice(("served", "served", "served", "request", "again"))
    with clock.moved(called + chance.randrange(4, 15) * _MINUTE):
        await finish_serving(ticket.id, by=by, outcome=outcome)


async def _tick(hall: Hall, *, by: Actor) -> None:
    """Tick the list of opening whole, that of closing but for its last item."""
    for document in await office_checklists():
        codes = [item.code for item in document.value.items]
        ticked = codes if document.value.position == 1 else codes[:-1]
        await tick_checklist(hall.office.id, document.slug, ticked, by=by)


async def book_visits(households: Sequence[Household], *, office: str) -> None:
    """Some have booked a time of the days to come."""
    hall = await hall_of(office)
    for at, one in enumerate(households[:BOOKED]):
        service = hall.services[at % len(hall.services)]
        days = await open_slots(hall, service.id)
        if days:
            _day, slots = days[-1]
            slot = slots[len(slots) // 3]
            await book_ticket(one.number, by=DEMO, office=office, service=service.id, at=slot)
