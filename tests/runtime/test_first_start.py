"""The first start tells the sign-ins below what the demo has left to be sent."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from abonent.cli.run import wait_settled
from abonent.kernel import clock
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings

_ADD = """
INSERT INTO outbox (id, kind, payload, created_at, due_at) VALUES (1, 'crm.message', '{}', $1, $1)
"""
_CLAIMED = "UPDATE outbox SET attempts = 1, due_at = $1"
_DONE = "UPDATE outbox SET state = 'DONE', done_at = $1"


async def done(statement: str, at: datetime) -> None:
    async with transaction() as connection:
        await connection.execute(statement, at)


async def settled(settings: Settings, seconds: float = 0) -> bool:
    return await asyncio.to_thread(wait_settled, settings, seconds=seconds)


async def test_it_waits_for_what_is_due_and_for_what_is_being_sent(
    fresh_database: Settings,
) -> None:
    assert await settled(fresh_database)
    await done(_ADD, clock.now())
    assert not await settled(fresh_database)
    await done(_CLAIMED, clock.now() + timedelta(seconds=110))
    assert not await settled(fresh_database)
    waiting = asyncio.create_task(settled(fresh_database, 60))
    await done(_DONE, clock.now())
    assert await waiting


async def test_what_is_to_go_tomorrow_is_not_waited_for(fresh_database: Settings) -> None:
    await done(_ADD, clock.now() + timedelta(hours=12))
    assert await settled(fresh_database)
    await done("UPDATE outbox SET due_at = $1", clock.now())
    assert not await settled(fresh_database)
