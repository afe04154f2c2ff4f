"""Taking rows of a table in: columns found by name, each row checked by a model, rejects kept.

The row models are pydantic models whose fields are the columns of the file format. What is wrong
with a row is told with its number, column, value and reason; the other rows are taken.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.money import installed_currency, parse_amount
from abonent.kernel.tables import ENCODINGS, Table, UnreadableFile

LARGEST_AMOUNT = 10**12
"""Minor units: anything larger in a file is a slip."""
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


class Reject(NamedTuple):
    """Why a row was not taken: its number in the file, the column, its value, the reason."""

    row: int
    column: str
    value: str
    message: str
    params: Mapping[str, Any]

    def reason(self, language: str) -> str:
        """The reason in a language."""
        return gettext(self.message, language, value=self.value, **self.params)


def reject(row: int, column: str, value: object, message: str, **params: Any) -> Reject:
    """Make a rejection."""
    return Reject(row, column, str(value), message, params)


def rejected_by(row: int, column: str, error: DomainError) -> Reject:
    """A refusal of the domain as the rejection of a row."""
    known = {"field": error.field, "allowed_from": error.allowed_from, **error.params}
    if isinstance(error, Malformed) and error.errors:
        first = error.errors[0]
        return Reject(row, first.field, str(first.value), first.message, first.params)
    return Reject(row, column, str(error.value or ""), error.message, known)


@dataclass(slots=True)
class Outcome:
    """What came of some rows: taken, there before, rejected."""

    taken: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Count another part of the same file in."""
        self.taken += other.taken
        self.unchanged += other.unchanged
        self.rejects += other.rejects


class Row(BaseModel):
    """A row of a file; each column is a field, and an empty cell stands for its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


RowT = TypeVar("RowT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[RowT]):
    """A checked row with its number in the file."""

    number: int
    row: RowT


@dataclass(frozen=True, slots=True)
class Mapping_:
    """A small TOML file that says which header stands for which column, and what is constant.

    `columns` maps our column to the file's header; `constants` give columns the file lacks.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
