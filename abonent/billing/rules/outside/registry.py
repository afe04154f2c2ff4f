"""Registries of payments: text files whose columns each agreement names for itself.

Sberbank's kind is cp1251, `;`, a decimal comma, and a line of totals that begins with `=`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field

from abonent.billing.rules.outside.days import read_day
from abonent.billing.rules.outside.incoming import Incoming, Piece, Trouble, Wrong, known_by
from abonent.kernel.money import installed_currency, parse_amount

Place = Annotated[int, Field(ge=-100, le=100)]
"""A column's number from 1; from the end of the line where it is negative; 0 stands for none."""

DAY_FORMATS = {
    "DD-MM-YYYY": "%d-%m-%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
}
DayFormat = Literal["DD-MM-YYYY", "DD.MM.YYYY", "DD/MM/YYYY", "YYYY-MM-DD", "YYYYMMDD"]


class ColumnsOfRegistry(BaseModel):
    """Where each thing stands in a line of a registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: Place = 1
    time: Place = 0
    number: Place = 5
    account: Place = 6
    payer: Place = 7
    purpose: Place = 0
    amount: Place = 10


class RegistryForm(BaseModel):
    """How a registry is written: its letters, its columns, its line of totals.

    `totals` begins the line of totals; `totals_count` and `totals_amount` are its columns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: Literal["cp1251", "utf-8", "cp866", "koi8-r"] = "cp1251"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    day_format: DayFormat = "DD-MM-YYYY"
    header_lines: Annotated[int, Field(ge=0, le=20)] = 0
    totals: Annotated[str, Field(max_length=16)] = "="
    totals_count: Place = 1
    totals_amount: Place = 2
    columns: ColumnsOfRegistry = ColumnsOfRegistry()


class _BadCellError(Exception):
    """A cell that cannot be read, as the trouble to tell."""

    def __init__(self, wrong: Wrong, **params: object) -> None:
        super().__init__(wrong)
        self.wrong, self.params = wrong, params


def read_registry(file: BinaryIO, *, form: RegistryForm) -> Iterator[Piece]:
    """Read a registry line by line; its totals are compared with what the lines come to."""
    text = io.TextIOWrapper(file, form.encoding, newline="")
    counted, amount, unread, totals = 0, 0, False, False
    try:
        for number, cells in _lines(text, form):
            if form.totals and cells[0].startswith(form.totals):
                totals = True
                cells[0] = cells[0].removeprefix(form.totals)
                if not unread:
                    yield from _compared(number, cells, form, counted, amount)
                continue
            piece = _piece(number, cells, form)
            unread = unread or isinstance(piece, Trouble)
            if isinstance(piece, Incoming):
                counted, amount = counted + 1, amount + piece.amount
            yield piece
    except (UnicodeDecodeError, csv.Error) as error:
        problem = f"{form.encoding}: {error.reason if isinstance(error, UnicodeError) else error}"
        yield Trouble(0, Wrong.NOT_THIS_FORMAT, {"format": "CSV", "problem": problem})
        return
    finally:
        text.detach()
    if form.totals and not totals:
        yield Trouble(0, Wrong.CUT_OFF, {"expected": form.totals})


def _lines(text: io.TextIOWrapper, form: RegistryForm) -> Iterator[tuple[int, list[str]]]:
    """The lines that say something, with their numbers; a mark at the beginning is left out."""
    reader = csv.reader(text, delimiter=form.delimiter, quoting=csv.QUOTE_NONE)
    for cells in reader:
        stripped = [cell.strip().removeprefix("\ufeff") for cell in cells]
        if reader.line_num > form.header_lines and any(stripped):
            yield reader.line_num, stripped


def _piece(number: int, cells: Sequence[str], form: RegistryForm) -> Piece:
    columns = form.columns
    try:
        amount = _amount(cells, columns.amount, "amount")
        day = _day(_needed(cells, columns.day, "day"), form.day_format)
    except _BadCellError as error:
        return Trouble(number, error.wrong, dict(error.params))
    account = _cell(cells, columns.account)
    own = _cell(cells, columns.number)
    made = known_by(day, _cell(cells, columns.time), account, amount)
    return Incoming(
        place=number,
        external_id=known_by(own) if own else made,
        amount=amount,
        paid_on=day,
        payer=_cell(cells, columns.payer),
        purpose=_cell(cells, columns.purpose),
        account=account,
    )


def _compared(
    number: int, cells: Sequence[str], form: RegistryForm, counted: int, amount: int
) -> Iterator[Trouble]:
    try:
        said = _amount(cells, form.totals_amount, "totals_amount", zero=True)
    except _BadCellError as error:
        yield Trouble(number, error.wrong, dict(error.params))
        return
    count = _cell(cells, form.totals_count) or str(counted)
    if said != amount or count != str(counted):
        yield Trouble(number, Wrong.TOTALS_DIFFER, {"value": said, "counted": amount})


def _cell(cells: Sequence[str], place: int) -> str:
    at = place - 1 if place > 0 else place
    return cells[at] if place and -len(cells) <= at < len(cells) else ""


def _needed(cells: Sequence[str], place: int, name: str) -> str:
    cell = _cell(cells, place)
    if not cell:
        raise _BadCellError(Wrong.FIELD_MISSING, name=name)
    return cell


def _amount(cells: Sequence[str], place: int, name: str, *, zero: bool = False) -> int:
    cell = _needed(cells, place, name)
    try:
        amount = parse_amount(cell, installed_currency().digits)
    except ValueError:
        raise _BadCellError(Wrong.BAD_AMOUNT, value=cell) from None
    if amount < 0 or (amount == 0 and not zero):
        raise _BadCellError(Wrong.BAD_AMOUNT, value=cell)
    return amount


def _day(cell: str, written: DayFormat) -> date:
    day = read_day(cell, DAY_FORMATS[written])
    if day is None:
        raise _BadCellError(Wrong.BAD_DATE, value=cell)
    return day
