"""The walk-in queue: terminals, booking, the end of the day, setting up, checklists."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, time, timedelta
from typing import Any

import pytest

from abonent.billing.service.cash.offices import set_office
from abonent.crm.queries.queue import (
    booking_of,
    office_hours,
    ticket_of,
)
from abonent.crm.queries.queue_day import checklists_of, queue_day, queue_now
from abonent.crm.queue_errors import (
    BookedAlready,
    CodeUnknown,
    DeviceNotFound,
    LetterTaken,
    NumberTaken,
    OfficeClosed,
    OtherOfficeQueue,
    SlotTaken,
    TooManyTickets,
)
from abonent.crm.service.queue_checklists import tick_checklist
from abonent.crm.service.queue_setup import (
    OfficeTerms,
    ServiceTerms,
    add_device,
    device_by,
    revoke_device,
    set_queue_office,
    set_service,
    set_window,
)
from abonent.crm.service.queue_tickets import (
    PER_MINUTE,
    arrive,
    book_ticket,
    cancel_booking,
    end_tickets,
    take_ticket,
)
from abonent.crm.service.queue_windows import (
    call_next,
    finish_serving,
    not_come,
    start_serving,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.norms import Span
from abonent.kernel.settings import Settings
from tests.crm.queue_office import (
    MINUTE,
    TEN,
    clerk,
    make_queue,
    seat,
    service_id,
    subscriber,
)
from tests.web.seed import small_provider

# the terminal


async def test_a_terminal_gives_tickets_while_the_office_is_open(office: int) -> None:
    token = await add_device(office, by=SYSTEM, kind="terminal", name="У входа")
    device = await device_by(token, "terminal")
    pay = await service_id("А")
    with clock.moved(TEN - timedelta(hours=1, minutes=15)):
        await take_ticket(office, pay, by=device.actor)  # 8:45, the doors open at 9
    with clock.moved(TEN + timedelta(hours=8)), pytest.raises(OfficeClosed):
        await take_ticket(office, pay, by=device.actor)
    with clock.moved(TEN - timedelta(1)), pytest.raises(OfficeClosed):
        await take_ticket(office, pay, by=device.actor)
    with pytest.raises(Forbidden):
        await call_next(by=device.actor)
    with pytest.raises(DeviceNotFound):
        await device_by(token, "display")
    await revoke_device(device.id, by=SYSTEM)
    with pytest.raises(DeviceNotFound):
        await device_by(token, "terminal")


async def test_a_child_at_the_terminal_does_not_fill_the_queue(office: int) -> None:
    token = await add_device(office, by=SYSTEM, kind="terminal", name="У входа")
    by, pay = (await device_by(token, "terminal")).actor, await service_id("А")
    with clock.moved(TEN):
        for _ticket in range(PER_MINUTE):
            await take_ticket(office, pay, by=by)
        with pytest.raises(TooManyTickets):
            await take_ticket(office, pay, by=by)
    with clock.moved(TEN + 2 * MINUTE):
        await take_ticket(office, pay, by=by)


async def test_an_account_or_phone_typed_is_known_and_nothing_says_that_it_is_not(
    db: Any, office: int
) -> None:
    await small_provider(db)
    by, pay = clerk(1), await service_id("А")

    async def account_of(typed: str) -> str | None:
        return (await take_ticket(office, pay, by=by, typed=typed)).account

    assert await account_of("20417") == "20417"
    assert await account_of("8 912 000-11-22") == "20418"
    assert await account_of("9120001122") == "20418"
    assert await account_of("99999") is None
    assert await account_of("1122") is None
    assert await account_of("") is None


# booking


async def test_booking_takes_a_slot_until_it_is_cancelled(db: Any, office: int) -> None:
    await small_provider(db)
    pay, at = await service_id("А"), TEN + timedelta(hours=2)
    first, second = subscriber("20417"), subscriber("20418")
    asked = {"office": "lenina", "service": pay}
    with clock.moved(TEN):
        booked = await book_ticket("20417", by=first, at=at, **asked)
        assert len(booked.code) == 4
        with pytest.raises(SlotTaken):  # two windows: one is booked, the other for who walks in
            await book_ticket("20418", by=second, at=at, **asked)
        with pytest.raises(BookedAlready):
            await book_ticket("20417", by=first, at=at + 15 * MINUTE, **asked)
        for wrong in (TEN - 15 * MINUTE, at + MINUTE, at + timedelta(8), at + timedelta(hours=8)):
            with pytest.raises(SlotTaken):
                await book_ticket("20418", by=second, at=wrong, **asked)
        await cancel_booking("20417", booked.id, by=first)
        assert await booking_of("20417", by=first) is None
        again = await book_ticket("20418", by=second, at=at, **asked)
        assert (await booking_of("20418", by=second)) == again
        assert await booking_of("20418", by=first) is None
    with clock.moved(at), pytest.raises(CodeUnknown):
        await arrive(office, booked.code, by=clerk(1))


async def test_two_who_book_the_last_slot_at_once_do_not_both_get_it(
    fresh_database: Settings,
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await make_queue()
    pay, at = await service_id("А"), TEN + timedelta(hours=2)
    with clock.moved(TEN):
        given = await asyncio.gather(
            *(
                book_ticket(one, by=subscriber(one), office="lenina", service=pay, at=at)
                for one in ("20417", "20418", "20419", "20420")
            ),
            return_exceptions=True,
        )
    assert sum(isinstance(one, SlotTaken) for one in given) == 3


async def test_what_is_left_ends_with_the_day_and_who_booked_is_awaited_a_while(
    db: Any, office: int
) -> None:
    await small_provider(db)
    by, pay = await seat(office, 1, 1), await service_id("А")
    with clock.moved(TEN):
        booked = await book_ticket(
            "20417", by=subscriber("20417"), office="lenina", service=pay, at=TEN + 15 * MINUTE
        )
        served, waits = [await take_ticket(office, pay, by=by) for _ in range(2)]
        await call_next(by=by)
        await start_serving(served.id, by=by)
    with clock.moved(TEN + 25 * MINUTE):
        assert await end_tickets(by=SYSTEM) == 0
    with clock.moved(TEN + 31 * MINUTE):
        assert await end_tickets(by=SYSTEM) == 1
        assert (await ticket_of(booked.id, by=by)).state == "no_show"
    with clock.moved(TEN + timedelta(1)):
        assert await end_tickets(by=SYSTEM) == 2
        assert await end_tickets(by=SYSTEM) == 0
    assert (await ticket_of(waits.id, by=by)).state == "no_show"
    assert (await ticket_of(served.id, by=by)).outcome == "unfinished"


# settings, checklists, the day


async def test_what_is_set_up_wrongly_is_refused_beside_its_field(office: int) -> None:
    with pytest.raises(LetterTaken) as refusal:
        await set_service(ServiceTerms(letter="а", name="Ещё оплата", minutes=5), by=SYSTEM)
    assert refusal.value.field == "letter"
    with pytest.raises(Malformed):
        await set_service(ServiceTerms(letter="7", name="Ещё", minutes=5), by=SYSTEM)
    with pytest.raises(NumberTaken):
        await set_window(1, [1], by=SYSTEM, office=office)
    with pytest.raises(Malformed):
        await set_window(3, [], by=SYSTEM, office=office)
    terms = OfficeTerms(target_minutes=40, hard_minutes=30)
    with pytest.raises(Malformed):
        await set_queue_office("lenina", terms, by=SYSTEM)
    wrong = OfficeTerms(hours={0: (time(18), time(9))})
    with pytest.raises(Malformed):
        await set_queue_office("lenina", wrong, by=SYSTEM)
    for act in (
        set_service(ServiceTerms(letter="Ж", name="Ещё", minutes=5), by=clerk(1)),
        set_window(3, [1], by=clerk(1), office=office),
        set_queue_office("lenina", OfficeTerms(), by=clerk(1)),
        add_device(office, by=clerk(1), kind="terminal", name="Терминал"),
        revoke_device(1, by=clerk(1)),
    ):
        with pytest.raises(Forbidden):
            await act


async def test_an_office_begins_with_the_hours_of_the_department(db: Any) -> None:
    office = await set_office("mira", by=SYSTEM, name="Офис на Мира")
    await set_queue_office("mira", OfficeTerms(), by=SYSTEM)
    hours = await office_hours(office, db)
    assert hours.of(date(2026, 11, 16)) == [Span(time(9), time(18))]
    assert hours.of(date(2026, 11, 15)) == ()


async def test_a_checklist_is_ticked_and_told_of_until_it_is(office: int, db: Any) -> None:
    head = Actor("user", "9", "Глава", frozenset({"*"}))
    await db.execute("DELETE FROM billing_calendar WHERE day BETWEEN '2026-11-13' AND '2026-11-16'")
    with clock.moved(TEN - timedelta(hours=2)):
        assert (await queue_now(by=head)).missing == 0  # the office is not open yet; Sunday was off
    with clock.moved(TEN):
        assert (await queue_now(by=head)).missing == 1
        (opening, _closing) = await checklists_of(date(2026, 11, 16), by=head, offices=[office])
        codes = [item.code for item in opening.marks]
        assert not await tick_checklist(office, "office-opening", codes[:2], by=clerk(1))
        assert (await queue_now(by=head)).missing == 1
        assert await tick_checklist(office, "office-opening", codes, by=clerk(2))
        assert (await queue_now(by=head)).missing == 0
        rows = await db.fetch("SELECT item, by FROM crm_queue_checked")
        assert Counter(row["by"] for row in rows) == {"user:1": 2, "user:2": len(codes) - 2}
        assert not await tick_checklist(office, "office-opening", codes[1:], by=clerk(2))
        with pytest.raises(OtherOfficeQueue):
            await tick_checklist(office, "office-opening", codes, by=clerk(3, office=office + 1))
    with clock.moved(TEN + timedelta(1)):
        assert (
            await queue_now(by=head)
        ).missing == 2  # the closing of Monday, the opening of Tuesday


async def test_the_day_tells_waits_services_and_who_did_not_come(office: int) -> None:
    by, pay = await seat(office, 1, 1), await service_id("А")
    for waited in (5, 20, 40):
        with clock.moved(TEN):
            ticket = await take_ticket(office, pay, by=by)
        with clock.moved(TEN + waited * MINUTE):
            await call_next(by=by)
            await start_serving(ticket.id, by=by)
        with clock.moved(TEN + (waited + 6) * MINUTE):
            await finish_serving(ticket.id, by=by, outcome="served")
    with clock.moved(TEN + 50 * MINUTE):
        gone = await take_ticket(office, pay, by=by)
        await call_next(by=by)
        await not_come(gone.id, by=by)
        await take_ticket(office, pay, by=by)
    with clock.moved(TEN + 85 * MINUTE):
        found = await queue_day(date(2026, 11, 16), by=by, office=office, target=15, hard=30)
        now = await queue_now(by=by)
    total = found.total
    assert (total.people, total.called, total.done, total.no_shows) == (5, 5, 3, 1)
    assert (total.within_target, total.within_hard, total.longest) == (2, 3, 40 * 60)
    assert (total.share_target, total.share_hard, total.served) == (4000, 6000, 360)
    assert [(hour, times.people) for hour, times in found.hours] == [(10, 5)]
    assert [(number, times.done) for number, times in found.windows] == [(1, 3)]
    assert (now.people, now.longest, now.late) == (1, 35, 1)
