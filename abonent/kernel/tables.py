"""Tables in files: CSV (UTF-8 or cp1251; `;`, `,` or tab) and XLSX, read row by row.

A file is looked through once before its first row is given out, as bytes and as a table, so that a
broken one is refused before anything came of it. Memory is bounded by a line, not by the file.
"""

from __future__ import annotations

import csv
import errno
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from abonent.kernel import spreadsheets
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_

CHUNK = 1 << 20
LONGEST_LINE = 1 << 20
ENCODINGS = ("utf-8", "cp1251")
DELIMITERS = (";", ",", "\t")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP = b"PK\x03\x04"
_NOT_IN_CP1251 = b"\x98"
_SAID: dict[int | None, str] = {
    errno.ENOENT: N_("There is no file {path}."),
    errno.EACCES: N_("There is no permission to use {path}."),
    errno.EISDIR: N_("{path} is a folder, not a file."),
    errno.ENOTDIR: N_("There is no folder for {path}."),
    errno.ENOSPC: N_("There is no room left on the disk of {path}."),
}
_OTHERWISE = N_("{path}: {problem}.")
_BROKEN = N_("The encoding is broken: byte {byte} (line {line}) is not {encoding}.")


# A cell may fill its line: what is too long for its column is the row's fault, not the file's.
csv.field_size_limit(LONGEST_LINE)


class UnreadableFile(Refused):
    """The file as a whole cannot be taken: nothing of it was."""

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__("UNREADABLE_FILE", message, field="file", **params)

    @classmethod
    def of(cls, path: Path, error: Exception) -> UnreadableFile:
        """What the system said about a file, in words of our own where the case is a common one."""
        if isinstance(error, OSError):
            problem = error.strerror or str(error)
            return cls(_SAID.get(error.errno, _OTHERWISE), path=str(path), problem=problem)
        return cls(_OTHERWISE, path=str(path), problem=str(error))


@dataclass(frozen=True, slots=True)
class Table:
    """The header cells, and the rows after them: the number of each in the file, and its cells."""

    headers: list[str]
    rows: Iterator[tuple[int, list[str]]]


@contextmanager
def open_table(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None
) -> Iterator[Table]:
    """Open a table for the block; raises UnreadableFile naming the byte, line or cell.

    Encoding and delimiter are found out unless given.
    """
    with _reading(path):
        with path.open("rb") as file:
            start = file.read(4)
        found = "" if start == _ZIP else _inspect(path, encoding)
    if not found:
        yield _with_headers(_read(path, _sheet(path)))
        return
    with _opened(path, found) as text:
        yield _with_headers(_read(path, _look_through(text, delimiter)))


def plain_cell(text: str) -> str:
    """Write a text for a spreadsheet: one that would be reckoned as a formula stays a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Blame the file for what goes wrong with it; never for what its reader does with the rows."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile.of(path, error) from error


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    with _reading(path):
        text = path.open("r", encoding=encoding, newline="")
    with text:
        yield text


def _read(path: Path, rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    while True:
        with _reading(path):
            row = next(rows, None)
        if row is None:
            return
        yield row


def _with_headers(rows: Iterator[tuple[int, list[str]]]) -> Table:
    for _number, cells in rows:
        return Table([cell.strip() for cell in cells], rows)
    raise UnreadableFile(N_("The file is empty."))


class _CsvReader(Protocol):
    """What `csv.reader` makes."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def _look_through(text: IO[str], delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV that is one to its end: nothing of it is given out before that is known."""
    reader, _before = _csv_reader(text, delimiter)
    try:
        deque(reader, maxlen=0)
    except csv.Error:
        # Going over it once more finds the line the broken row begins on.
        text.seek(0)
        deque(_lines(text, delimiter), maxlen=0)
        raise
    text.seek(0)
    yield from _lines(text, delimiter)


def _lines(text: IO[str], delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV with the line each starts on; empty ones are passed over."""
    reader, before = _csv_reader(text, delimiter)
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(
                N_("Line {line} is not CSV: {problem}."), line=line, problem=str(error)
            ) from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def _csv_reader(text: IO[str], delimiter: str | None) -> tuple[_CsvReader, int]:
    """A reader from the header on, and the number of lines before it."""
    first = text.readline()
    before = 0
    if first.lower().startswith("sep=") and len(first.rstrip()) == 5:
        delimiter, before = delimiter or first[4], 1
        first = text.readline()
    rows = csv.reader(_from(first, text), delimiter=delimiter or _delimiter(first), strict=True)
    return rows, before


def _from(first: str, rest: IO[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(header: str) -> str:
    """The delimiter that divides the header line most, quoted parts aside."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _inspect(path: Path, wanted: str | None) -> str:
    """Read the file through once: answer its encoding, or refuse it with the place."""
    scan = _Scan(wanted)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            scan.take(chunk)
    scan.end()
    return scan.encoding


class _Scan:
    """What is known of a file's bytes so far."""

    def __init__(self, wanted: str | None) -> None:
        self.encoding = wanted or "utf-8"
        self._sure = wanted is not None
        self._position = 0
        self._lines = 0
        self._open_line = 0
        self._left = b""

    def take(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if self._position == 0 and chunk.startswith(_UTF16):
            raise UnreadableFile(N_("The file is in UTF-16: save it as CSV UTF-8."))
        if self._position == 0 and chunk.startswith(_BOM):
            self.encoding, self._sure = "utf-8-sig", True
        if (zero := chunk.find(b"\0")) >= 0:
            self._refuse(
                chunk, zero, N_("The file is not text: byte {byte} (line {line}) is zero.")
            )
        if self.encoding == "cp1251":
            self._check_cp1251(chunk)
        else:
            self._check_utf8(chunk)
        self._count_lines(chunk)
        self._position += len(chunk)

    def end(self) -> None:
        """A character cut off at the end of the file is broken too."""
        if self._left and self.encoding != "cp1251":
            self._position -= len(self._left)
            self._refuse(self._left, 0, _BROKEN)

    def _check_utf8(self, chunk: bytes) -> None:
        data = self._left + chunk
        offset = len(self._left)
        self._left = b""
        try:
            data.decode()
            self._sure = self._sure or not data.isascii()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and error.start > len(data) - 4:
                self._left = data[error.start :]
                self._sure = self._sure or not data[: error.start].isascii()
            elif self._sure or not data[: error.start].isascii():
                self._refuse(chunk, error.start - offset, _BROKEN)
            else:
                self.encoding = "cp1251"
                self._check_cp1251(chunk)

    def _check_cp1251(self, chunk: bytes) -> None:
        if (wrong := chunk.find(_NOT_IN_CP1251)) >= 0:
            self._refuse(chunk, wrong, _BROKEN)

    def _count_lines(self, chunk: bytes) -> None:
        """A chunk is no longer than a line may be: only lines over its edges can be too long."""
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        length = self._open_line + (len(chunk) if first < 0 else first)
        if length > LONGEST_LINE:
            raise UnreadableFile(
                N_("Line {line} is longer than {most} bytes."),
                line=self._lines + 1,
                most=LONGEST_LINE,
            )
        self._lines += chunk.count(b"\n")
        self._open_line = length if first < 0 else len(chunk) - last - 1

    def _refuse(self, chunk: bytes, at: int, message: str) -> None:
        raise UnreadableFile(
            message,
            byte=self._position + at,
            line=self._lines + chunk.count(b"\n", 0, max(at, 0)) + 1,
            encoding=self.encoding.removesuffix("-sig"),
        )


def _sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from spreadsheets.rows_of(path)
    except spreadsheets.SheetError as error:
        raise UnreadableFile(error.message, **error.params) from error
