"""The unit of work: what one use case records, and how it is settled before commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.events import reactions_to
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json

ROUNDS = 16
"""Reactions may record events of their own; more rounds than this is a circle."""

_INSERT_AUDIT = """
INSERT INTO audit (id, at, actor_kind, actor_id, action, subject, account_id, before, after,
    session_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_INSERT_PERSONAL = "INSERT INTO audit_personal (audit_id, personal) VALUES ($1, $2)"
_INSERT_OUTBOX = """
INSERT INTO outbox (id, kind, payload, key, created_at, due_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key) DO NOTHING
"""


class UnitOfWork:
    """One use case in the making. Everything recorded here stands or falls with its transaction.

    Audit and outbox rows are written together just before commit, in as few statements as can be.
    """

    def __init__(self, connection: Any, by: Actor) -> None:
        self.connection = connection
        self.by = by
        self._events: list[Any] = []
        self._audits: list[tuple[Any, ...]] = []
        self._personal: list[tuple[int, str]] = []
        self._letters: list[tuple[Any, ...]] = []
        self._task = asyncio.current_task()

    def record(self, event: Any) -> None:
        """Record something that happened; its reactions run before commit."""
        self._events.append(event)

    async def audit(
        self,
        action: str,
        subject: str,
        *,
        account_id: int | None = None,
        before: Any = None,
        after: Any = None,
        personal: Any = None,
    ) -> None:
        """Write who did what: `action` is "source:subject:action", `subject` the thing's code.

        `before` and `after` hold ids and codes only; personal values go into `personal`, kept
        beside the row, where they can be erased.
        """
        audit_id = new_id()
        self._audits.append(
            (
                audit_id, clock.now(), self.by.kind, self.by.id, action, subject, account_id,
                _optional(before), _optional(after), self.by.session,
            )
        )  # fmt: skip
        if personal is not None:
            self._personal.append((audit_id, to_json(personal)))

    async def send(
        self, kind: str, payload: Any, *, key: str | None = None, due_at: datetime | None = None
    ) -> None:
        """Leave something to be done outside after commit; a `key` already used sends nothing."""
        now = clock.now()
        self._letters.append((new_id(), kind, to_json(payload), key, now, due_at or now))

    def _take_over(self, inner: UnitOfWork) -> None:
        self._events += inner._events
        self._audits += inner._audits
        self._personal += inner._personal
        self._letters += inner._letters

    async def _settle(self) -> None:
        for _round in range(ROUNDS):
            if not self._events:
                break
            events, self._events = self._events, []
            await self._react(events)
        else:
            raise RuntimeError("reactions record events without end")
        await self.write(_INSERT_AUDIT, self._audits)
        await self.write(_INSERT_PERSONAL, self._personal)
        await self.write(_INSERT_OUTBOX, self._letters)
        self._audits, self._personal, self._letters = [], [], []

    async def _react(self, events: list[Any]) -> None:
        by_type: dict[type, list[Any]] = {}
        for event in events:
            by_type.setdefault(type(event), []).append(event)
        for event_type, batch in by_type.items():
            for reaction in reactions_to(event_type):
                await reaction(self, batch)

    async def write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement once for each row; for none, not at all."""
        if len(rows) == 1:
            await self.connection.execute(statement, *rows[0])
        elif rows:
            await self.connection.executemany(statement, rows)


_current: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


@asynccontextmanager
async def unit_of_work_on(connection: Any, by: Actor) -> AsyncIterator[UnitOfWork]:
    """Run a unit of work on a connection that is already in its transaction or savepoint."""
    outer = _current.get()
    work = UnitOfWork(connection, by)
    if outer is not None and outer._task is not work._task:  # noqa: SLF001  the same class's value
        raise RuntimeError("a unit of work belongs to one task; start others after it ends")
    token = _current.set(work)
    try:
        yield work
        if outer is None:
            await work._settle()  # noqa: SLF001
        else:
            outer._take_over(work)  # noqa: SLF001
    finally:
        _current.reset(token)


def _optional(value: Any) -> str | None:
    return None if value is None else to_json(value)
