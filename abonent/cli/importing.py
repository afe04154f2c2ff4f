"""`abonent import`: tariffs, subscribers, debts or payments from a CSV or XLSX file, or a bank's own."""

from __future__ import annotations

import asyncio
import csv
import gc
import getpass
import hashlib
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from abonent import reactions
from abonent.billing.service.imports import debts, payments, tariffs
from abonent.billing.service.imports.files import remember_file, taken_file
from abonent.billing.service.imports.record import FileTold, ImportRecord, begin_import
from abonent.cli import bank_file
from abonent.cli.connection import connect
from abonent.cli.progress import ProgressLine
from abonent.crm.service.imports import rows as subscriber_rows
from abonent.crm.service.imports import subscribers
from abonent.kernel.actor import Actor
from abonent.kernel.db import open_database, transaction
from abonent.kernel.intake import (
    ColumnMap,
    Columns,
    Numbered,
    Outcome,
    Reject,
    checked_batches,
    find_columns,
    read_column_map,
)
from abonent.kernel.settings import Settings
from abonent.kernel.tables import Table, UnreadableFile, open_table, plain_cell

ALL_TAKEN, SOME_REJECTED, UNREADABLE, BROKEN_OFF = 0, 1, 2, 3
IMPORT = Actor("import", "cli", "abonent import", frozenset({"*"}))
SHOWN = 20
"""Rejected rows printed when no errors file is asked for."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its row, what its headers may be called, who takes the rows, how many at once."""

    model: type[Any]
    synonyms: dict[str, str]
    take: Callable[..., Awaitable[Outcome]]
    batch: int
    remembers_files: bool = False


FORMATS = {
    "tariffs": Format(tariffs.TariffRow, tariffs.SYNONYMS, tariffs.take_tariffs, 500),
    "subscribers": Format(
        subscriber_rows.SubscriberRow, subscriber_rows.SYNONYMS, subscribers.take_subscribers, 2000
    ),
    "debts": Format(debts.DebtRow, debts.SYNONYMS, debts.take_debts, 1000),
    "payments": Format(
        payments.PaymentRow,
        payments.SYNONYMS,
        payments.take_payments,
        payments.BATCH,
        remembers_files=True,
    ),
}


Report = Callable[[Sequence[Reject]], None]


@dataclass(slots=True)
class Tally:
    """How many rows were taken, there before, rejected; a file may reject millions.

    `recorded`: the register of imports knows of the file.
    """

    taken: int = 0
    unchanged: int = 0
    rejected: int = 0
    recorded: bool = False

    @property
    def counts(self) -> tuple[int, int, int]:
        """Taken, there before, rejected."""
        return self.taken, self.unchanged, self.rejected


class _WroteNothingError(Exception):
    """Leaves the transaction of a dry run."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Take rows in from a CSV (UTF-8 or cp1251; ';', ',' or tab) or XLSX file with a header line."
        " Exit code: 0 all rows taken, 1 some rejected, 2 the file is unreadable,"
        " 3 broken off by something else (a full disk, a lost database): run it again."
    )
    parser.add_argument(
        "kind", choices=(*FORMATS, "bank"), help="what the rows are; bank: a file by an agreement"
    )
    parser.add_argument("file", type=Path, help="the file; its first row names the columns")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    parser.add_argument(
        "--errors", type=Path, metavar="FILE", help="write rejected rows here, with their reasons"
    )
    parser.add_argument(
        "--agreement", metavar="CODE", help="bank: the agreement that says how the file is read"
    )
    parser.add_argument(
        "--map", type=Path, metavar="FILE", help='TOML: [columns] account = "their header"'
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Take the file in."""
    # Rows live a batch at a time and refer to nothing in circles: looking for those is a third of the work.
    gc.set_threshold(1_000_000)
    if arguments.kind == "bank":
        return bank_file.run(arguments, settings)
    tally = Tally()
    try:
        given = read_column_map(arguments.map) if arguments.map else ColumnMap()
        form = FORMATS[arguments.kind]
        with open_table(
            arguments.file, encoding=given.encoding, delimiter=given.delimiter
        ) as table:
            columns = find_columns(table.headers, form.model, synonyms=form.synonyms, given=given)
            _tell_unknown(columns)
            with connect(settings) as connected, _errors(arguments.errors, settings) as report:
                rows = _Rows(form, table, columns, report, tally, settings.language)
                if arguments.dry_run:
                    work = _try(rows)
                else:
                    work = _take(rows, *_told(arguments, given, connected))
                asyncio.run(_with_database(connected, work))
    except UnreadableFile as error:
        if not arguments.dry_run and not tally.recorded:
            _record_refused(arguments, error, settings)
        _tell_what_stays(tally, dry=arguments.dry_run)
        print(f"abonent: {error.text(settings.language)}", file=sys.stderr)
        return UNREADABLE
    except BrokenPipeError:
        raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _tell_what_stays(tally, dry=arguments.dry_run)
        print(f"abonent: broken off: {error}", file=sys.stderr)
        return BROKEN_OFF
    _tell(tally, dry=arguments.dry_run)
    return SOME_REJECTED if tally.rejected else ALL_TAKEN


