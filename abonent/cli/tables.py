"""Tables on standard output: aligned for people, CSV for spreadsheets, JSON for programs.

Rows are printed as they come, so a report of a million accounts needs no memory for them. Tables
and CSV show money in major units, JSON in minor ones, as the API does.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from abonent.kernel.jsontext import to_json
from abonent.kernel.money import format_money, plain_amount

_WIDTHS = {"text": 24, "money": 16, "number": 8}
_NARROW = {"text": 10, "money": 10, "number": 8}


class Table(Protocol):
    """Something that takes a head, rows and a total."""

    def begin(self, columns: Mapping[str, str], titles: Mapping[str, str] | None = None) -> None:
        """Name the columns, each "text", "number" or "money"; "charges.tv" is `tv` of `charges`.

        `titles` head a table for people where a column's own name says too little.
        """

    def row(self, values: Mapping[str, Any]) -> None:
        """Print a row."""

    def total(self, values: Mapping[str, Any]) -> None:
        """Print the last line."""

    def end(self) -> None:
        """Nothing more comes."""


def printer(form: str, language: str, *, narrow: bool = False) -> Table:
    """The printer of a format: table, csv or json; a `narrow` table has many columns to fit."""
    if form == "csv":
        return _Csv()
    return _Json() if form == "json" else _Aligned(language, narrow=narrow)


def _cell(values: Mapping[str, Any], column: str) -> Any:
    name, _, line = column.partition(".")
    value = values.get(name)
    if not line:
        return value
    return value.get(line, 0) if value else 0


class _Aligned:
    """Columns of fixed width; a text too long pushes its row, and loses nothing."""

    def __init__(self, language: str, *, narrow: bool) -> None:
        self._language = language
        self._columns: Mapping[str, str] = {}
        self._widths = _NARROW if narrow else _WIDTHS
        self._gap = " " if narrow else "  "

    def begin(self, columns: Mapping[str, str], titles: Mapping[str, str] | None = None) -> None:
        self._columns = columns
        head = []
        for name, kind in columns.items():
            width, title = self._widths[kind], (titles or {}).get(name, name)
            head.append(title.ljust(width) if kind == "text" else title.rjust(width))
        self._print(head)

    def row(self, values: Mapping[str, Any]) -> None:
        cells = []
        for name, kind in self._columns.items():
            text = self._text(_cell(values, name), kind)
            width = self._widths[kind]
            cells.append(text.ljust(width) if kind == "text" else text.rjust(width))
        self._print(cells)

    def total(self, values: Mapping[str, Any]) -> None:
        widths = [self._widths[kind] for kind in self._columns.values()]
        print("-" * (sum(widths) + len(self._gap) * (len(widths) - 1)))
        self.row(values)

    def end(self) -> None:
        sys.stdout.flush()

    def _text(self, value: Any, kind: str) -> str:
        if value is None:
            return ""
        return (
            format_money(value, self._language, currency=False) if kind == "money" else str(value)
        )

    def _print(self, cells: list[str]) -> None:
        print(self._gap.join(cells).rstrip())


class _Csv:
    """Semicolons, a head, the total as the last row."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
        self._columns: Mapping[str, str] = {}

    def begin(self, columns: Mapping[str, str], titles: Mapping[str, str] | None = None) -> None:
        del titles  # a spreadsheet's head is read by programs too
        self._columns = columns
        self._writer.writerow(columns)

    def row(self, values: Mapping[str, Any]) -> None:
        self._writer.writerow(
            "" if (cell := _cell(values, name)) is None else plain_amount(cell)
            if kind == "money" else cell
            for name, kind in self._columns.items()
        )  # fmt: skip

    def total(self, values: Mapping[str, Any]) -> None:
        first = next(iter(self._columns))
        self.row({**values, first: "total"})

    def end(self) -> None:
        sys.stdout.flush()


class _Json:
    """One document: items and total."""

    def __init__(self) -> None:
        self._first = True

    def begin(self, columns: Mapping[str, str], titles: Mapping[str, str] | None = None) -> None:
        del columns, titles  # JSON names its fields itself
        sys.stdout.write('{"items":[')

    def row(self, values: Mapping[str, Any]) -> None:
        sys.stdout.write(("" if self._first else ",") + "\n" + to_json(values))
        self._first = False

    def total(self, values: Mapping[str, Any]) -> None:
        sys.stdout.write('\n],"total":' + to_json(values))

    def end(self) -> None:
        sys.stdout.write("}\n")
        sys.stdout.flush()
