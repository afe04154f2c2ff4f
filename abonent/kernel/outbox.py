"""Delivering the outbox: what a committed transaction left to be done outside.

At least once: a row is claimed for a while (a lease), handed to the handler of its kind, and marked
done only when that returned. A worker that dies leaves the row to the next one after the lease. So
handlers must bear a repeat; they get the row's id to tell the receiver it is the same thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from abonent.kernel import clock
from abonent.kernel.db import reading, transaction
from abonent.kernel.jsontext import from_json
from abonent.kernel.metrics import counter

ATTEMPTS = 12
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=6)
HANDLER_SECONDS = 60
LEASE = timedelta(seconds=2 * HANDLER_SECONDS)
LONGEST_ERROR = 500

_CLAIM = """
WITH due AS (
    SELECT id FROM outbox WHERE state = 'WAITING' AND due_at <= $1
    ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET attempts = attempts + 1, due_at = $3 FROM due WHERE outbox.id = due.id
RETURNING outbox.id, kind, payload, attempts
"""
_DONE = """
UPDATE outbox SET state = 'DONE', done_at = $2, last_error = NULL WHERE id = $1
"""
_LATER = """
UPDATE outbox SET due_at = $3, last_error = $4
WHERE id = $1 AND attempts = $2 AND state = 'WAITING'
"""
_FAILED = """
UPDATE outbox SET state = 'FAILED', last_error = $3
WHERE id = $1 AND attempts = $2 AND state = 'WAITING'
"""
_RETRY = """
UPDATE outbox SET state = 'WAITING', attempts = 0, due_at = $2 WHERE id = $1 AND state = 'FAILED'
RETURNING true
"""
_LAG = """
SELECT count(*) AS waiting, min(due_at) AS oldest FROM outbox WHERE state = 'WAITING'
"""

_log = structlog.get_logger(__name__)
_deliveries = counter("abonent_outbox_deliveries", "Attempts to deliver.", ("kind", "result"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt at one row; `id` stays the same over all attempts."""

    id: int
    kind: str
    payload: Any
    attempts: int


Handler = Callable[[Delivery], Awaitable[None]]
Handlers = Mapping[str, Handler]


class UndeliverableError(Exception):
    """Raised by a handler when trying again cannot help: a wrong address, a refused text."""


def wait_after(attempts: int) -> timedelta:
    """Answer how long to wait after the nth attempt: 10 s, doubling, at most 6 hours."""
    doubled = FIRST_WAIT * (1 << min(attempts - 1, 30))
    return min(doubled, LONGEST_WAIT)


async def deliver_due(handlers: Handlers, *, limit: int = 20) -> int:
    """Claim what is due, deliver it side by side, and answer how many rows were taken."""
    now = clock.now()
    async with transaction() as connection:
        rows = await connection.fetch(_CLAIM, now, limit, now + LEASE)
    deliveries = [
        Delivery(row["id"], row["kind"], from_json(row["payload"]), row["attempts"]) for row in rows
    ]
    ends = await asyncio.gather(
        *(_deliver(delivery, handlers) for delivery in deliveries), return_exceptions=True
    )
    for failure in filter(None, ends):  # the database went away: the leases hold the rows
        raise failure
    return len(deliveries)


async def retry_failed(outbox_id: int) -> bool:
    """Send a failed row round again; tell whether there was one. For a person who fixed the cause."""
    async with transaction() as connection:
        return bool(await connection.fetchval(_RETRY, outbox_id, clock.now()))


async def waiting() -> tuple[int, float]:
    """Answer how many rows wait and by how many seconds the oldest is late."""
    async with reading() as connection:
        row = await connection.fetchrow(_LAG)
    late = (clock.now() - row["oldest"]).total_seconds() if row["oldest"] else 0.0
    return int(row["waiting"]), max(0.0, late)


async def _deliver(delivery: Delivery, handlers: Handlers) -> None:
    log = _log.bind(outbox_id=delivery.id, kind=delivery.kind, attempts=delivery.attempts)
    try:
        handler = handlers[delivery.kind]
        async with asyncio.timeout(HANDLER_SECONDS):
            await handler(delivery)
    except UndeliverableError as error:
        await _give_up(delivery, error, log)
    except Exception as error:  # noqa: BLE001  whatever a handler raises, the row must not be lost
        if delivery.attempts >= ATTEMPTS:
            await _give_up(delivery, error, log)
        else:
            await _try_later(delivery, error, log)
    else:
        await _write(_DONE, delivery.id, clock.now())
        _deliveries.labels(delivery.kind, "done").inc()
        log.debug("outbox.done")


async def _give_up(delivery: Delivery, error: Exception, log: Any) -> None:
    await _write(_FAILED, delivery.id, delivery.attempts, _words(error))
    _deliveries.labels(delivery.kind, "failed").inc()
    log.error("outbox.failed", error=_words(error))


async def _try_later(delivery: Delivery, error: Exception, log: Any) -> None:
    wait = wait_after(delivery.attempts)
    await _write(_LATER, delivery.id, delivery.attempts, clock.now() + wait, _words(error))
    _deliveries.labels(delivery.kind, "later").inc()
    log.warning("outbox.later", error=_words(error), wait_seconds=int(wait.total_seconds()))


async def _write(statement: str, *values: Any) -> None:
    async with transaction() as connection:
        await connection.execute(statement, *values)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
