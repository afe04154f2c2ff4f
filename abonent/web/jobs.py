"""What the worker does for the desk: tasks that users left, and throwing old files away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from abonent.kernel import clock
from abonent.kernel.db import transaction
from abonent.kernel.jobs import JobContext, cron, job
from abonent.web.registers.carrying import carry_out, folder_of
from abonent.web.registers.declared import REGISTERS
from abonent.web.registers.tasks import JOB, KEPT_DAYS

_OLD = "DELETE FROM register_task WHERE finished_at < $1"


@job(JOB, seconds=3600, attempts=3)
async def do_task(context: JobContext, *, task: int) -> None:
    """Do what a user left to be done."""
    await carry_out(task, context.settings, REGISTERS)


@cron("web.forget_tasks", hour={3}, minute={40})
async def forget_tasks(context: JobContext) -> None:
    """Throw away tasks and their files after a week."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    async with transaction() as connection:
        await connection.execute(_OLD, before)
    await asyncio.to_thread(_throw_away, folder_of(context.settings), before.timestamp())


def _throw_away(folder: Path, before: float) -> None:
    for path in folder.iterdir():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
