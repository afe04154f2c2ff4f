"""Taking rows of a table in: columns found by name, each row checked by a model, rejects kept.

The row models are pydantic models whose fields are the columns of the file format. What is wrong
with a row is told with its number, column, value and reason; the other rows are taken.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from abonent.kernel.i18n import N_, gettext
from abonent.kernel.money import TooFineAmount, installed_currency, parse_amount
from abonent.kernel.tables import ENCODINGS, Table, UnreadableFile

LARGEST_AMOUNT = 10**12
"""Minor units: anything larger in a file is a slip."""
_LONGEST_READ = 64
"""Characters of an amount or a day worth reading; what was read is remembered, so it must be short."""
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
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
class ColumnMap:
    """Which header of a file stands for which column, and what is the same in every row.

    `columns` maps a column to the file's header; `constants` give columns the file lacks.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None


def read_column_map(path: Path) -> ColumnMap:
    """Read a map from a TOML file: tables `columns` and `constants`, keys `encoding`, `delimiter`."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile.of(path, error) from error
    unknown = set(values) - {"columns", "constants", "encoding", "delimiter"}
    if unknown or values.get("encoding", "utf-8") not in ENCODINGS:
        problem = ", ".join(sorted(unknown)) or f"encoding = {values['encoding']!r}"
        raise UnreadableFile(N_("{path}: {problem} is not known."), path=str(path), problem=problem)
    return ColumnMap(
        columns=_texts(values.get("columns", {})),
        constants=_texts(values.get("constants", {})),
        encoding=values.get("encoding"),
        delimiter=values.get("delimiter"),
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column of a format stands in a file; `unknown` are headers that mean nothing."""

    places: tuple[tuple[str, int], ...]
    constants: Mapping[str, str]
    unknown: tuple[str, ...]
    width: int

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells that hold something, by column."""
        found = {name: cells[at] for name, at in self.places if at < len(cells) and cells[at]}
        return {**self.constants, **found} if self.constants else found


def find_columns(
    headers: Sequence[str],
    model: type[BaseModel],
    *,
    synonyms: Mapping[str, str],
    given: ColumnMap | None = None,
) -> Columns:
    """Find a format's columns among the headers, whatever their order, case and spacing.

    Raises UnreadableFile for a header that comes twice or a required column that is missing.
    """
    given = given or ColumnMap()
    own = _column_names(model)
    names = {normal_header(name): name for name in own}
    names = {normal_header(known): name for known, name in synonyms.items()} | names
    for name, header in given.columns.items():
        if name not in own:
            raise UnreadableFile(N_("The map names an unknown column: {column}."), column=name)
        names = {key: known for key, known in names.items() if known != name}
        names[normal_header(header)] = name
    places: dict[str, int] = {}
    for at, header in enumerate(headers):
        name = names.get(normal_header(header), "")
        if name in places:
            raise UnreadableFile(N_("Column {column} comes twice in the header."), column=header)
        if name:
            places[name] = at
    _check_required(model, {*places, *given.constants}, synonyms)
    return Columns(
        tuple(places.items()),
        given.constants,
        tuple(h for h in headers if h and normal_header(h) not in names),
        len(headers),
    )


def _column_names(model: type[BaseModel]) -> dict[str, bool]:
    """The columns of a format, and whether each must be there."""
    return {f.alias or name: f.is_required() for name, f in model.model_fields.items()}


def _check_required(model: type[BaseModel], known: set[str], synonyms: Mapping[str, str]) -> None:
    required = _column_names(model).items()
    missing = [name for name, needed in required if needed and name not in known]
    if missing:
        told = [_with_synonyms(name, synonyms) for name in missing]
        raise UnreadableFile(N_("Columns are missing: {columns}."), columns=", ".join(told))


def _with_synonyms(column: str, synonyms: Mapping[str, str]) -> str:
    """A column and what its header may be called besides: "amount («сумма», «сумма платежа»)"."""
    others = ", ".join(f"«{header}»" for header, name in synonyms.items() if name == column)
    return f"{column} ({others})" if others else column


def normal_header(header: str) -> str:
    """A header without case, spaces, underscores and points: "Лицевой счёт" is "лицевойсчет"."""
    kept = (c for c in header.casefold() if c.isalnum())
    return "".join(kept).replace("ё", "е")


async def checked_batches(
    table: Table, columns: Columns, model: type[RowT], size: int
) -> AsyncIterator[tuple[list[Numbered[RowT]], list[Reject]]]:
    """Rows of a table in batches: those that fit the model, and what is wrong with the others.

    The file is read and checked beside the event loop, one batch ahead of the caller.
    """

    def next_batch() -> tuple[list[Numbered[RowT]], list[Reject]] | None:
        rows = list(islice(table.rows, size))
        return check_rows(rows, columns, model) if rows else None

    ahead = asyncio.create_task(asyncio.to_thread(next_batch))
    try:
        while (batch := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next_batch))
            yield batch
    finally:
        ahead.cancel()


def check_rows(
    rows: Iterable[tuple[int, list[str]]], columns: Columns, model: type[RowT]
) -> tuple[list[Numbered[RowT]], list[Reject]]:
    """Check rows by a model."""
    good: list[Numbered[RowT]] = []
    bad: list[Reject] = []
    check = model.model_validate
    for number, cells in rows:
        if len(cells) > columns.width and any(cells[columns.width :]):
            extra = next(c for c in cells[columns.width :] if c)
            bad.append(reject(number, "", extra, N_("The row has more cells than the header.")))
            continue
        try:
            good.append(Numbered(number, check(columns.values(cells))))
        except ValidationError as error:
            bad += [_explained(number, part) for part in error.errors(include_url=False)]
    return good, bad


_MESSAGES: dict[str, str] = {
    "missing": N_("The value is missing."),
    "string_too_short": N_("The value is missing."),
    "string_too_long": N_("The value is longer than {max_length} characters."),
    "string_pattern_mismatch": N_("The value is not written as expected."),
    "int_parsing": N_("Not a whole number."),
    "int_from_float": N_("Not a whole number."),
    "greater_than": N_("The value must be greater than {gt}."),
    "greater_than_equal": N_("The value must be at least {ge}."),
    "less_than_equal": N_("The value must be at most {le}."),
    "too_fine_amount": N_("Not an amount: {value}. At most {digits} digits stand after the point."),
    "literal_error": N_("Expected one of: {expected}."),
}


def _explained(number: int, part: ErrorDetails) -> Reject:
    column = ".".join(str(step) for step in part["loc"])
    value = "" if part["type"] == "missing" else part["input"]
    if isinstance(value, Mapping):
        value = ""
    message = _MESSAGES.get(part["type"], part["msg"])
    return reject(number, column, value, message, **part.get("ctx", {}))


# The same few amounts and days fill a bank's file.
_read_amount = lru_cache(maxsize=4096)(parse_amount)


def _amount(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        read = _read_amount if len(value) <= _LONGEST_READ else parse_amount
        amount = read(value, installed_currency().digits)
    except TooFineAmount:
        digits = installed_currency().digits
        raise PydanticCustomError("too_fine_amount", "{digits}", {"digits": digits}) from None
    except ValueError:
        raise PydanticCustomError("amount", N_("Not an amount: {value}.")) from None
    if abs(amount) > LARGEST_AMOUNT:
        raise PydanticCustomError("amount", N_("The amount is too large."))
    return amount


def to_day(text: str) -> date | None:
    """Read YYYY-MM-DD or DD.MM.YYYY; None for anything else."""
    return _read_day(text.strip()) if len(text) <= _LONGEST_READ else None


@lru_cache(maxsize=4096)
def _read_day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    day = to_day(value)
    if day is None:
        raise PydanticCustomError("day", N_("Not a date: {value}."))
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise PydanticCustomError("day", N_("The date is out of the question: {value}."))
    return day


Amount = Annotated[int, BeforeValidator(_amount)]
"""An amount in major units ("1 234,56") as minor units."""

Day = Annotated[date, BeforeValidator(_day)]
"""A day written YYYY-MM-DD or DD.MM.YYYY."""
