"""The few numbers that say how the open day goes."""

from __future__ import annotations

from dataclasses import dataclass

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_TAKEN = """
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount
FROM billing_inbox WHERE day = (SELECT day FROM billing_installation)
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many, and their money in minor units."""

    count: int
    amount: int


async def taken_today(*, by: Actor) -> Sum:
    """The payments taken on the open day, whatever their source."""
    by.require("billing.payment.take")
    async with reading() as connection:
        return Sum(**await connection.fetchrow(_TAKEN))
