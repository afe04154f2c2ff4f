"""Reads about identity: what somebody has confirmed on an account, how strictly it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abonent.crm.rules.identity import Mode, Standing
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_STANDING = """
SELECT r.identity_mode AS mode, r.identity_minutes AS minutes, c.level, c.way, c.at, c.until
FROM crm_conversation_rule r
LEFT JOIN LATERAL (
    SELECT level, way, at, until FROM crm_identity_check
    WHERE actor = $2 AND until > $3
        AND account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
    ORDER BY level DESC, id DESC LIMIT 1
) c ON true
"""

STANDING = ("mode", "minutes", "level", "way", "at", "until")
"""The columns of what somebody has confirmed; without a level nothing is."""


def actor_code(by: Actor) -> str:
    """An actor as rows name them."""
    return f"{by.kind}:{by.id}"


async def standing_on(connection: Any, number: str, *, by: Actor) -> Standing:
    """What the actor has confirmed on an account, read on an open connection."""
    row = await connection.fetchrow(_STANDING, number, actor_code(by), clock.now())
    return standing_from(row)


def standing_from(row: Mapping[str, Any]) -> Standing:
    """Make it from a row with the columns of STANDING."""
    mode, minutes = Mode(row["mode"]), row["minutes"]
    if row["level"] is None:
        return Standing(mode, minutes)
    return Standing(mode, minutes, row["level"], row["way"], row["at"], row["until"])


async def standing_of(number: str, *, by: Actor) -> Standing:
    """What the actor has confirmed on an account in this conversation, and how strict the rule is."""
    async with reading() as connection:
        return await standing_on(connection, number, by=by)
