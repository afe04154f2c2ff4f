"""What became of each imported file, kept batch by batch: nothing is lost when it is broken off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.ids import new_id
from abonent.kernel.intake import Reject
from abonent.kernel.jsontext import to_json

MOST_TROUBLES = 10_000
"""Rows told of one file; beyond them only their number is kept."""
KEEP_TROUBLES = timedelta(days=90)
_LONGEST_VALUE = 500

_BEGIN = """
INSERT INTO billing_taken_file (id, kind, name, digest, state, begun_by, machine_user, begun_at, seen_at)
VALUES ($1, $2, $3, $4, 'taking', $5, $6, $7, $7)
"""
_BROKEN_BEFORE = """
UPDATE billing_taken_file SET state = 'broken', ended_at = seen_at WHERE digest = $1 AND state = 'taking'
"""
_COUNT = """
UPDATE billing_taken_file SET taken = $2, unchanged = $3, rejected = $4, seen_at = $5 WHERE id = $1
"""
_TROUBLE = """
INSERT INTO billing_file_trouble (import_id, no, line, field, value, message, params)
SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
"""
_END = """
UPDATE billing_taken_file SET state = $2, error = $3, seen_at = $4, ended_at = $4, taken = $5,
    unchanged = $6, rejected = $7
WHERE id = $1
"""
_FORGET = """
DELETE FROM billing_file_trouble t USING billing_taken_file i
WHERE i.id = t.import_id AND i.begun_at < $1
"""


@dataclass(frozen=True, slots=True)
class FileTold:
    """A file as it is remembered: its kind, its name, the digest of its bytes, who ran the command."""

    kind: str
    name: str
    digest: bytes
    machine_user: str = ""


class ImportRecord:
    """The row of one import while it goes on; each call is a transaction of its own."""

    def __init__(self, made: int, by: Actor) -> None:
        self.id = made
        self._by = by
        self._told = 0
        self._counts = (0, 0, 0)

    async def note(self, counts: tuple[int, int, int], rejects: Sequence[Reject]) -> None:
        """Keep how many rows were taken, there before, rejected so far, and what is wrong with some."""
        self._counts = counts
        async with transaction() as connection:
            await connection.execute(_COUNT, self.id, *counts, clock.now())
            if kept := list(rejects[: MOST_TROUBLES - self._told]):
                await connection.execute(_TROUBLE, self.id, *self._columns(kept))
                self._told += len(kept)

    async def end(self, state: str, *, error: str = "", unchanged: int | None = None) -> None:
        """Say how it ended: taken, known (every row was there before), refused or broken."""
        taken, known, rejected = self._counts
        known = known if unchanged is None else unchanged
        async with unit_of_work(self._by) as work:
            row = (self.id, state, error[:2000], clock.now(), taken, known, rejected)
            await work.connection.execute(_END, *row)
            after = {"state": state, "taken": taken, "unchanged": known, "rejected": rejected}
            await work.audit("billing:import:ended", f"import:{self.id}", after=after)

    def _columns(self, rejects: Sequence[Reject]) -> tuple[list[Any], ...]:
        first = self._told + 1
        return (
            list(range(first, first + len(rejects))),
            [one.row for one in rejects],
            [one.column[:100] for one in rejects],
            [_storable(one.value) for one in rejects],
            [one.message for one in rejects],
            [to_json({k: _plain(v) for k, v in one.params.items()}) for one in rejects],
        )


async def begin_import(file: FileTold, *, by: Actor) -> ImportRecord:
    """Write down that a file is being taken; an earlier taking of it that fell silent was broken off."""
    by.require("billing.payment.take")
    made, now = new_id(), clock.now()
    async with unit_of_work(by) as work:
        await work.connection.execute(_BROKEN_BEFORE, file.digest)
        name = _storable(file.name)[:255] or "?"
        who = f"{by.kind}:{by.id}"
        row = (made, file.kind, name, file.digest, who, file.machine_user[:100], now)
        await work.connection.execute(_BEGIN, *row)
        await work.audit("billing:import:begun", f"import:{made}", after={"kind": file.kind})
    return ImportRecord(made, by)


async def forget_troubles() -> None:
    """Erase what was wrong with rows of files taken long ago: it may hold personal values."""
    async with transaction() as connection:
        await connection.execute(_FORGET, clock.now() - KEEP_TROUBLES)


def _storable(text: str) -> str:
    return text.replace("\x00", "")[:_LONGEST_VALUE]


def _plain(value: object) -> object:
    """A parameter of a message as JSON holds it."""
    return value if isinstance(value, str | int | bool | None) else str(value)
