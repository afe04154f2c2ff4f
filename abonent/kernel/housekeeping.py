"""Nightly tidying of the kernel's own tables; audit rows are kept."""

from __future__ import annotations

from datetime import timedelta

from abonent.kernel import clock
from abonent.kernel.db import transaction
from abonent.kernel.jobs import JobContext, cron

BATCH = 5000
KEEP_KEYS = timedelta(days=30)
KEEP_DONE = timedelta(days=90)

_OLD_KEYS = """
DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency_key WHERE created_at < $1 LIMIT $2))
"""
_OLD_OUTBOX = """
DELETE FROM outbox WHERE id = ANY (ARRAY(
    SELECT id FROM outbox WHERE state = 'DONE' AND created_at < $1 LIMIT $2))
"""
_OLD_RUNS = """
DELETE FROM job_run WHERE id = ANY (ARRAY(
    SELECT id FROM job_run WHERE state = 'OK' AND created_at < $1 LIMIT $2))
"""


@cron("kernel.tidy_up", hour={4}, minute={20}, seconds=1800)
async def tidy_up(context: JobContext) -> None:
    """Delete old idempotency keys, delivered outbox rows and finished job runs, in batches."""
    del context
    now = clock.now()
    for statement, age in (
        (_OLD_KEYS, KEEP_KEYS),
        (_OLD_OUTBOX, KEEP_DONE),
        (_OLD_RUNS, KEEP_DONE),
    ):
        await _delete_in_batches(statement, now - age)


async def _delete_in_batches(statement: str, before: object) -> None:
    while True:
        async with transaction() as connection:
            answer = await connection.execute(statement, before, BATCH)
        if int(answer.split()[1]) < BATCH:
            return
