"""The run of a day: how often it ran, by whom and beside what makes no difference."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from random import Random
from typing import Any

import pytest

from abonent.bench import mixed
from abonent.billing.queries.accounts import look
from abonent.billing.queries.books import installation
from abonent.billing.queries.entries import posting_of
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.periods import DAY
from abonent.billing.service import days
from abonent.billing.service.payments import take_payment
from abonent.billing.service.proof import verify
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.errors import Refused
from abonent.kernel.settings import Settings

SIZE = 40
LAST = mixed.FIRST_DAY + 9 * DAY

Outcome = tuple[dict[tuple[str, int, date], int], list[tuple[Any, ...]]]


async def outcome() -> Outcome:
    """Net charge per account, service and day; and how every account stands."""
    sums: dict[tuple[str, int, date], int] = {}
    async with reading() as connection:
        here = await installation(connection)
        rows = await connection.fetch(
            "SELECT e.*, a.number FROM billing_entry e JOIN billing_account a USING (account_id)"
        )
        numbers = await connection.fetch("SELECT number FROM billing_account ORDER BY number")
    posted = [(row["number"], posting_of(row, here.catalogue)) for row in rows]
    stands: list[tuple[Any, ...]] = []
    for row in numbers:
        book = (await look(row["number"])).book
        posted += [(row["number"], posting) for posting in book.postings]
        served = [(service.no, service.served) for service in book.services]
        stands.append((row["number"], book.balance, book.promise, served))
    for number, posting in posted:
        for day, amount in day_amounts(posting).items():
            key = (number, posting.service or 0, day)
            sums[key] = sums.get(key, 0) - amount
    return {key: amount for key, amount in sums.items() if amount}, stands


async def one_by_one() -> None:
    for number in range(10):
        await days.close_days(by=SYSTEM, through=mixed.FIRST_DAY + number * DAY)


async def at_once() -> None:
    await days.close_days(by=SYSTEM, through=LAST)


async def after_an_outage() -> None:
    """The day moves ten times while nobody runs; then one run finds everything undone."""
    for number in range(10):
        await days.move_day(mixed.FIRST_DAY + number * DAY, by=SYSTEM)
    await days.finish_runs()


async def by_two_at_once() -> None:
    await asyncio.gather(at_once(), at_once())


async def played(closing: Callable[[], Awaitable[None]]) -> Outcome:
    await closing()
    found = await outcome()
    assert (await verify(by=SYSTEM)).differences == []
    return found


async def test_ten_days_come_to_the_same_however_they_are_closed(db: Any) -> None:
    await mixed.build_here(SIZE, seed=3)
    found = []
    for closing in (one_by_one, at_once, after_an_outage):
        with suppress(_UndoError):
            async with transaction():
                found.append(await played(closing))
                raise _UndoError
    first, *others = found
    assert len(first[0]) > SIZE
    for other in others:
        assert other == first


class _UndoError(Exception):
    """Takes the closing back, so that the next one starts from the same books."""


async def test_two_runs_at_once_share_the_work(fresh_database: Settings, monkeypatch: Any) -> None:
    monkeypatch.setattr(days, "BATCH", 7)
    await mixed.build_here(SIZE, seed=3)
    await by_two_at_once()
    assert (await verify(by=SYSTEM)).differences == []
    async with reading() as connection:
        here = await installation(connection)
        doubled = await connection.fetch(
            "SELECT account_id, service_no, period_from, count(*) FROM billing_entry"
            " WHERE kind = 'charge' AND corrects IS NULL GROUP BY 1, 2, 3, day HAVING count(*) > 1"
        )
    assert here.day == LAST + DAY
    assert doubled == []


async def test_payments_during_closing_are_each_taken_once(fresh_database: Settings) -> None:
    numbers = await mixed.build_here(SIZE, seed=3)
    luck = Random(5)
    taken, _ = await asyncio.gather(
        mixed.pay_some(numbers, luck, "race", 60), days.close_days(by=SYSTEM, through=LAST)
    )
    assert (await verify(by=SYSTEM)).differences == []
    async with reading() as connection:
        posted = await connection.fetch(
            "SELECT amount FROM billing_entry WHERE kind = 'payment' AND source = 'bank'"
        )
    assert sorted(row["amount"] for row in posted) == sorted(amount for _, amount in taken)


_DUE = """
SELECT b.account_id, b.number FROM billing_account b JOIN billing_account_due d USING (account_id)
WHERE b.plain AND d.day = $1 ORDER BY b.account_id
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def _come_to_wait(many: int) -> None:
    async with asyncio.timeout(10):
        while True:
            async with reading() as connection:
                if await connection.fetchval(_WAITING) >= many:
                    return
                await connection.execute("SELECT pg_sleep(0.01)")


async def test_a_payment_that_meets_the_run_is_taken_and_the_run_tries_again(
    fresh_database: Settings,
) -> None:
    """The run writes without locks: of the two that would wait for each other it gives way."""
    await mixed.build_here(SIZE, seed=3)
    day, due = mixed.FIRST_DAY, list[Any]()
    while len(due) < 2:
        await days.close_days(by=SYSTEM, through=day)
        day += DAY
        async with reading() as connection:
            due = await connection.fetch(_DUE, day + DAY)
    others, mine = [row["account_id"] for row in due[:-1]], due[-1]["number"]
    # So that it is charged: an account that is cut off gets no entry to wait for.
    await take_payment(mine, by=SYSTEM, amount=300_000, source="bank", external_id="before")
    held, released = asyncio.Event(), asyncio.Event()

    async def hold_others() -> None:
        async with transaction() as connection:
            await connection.execute(
                "SELECT FROM billing_account WHERE account_id = ANY($1) FOR UPDATE", others
            )
            held.set()
            await released.wait()

    holder = asyncio.create_task(hold_others())
    await held.wait()
    run = asyncio.create_task(days.close_days(by=SYSTEM, through=day))
    await _come_to_wait(1)
    payment = asyncio.create_task(
        take_payment(mine, by=SYSTEM, amount=700, source="bank", external_id="met")
    )
    await asyncio.wait([payment], timeout=0.3)
    released.set()
    await asyncio.gather(holder, run, payment)
    assert (await verify(by=SYSTEM)).differences == []
    async with reading() as connection:
        assert (await installation(connection)).day == day + DAY


async def test_two_lanes_of_one_process_come_to_the_same(
    fresh_database: Settings, monkeypatch: Any
) -> None:
    monkeypatch.setattr(days, "BATCH", 7)
    monkeypatch.setattr(days, "FEW", 100)
    await mixed.build_here(SIZE, seed=3)
    await days.close_days(by=SYSTEM, through=LAST, settings=fresh_database.having(processes=2))
    assert (await verify(by=SYSTEM)).differences == []
    async with reading() as connection:
        assert (await installation(connection)).day == LAST + DAY


async def test_a_fault_in_a_lane_is_raised_as_it_is(
    fresh_database: Settings, monkeypatch: Any
) -> None:
    """Whoever answers for a refusal or a lost database knows it by its own name."""
    monkeypatch.setattr(days, "BATCH", 7)

    def fails(day: date, reached: int, size: int) -> None:
        raise Refused("STOPPED", "Somebody stopped it.")

    await mixed.build_here(SIZE, seed=3)
    two = fresh_database.having(processes=2)
    with pytest.raises(Refused, match="STOPPED"):
        await days.close_days(by=SYSTEM, through=LAST, progress=fails, settings=two)
    await days.close_days(by=SYSTEM, through=LAST, settings=two)
    assert (await verify(by=SYSTEM)).differences == []
