"""Guesses are counted before they are checked, and refused for longer and longer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.web.errors import TooManyAttempts
from abonent.web.rules import Limit

# Counting comes before checking: many guesses sent at once are all counted.
_COUNT = """
INSERT INTO web_throttle AS t (key, failures, first_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN t.first_at < $3 THEN 1 ELSE t.failures + 1 END,
       first_at = CASE WHEN t.first_at < $3 THEN $2 ELSE t.first_at END
RETURNING failures, blocked_until
"""
_BLOCK = "UPDATE web_throttle SET blocked_until = $2 WHERE key = $1"
_FORGET = "DELETE FROM web_throttle WHERE key = $1 OR first_at < $2"
_UNCOUNT = """
UPDATE web_throttle SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = $1
"""


async def count_attempt(keys: Mapping[bytes, Limit]) -> None:
    """Count one attempt against every key, or refuse it uncounted when one of them is blocked.

    Counting locks the key's row: of many attempts at once each sees the block the last one set.
    Raises TooManyAttempts.
    """
    now = clock.now()
    async with unit_of_work(SYSTEM) as uow:
        # In one order, so that two attempts never wait for each other crosswise.
        blocks = [
            await _count(uow.connection, key, limit=keys[key], now=now) for key in sorted(keys)
        ]
        until = max((block for block in blocks if block), default=None)
        if until is not None:
            minutes = -((now - until) // timedelta(minutes=1))
            raise TooManyAttempts(until, max(1, minutes))


async def _count(connection: Any, key: bytes, *, limit: Limit, now: datetime) -> datetime | None:
    """Count; answers until when the key was blocked before this attempt, None when it was not."""
    row = await connection.fetchrow(_COUNT, key, now, now - limit.window)
    blocked: datetime | None = row["blocked_until"]
    if blocked is not None and blocked > now:
        return blocked
    block = limit.block(row["failures"])
    if block is not None:
        await connection.execute(_BLOCK, key, now + block)
    return None


async def forgive(connection: Any, own: bytes, address: bytes) -> None:
    """After a right answer: forget the guesses at it, and take this one off the address's count."""
    await forget_attempts(connection, own)
    await connection.execute(_UNCOUNT, address)


async def forget_attempts(connection: Any, key: bytes) -> None:
    """Forget the guesses under a key, and what is old."""
    await connection.execute(_FORGET, key, clock.now() - timedelta(days=1))
