"""Keeping the closed months of tariffs: each is computed once, after its roll-up."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.queries.books import installation
from abonent.billing.queries.tariff_analysis import Month, reckon
from abonent.billing.rules.tariff_analysis import Figures
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work

_LOCK = 4_702_121
_ALONE = "SELECT pg_advisory_xact_lock($1)"
_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
_MISSING = """
SELECT m::date AS month FROM generate_series(
    date_trunc('month', $1::date), date_trunc('month', $2::date) - interval '1 day', interval '1 month'
) m
WHERE EXISTS (SELECT FROM billing_month_place p WHERE p.month = m::date)
    AND NOT EXISTS (SELECT FROM billing_tariff_month k WHERE k.month = m::date)
ORDER BY m
"""
_KEEP = """
INSERT INTO billing_tariff_month (month, tariff_id, began, ended, came, gone, moved_in, moved_out,
    promo, debtors, price_sum, charged, corrected, archived)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_KEEP_MOVE = """
INSERT INTO billing_tariff_move (month, from_id, to_id, services) VALUES ($1, $2, $3, $4)
"""
_NAMES = tuple(Figures.__dataclass_fields__)


async def keep_tariff_months() -> list[date]:
    """Compute every closed month that is rolled up and not kept yet, oldest first; answers them."""
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute("SET LOCAL lock_timeout = 0")
        await work.connection.execute(_PLANS)
        await work.connection.execute(_ALONE, _LOCK)
        here = await installation(work.connection)
        rows = await work.connection.fetch(_MISSING, here.first_day, here.day)
        for row in rows:
            await _keep(work.connection, await reckon(work.connection, here, row["month"]))
    return [row["month"] for row in rows]


async def _keep(connection: Any, month: Month) -> None:
    rows = [
        (month.month, tariff, *(getattr(own, name) for name in _NAMES))
        for tariff, own in month.figures.items()
    ]
    await connection.executemany(_KEEP, rows)
    moves = [(month.month, *pair, services) for pair, services in month.moves.items()]
    await connection.executemany(_KEEP_MOVE, moves)
