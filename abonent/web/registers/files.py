"""Files made of registers: XLSX and CSV, row by row, so that their size costs no memory."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from abonent.kernel import clock
from abonent.kernel.i18n import _, current_language, last_moment
from abonent.kernel.money import installed_currency, plain_amount
from abonent.kernel.registers.declaration import NUMERIC, Column, Kind, Row
from abonent.kernel.tables import plain_cell
from abonent.web.registers.cells import plain

XLSX_ROWS = 1_048_575
"""The most rows of a sheet below its heading."""

WIDTHS = {
    Kind.MONEY: 14,
    Kind.DAY: 12,
    Kind.INSTANT: 18,
    Kind.TERM: 18,
    Kind.NUMBER: 10,
    Kind.TEXT: 28,
}


class Maker(Protocol):
    """Writes batches of rows into a file. Both calls wait for the disk: make them in a thread."""

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows below those written."""

    def close(self) -> None:
        """Finish the file."""


class CsvFile:
    """CSV as spreadsheets of the language expect it: semicolons and decimal commas in Russian."""

    def __init__(self, path: Path, columns: Sequence[Column], *, zone: str) -> None:
        self._columns = columns
        self._zone = clock.zone(zone)
        self._russian = current_language() == "ru"
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        delimiter = ";" if self._russian else ","
        self._writer = csv.writer(self._file, delimiter=delimiter, lineterminator="\r\n")
        self._writer.writerow([_(column.label) for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows below those written."""
        for row in rows:
            self._writer.writerow([self._cell(c, row[c.name]) for c in self._columns])

    def _cell(self, column: Column, value: Any) -> str:
        if value is None:
            return ""
        if column.kind is Kind.MONEY:
            return self._decimal(plain_amount(value))
        if column.kind is Kind.PERCENT:
            return self._decimal(f"{value // 100}.{value % 100:02}")
        if isinstance(value, datetime):
            return _written(column, value).astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, date):
            return value.isoformat()
        return plain_cell(plain(column, value))

    def _decimal(self, text: str) -> str:
        return text.replace(".", ",") if self._russian else text

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class XlsxFile:
    """An Excel workbook: numbers are numbers, days are days, the heading stays in sight."""

    def __init__(self, path: Path, columns: Sequence[Column], *, title: str, zone: str) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._book.add_worksheet(_sheet_name(title))
        self._zone = clock.zone(zone)
        self._columns = columns
        digits = installed_currency().digits
        bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        money = "#,##0" + ("." + "0" * digits if digits else "")
        self._scale = 10**digits
        self._formats = {
            Kind.MONEY: self._book.add_format({"num_format": money}),
            Kind.PERCENT: self._book.add_format({"num_format": "0.00%"}),
            Kind.DAY: self._book.add_format({"num_format": "dd.mm.yyyy"}),
            Kind.INSTANT: self._book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
            Kind.TERM: self._book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
        }
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, WIDTHS.get(column.kind, 16))
            self._sheet.write_string(0, place, _(column.label), bold)
        self._sheet.freeze_panes(1, 0)
        self._line = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows below those written."""
        for row in rows:
            self._line += 1
            for place, column in enumerate(self._columns):
                value = row[column.name]
                if value is not None:
                    self._cell(self._line, place, column, value)

    def _cell(self, line: int, place: int, column: Column, value: Any) -> None:
        shape = self._formats.get(column.kind)
        if column.kind in NUMERIC:
            scale = {Kind.MONEY: self._scale, Kind.PERCENT: 10_000}.get(column.kind, 1)
            self._sheet.write_number(line, place, value / scale, shape)
        elif isinstance(value, datetime):
            local = _written(column, value).astimezone(self._zone).replace(tzinfo=None)
            self._sheet.write_datetime(line, place, local, shape)
        elif isinstance(value, date):
            self._sheet.write_datetime(line, place, value, shape)
        else:
            self._sheet.write_string(line, place, plain(column, value))

    def close(self) -> None:
        """Finish the file: headings that filter, and the parts put together."""
        if self._line:
            self._sheet.autofilter(0, 0, self._line, len(self._columns) - 1)
        self._book.close()


def _written(column: Column, value: datetime) -> datetime:
    """An instant as it stands in a file: a term until midnight ends with the day before."""
    return last_moment(value) if column.kind is Kind.TERM else value


def _sheet_name(title: str) -> str:
    """A title as the name of a sheet, which bears neither some signs nor more than 31 letters."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)[:31].strip()


def make(path: Path, what: str, columns: Sequence[Column], *, title: str, zone: str) -> Maker:
    """Return the maker of a file of that kind, "xlsx" or "csv"."""
    if what == "xlsx":
        return XlsxFile(path, columns, title=title, zone=zone)
    return CsvFile(path, columns, zone=zone)
