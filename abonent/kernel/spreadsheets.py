"""The first sheet of an XLSX workbook as rows of text."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import IO, TypeVar
from xml.parsers import expat

from python_calamine import CalamineWorkbook

from abonent.kernel.i18n import N_

LARGEST = 128 << 20
"""Bytes a workbook may unpack to: it is held in memory; larger tables come as CSV."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""What a spreadsheet program has."""
MOST_CELLS = 10_000_000
"""Cells from A1 to the farthest one that holds anything: the empty ones take memory too."""

_DENSEST = 200
"""How many times smaller a packed part may be; spreadsheet programs reach some forty."""
_DENSITY_MATTERS = 16 << 20
_ENDLESS = 1 << 62
_CHUNK = 1 << 20
_OVERLAP = 1 << 10
_REFERENCE = re.compile(r"([A-Za-z]{1,7})([1-9][0-9]{0,9})")
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_CONTENTS = {"t", "v", "is", "f"}
_OTHER_BOOKS = {"content.xml", "xl/workbook.bin"}
"""Parts by which the reader would take the file for a book of another kind."""
_ERROR_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]* t="e"')
_EMPTY_FORMULA = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*><f(?:>[^<]*</f|[^>]*/)><(?:/c>|v/>|v></v>)'
)


class SheetError(Exception):
    """The workbook cannot be taken; a message id and what fills it."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, with their numbers in the sheet; formulas give their last value.

    A cell whose formula failed or was never computed is refused by name: it would read as empty.
    """
    _check(path)
    with path.open("rb") as file:
        rows = _guarded(lambda: CalamineWorkbook.from_filelike(file).get_sheet_by_index(0))
        values = _guarded(rows.iter_rows)
        for number in count(1):
            row = _guarded(lambda: next(values, None))
            if row is None:
                return
            cells = [_text(value) for value in row]
            if any(cells):
                yield number, cells


_Given = TypeVar("_Given")


def _guarded(step: Callable[[], _Given]) -> _Given:
    """Do a step of the reader; whatever it fails with, a panic too, is the workbook's fault."""
    try:
        return step()
    except (KeyboardInterrupt, SystemExit, OSError):
        raise
    except BaseException as error:
        raise _not_a_workbook(error) from error


def _not_a_workbook(error: object) -> SheetError:
    return SheetError(N_("The file is not a workbook: {problem}."), problem=str(error))


def _check(path: Path) -> None:
    """Refuse a workbook that would take too much memory, before anything reads it whole."""
    if path.stat().st_size > LARGEST:
        raise _too_large()
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename.replace("\\", "/").casefold() for part in parts}
            if len(names) < len(parts) or names & _OTHER_BOOKS or "xl/workbook.xml" not in names:
                raise _not_a_workbook("xl/workbook.xml")
            _check_sizes(parts)
            left = LARGEST
            for part in parts:
                left -= _check_part(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise _not_a_workbook(error) from error


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if sum(part.file_size for part in parts) > LARGEST:
        raise _too_large()
    for part in parts:
        if part.compress_type not in _PACKINGS:
            raise _not_a_workbook(part.filename)
        if part.file_size > max(_DENSITY_MATTERS, _DENSEST * part.compress_size):
            raise SheetError(
                N_("The workbook unpacks to more than {most} times its size: save it as CSV."),
                most=_DENSEST,
            )


def _too_large() -> SheetError:
    return SheetError(
        N_("The workbook unpacks to more than {most} MB: save it as CSV."), most=LARGEST >> 20
    )


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    """Look through one part; answers its true size.

    Any part may be the sheet, whatever its name: the workbook says which.
    """
    formulas = part.filename.startswith("xl/worksheets/")
    # What the archive says of the size is not believed: reading goes on to the end of the data.
    part.file_size = _ENDLESS
    size, is_sheet, before = 0, False, b""
    with archive.open(part) as content:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise _too_large()
            data = before + chunk
            is_sheet = is_sheet or b"sheetData" in data
            if formulas:
                _check_formulas(data)
            before = data[-_OVERLAP:]
    if is_sheet:
        part.file_size = size
        with archive.open(part) as content:
            _Extent().check(content)
    return size


def _check_formulas(data: bytes) -> None:
    if found := _ERROR_CELL.search(data) or _EMPTY_FORMULA.search(data):
        raise SheetError(
            N_("Cell {cell} holds a formula without a value: mend it or save as CSV."),
            cell=found[1].decode(),
        )


class _Extent:
    """How far the cells of a sheet reach: the reader makes room for all between them."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self._cell = (0, 0)
        self._rows = self._columns = 0
        self._row_text = "0"
        self._letters: dict[str, int] = {}

    def check(self, content: IO[bytes]) -> None:
        """Read a sheet's XML bit by bit; raises SheetError for a place no sheet has."""
        # The reader goes by the bytes whatever the declaration says; so must this.
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            while chunk := content.read(_CHUNK):
                parser.Parse(chunk)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise _not_a_workbook(error) from error

    def _doctype(self, *_: object) -> None:
        raise _not_a_workbook("DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        # Called for millions of elements: the usual ones come first.
        if name in _CONTENTS:
            if self._cell[1] > self._columns or self._cell[0] > self._rows:
                self._holds(*self._cell)
        elif name == "c":
            place = attributes.get("r", "")
            column = self._letters.get(place.removesuffix(self._row_text))
            if column and place.endswith(self._row_text):
                self._cell, self._column = (self._row, column), column
            else:
                self._begin_cell(place)
        elif ":" in name:
            self._start(name.rpartition(":")[2], attributes)
        elif name == "row":
            self._begin_row(attributes.get("r", ""))
        elif name == "dimension":
            for corner in attributes.get("ref", "").split(":"):
                self._within(*(_place(corner) if corner else (0, 0)))

    def _begin_cell(self, place: str) -> None:
        row, column = self._cell = _place(place) if place else (self._row, self._column + 1)
        self._within(row, column)
        self._column = column
        if row == self._row and place.endswith(self._row_text):
            self._letters[place.removesuffix(self._row_text)] = column

    def _begin_row(self, number: str) -> None:
        self._row, self._column = _number(number) if number else self._row + 1, 0
        self._within(self._row, 0)
        self._row_text = str(self._row)

    def _within(self, row: int, column: int) -> None:
        if row > MOST_ROWS or column > MOST_COLUMNS:
            raise _too_wide(row, column)

    def _holds(self, row: int, column: int) -> None:
        self._rows, self._columns = max(self._rows, row), max(self._columns, column)
        if self._rows * self._columns > MOST_CELLS:
            raise _too_wide(self._rows, self._columns)


def _too_wide(rows: int, columns: int) -> SheetError:
    return SheetError(
        N_("The sheet reaches to row {rows}, column {columns}: delete stray cells or save as CSV."),
        rows=rows,
        columns=columns,
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and text.strip("0")):
        raise _not_a_workbook(text[:40])
    return int(text)


def _place(reference: str) -> tuple[int, int]:
    """The row and the column of a reference like AB12, both from 1."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise _not_a_workbook(reference[:40])
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _text(value: object) -> str:
    """A cell's value as it would stand in a CSV: 15 significant digits, as the sheet shows them."""
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
