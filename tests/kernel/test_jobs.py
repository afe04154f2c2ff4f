from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from abonent.kernel import clock, jobs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.housekeeping import KEEP_DONE, tidy_up
from abonent.kernel.jobs import JobContext, due_runs, job, plan_job, run_job
from abonent.kernel.models import IdempotencyKey, JobRun, JobState, Outbox


@pytest.fixture(autouse=True)
def declared(monkeypatch) -> list[Any]:
    """Jobs declared for the test alone; they leave what they did in the list."""
    monkeypatch.setattr(jobs, "_registry", {})
    done: list[Any] = []

    @job("test.note", attempts=3)
    async def note(context: JobContext, *, number: int) -> None:
        done.append((context.attempt, number))

    @job("test.fail", attempts=2)
    async def fail(context: JobContext) -> None:
        raise ValueError("wrong")

    @job("test.hang", seconds=1000)
    async def hang(context: JobContext) -> None:
        done[0].set()
        await asyncio.Event().wait()

    return done


async def test_a_planned_job_runs_once_with_its_arguments(fresh_database, declared):
    run_id = await plan_job("test.note", key="1", arguments={"number": 5})
    assert await due_runs() == [(run_id, 0)]
    await run_job(run_id, fresh_database)
    await run_job(run_id, fresh_database)
    assert declared == [(1, 5)]
    assert (await JobRun.get()).state is JobState.OK
    assert await due_runs() == []


async def test_the_same_key_plans_once(fresh_database):
    assert await plan_job("test.note", key="day:2026-01-01") is not None
    assert await plan_job("test.note", key="day:2026-01-01") is None


async def test_a_plan_falls_with_its_transaction(fresh_database):
    async def fail() -> None:
        async with unit_of_work(SYSTEM):
            await plan_job("test.note", key="1")
            raise ValueError

    with pytest.raises(ValueError):
        await fail()
    assert await due_runs() == []


async def test_a_job_that_fails_is_tried_again_and_then_marked(fresh_database):
    run_id = await plan_job("test.fail", key="1")
    await run_job(run_id, fresh_database)
    run = await JobRun.get()
    assert (run.state, run.error) == (JobState.PLANNED, "ValueError: wrong")
    assert await due_runs() == []
    with clock.moved(clock.now() + timedelta(minutes=1)):
        assert await due_runs() == [(run_id, 1)]
        await run_job(run_id, fresh_database)
    run = await JobRun.get()
    assert (run.state, run.attempts) == (JobState.FAILED, 2)
    assert run.finished_at is not None


async def test_a_stopped_worker_gives_its_job_back_at_once(fresh_database, declared):
    declared.append(asyncio.Event())
    run_id = await plan_job("test.hang", key="1")
    running = asyncio.create_task(run_job(run_id, fresh_database))
    await declared[0].wait()
    assert await due_runs() == []
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await due_runs() == [(run_id, 1)]


async def test_a_killed_workers_job_is_due_again_after_its_time_limit(fresh_database):
    run_id = await plan_job("test.note", key="1", arguments={"number": 1})
    await JobRun.filter(id=run_id).update(
        state=JobState.RUNNING, attempts=1, due_at=clock.now() + timedelta(seconds=330)
    )
    await run_job(run_id, fresh_database)
    assert (await JobRun.get()).attempts == 1
    with clock.moved(clock.now() + timedelta(seconds=331)):
        assert await due_runs() == [(run_id, 1)]
        await run_job(run_id, fresh_database)
    assert (await JobRun.get()).state is JobState.OK


async def test_a_job_unknown_to_this_program_is_left_alone(fresh_database, monkeypatch):
    run_id = await plan_job("test.note", key="1")
    monkeypatch.setattr(jobs, "_registry", {})
    await run_job(run_id, fresh_database)
    assert (await JobRun.get()).state is JobState.PLANNED
    with pytest.raises(KeyError):
        await plan_job("test.note", key="2")


def test_two_jobs_cannot_share_a_name():
    with pytest.raises(ValueError, match=r"test\.note"):

        @job("test.note")
        async def other(context: JobContext) -> None:
            """Never declared."""


async def test_tidying_up_deletes_what_is_old_and_done_and_nothing_else(fresh_database):
    async with unit_of_work(SYSTEM) as uow:
        await uow.send("note", {})
        await uow.send("note", {})
    first, _second = await Outbox.all().order_by("id")
    await Outbox.filter(id=first.id).update(state="DONE", done_at=clock.now())
    await IdempotencyKey.create(
        key="k", scope="s", request_hash=b"", status=200, created_at=clock.now()
    )
    with clock.moved(clock.now() + KEEP_DONE + timedelta(days=1)):
        await tidy_up(JobContext(fresh_database, 1, 1))
    assert [row.state for row in await Outbox.all()] == ["WAITING"]
    assert await IdempotencyKey.all().count() == 0
