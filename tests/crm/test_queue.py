"""The walk-in queue: numbers, who is called next, what a window does."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from abonent.crm.queries.queue import (
    ticket_at,
    ticket_of,
)
from abonent.crm.queue_errors import (
    ClientAtWindow,
    NotAtWindow,
    NotOffered,
    OtherOfficeQueue,
    SitsAlready,
    WindowPaused,
    WindowTaken,
)
from abonent.crm.rules.queue import Place, expected_minutes, free_slots, slots_of
from abonent.crm.service.queue_setup import (
    set_window,
)
from abonent.crm.service.queue_tickets import (
    arrive,
    book_ticket,
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
from tests.crm.queue_office import (
    MINUTE,
    RIGHTS,
    TEN,
    clerk,
    make_queue,
    seat,
    service_id,
    subscriber,
    window_id,
)
from tests.web.seed import small_provider

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
    seats = [await seat(office, number, number) for number in range(1, 9)]
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
    by, pay = await seat(office, 1, 1), await service_id("А")
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
    by, pay = await seat(office, 1, 1), await service_id("А")
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
    by, pay = await seat(office, 1, 1), await service_id("А")
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
    by, pay = await seat(office, 1, 1), await service_id("А")
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
    by = await seat(office, 1, 1)
    await take_ticket(office, contract, by=by)
    assert await call_next(by=by) is None
    await take_ticket(office, pay, by=by)
    assert await call_next(by=by) is not None


# at the window


async def test_a_visit_from_ticket_to_done_is_logged_move_by_move(office: int, db: Any) -> None:
    by = await seat(office, 1, 1)
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
    by, pay = await seat(office, 1, 1), await service_id("А")
    first, second = [await take_ticket(office, pay, by=by) for _ in range(2)]
    assert (await call_next(by=by)) == (await call_next(by=by))  # pressed twice
    await start_serving(first.id, by=by)
    called = await call_next(by=by)
    assert called is not None
    assert called.id == second.id
    assert (await ticket_of(first.id, by=by)).outcome == "served"


async def test_who_does_not_come_is_written_down_and_a_call_is_taken_back(office: int) -> None:
    by, pay = await seat(office, 1, 1), await service_id("А")
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
    by, pay, contract = await seat(office, 1, 1), await service_id("А"), await service_id("Б")
    with clock.moved(TEN):
        first = await take_ticket(office, pay, by=by)
    with clock.moved(TEN + MINUTE):
        await call_next(by=by)
        await take_ticket(office, contract, by=by)
    with clock.moved(TEN + 2 * MINUTE):
        await start_serving(first.id, by=by)
        await pass_on(first.id, by=by, service=contract)
    other = await seat(office, 2, 2)
    with clock.moved(TEN + 3 * MINUTE):
        called = await call_next(by=other)
    assert called is not None
    assert (called.id, called.number, called.since) == (first.id, "А001", first.since)
    with pytest.raises(NotOffered):
        await pass_on(called.id, by=other, service=999)


async def test_the_account_is_told_at_the_window(db: Any, office: int) -> None:
    await small_provider(db)
    by = await seat(office, 1, 1)
    ticket = await take_ticket(office, await service_id("А"), by=by)
    await call_next(by=by)
    await name_account(ticket.id, by=by, account=" 20418 ")
    assert (await ticket_of(ticket.id, by=by)).account == "20418"
    near = Actor("user", "1", "Оператор", RIGHTS, districts=frozenset({"Заречье"}))
    assert (await ticket_of(ticket.id, by=near)).account is None


async def test_a_window_has_one_clerk_and_a_clerk_one_window(office: int) -> None:
    by = await seat(office, 1, 1)
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
