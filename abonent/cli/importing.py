"""`abonent import`: tariffs, subscribers, debts or payments from a CSV or XLSX file, or a bank's own."""

from __future__ import annotations

import asyncio
import csv
import gc
import hashlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from abonent import reactions
from abonent.billing.service.imports import debts, payments, tariffs
from abonent.billing.service.imports.files import remember_file, taken_file
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
    """How many rows were taken, there before, rejected; a file may reject millions."""

    taken: int = 0
    unchanged: int = 0
    rejected: int = 0


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
                work = _take(form, table, columns, report, tally, dry=arguments.dry_run)
                if form.remembers_files and not arguments.dry_run:
                    work = _take_once(_digest(arguments.file, given, connected), work)
                tally = asyncio.run(_with_database(connected, work))
    except UnreadableFile as error:
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


async def _with_database(settings: Settings, work: Awaitable[Tally]) -> Tally:
    async with open_database(settings):
        reactions.install()
        return await work


def _digest(path: Path, given: ColumnMap, settings: Settings) -> bytes:
    """A digest of a file's bytes and of everything that decides how they are read."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise UnreadableFile.of(path, error) from None
    digest.update(repr((given, settings.currency, settings.minor_digits)).encode())
    return digest.digest()


async def _take_once(digest: bytes, work: Coroutine[Any, Any, Tally]) -> Tally:
    """Take a file in, unless this very one was taken whole before."""
    before = await taken_file(digest, by=IMPORT)
    if before is not None:
        work.close()
        print(
            f"abonent: every row of this file was taken by {before.at:%F %R} UTC", file=sys.stderr
        )
        return Tally(unchanged=before.rows)
    tally = await work
    if not tally.rejected:
        await remember_file(digest, tally.taken + tally.unchanged, by=IMPORT)
    return tally


async def _take(
    form: Format, table: Table, columns: Columns, report: Report, tally: Tally, *, dry: bool
) -> Tally:
    if not dry:
        await _take_all(form, table, columns, report, tally)
        return tally
    with suppress(_WroteNothingError):
        async with transaction():
            await _take_all(form, table, columns, report, tally)
            raise _WroteNothingError
    return tally


async def _take_all(
    form: Format, table: Table, columns: Columns, report: Report, tally: Tally
) -> None:
    line = ProgressLine("rows")
    good: list[Numbered[Any]]
    try:
        async for good, bad in checked_batches(table, columns, form.model, form.batch):
            part = await form.take(good, by=IMPORT) if good else Outcome()
            rejects = sorted([*bad, *part.rejects], key=lambda r: r.row)
            tally.taken += part.taken
            tally.unchanged += part.unchanged
            tally.rejected += len({r.row for r in rejects})
            report(rejects)
            line.show("rows taken in", tally.taken + tally.unchanged + tally.rejected)
    finally:
        line.end()


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
