"""The yardstick: the same rows written by SQL as one would write it by hand for this one case.

Two connections share batches of the same size; each batch inserts the charges, moves the balances
and the due days in one transaction. It knows no rules: every account is charged one whole month.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from abonent.kernel import clock
from abonent.kernel.db import parse_address
from abonent.kernel.settings import Settings

_SET = """
SET enable_nestloop = off; SET plan_cache_mode = force_custom_plan; SET jit = off
"""
_BATCHES = """
SELECT min(account_id), max(account_id) FROM (
    SELECT account_id, (row_number() OVER (ORDER BY account_id) - 1) / $2 AS part
    FROM billing_account_due WHERE day = $1) due
GROUP BY part ORDER BY 1
"""
_INSERT = """
INSERT INTO billing_entry (account_id, day, no, kind, contra, amount, service_no, version_id,
    period_from, period_to, billing_from, billing_to, fee, tax_code, tax_rate, tax, legal_entity_id,
    place_id, actor, created_at)
SELECT a.account_id, $3, a.last_no + 1, 'charge', 'revenue.internet', -v.fee, 1, v.id, $3, $4, $3, $4,
    v.fee, 'vat', 2200, -round(v.fee * 2200 / 12200.0)::bigint, a.legal_entity_id, s.place_id,
    'system:system', now()
FROM billing_account_due d
JOIN billing_account a ON a.account_id = d.account_id
JOIN billing_service s ON s.account_id = d.account_id
JOIN billing_tariff_version v ON v.tariff_id = s.tariff_id
WHERE d.account_id BETWEEN $1 AND $2 AND d.day = $3
    AND a.account_id BETWEEN $1 AND $2 AND s.account_id BETWEEN $1 AND $2
"""
_BALANCE = """
UPDATE billing_account a SET balance = a.balance - v.fee, last_no = a.last_no + 1, day = $3,
    held_since = $3
FROM billing_account_due d, billing_service s, billing_tariff_version v
WHERE d.account_id = a.account_id AND s.account_id = a.account_id AND v.tariff_id = s.tariff_id
    AND d.account_id BETWEEN $1 AND $2 AND d.day = $3
    AND a.account_id BETWEEN $1 AND $2 AND s.account_id BETWEEN $1 AND $2
"""
_DUE = "UPDATE billing_account_due SET day = $4 WHERE account_id BETWEEN $1 AND $2 AND day = $3"
_MOVE = "UPDATE billing_installation SET day = $1"
_PAY = """
INSERT INTO billing_entry (account_id, day, no, kind, contra, amount, legal_entity_id, place_id,
    source, actor, created_at)
VALUES ($1, $2, $3, 'payment', 'money.cash', $4, $5, $6, 'cash', 'system:system', now())
"""
_LOCK = """
SELECT a.* FROM billing_account a
WHERE account_id = (SELECT account_id FROM billing_account_number WHERE number = $1) FOR UPDATE
"""
_PAID = (
    "UPDATE billing_account SET balance = balance + $2, last_no = last_no + 1 WHERE account_id = $1"
)
_INBOX = """
INSERT INTO billing_inbox (source, external_id, account_id, amount, day, entry_no)
VALUES ('cash', $1, $2, $3, $4, $5)
"""


async def charge_month(settings: Settings, day: date, *, batch: int, clients: int) -> float:
    """Charge one month to every account due on `day`; answers the seconds it took."""
    address = parse_address(settings.database_url or "")
    workers = [await asyncpg.connect(**address) for _ in range(clients)]
    try:
        for worker in workers:
            await worker.execute(_SET)
        started = clock.monotonic()
        bounds = [tuple(row) for row in await workers[0].fetch(_BATCHES, day, batch)]
        await workers[0].execute(_MOVE, day)
        await asyncio.gather(*(_share(worker, bounds, day) for worker in workers))
        return clock.monotonic() - started
    finally:
        for worker in workers:
            await worker.close()


async def _share(worker: Any, bounds: list[tuple[int, int]], day: date) -> None:
    end = date(day.year + day.month // 12, day.month % 12 + 1, day.day)
    while bounds:
        first, last = bounds.pop()
        async with worker.transaction():
            await worker.execute(_INSERT, first, last, day, end)
            await worker.execute(_BALANCE, first, last, day)
            await worker.execute(_DUE, first, last, day, end)


@dataclass(frozen=True)
class Cashiers:
    """Connections that take payments side by side."""

    workers: list[Any]

    async def pay(self, numbers: list[str]) -> float:
        """Take one payment on each account, a transaction apiece; answers the seconds it took."""
        started = clock.monotonic()
        await asyncio.gather(*(_pay(worker, numbers) for worker in self.workers))
        return clock.monotonic() - started


@asynccontextmanager
async def cashiers(settings: Settings, count: int) -> AsyncIterator[Cashiers]:
    """Connections for payments by hand, closed afterwards."""
    address = parse_address(settings.database_url or "")
    workers = [await asyncpg.connect(**address) for _ in range(count)]
    try:
        yield Cashiers(workers)
    finally:
        for worker in workers:
            await worker.close()


async def _pay(worker: Any, numbers: list[str]) -> None:
    day = await worker.fetchval("SELECT day FROM billing_installation")
    while numbers:
        number = numbers.pop()
        async with worker.transaction():
            row = await worker.fetchrow(_LOCK, number)
            account, no = row["account_id"], row["last_no"] + 1
            await worker.execute(_INBOX, f"hand-{number}", account, 10_000, day, no)
            place = (row["legal_entity_id"], row["place_id"])
            await worker.execute(_PAY, account, day, no, 10_000, *place)
            await worker.execute(_PAID, account, 10_000)
