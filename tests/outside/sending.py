"""What tests of sending share: messages to strangers' numbers, and the outbox run until it is idle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from abonent.crm.service.messages import KIND, NewMessage, queue_message
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.outbox import Handler, deliver_due

NOON = datetime(2026, 4, 1, 9, tzinfo=UTC)


async def queue(
    to: Sequence[str], *, channel: str = "sms", text: str = "Завтра с 10 до 12 придёт мастер"
) -> list[int]:
    """Queue a message to each; answers their ids."""
    made: list[int] = []
    with clock.moved(NOON):
        async with unit_of_work(SYSTEM) as work:
            for one in to:
                message = NewMessage(account_id=None, to=one, channel=channel, text=text)
                queued = await queue_message(work, message)
                assert queued.id is not None
                made.append(queued.id)
    return made


async def run_outbox(handler: Handler, *, rounds: int = 40) -> None:
    """Deliver until nothing waits; what waits for another attempt is due at once here."""
    for _round in range(rounds):
        async with transaction() as connection:
            await connection.execute("UPDATE outbox SET due_at = $1 WHERE state = 'WAITING'", NOON)
        with clock.moved(NOON + timedelta(minutes=2)):
            if not await deliver_due({KIND: handler}):
                return
    raise AssertionError("the outbox never came to rest")


async def states() -> dict[str, str]:
    """The state of each message by its address."""
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT t.address, m.state FROM crm_message m JOIN crm_message_text t"
            " ON t.account_id = m.account_id AND t.message_id = m.id"
        )
    return {row["address"]: row["state"] for row in rows}


async def rows(statement: str) -> list[Any]:
    """What a statement reads."""
    async with reading() as connection:
        found: list[Any] = await connection.fetch(statement)
    return found