async def _with_database(settings: Settings, work: Awaitable[None]) -> None:
    async with open_database(settings):
        reactions.install()
        await work


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a file on their way in."""

    form: Format
    table: Table
    columns: Columns
    report: Report
    tally: Tally
    language: str


def _told(arguments: Namespace, given: ColumnMap, settings: Settings) -> tuple[FileTold, bytes]:
    """What the register of imports says of the file; a digest of it and of how it is read."""
    path: Path = arguments.file
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise UnreadableFile.of(path, error) from None
    plain = digest.digest()
    digest.update(repr((given, settings.currency, settings.minor_digits)).encode())
    return FileTold(arguments.kind, path.name, plain, _machine_user()), digest.digest()


def _machine_user() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        return ""


async def _take(rows: _Rows, told: FileTold, digest: bytes) -> None:
    """Take a file in, and leave in the register of imports what became of it, however it ends."""
    record = await begin_import(told, by=IMPORT)
    rows.tally.recorded = True
    try:
        known = await _take_once(rows, record, digest)
    except BaseException as error:  # an interruption too: its rows stay, so it must be told of
        told_of = error.text(rows.language) if isinstance(error, UnreadableFile) else str(error)
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await record.end("broken", error=told_of or type(error).__name__)
        raise
    unchanged = rows.tally.unchanged
    await record.end("known" if known else "taken", unchanged=unchanged)


async def _take_once(rows: _Rows, record: ImportRecord, digest: bytes) -> bool:
    """Take the rows, unless this very file of payments was taken whole before; tells whether it was."""
    tally, remembers = rows.tally, rows.form.remembers_files
    before = await taken_file(digest, by=IMPORT) if remembers else None
    if before is not None:
        at = f"{before.at:%F %R} UTC"
        print(f"abonent: every row of this file was taken by {at}", file=sys.stderr)
        tally.unchanged = before.rows
        return True
    await _take_all(rows, record)
    if remembers and not tally.rejected:
        await remember_file(digest, tally.taken + tally.unchanged, by=IMPORT)
    return False


async def _try(rows: _Rows) -> None:
    """Take the rows and undo it."""
    with suppress(_WroteNothingError):
        async with transaction():
            await _take_all(rows, None)
            raise _WroteNothingError


async def _take_all(rows: _Rows, record: ImportRecord | None) -> None:
    line, tally, form = ProgressLine("rows"), rows.tally, rows.form
    good: list[Numbered[Any]]
    try:
        async for good, bad in checked_batches(rows.table, rows.columns, form.model, form.batch):
            part = await form.take(good, by=IMPORT) if good else Outcome()
            rejects = sorted([*bad, *part.rejects], key=lambda r: r.row)
            tally.taken += part.taken
            tally.unchanged += part.unchanged
            tally.rejected += len({r.row for r in rejects})
            rows.report(rejects)
            if record is not None:
                await record.note(tally.counts, rejects)
            line.show("rows taken in", sum(tally.counts))
    finally:
        line.end()


def _record_refused(arguments: Namespace, error: UnreadableFile, settings: Settings) -> None:
    """Leave in the register of imports that a file could not be read; best told, never in the way."""
    if not arguments.file.is_file():
        return

    async def leave(told: FileTold) -> None:
        record = await begin_import(told, by=IMPORT)
        await record.end("refused", error=error.text(settings.language))

    with (
        suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, UnreadableFile),
        connect(settings) as connected,
    ):
        told, _digest = _told(arguments, ColumnMap(), connected)
        asyncio.run(_with_database(connected, leave(told)))


@contextmanager
def _errors(path: Path | None, settings: Settings) -> Iterator[Report]:
    """Where rejected rows go: the errors file, or the first ones to standard error."""
    if path is None:
        yield _Printer(settings.language).show
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UnreadableFile.of(path, error) from None
    with file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(("row", "column", "value", "reason"))
        yield lambda rejects: writer.writerows(
            (r.row, r.column, plain_cell(r.value), plain_cell(r.reason(settings.language)))
            for r in rejects
        )


class _Printer:
    """Prints the first rejected rows."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._left = SHOWN

    def show(self, rejects: Sequence[Reject]) -> None:
        for one in rejects[: self._left]:
            text = f"row {one.row}: {one.column}: {one.reason(self._language)}"
            print(text, file=sys.stderr)
        self._left = max(0, self._left - len(rejects))


def _tell_unknown(columns: Columns) -> None:
    if columns.unknown:
        names = ", ".join(columns.unknown)
        print(f"abonent: columns that are not known and not read: {names}", file=sys.stderr)


def _tell_what_stays(tally: Tally, *, dry: bool) -> None:
    """Say what was taken before something broke: whole batches, which stay."""
    if not dry and (tally.taken or tally.unchanged or tally.rejected):
        _tell(tally, dry=False)


def _tell(tally: Tally, *, dry: bool) -> None:
    print(f"taken: {tally.taken}")
    print(f"unchanged: {tally.unchanged}")
    print(f"rejected: {tally.rejected}")
    if dry:
        print("dry run: nothing was written")
