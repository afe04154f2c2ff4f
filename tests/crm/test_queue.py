"""The walk-in queue: numbers, who is called next, booking, breaks, checklists."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from abonent.billing.service.cash.offices import set_office
from abonent.crm.queries.queue import (
    booking_of,
    hall_of,
    office_hours,
    queue_services,
    ticket_at,
    ticket_of,
)
from abonent.crm.queries.queue_day import checklists_of, queue_day, queue_now
from abonent.crm.queue_errors import (
    BookedAlready,
    ClientAtWindow,
    CodeUnknown,
    DeviceNotFound,
    LetterTaken,
    NotAtWindow,
    NotOffered,
    NumberTaken,
    OfficeClosed,
    OtherOfficeQueue,
    SitsAlready,
    SlotTaken,
    TooManyTickets,
    WindowPaused,
    WindowTaken,
)
from abonent.crm.rules.queue import Place, expected_minutes, free_slots, slots_of
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
    call_again,
    call_next,
    finish_serving,
    free_window,
    leave_window,
    name_account,
    not_come,
    pass_on,
    pause_window,
    put_back,
    sit_down,
    start_serving,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, transaction
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.norms import Hours, Span
from abonent.kernel.settings import Settings
from abonent.kernel.workflow import MoveRefused
from tests.web.seed import small_provider

RIGHTS = frozenset({"crm.queue.take", "crm.queue.work", "crm.queue.view", "desk.open"})
TEN = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)  # a Monday, ten by the clocks of Moscow
CLOSES = {day: (time(9), time(18)) for day in range(5)}
MINUTE = timedelta(minutes=1)


def clerk(number: int, *, office: int | None = None) -> Actor:
    return Actor("user", str(number), f"Оператор {number}", RIGHTS, office=office)


def subscriber(*accounts: str) -> Actor:
    rights = frozenset({"crm.queue.book"})
    return Actor("subscriber", "1", "Абонент", rights, accounts=frozenset(accounts))


async def make_queue(code: str = "lenina", *, windows: int = 2, name: str = "Офис") -> int:
    """An office with windows that take every service; answers its id."""
    office = await set_office(code, by=SYSTEM, name=name, address="ул. Ленина, 4")
    await set_queue_office(code, OfficeTerms(hours=CLOSES), by=SYSTEM)
    services = [one.id for one in await queue_services()]
    for number in range(1, windows + 1):
        await set_window(number, services, by=SYSTEM, office=office)
    return office


async def window_id(office: int, number: int) -> int:
    hall = await hall_of(office)
    return next(window.id for window in hall.windows if window.number == number)


async def service_id(letter: str) -> int:
    return next(one.id for one in await queue_services() if one.letter == letter)


@pytest.fixture
async def office(db: Any) -> int:
    return await make_queue()


async def _seat(office: int, number: int, window: int) -> Actor:
    by = clerk(number)
    await sit_down(await window_id(office, window), by=by)
    return by


# what is pure


def test_a_newcomer_waits_for_the_lines_of_the_windows_that_take_the_service() -> None:
    both = [Place(1, frozenset({1}), True, False), Place(2, frozenset({1}), True, False)]
    assert expected_minutes(1, {1: 5}, {1: 6}, both) == 15
    taken_up = [Place(1, frozenset({1}), True, True), Place(2, frozenset({1}), True, True)]
    assert expected_minutes(1, {1: 5}, {1: 6}, taken_up) == 17
    assert expected_minutes(2, {1: 5}, {1: 6, 2: 9}, both) is None
    shared = [*both, Place(3, frozenset({1, 2}), True, False)]
    # a third of the line for payments stands at the window that alone takes contracts
    assert expected_minutes(2, {1: 6, 2: 1}, {1: 6, 2: 10}, shared) == 22
    paused = [Place(1, frozenset({1}), False, False)]
    assert expected_minutes(1, {}, {1: 6}, paused) is None


def test_slots_end_before_the_office_closes_and_half_of_the_windows_are_booked_at_most() -> None:
    hours = Hours(UTC, {0: [Span(time(9), time(9, 50))]})
    slots = list(slots_of(hours, date(2026, 11, 16), minutes=15))
    assert [f"{at:%H:%M}" for at in slots] == ["09:00", "09:15", "09:30"]
    assert list(slots_of(hours, date(2026, 11, 17), minutes=15)) == []
    places = [Place(n, frozenset({1}), False, False) for n in range(4)]
    taken = {slots[0]: {1: 2}, slots[1]: {1: 1}, slots[2]: {2: 4}}
    assert free_slots(slots, taken, 1, places) == [slots[1]]
    assert free_slots(slots, {}, 2, places) == []


# numbers


async def test_numbers_go_by_service_and_day(office: int) -> None:
    by = clerk(1)
    pay, contract = await service_id("А"), await service_id("Б")
    with clock.moved(TEN):
        given = [(await take_ticket(office, at, by=by)).number for at in (pay, contract, pay)]
    with clock.moved(TEN + timedelta(1)):
        given.append((await take_ticket(office, pay, by=by)).number)
    assert given == ["А001", "Б001", "А002", "А001"]


async def test_fifty_tickets_at_once_have_fifty_numbers_in_a_row(fresh_database: Settings) -> None:
    office = await make_queue()
    pay, other = await service_id("А"), await service_id("Г")

    async def take(at: int) -> str:
        return (await take_ticket(office, other if at % 5 == 0 else pay, by=clerk(at))).number

    given = await asyncio.gather(*(take(at) for at in range(50)))
    assert sorted(given) == [
        *(f"А{n:03}" for n in range(1, 41)),
        *(f"Г{n:03}" for n in range(1, 11)),
    ]


async def test_a_ticket_that_fails_leaves_no_gap(office: int) -> None:
    by, pay = clerk(1), await service_id("А")
    with suppress(RuntimeError):
        async with transaction():
            assert (await take_ticket(office, pay, by=by)).number == "А001"
            raise RuntimeError
    assert (await take_ticket(office, pay, by=by)).number == "А001"


async def test_windows_that_call_at_once_never_call_the_same(fresh_database: Settings) -> None:
    office = await make_queue(windows=8)
    pay = await service_id("А")
    for _ticket in range(40):
        await take_ticket(office, pay, by=clerk(1))
    seats = [await _seat(office, number, number) for number in range(1, 9)]
    called: list[str] = []

    async def work(by: Actor) -> None:
        while ticket := await call_next(by=by):
            called.append(ticket.number)
            await start_serving(ticket.id, by=by)

    await asyncio.gather(*(work(by) for by in seats))
    assert sorted(called) == [f"А{n:03}" for n in range(1, 41)]
    async with reading() as connection:
        rows = await connection.fetch("SELECT served_by FROM crm_queue_ticket")
        moves = await connection.fetchval("SELECT count(*) FROM workflow_move WHERE name = 'call'")
    assert moves == 40
    shares = Counter(row["served_by"] for row in rows)
    assert len(shares) == 8, shares


# who comes next


async def test_the_one_who_waits_longest_is_called_first(office: int) -> None:
    by, pay = await _seat(office, 1, 1), await service_id("А")
    contract = await service_id("Б")
    with clock.moved(TEN):
        first = await take_ticket(office, contract, by=by)
    with clock.moved(TEN + MINUTE):
        await take_ticket(office, pay, by=by)
    with clock.moved(TEN + 2 * MINUTE):
        called = await call_next(by=by)
    assert called is not None
    assert called.id == first.id


async def test_a_long_line_counts_as_waited_already_by_ten_minutes_at_most(office: int) -> None:
    by, pay = await _seat(office, 1, 1), await service_id("А")
    contract = await service_id("Б")
    with clock.moved(TEN):
        await take_ticket(office, pay, by=by)
    with clock.moved(TEN + 6 * MINUTE):
        first = await take_ticket(office, contract, by=by)
        await take_ticket(office, contract, by=by)
    with clock.moved(TEN + 10 * MINUTE):
        called = await call_next(by=by)
        # 2 x 12 / 2 = 12, so 10; the other line 1 x 6 / 2 = 3: 10:06 - 10 lies before 10:00 - 3.
        assert called is not None
        assert called.id == first.id


async def test_who_booked_is_called_at_the_booked_time_and_not_before_others(
    db: Any, office: int
) -> None:
    await small_provider(db)
    by, pay = await _seat(office, 1, 1), await service_id("А")
    at = TEN + 30 * MINUTE
    with clock.moved(TEN):
        booked = await book_ticket(
            "20417", by=subscriber("20417"), office="lenina", service=pay, at=at
        )
    with clock.moved(TEN + 15 * MINUTE):
        came = await arrive(office, booked.code, by=by)
        walked = await take_ticket(office, pay, by=by)
    with clock.moved(TEN + 20 * MINUTE):
        called = await call_next(by=by)
        assert called is not None
        assert called.id == walked.id  # it is not the booked time yet
        await start_serving(called.id, by=by)
        await take_ticket(office, pay, by=by)
    with clock.moved(at + MINUTE):
        called = await call_next(by=by)
        assert called is not None
        assert (called.id, called.account) == (came.id, "20417")


async def test_who_waits_beyond_the_limit_comes_before_who_booked(db: Any, office: int) -> None:
    await small_provider(db)
    by, pay = await _seat(office, 1, 1), await service_id("А")
    with clock.moved(TEN):
        late = await take_ticket(office, pay, by=by)
        booked = await book_ticket(
            "20417", by=subscriber("20417"), office="lenina", service=pay, at=TEN + 30 * MINUTE
        )
    with clock.moved(TEN + 31 * MINUTE):
        await arrive(office, booked.code, by=by)
        called = await call_next(by=by)
    assert called is not None
    assert called.id == late.id


async def test_a_window_calls_only_what_it_takes(office: int) -> None:
    pay, contract = await service_id("А"), await service_id("Б")
    window = await window_id(office, 1)
    await set_window(1, [pay], by=SYSTEM, office=office, window=window)
    by = await _seat(office, 1, 1)
    await take_ticket(office, contract, by=by)
    assert await call_next(by=by) is None
    await take_ticket(office, pay, by=by)
    assert await call_next(by=by) is not None


# at the window


async def test_a_visit_from_ticket_to_done_is_logged_move_by_move(office: int, db: Any) -> None:
    by = await _seat(office, 1, 1)
    given = await take_ticket(office, await service_id("А"), by=by)
    called = await call_next(by=by)
    assert called is not None
    await call_again(called.id, by=by)
    await start_serving(called.id, by=by)
    assert await ticket_at(called.window_id or 0, by=by) == await ticket_of(called.id, by=by)
    await finish_serving(called.id, by=by, outcome="request")
    done = await ticket_of(given.id, by=by)
    assert (done.state, done.outcome, done.calls) == ("done", "request", 2)
    rows = await db.fetch("SELECT name, was, became, reason FROM workflow_move ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("arrive", "", "arrived", ""),
        ("call", "arrived", "called", ""),
        ("recall", "called", "called", ""),
        ("start", "called", "serving", ""),
        ("finish", "serving", "done", "request"),
    ]
    assert all(one["became"] == two["was"] for one, two in pairwise(rows))


async def test_calling_the_next_finishes_who_is_served_and_never_skips_who_was_called(
    office: int,
) -> None:
    by, pay = await _seat(office, 1, 1), await service_id("А")
    first, second = [await take_ticket(office, pay, by=by) for _ in range(2)]
    assert (await call_next(by=by)) == (await call_next(by=by))  # pressed twice
    await start_serving(first.id, by=by)
    called = await call_next(by=by)
    assert called is not None
    assert called.id == second.id
    assert (await ticket_of(first.id, by=by)).outcome == "served"


async def test_who_does_not_come_is_written_down_and_a_call_is_taken_back(office: int) -> None:
    by, pay = await _seat(office, 1, 1), await service_id("А")
    first, second = [await take_ticket(office, pay, by=by) for _ in range(2)]
    await call_next(by=by)
    await not_come(first.id, by=by)
    assert (await ticket_of(first.id, by=by)).state == "no_show"
    with pytest.raises(NotAtWindow):
        await not_come(first.id, by=by)
    await call_next(by=by)
    await put_back(second.id, by=by)
    again = await call_next(by=by)
    assert again is not None
    assert again.id == second.id
    with pytest.raises(MoveRefused):
        await finish_serving(second.id, by=by, outcome="served")
    await start_serving(second.id, by=by)
    with pytest.raises(MoveRefused):
        await not_come(second.id, by=by)
    with pytest.raises(Malformed):
        await finish_serving(second.id, by=by, outcome="lunch")


async def test_who_is_passed_on_keeps_the_number_and_the_time_waited(office: int) -> None:
    by, pay, contract = await _seat(office, 1, 1), await service_id("А"), await service_id("Б")
    with clock.moved(TEN):
        first = await take_ticket(office, pay, by=by)
    with clock.moved(TEN + MINUTE):
        await call_next(by=by)
        await take_ticket(office, contract, by=by)
    with clock.moved(TEN + 2 * MINUTE):
        await start_serving(first.id, by=by)
        await pass_on(first.id, by=by, service=contract)
    other = await _seat(office, 2, 2)
    with clock.moved(TEN + 3 * MINUTE):
        called = await call_next(by=other)
    assert called is not None
    assert (called.id, called.number, called.since) == (first.id, "А001", first.since)
    with pytest.raises(NotOffered):
        await pass_on(called.id, by=other, service=999)


async def test_the_account_is_told_at_the_window(db: Any, office: int) -> None:
    await small_provider(db)
    by = await _seat(office, 1, 1)
    ticket = await take_ticket(office, await service_id("А"), by=by)
    await call_next(by=by)
    await name_account(ticket.id, by=by, account=" 20418 ")
    assert (await ticket_of(ticket.id, by=by)).account == "20418"
    near = Actor("user", "1", "Оператор", RIGHTS, districts=frozenset({"Заречье"}))
    assert (await ticket_of(ticket.id, by=near)).account is None


async def test_a_window_has_one_clerk_and_a_clerk_one_window(office: int) -> None:
    by = await _seat(office, 1, 1)
    with pytest.raises(SitsAlready):
        await sit_down(await window_id(office, 2), by=by)
    with pytest.raises(WindowTaken):
        await sit_down(await window_id(office, 1), by=clerk(2))
    with pytest.raises(OtherOfficeQueue):
        await sit_down(await window_id(office, 2), by=clerk(3, office=office + 1))
    await take_ticket(office, await service_id("А"), by=by)
    called = await call_next(by=by)
    assert called is not None
    with pytest.raises(ClientAtWindow):
        await pause_window(by=by, on=True)
    await leave_window(by=by)
    assert (await ticket_of(called.id, by=by)).state == "arrived"
    await sit_down(await window_id(office, 2), by=by)
    await pause_window(by=by, on=True)
    with pytest.raises(WindowPaused):
        await call_next(by=by)
    with pytest.raises(Forbidden):
        await free_window(await window_id(office, 2), by=clerk(4))
    await free_window(await window_id(office, 2), by=SYSTEM)
    await sit_down(await window_id(office, 2), by=clerk(4))


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
    by, pay = await _seat(office, 1, 1), await service_id("А")
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
    by, pay = await _seat(office, 1, 1), await service_id("А")
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
