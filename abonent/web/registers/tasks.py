"""What is done for a user in the background: files made of registers, changes of many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import NotFound, Refused
from abonent.kernel.i18n import N_, current_language
from abonent.kernel.ids import new_id
from abonent.kernel.jobs import plan_job
from abonent.kernel.jsontext import from_json, to_json

JOB = "web.do_task"
OPEN_AT_ONCE = 3
KEPT_DAYS = 7

_ADD = """
INSERT INTO register_task
    (id, user_id, kind, register, asked, what, language, given, keys, total, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_OPEN = """
SELECT count(*) FROM register_task WHERE user_id = $1 AND state IN ('WAITING', 'RUNNING')
"""
# One that is asked for at the same instant waits here, and is counted.
_ALONE = "SELECT FROM web_user WHERE id = $1 FOR NO KEY UPDATE"
_TASK = "SELECT * FROM register_task WHERE id = $1 AND ($2::bigint IS NULL OR user_id = $2)"
_LIST = "SELECT * FROM register_task WHERE user_id = $1 ORDER BY id DESC LIMIT 50"
_STOP = """
UPDATE register_task SET state = 'STOPPED', finished_at = $3
WHERE id = $1 AND user_id = $2 AND state IN ('WAITING', 'RUNNING')
"""
_PROGRESS = """
UPDATE register_task SET state = 'RUNNING', done = $2, total = coalesce($3, total), refused = $4
WHERE id = $1 AND state IN ('WAITING', 'RUNNING') RETURNING id
"""
_FINISH = """
UPDATE register_task SET state = $2, file = $3, size = $4, error = $5, finished_at = $6
WHERE id = $1 AND state IN ('WAITING', 'RUNNING')
"""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task; `done` of `total` rows, `refused` are pairs of a row's key and the reason."""

    id: int
    user_id: int
    kind: str
    register: str
    asked: str
    what: str
    language: str
    given: Mapping[str, Any]
    keys: Sequence[Any] | None
    state: str
    done: int
    total: int | None
    refused: Sequence[tuple[str, str]]
    file: str | None
    size: int | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Tell whether it has not ended."""
        return self.state in {"WAITING", "RUNNING"}

    @property
    def percent(self) -> int | None:
        """How much of it is done; None while the whole is not known."""
        return None if not self.total else min(100, self.done * 100 // self.total)


async def ask_task(
    kind: str,
    register: str,
    *,
    asked: str,
    what: str,
    by: Actor,
    given: Mapping[str, Any] | None = None,
    keys: Sequence[Any] | None = None,
) -> int:
    """Leave a task to the worker; answers its id. Raises Refused while three are under way."""
    made = new_id()
    total = None if keys is None else len(keys)
    row = (
        made, int(by.id), kind, register, asked, what, current_language(),
        to_json(dict(given or {})), None if keys is None else to_json(list(keys)), total,
        clock.now(),
    )  # fmt: skip
    async with unit_of_work(by) as work:
        await work.connection.execute(_ALONE, int(by.id))
        if await work.connection.fetchval(_OPEN, int(by.id)) >= OPEN_AT_ONCE:
            busy = N_("{most} of your tasks are under way: wait for one to end.")
            raise Refused("TOO_MANY_TASKS", busy, most=OPEN_AT_ONCE)
        await work.connection.execute(_ADD, *row)
        after = {"register": register, "what": what, "rows": total}
        await work.audit(f"desk:{kind}:asked", f"task:{made}", after=after)
        await plan_job(JOB, key=str(made), arguments={"task": made})
    return made


async def task_of(task: int, *, by: Actor | None = None) -> Task:
    """Return a task, of this user alone when one is given. Raises NotFound."""
    async with reading() as connection:
        row = await connection.fetchrow(_TASK, task, int(by.id) if by else None)
    if row is None:
        raise NotFound("NO_TASK", N_("There is no such task."))
    return _task(row)


async def tasks_of(*, by: Actor) -> list[Task]:
    """Return the user's latest tasks, the newest first."""
    async with reading() as connection:
        return [_task(row) for row in await connection.fetch(_LIST, int(by.id))]


async def stop_task(task: int, *, by: Actor) -> None:
    """Stop a task: what it has done stays done."""
    async with unit_of_work(by) as work:
        await work.connection.execute(_STOP, task, int(by.id), clock.now())
        await work.audit("desk:task:stopped", f"task:{task}")


async def note_progress(
    task: int, done: int, *, by: Actor, total: int | None = None, refused: Sequence[Any] = ()
) -> bool:
    """Write how far a task is; False when it was stopped."""
    async with unit_of_work(by) as work:
        found = await work.connection.fetchval(_PROGRESS, task, done, total, to_json(list(refused)))
    return found is not None


async def finish_task(
    task: int, state: str, *, by: Actor, file: str = "", size: int = 0, error: str = ""
) -> None:
    """Write how a task ended."""
    row = (task, state, file or None, size or None, error or None, clock.now())
    async with unit_of_work(by) as work:
        await work.connection.execute(_FINISH, *row)


def _task(row: Any) -> Task:
    parts = dict(row)
    for name in ("given", "keys", "refused"):
        parts[name] = None if parts[name] is None else from_json(parts[name])
    return Task(**parts)
