from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from abonent import worker
from abonent.kernel import jobs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.embedded.home import temporary_home
from abonent.kernel.embedded.valkey import EmbeddedValkey, start_valkey
from abonent.kernel.jobs import JobContext, cron, declared_jobs, job, plan_job
from abonent.kernel.models import JobRun, JobState, Outbox, OutboxState
from abonent.kernel.outbox import Delivery
from abonent.worker import Worker, make_worker

PATIENCE = 20


@pytest.fixture(scope="module")
def valkey() -> Iterator[EmbeddedValkey]:
    with temporary_home("abonent-queue") as home:
        server = start_valkey(home)
        yield server
        server.stop()


@pytest.fixture
def settings(fresh_database, valkey, tmp_path):
    return fresh_database.having(redis_url=valkey.url, home=tmp_path)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    monkeypatch.setattr(jobs, "_registry", {})
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.05)


@asynccontextmanager
async def working(program: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(program.work())
    try:
        yield
    finally:
        program.stopping.set()
        await task


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    while not await happened():
        """Each question is a round trip to the database, so the loop is not a busy one."""


async def test_a_planned_job_reaches_a_worker_through_the_queue(settings):
    done = asyncio.Event()

    @job("test.note")
    async def note(context: JobContext, *, day: str) -> None:
        assert (day, context.settings.redis_url) == ("2026-01-01", settings.redis_url)
        done.set()

    async with unit_of_work(SYSTEM):
        run_id = await plan_job("test.note", key="1", arguments={"day": "2026-01-01"})
    async with working(Worker(settings)), asyncio.timeout(PATIENCE):
        await done.wait()
        await until(lambda: JobRun.filter(id=run_id, state=JobState.OK).exists())


async def test_a_letter_left_by_a_use_case_is_delivered(settings):
    async with unit_of_work(SYSTEM) as uow:
        await uow.send("mail", {"to": ["a@example.org"], "subject": "s", "text": "t"})
    async with working(Worker(settings)), asyncio.timeout(PATIENCE):
        await until(lambda: Outbox.filter(state=OutboxState.DONE).exists())
    assert len(list((settings.home / "mail").iterdir())) == 1


async def test_a_queue_that_was_emptied_loses_nothing(settings, valkey):
    seen: list[int] = []
    both = asyncio.Event()

    @job("test.note")
    async def note(context: JobContext) -> None:
        seen.append(context.run_id)
        if len(set(seen)) == 2:
            both.set()

    await plan_job("test.note", key="1")
    first = Worker(settings)
    async with worker._queue(first._queue) as pool:
        await pool.enqueue_job("run", 1)
        await pool.flushall()
    await plan_job("test.note", key="2")
    async with working(first), asyncio.timeout(PATIENCE):
        await both.wait()


async def test_the_relay_delivers_while_the_queue_is_away_and_jobs_run_when_it_is_back(
    settings, valkey
):
    delivered, done = asyncio.Event(), asyncio.Event()

    @job("test.note")
    async def note(context: JobContext) -> None:
        done.set()

    async def handle(_delivery: Delivery) -> None:
        delivered.set()

    await plan_job("test.note", key="1")
    async with unit_of_work(SYSTEM) as uow:
        await uow.send("note", {})
    await asyncio.to_thread(valkey.stop)
    program = Worker(settings)
    program._handlers = {"note": handle}
    async with working(program), asyncio.timeout(PATIENCE):
        await delivered.wait()
        again = await asyncio.to_thread(start_valkey, valkey.data.parent)
        valkey.pid = again.pid
        await done.wait()


async def test_a_cron_job_is_planned_once_a_minute_however_many_workers_fire(settings):
    @cron("test.tick")
    async def tick(context: JobContext) -> None:
        """Do nothing."""

    planned = worker._cron(declared_jobs()["test.tick"])
    await planned.coroutine({})
    await planned.coroutine({})
    assert await JobRun.all().count() in {1, 2}  # two when the minute turned in between
    assert planned.second == 0


def test_making_a_worker_declares_the_kernels_own_jobs(settings, monkeypatch):
    monkeypatch.undo()
    assert make_worker(settings).settings is settings
    assert "kernel.tidy_up" in declared_jobs()
    with pytest.raises(ValueError, match="queue"):
        make_worker(settings.having(redis_url=None))
