"""Jobs: declared once, planned in a transaction, run by whatever runner the worker uses.

The row in `job_run` is the truth; a queue only carries its id. A job may run twice (a worker can
die after the work and before the mark), so jobs are idempotent; arguments are ids and ISO dates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from abonent.kernel import clock
from abonent.kernel.db import transaction
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import from_json, to_json
from abonent.kernel.metrics import counter
from abonent.kernel.outbox import LONGEST_ERROR, wait_after
from abonent.kernel.settings import Settings

MARGIN = timedelta(seconds=30)
"""How long after a job's time limit its worker counts as dead."""

_PLAN = """
INSERT INTO job_run (id, job, key, arguments, created_at, due_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (job, key) DO NOTHING RETURNING id
"""
_DUE = """
SELECT id, attempts FROM job_run WHERE state IN ('PLANNED', 'RUNNING') AND due_at <= $1
ORDER BY due_at, id LIMIT $2
"""
_PEEK = "SELECT job FROM job_run WHERE id = $1"
_START = """
UPDATE job_run SET state = 'RUNNING', attempts = attempts + 1, started_at = $2, due_at = $3,
    finished_at = NULL
WHERE id = $1 AND state IN ('PLANNED', 'RUNNING') AND due_at <= $2
RETURNING job, key, arguments, attempts
"""
_FINISH = """
UPDATE job_run SET state = $3, finished_at = $4, due_at = $5, error = $6
WHERE id = $1 AND attempts = $2 AND state = 'RUNNING'
"""

_log = structlog.get_logger(__name__)
_runs = counter("abonent_job_runs", "Runs of jobs.", ("job", "result"))


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job is told besides its arguments."""

    settings: Settings
    run_id: int
    attempt: int


JobFunction = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a cron job starts, by the company's clock; None means every one."""

    minute: frozenset[int] | None = None
    hour: frozenset[int] | None = None
    day: frozenset[int] | None = None
    weekday: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A declared job. `seconds` is its time limit, `attempts` how often it is tried in all."""

    name: str
    function: JobFunction
    seconds: int
    attempts: int
    schedule: Schedule | None = None


_registry: dict[str, Job] = {}


def job(
    name: str, *, seconds: int = 300, attempts: int = 5
) -> Callable[[JobFunction], JobFunction]:
    """Declare `async def do(context: JobContext, *, …)` as a job of that name ("room.verb_noun")."""
    return lambda function: _declare(Job(name, function, seconds, attempts))


def cron(
    name: str,
    *,
    minute: set[int] | None = None,
    hour: set[int] | None = None,
    day: set[int] | None = None,
    weekday: set[int] | None = None,
    seconds: int = 300,
    attempts: int = 3,
) -> Callable[[JobFunction], JobFunction]:
    """Declare a job that starts by the clock of the company's time zone; Monday is weekday 0."""
    schedule = Schedule(_frozen(minute), _frozen(hour), _frozen(day), _frozen(weekday))
    return lambda function: _declare(Job(name, function, seconds, attempts, schedule))


def declared_jobs() -> Mapping[str, Job]:
    """Answer every job whose module was imported, by name."""
    return _registry


async def plan_job(
    name: str,
    *,
    key: str,
    arguments: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
) -> int | None:
    """Plan one run; None when this job was planned with this key before.

    Inside a unit of work the plan stands or falls with its transaction.
    """
    if name not in _registry:
        raise KeyError(f"no job called {name}")
    now = clock.now()
    row = (new_id(), name, key, to_json(dict(arguments or {})), now, due_at or now)
    async with transaction() as connection:
        planned: int | None = await connection.fetchval(_PLAN, *row)
    return planned


async def due_runs(limit: int = 100) -> list[tuple[int, int]]:
    """Answer (run id, attempts so far) of what must be run: planned, or left by a dead worker."""
    async with transaction() as connection:
        rows = await connection.fetch(_DUE, clock.now(), limit)
    return [(row["id"], row["attempts"]) for row in rows]


async def run_job(run_id: int, settings: Settings) -> None:
    """Run one planned run, unless somebody else has it; record how it ended.

    A failure is planned again later until the job's attempts are used up.
    """
    started = await _start(run_id)
    if started is None:
        return
    declared, arguments, attempt = started
    log = _log.bind(job=declared.name, run_id=run_id, attempt=attempt)
    try:
        async with asyncio.timeout(declared.seconds):
            await declared.function(JobContext(settings, run_id, attempt), **arguments)
    except asyncio.CancelledError:
        # The worker stops: let the next one start it at once instead of after the time limit.
        await asyncio.shield(_finish(run_id, attempt, "PLANNED", clock.now(), "stopped"))
        raise
    except Exception as error:  # noqa: BLE001  whatever a job raises is recorded
        await _fail(declared, run_id, attempt, error, log)
    else:
        await _finish(run_id, attempt, "OK", clock.now(), None)
        _runs.labels(declared.name, "ok").inc()
        log.debug("job.ok")


async def _start(run_id: int) -> tuple[Job, dict[str, Any], int] | None:
    async with transaction() as connection:
        declared = _registry.get(await connection.fetchval(_PEEK, run_id) or "")
        if declared is None:  # removed, or planned by a newer program: leave it be
            return None
        now = clock.now()
        lease = now + timedelta(seconds=declared.seconds) + MARGIN
        row = await connection.fetchrow(_START, run_id, now, lease)
    return None if row is None else (declared, from_json(row["arguments"]), row["attempts"])


async def _fail(declared: Job, run_id: int, attempt: int, error: Exception, log: Any) -> None:
    words = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    if attempt >= declared.attempts:
        await _finish(run_id, attempt, "FAILED", clock.now(), words)
        _runs.labels(declared.name, "failed").inc()
        log.error("job.failed", error=words, exc_info=error)
    else:
        await _finish(run_id, attempt, "PLANNED", clock.now() + wait_after(attempt), words)
        _runs.labels(declared.name, "later").inc()
        log.warning("job.later", error=words)


async def _finish(
    run_id: int, attempt: int, state: str, due_at: datetime, error: str | None
) -> None:
    async with transaction() as connection:
        await connection.execute(_FINISH, run_id, attempt, state, clock.now(), due_at, error)


def _declare(declared: Job) -> JobFunction:
    known = _registry.setdefault(declared.name, declared)
    if known.function is not declared.function:
        raise ValueError(f"two jobs are called {declared.name}")
    return declared.function


def _frozen(values: set[int] | None) -> frozenset[int] | None:
    return None if values is None else frozenset(values)
