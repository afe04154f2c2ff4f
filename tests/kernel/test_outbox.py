from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from abonent.kernel import clock, outbox
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.models import Outbox, OutboxState
from abonent.kernel.outbox import (
    ATTEMPTS,
    Delivery,
    UndeliverableError,
    deliver_due,
    retry_failed,
    wait_after,
    waiting,
)


async def leave(count: int = 1, kind: str = "note") -> None:
    async with unit_of_work(SYSTEM) as uow:
        for number in range(count):
            await uow.send(kind, {"number": number})


async def only_row() -> Outbox:
    return await Outbox.get()


async def test_a_row_is_done_only_when_its_handler_returned(fresh_database):
    seen: list[Any] = []

    async def handle(delivery: Delivery) -> None:
        seen.append(delivery)
        seen.append((await only_row()).state)

    await leave()
    assert await waiting() == (1, pytest.approx(0, abs=5))
    assert await deliver_due({"note": handle}) == 1
    row = await only_row()
    assert (seen[0].payload, seen[1]) == ({"number": 0}, OutboxState.WAITING)
    assert (row.state, row.attempts) == (OutboxState.DONE, 1)
    assert row.done_at is not None
    assert await deliver_due({"note": handle}) == 0
    assert await waiting() == (0, 0.0)


async def test_what_was_rolled_back_is_never_delivered(fresh_database):
    async def fail() -> None:
        async with unit_of_work(SYSTEM) as uow:
            await uow.send("note", {})
            raise ValueError

    with pytest.raises(ValueError):
        await fail()
    assert await deliver_due({}) == 0


async def test_a_failure_is_tried_again_later_and_in_the_end_waits_for_a_person(fresh_database):
    async def fail(_delivery: Delivery) -> None:
        raise OSError("no route")

    await leave()
    now = clock.now()
    for attempt in range(1, ATTEMPTS + 1):
        with clock.moved(now):
            assert await deliver_due({"note": fail}) == 1
            assert await deliver_due({"note": fail}) == 0
        row = await only_row()
        assert (row.attempts, row.last_error) == (attempt, "OSError: no route")
        now += wait_after(attempt) + timedelta(seconds=5)
    assert row.state is OutboxState.FAILED
    assert await retry_failed(row.id)
    assert not await retry_failed(row.id)
    assert ((await only_row()).state, (await only_row()).attempts) == (OutboxState.WAITING, 0)


async def test_what_cannot_be_delivered_fails_at_once(fresh_database):
    async def fail(_delivery: Delivery) -> None:
        raise UndeliverableError("no such address")

    await leave()
    await deliver_due({"note": fail})
    assert (await only_row()).state is OutboxState.FAILED


async def test_a_kind_that_nobody_handles_waits_for_a_newer_program(fresh_database):
    await leave()
    await deliver_due({})
    row = await only_row()
    assert (row.state, row.attempts) == (OutboxState.WAITING, 1)


async def test_two_relays_never_take_the_same_row(fresh_database):
    taken: list[int] = []
    both = asyncio.Barrier(2)

    async def handle(delivery: Delivery) -> None:
        taken.append(delivery.id)

    async def relay() -> int:
        await both.wait()
        total = 0
        while count := await deliver_due({"note": handle}, limit=5):
            total += count
        return total

    await leave(60)
    counts = await asyncio.gather(relay(), relay())
    assert sum(counts) == 60
    assert len(set(taken)) == len(taken) == 60


async def test_a_row_left_by_a_dead_worker_is_delivered_after_its_lease(fresh_database):
    async def die(_delivery: Delivery) -> None:
        raise asyncio.CancelledError

    delivered: list[Delivery] = []

    async def handle(delivery: Delivery) -> None:
        delivered.append(delivery)

    await leave()
    with pytest.raises(asyncio.CancelledError):
        await deliver_due({"note": die})
    assert await deliver_due({"note": handle}) == 0
    with clock.moved(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        assert await deliver_due({"note": handle}) == 1
    assert [each.attempts for each in delivered] == [2]
    assert (await only_row()).state is OutboxState.DONE


async def test_a_handler_that_hangs_is_cut_off(fresh_database, monkeypatch):
    monkeypatch.setattr(outbox, "HANDLER_SECONDS", 0.05)

    async def hang(_delivery: Delivery) -> None:
        await asyncio.Event().wait()

    await leave()
    await deliver_due({"note": hang})
    assert (await only_row()).last_error.startswith("TimeoutError")


def test_the_waits_double_up_to_six_hours():
    waits: list[Any] = [wait_after(attempt).total_seconds() for attempt in range(1, ATTEMPTS + 1)]
    assert waits[:4] == [10, 20, 40, 80]
    assert wait_after(1000) == timedelta(hours=6)
    assert timedelta(seconds=sum(waits)) > timedelta(hours=8)
