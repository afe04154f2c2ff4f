"""The cards a user opened last."""

from __future__ import annotations

from abonent.kernel import clock
from abonent.kernel.db import reading

KEPT = 12

_SEE = """
WITH seen AS (
    INSERT INTO web_recent (user_id, account_id, seen_at) VALUES ($1, $2, $3)
    ON CONFLICT (user_id, account_id) DO UPDATE SET seen_at = excluded.seen_at
)
DELETE FROM web_recent WHERE user_id = $1 AND account_id <> $2 AND account_id NOT IN (
    SELECT account_id FROM web_recent WHERE user_id = $1 AND account_id <> $2
    ORDER BY seen_at DESC LIMIT $4
)
"""
_LATEST = "SELECT account_id FROM web_recent WHERE user_id = $1 ORDER BY seen_at DESC LIMIT $2"


async def note_seen(user_id: int, account: int) -> None:
    """Remember that the user opened an account's card; only the latest are kept."""
    # One statement is a transaction of its own.
    async with reading() as connection:
        await connection.execute(_SEE, user_id, account, clock.now(), KEPT - 1)


async def seen_lately(user_id: int, *, limit: int = KEPT) -> list[int]:
    """Return the accounts whose cards the user opened, the latest first."""
    async with reading() as connection:
        rows = await connection.fetch(_LATEST, user_id, limit)
    return [row["account_id"] for row in rows]
