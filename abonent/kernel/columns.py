"""Whole columns in and out of PostgreSQL: COPY in binary form straight from and into numpy arrays.

A table of fixed-width columns without nulls has one layout for every row, so a million rows are
one block of memory. Dates are days since 2000-01-01 and instants microseconds since then, as the
server keeps them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH = date(2000, 1, 1).toordinal()
_START = datetime(2000, 1, 1, tzinfo=UTC)
_TYPES = {
    "bigint": ">i8",
    "integer": ">i4",
    "smallint": ">i2",
    "date": ">i4",
    "instant": ">i8",
    "boolean": "?",
}


def day_number(day: date) -> int:
    """A date as the server counts it."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(number + _EPOCH)


def instant_number(at: datetime) -> int:
    """An instant as the server counts it, in microseconds."""
    delta = at - _START
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


async def read_columns(
    connection: Any, query: str, *arguments: Any, layout: Mapping[str, str]
) -> dict[str, Array]:
    """Read a query's rows as columns; `layout` names each column's type in order, no nulls."""
    block = io.BytesIO()
    await connection.copy_from_query(query, *arguments, output=block, format="binary")
    data = block.getbuffer()
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name, kind in layout.items():
        fields += [(f"size_{name}", ">i4"), (name, _TYPES[kind])]
    row = np.dtype(fields)
    body = data[len(_HEADER) : len(data) - len(_TRAILER)]
    if len(body) % row.itemsize:
        raise ValueError("the query's columns do not have the layout asked for, or hold nulls")
    rows = np.frombuffer(body, dtype=row)
    return {name: rows[name].astype(_native(kind)) for name, kind in layout.items()}


def _native(kind: str) -> str:
    return "?" if kind == "boolean" else "i8"


async def write_columns(
    connection: Any, table: str, columns: Mapping[str, tuple[str, Array | int | str]], rows: int
) -> None:
    """Append `rows` rows to a table; a column is (type, array) or (type, one value for all).

    Texts are the same in every row: call once per group of rows that share them.
    """
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name, (kind, value) in columns.items():
        width = f"S{len(str(value).encode())}" if kind == "text" else _TYPES[kind]
        fields += [(f"size_{name}", ">i4"), (name, width)]
    block = np.zeros(rows, dtype=np.dtype(fields))
    block["count"] = len(columns)
    for name, (kind, value) in columns.items():
        block[name] = str(value).encode() if kind == "text" else value
        block[f"size_{name}"] = block.dtype[name].itemsize
    await connection.copy_to_table(
        table,
        source=_pieces(block),
        columns=list(columns),
        format="binary",
    )


async def _pieces(block: Array) -> Any:
    """The block as COPY wants it, a megabyte at a time so that memory is not doubled."""
    yield _HEADER
    step = max(1, (1 << 20) // block.dtype.itemsize)
    for start in range(0, len(block), step):
        yield block[start : start + step].tobytes()
    yield _TRAILER


def unique_groups(*keys: Array) -> list[tuple[tuple[int, ...], Array]]:
    """Each distinct combination of keys with the mask of its rows."""
    if not len(keys[0]):
        return []
    stacked = np.stack(keys, axis=1)
    values, inverse = np.unique(stacked, axis=0, return_inverse=True)
    places = np.asarray(inverse).reshape(-1)
    return [(tuple(int(v) for v in value), places == n) for n, value in enumerate(values)]


def as_ints(values: Sequence[int]) -> Array:
    """A column of whole numbers."""
    return np.asarray(values, dtype="i8")
