"""The month's roll-up: what each account turned over, per place and line, kept when it closes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from abonent.billing.queries.books import installation
from abonent.billing.queries.lines import MONTH
from abonent.billing.queries.proof import opened_through
from abonent.billing.rules.periods import month_end
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work

_MISSING = """
SELECT m::date AS month FROM generate_series(
    date_trunc('month', $1::date), date_trunc('month', $2::date) - interval '1 day', interval '1 month'
) m
WHERE NOT EXISTS (SELECT 1 FROM billing_month b WHERE b.month = m::date) ORDER BY m
"""
_ALONE = "SELECT pg_advisory_xact_lock($1)"
_LOCK = 4_702_120
_FORGET = "DELETE FROM billing_month WHERE month = $1"
_FORGET_PLACES = "DELETE FROM billing_month_place WHERE month = $1"
_ROLL_UP = """
INSERT INTO billing_month (account_id, legal_entity_id, place_id, section, line, amount, month)
SELECT rolled.*, $1 FROM ({month}) rolled
""".replace("{month}", MONTH)
_BY_PLACE = """
INSERT INTO billing_month_place (month, legal_entity_id, place_id, section, line, amount)
SELECT $1, legal_entity_id, place_id, section, line, sum(amount) FROM billing_month
WHERE month = $1 GROUP BY legal_entity_id, place_id, section, line
"""


async def roll_up(connection: Any, last_day: date) -> bool:
    """Rebuild the roll-up of the month that ends on `last_day` from its entries and the one before.

    False when there is nothing to keep. Every daily service was settled through that day, so nothing of the month is still to come.
    """
    first = last_day.replace(day=1)
    before = (first - timedelta(1)).replace(day=1)
    await connection.execute(_FORGET, first)
    await connection.execute(_FORGET_PLACES, first)
    kept = await connection.execute(_ROLL_UP, first, last_day + timedelta(1), before)
    await connection.execute(_BY_PLACE, first)
    return str(kept) != "INSERT 0 0"


async def roll_up_months(connection: Any, opened: date) -> int:
    """Roll up, oldest first, every month that ends before `opened` and is not yet; answers how many.

    A month without any movement has nothing to keep and does not count.
    """
    await connection.execute(_ALONE, _LOCK)
    here = await installation(connection)
    done = 0
    for row in await connection.fetch(_MISSING, here.first_day, opened):
        done += await roll_up(connection, month_end(row["month"]))
    return done


async def roll_up_closed_months() -> int:
    """Make up for closed months that have no roll-up; answers how many.

    The run that opens a month rolls up the one before as it ends; this finds what was removed
    since, or left out by an earlier version.
    """
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute("SET LOCAL lock_timeout = 0")
        return await roll_up_months(work.connection, await opened_through(work.connection))
