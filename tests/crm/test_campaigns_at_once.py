"""A dry run that comes late meets what others have done meanwhile."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest

from abonent.crm.service.campaigns.counting import LOST, ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import draft_campaign
from abonent.crm.service.campaigns.sending import send_batch
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.errors import Malformed
from abonent.kernel.settings import Settings
from tests.crm.test_campaigns import FAST, NOON, PLANNED, launched, people, roster

_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
assert PLANNED


async def _come_to_wait() -> None:
    async with asyncio.timeout(10):
        while True:
            async with reading() as connection:
                if await connection.fetchval(_WAITING):
                    return
                await connection.execute("SELECT pg_sleep(0.01)")


async def test_a_count_that_comes_late_makes_nobody_wait_again_for_a_message_they_have(
    fresh_database: Settings,
) -> None:
    """Else whoever was written to would be listed anew and written to twice."""
    of_its_own = copy_context()
    async with transaction() as connection:
        await people(connection, 20)
    made = await launched(FAST)
    with clock.moved(NOON):
        assert await send_batch(made)
    async with transaction() as connection:
        sent = await roster(connection, made)
        # As a second worker found it an instant before: a draft that is being counted.
        await connection.execute(
            "UPDATE crm_campaign SET state = 'draft', counting_since = $2, launched_at = NULL"
            " WHERE id = $1", made, NOON,
        )  # fmt: skip
    async with transaction() as connection:
        await connection.execute(
            "UPDATE crm_campaign SET state = 'running', counting_since = NULL, launched_at = $2"
            " WHERE id = $1", made, NOON,
        )  # fmt: skip
        late = asyncio.create_task(count_campaign(made), context=of_its_own)
        await _come_to_wait()
    assert not await late
    async with reading() as connection:
        assert await roster(connection, made) == sent
    assert sent["sent"]


async def test_a_count_that_was_given_up_does_not_end_the_one_that_came_after_it(
    fresh_database: Settings,
) -> None:
    of_its_own = copy_context()
    async with transaction() as connection:
        await people(connection, 20)
    with clock.moved(NOON):
        made = await draft_campaign("", FAST, by=SYSTEM)
        await ask_count(made, by=SYSTEM)
    with clock.moved(NOON + LOST + timedelta(minutes=1)):
        async with transaction() as connection:
            # The one that begins now holds the campaign while the one before it would list anew.
            await connection.execute("SELECT FROM crm_campaign WHERE id = $1 FOR UPDATE", made)
            late = asyncio.create_task(count_campaign(made), context=of_its_own)
            await _come_to_wait()
            await connection.execute(
                "UPDATE crm_campaign SET counting_since = $2 WHERE id = $1", made, clock.now()
            )
        assert not await late
        assert await count_campaign(made)


@pytest.mark.parametrize(
    "lost", ["state=laid_up", "balance.to=1%2C2%2C3", "signed.from=soon", "owes=yes"]
)
async def test_a_filter_that_is_not_understood_any_more_lets_nobody_be_counted(
    db: Any, lost: str
) -> None:
    """Else it would narrow nothing, and everybody would be written to."""
    await people(db, 5)
    with clock.moved(NOON):
        made = await draft_campaign("state=suspended&district=Центр", FAST, by=SYSTEM)
        await db.execute("UPDATE crm_campaign SET segment = $2 WHERE id = $1", made, lost)
        with pytest.raises(Malformed):
            await ask_count(made, by=SYSTEM)
        assert not await count_campaign(made)
    assert not await roster(db, made)
