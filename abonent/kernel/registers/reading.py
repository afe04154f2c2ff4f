"""Reading a register: one page by key, its totals, or all of it in one pass.

Statements are put together from the declaration alone; what users gave goes into parameters.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import orjson

from abonent.kernel.actor import Actor
from abonent.kernel.db import Connection, reading, transaction
from abonent.kernel.registers.asked import Asked, read_asked
from abonent.kernel.registers.declaration import Column, Register, Row
from abonent.kernel.snapshot import snapshot

PAGE = 50
BATCH = 1_000
COUNTED_MS = 500
"""How long counting may take beside a page, so that many who read at once do not wait for it."""
COUNTED_LONG_MS = 20_000
"""How long it may take where it is asked for; what takes longer is not counted."""

_COUNT = "count(*) AS rows"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows and the cursors of the pages beside it, empty at the ends."""

    rows: list[Row]
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows match, and the sums of the columns that have one."""

    rows: int
    sums: dict[str, int]


class _Statement:
    """A statement in the making: its text and its parameters."""

    def __init__(self, register: Register, asked: Asked, by: Actor) -> None:
        self.register = register
        self.parameters: list[Any] = []
        self.conditions = [register.where]
        for sql, values in asked.conditions:
            self.add(sql, values)
        for keys in (asked.found, asked.among):
            if keys is not None:
                self.add(f"{register.key} = ANY($1::{register.key_type}[])", (list(keys),))
        if register.scope and by.districts is not None:
            self.add(register.scope, (sorted(by.districts),))

    def add(self, sql: str, values: Sequence[Any]) -> None:
        """Add a condition whose $1, $2 … are the values given."""
        for place in range(len(values), 0, -1):
            sql = sql.replace(f"${place}", f"\0{len(self.parameters) + place}")
        self.parameters += values
        self.conditions.append(sql.replace("\0", "$"))

    def text(self, selected: Sequence[str], tail: str = "") -> str:
        """The whole statement."""
        where = " AND ".join(f"({condition})" for condition in self.conditions)
        return " ".join(
            ("SELECT", ", ".join(selected), "FROM", self.register.source, "WHERE", where, tail)
        )

    def page(self, asked: Asked, order: str, limit: int) -> str:
        """The statement of a page: in one go, or its keys first and the columns of those."""
        register, selected, tail = self.register, _selected(self.register, asked), f"LIMIT {limit}"
        if not register.keys_first:
            return self.text(selected, f"{order} {tail}")
        # An order is never null; said so, a left join to it may begin at its index.
        self.add(f"{asked.sort.order} IS NOT NULL", ())
        keys = self.text([register.key], f"{order} {tail}")
        self.conditions = [f"{register.key} = ANY(ARRAY({keys}))"]
        return self.text(selected, order)


async def read_page(register: Register, asked: Asked, *, by: Actor, limit: int = PAGE) -> Page:
    """Read the page behind `asked.after` or before `asked.before`; the first one without either.

    A cursor that cannot be read counts as none.
    """
    by.require(register.right)
    if asked.found is not None:
        return await _found(register, asked, by)
    back = bool(asked.before)
    start = _decode(asked.before or asked.after, asked.sort, register)
    statement = _Statement(register, asked, by)
    down = asked.descending != (back and start is not None)
    if start is not None:
        _begin(statement, asked.sort, start, down=down)
    text = statement.page(asked, _order(asked.sort, register, down=down), limit + 1)
    async with reading() as connection:
        found = await _fetched(connection, text, statement.parameters)
    rows = [dict(row) for row in found[:limit]]
    more, from_here = len(found) > limit, start is not None
    if back and from_here:
        rows.reverse()
    cursors = (_encode(rows[0]), _encode(rows[-1])) if rows else ("", "")
    await _refined(register, rows, by)
    if back and from_here:
        return Page(rows, cursors[0] if more else "", cursors[1])
    return Page(rows, cursors[0] if from_here else "", cursors[1] if more else "")


async def _found(register: Register, asked: Asked, by: Actor) -> Page:
    """What the search found, the surest first, on one page."""
    statement = _Statement(register, asked, by)
    async with reading() as connection:
        text = statement.text(_selected(register, asked))
        found = await _fetched(connection, text, statement.parameters)
    known = {row["key"]: dict(row) for row in found}
    rows = [known[key] for key in asked.found or () if key in known]
    await _refined(register, rows, by)
    return Page(rows, "", "")


async def read_totals(
    register: Register, asked: Asked, *, by: Actor, within_ms: int = COUNTED_LONG_MS
) -> Totals | None:
    """Count what matches and add it up; None when that takes too long."""
    by.require(register.right)
    summed = [column for column in register.columns_for(by) if column.total]
    sums = [f"coalesce(sum({column.sql}), 0)::bigint AS {column.name}" for column in summed]
    statement = _Statement(register, asked, by)
    try:
        async with transaction() as connection:
            await connection.execute(f"SET LOCAL statement_timeout = {within_ms}")
            text = statement.text([_COUNT, *sums])
            [row] = await _fetched(connection, text, statement.parameters)
    except asyncpg.QueryCanceledError:
        return None
    return Totals(row["rows"], {column.name: row[column.name] for column in summed})


async def read_keys(register: Register, asked: Asked, *, by: Actor, limit: int) -> list[Any]:
    """Read the keys of all that matches, in its order, `limit` at most."""
    by.require(register.right)
    statement = _Statement(register, asked, by)
    tail = _order(asked.sort, register, down=asked.descending) + f" LIMIT {limit}"
    selected = [f"{register.key} AS key", f"{asked.sort.order} AS sorted_at"]
    async with reading() as connection:
        rows = await _fetched(connection, statement.text(selected, tail), statement.parameters)
    return [row["key"] for row in rows]


def keys_statement(register: Register, asked: Asked, *, by: Actor) -> tuple[str, list[Any]]:
    """The statement that gives a column `key` of all that matches, with its parameters.

    For set-based work: it stands inside another statement, and nothing of it comes here.
    """
    by.require(register.right)
    statement = _Statement(register, asked, by)
    return statement.text([f"{register.key} AS key"]), statement.parameters


async def own_keys(register: Register, keys: Sequence[Any], *, by: Actor) -> list[Any]:
    """Answer those of the keys whose rows exist for the actor, in their order."""
    if by.districts is None or not register.scope:
        return list(keys)
    asked = replace(await read_asked(register, (), by=by), among=tuple(keys))
    own = set(await read_keys(register, asked, by=by, limit=len(keys)))
    return [key for key in keys if key in own]


async def read_all(register: Register, asked: Asked, *, by: Actor) -> AsyncIterator[list[Row]]:
    """Read everything that matches in batches, all of it as it stood at one instant."""
    by.require(register.right)
    statement = _Statement(register, asked, by)
    tail = _order(asked.sort, register, down=asked.descending)
    # Not the ambient transaction: whoever takes the batches may write between them.
    async with snapshot() as connection:
        text = statement.text(_selected(register, asked), tail)
        cursor = await connection.cursor(text, *statement.parameters)
        while found := await cursor.fetch(BATCH):
            rows = [dict(row) for row in found]
            await _refined(register, rows, by)
            yield rows


async def plan_of(connection: Connection, register: Register, asked: Asked, by: Actor) -> list[str]:
    """Return PostgreSQL's plan of a register's page, for whoever tunes it."""
    statement = _Statement(register, asked, by)
    text = statement.page(asked, _order(asked.sort, register, down=asked.descending), PAGE + 1)
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {text}", *statement.parameters)
    return [row[0] for row in rows]


async def _fetched(connection: Connection, text: str, parameters: Sequence[Any]) -> Sequence[Any]:
    """Run a statement that is planned for these very values.

    A plan made for whatever may be asked walks all of an order in search of what is rare.
    """
    statement = await connection.prepare(text)
    found: Sequence[Any] = await statement.fetch(*parameters)
    return found


async def _refined(register: Register, rows: list[Row], by: Actor) -> None:
    if register.refine is not None and rows:
        await register.refine(rows, by)


def _selected(register: Register, asked: Asked) -> list[str]:
    columns = [f"{column.sql} AS {column.name}" for column in asked.columns]
    named = {column.name for column in asked.columns}
    extras = [f"{sql} AS {name}" for name, sql in register.extras.items() if name not in named]
    return [f"{register.key} AS key", f"{asked.sort.order} AS sorted_at", *columns, *extras]


def _order(sort: Column, register: Register, *, down: bool) -> str:
    way = "DESC" if down else "ASC"
    return f"ORDER BY {sort.order} {way}, {register.key} {way}"


def _begin(statement: _Statement, sort: Column, start: tuple[Any, Any], *, down: bool) -> None:
    register = statement.register
    sign = "<" if down else ">"
    # Says nothing new, but lets an index on the order alone begin at the right place.
    statement.add(f"{sort.order} {sign}= $1::{sort.order_type}", start[:1])
    bound = f"($1::{sort.order_type}, $2::{register.key_type})"
    statement.add(f"({sort.order}, {register.key}) {sign} {bound}", start)


def _encode(row: Row) -> str:
    """The cursor of a row: what it is sorted by and its key."""
    return (
        base64.urlsafe_b64encode(orjson.dumps([row["sorted_at"], row["key"]])).decode().rstrip("=")
    )


_READ: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "timestamptz": lambda text: datetime.fromisoformat(text).astimezone(UTC),
}
_TYPES: dict[str, type] = {"text": str, "date": str, "timestamptz": str, "boolean": bool}
_BITS = {"integer": 31}
"""How large a whole number may be; 63 bits where nothing stands here."""


def _decode(cursor: str, sort: Column, register: Register) -> tuple[Any, Any] | None:
    if not cursor:
        return None
    try:
        at, key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return _typed(at, sort.order_type), _typed(key, register.key_type)
    except (binascii.Error, ValueError, TypeError, OverflowError):
        return None


def _typed(value: Any, sql_type: str) -> Any:
    if not isinstance(value, _TYPES.get(sql_type, int)):
        raise TypeError(sql_type)
    if isinstance(value, int) and value.bit_length() > _BITS.get(sql_type, 63):
        raise ValueError(sql_type)
    if isinstance(value, str) and "\x00" in value:
        raise ValueError(sql_type)
    return _READ[sql_type](str(value)) if sql_type in _READ else value
