"""What a seed has made, kept as PostgreSQL's own rows, to be given to the next database in one go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from typing import Any

_TABLES = """
SELECT c.relname AS name, array_agg(a.attname ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = ''
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY 1 ORDER BY 1
"""
_SEQUENCES = """
SELECT quote_ident(sequencename) AS name, last_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
_FORWARD = """
SELECT setval(name::regclass, greatest(least, coalesce(pg_sequence_last_value(name::regclass), 1)))
FROM unnest($1::text[], $2::bigint[]) made (name, least)
"""

# A month's partition of the entries is made with its first day.
_PARTITIONS = """
SELECT c.relname AS name, i.inhparent::regclass::text AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relispartition AND c.relkind = 'r'
"""

Contents = dict[str, bytes]
Make = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Kept:
    """Rows by table, of the tables that changed; `cleared` had rows before; sequences with their ends.

    `partitions` are statements that make those that are missing.
    """

    rows: Contents
    cleared: frozenset[str]
    sequences: dict[str, int]
    partitions: tuple[str, ...]

    async def give(self, connection: Any) -> None:
        """Make a database that is as the first one was before into what that became."""
        for statement in self.partitions:
            await connection.execute(statement)
        async with connection.transaction():
            # Neither triggers nor references ask again what they agreed to the first time.
            await connection.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self.rows.items():
                if table in self.cleared:
                    await connection.execute(f'DELETE FROM "{table}"')  # noqa: S608  a table of ours
                await connection.copy_to_table(table, source=BytesIO(rows), format="binary")
            await connection.execute("SET LOCAL session_replication_role = origin")
        await connection.execute(_FORWARD, list(self.sequences), list(self.sequences.values()))


def once(make: Make) -> Make:
    """Make a seed through the use cases once; every later database is given what that came to.

    Each database must be as the first one was before.
    """
    made: list[Kept] = []

    @wraps(make)
    async def give(connection: Any) -> None:
        if made:
            await made[0].give(connection)
            return
        before = await _contents(connection)
        await make(connection)
        made.append(await _changes(connection, before))

    return give


async def _contents(connection: Any) -> Contents:
    """Every table's rows."""
    found: Contents = {}
    for row in await connection.fetch(_TABLES):
        target, columns = BytesIO(), ", ".join(f'"{name}"' for name in row["columns"])
        rows = f'SELECT {columns} FROM "{row["name"]}"'  # noqa: S608  a table of ours
        await connection.copy_from_query(rows, output=target, format="binary")
        found[row["name"]] = target.getvalue()
    return found


async def _changes(connection: Any, before: Contents) -> Kept:
    """What a database holds now that it did not hold before."""
    now = await _contents(connection)
    changed = {table: rows for table, rows in now.items() if rows != before[table]}
    empty = BytesIO()
    await connection.copy_from_query("SELECT 1 WHERE false", output=empty, format="binary")
    full = frozenset(table for table in changed if before[table] != empty.getvalue())
    ends = {row["name"]: row["last_value"] for row in await connection.fetch(_SEQUENCES)}
    made = tuple(
        f'CREATE TABLE IF NOT EXISTS "{row["name"]}" PARTITION OF {row["parent"]} {row["bound"]}'
        for row in await connection.fetch(_PARTITIONS)
    )
    return Kept(changed, full, ends, made)
