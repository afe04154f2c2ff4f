"""Whole columns in and out of PostgreSQL: COPY in binary form straight from and into numpy arrays.

A table of fixed-width columns without nulls has one layout for every row, so a million rows are
one block of memory. Dates are days since 2000-01-01 and instants microseconds since then, as the
server keeps them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
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


_PIECE = 1 << 20

Part = tuple[Mapping[str, tuple[str, Array | int | str]], int]
"""Columns, each (type, array) or (type, one value for all), and how many rows they have."""


async def write_columns(connection: Any, table: str, parts: Sequence[Part]) -> None:
    """Append rows to a table by one COPY; every part names the same columns in the same order.

    Texts are the same in every row of a part: rows that share them are a part of their own.
    """
    blocks = [_block(columns, rows) for columns, rows in parts if rows]
    if blocks:
        await connection.copy_to_table(
            table, source=_pieces(blocks), columns=list(parts[0][0]), format="binary"
        )


def _block(columns: Mapping[str, tuple[str, Array | int | str]], rows: int) -> Array:
    """The rows of a part as COPY's binary format has them, without its frame."""
    widths = tuple(
        (name, f"S{len(str(value).encode())}" if kind == "text" else _TYPES[kind])
        for name, (kind, value) in columns.items()
    )
    block = np.zeros(rows, dtype=_row(widths))
    block["count"] = len(columns)
    for name, (kind, value) in columns.items():
        block[name] = str(value).encode() if kind == "text" else value
        block[f"size_{name}"] = block.dtype[name].itemsize
    return block


@lru_cache(maxsize=64)
def _row(widths: tuple[tuple[str, str], ...]) -> np.dtype[np.void]:
    """The layout of a row of these fields; parts of one table mostly share it."""
    fields = [("count", ">i2")]
    for name, width in widths:
        fields += [(f"size_{name}", ">i4"), (name, width)]
    return np.dtype(fields)


async def _pieces(blocks: Sequence[Array]) -> Any:
    """The blocks as COPY wants them, a megabyte at a time so that memory is not doubled."""
    yield _HEADER
    waiting = b""
    for block in blocks:
        step = max(1, _PIECE // block.dtype.itemsize)
        for start in range(0, len(block), step):
            waiting += block[start : start + step].tobytes()
            if len(waiting) >= _PIECE:
                yield waiting
                waiting = b""
    yield waiting + _TRAILER


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
