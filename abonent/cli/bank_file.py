"""`abonent import bank`: a file of a bank, a terminal system or a processor, as its agreement says."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from abonent import reactions
from abonent.billing.queries.outside.agreements import agreement_of
from abonent.billing.queries.outside.files import Summary, outside_file
from abonent.billing.service.outside.files import (
    let_be_taken,
    look_through,
    receive_file,
    take_file,
)
from abonent.cli.connection import connect
from abonent.cli.progress import ProgressLine
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.actor import Actor
from abonent.kernel.db import open_database
from abonent.kernel.errors import DomainError
from abonent.kernel.settings import Settings
from abonent.kernel.tables import UnreadableFile

ALL_TAKEN, SOME_WAIT, UNREADABLE, BROKEN_OFF = 0, 1, 2, 3
LARGEST = 500_000_000
SHOWN = 20
IMPORT = Actor("import", "cli", "abonent import", frozenset({"*"}))


@dataclass(frozen=True, slots=True)
class _Given:
    agreement: str
    name: str
    content: bytes
    dry: bool


def run(arguments: Namespace, settings: Settings) -> int:
    """Take the file; exit codes are those of every import."""
    if not arguments.agreement:
        print("abonent: name the agreement: --agreement CODE", file=sys.stderr)
        return UNREADABLE
    path: Path = arguments.file
    try:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UnreadableFile.of(path, error) from None
        given = _Given(arguments.agreement, path.name, content, arguments.dry_run)
        with connect(settings) as connected:
            return asyncio.run(_take(connected, given))
    except DomainError as error:
        print(f"abonent: {error.text(settings.language)}", file=sys.stderr)
        return UNREADABLE
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"abonent: broken off: {error}", file=sys.stderr)
        return BROKEN_OFF


async def _take(settings: Settings, given: _Given) -> int:
    async with open_database(settings):
        reactions.install()
        if given.dry:
            agreement = await agreement_of(given.agreement)
            told = await look_through(agreement, given.content, accounts_of_contracts)
            code = _told(told, settings)
            print("dry run: nothing was written")
            return UNREADABLE if told.stops else code
        file = await receive_file(
            given.agreement, name=given.name, content=given.content,
            contracts=accounts_of_contracts, by=IMPORT, largest=LARGEST,
        )  # fmt: skip
        seen = await outside_file(file, by=IMPORT)
        if seen.state == "taken":
            print("abonent: every payment of this file was taken before", file=sys.stderr)
            return _told(_known(seen.summary), settings)
        if seen.state == "refused":
            _told(seen.summary, settings)
            print("nothing was taken")
            return UNREADABLE
        if seen.state == "seen":
            await let_be_taken(file, by=IMPORT)
        line = ProgressLine("payments")
        whole = seen.summary.incoming.count
        try:
            summary = await take_file(
                file,
                contracts=accounts_of_contracts,
                by=IMPORT,
                progress=lambda done: line.show("payments taken in", done, whole),
            )
        finally:
            line.end()
        return _told(summary, settings)


def _known(summary: Summary) -> Summary:
    """A file taken before brings nothing new."""
    return Summary(incoming=summary.incoming, known=summary.incoming)


def _told(summary: Summary, settings: Settings) -> int:
    for trouble in summary.told[:SHOWN]:
        place = f"line {trouble.place}: " if trouble.place else ""
        print(f"{place}{trouble.text(settings.language)}", file=sys.stderr)
    print(f"taken: {summary.matched.count}")
    print(f"unchanged: {summary.known.count}")
    print(f"waiting for a person: {summary.waiting.count}")
    for reason, count in summary.unmatched.items():
        print(f"  {reason.value}: {count.count}")
    for kind, count in summary.others.items():
        print(f"not payments ({kind.value}): {count.count}")
    for wrong, times in summary.wrongs.items():
        print(f"trouble ({wrong.value}): {times}")
    return _code(summary)


def _code(summary: Summary) -> int:
    return SOME_WAIT if summary.waiting.count or summary.wrongs else ALL_TAKEN
