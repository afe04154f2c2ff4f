"""The first sheet of an XLSX workbook as rows of text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from abonent.kernel.i18n import N_

LARGEST = 512 << 20
"""Bytes a workbook may unpack to: it is held in memory; larger tables come as CSV."""

_CHUNK = 1 << 20
_OVERLAP = 1 << 10
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
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        rows = workbook.get_sheet_by_index(0).iter_rows()
    except CalamineError as error:
        raise SheetError(
            N_("The file is not a workbook: {problem}."), problem=str(error)
        ) from error
    for number, values in enumerate(rows, 1):
        cells = [_text(value) for value in values]
        if any(cells):
            yield number, cells


def _check(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST:
            raise SheetError(
                N_("The workbook unpacks to more than {most} MB: save it as CSV."),
                most=LARGEST >> 20,
            )
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                _check_cells(archive, name)


def _check_cells(archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name) as sheet:
        before = b""
        while chunk := sheet.read(_CHUNK):
            data = before + chunk
            found = _ERROR_CELL.search(data) or _EMPTY_FORMULA.search(data)
            if found:
                raise SheetError(
                    N_("Cell {cell} holds a formula without a value: mend it or save as CSV."),
                    cell=found[1].decode(),
                )
            before = data[-_OVERLAP:]


def _text(value: object) -> str:
    """A cell's value as it would stand in a CSV: 15 significant digits, as the sheet shows them."""
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
