"""`abonent restore FILE`: a backup read into an empty database, all or nothing, and then verified."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from pathlib import Path

import asyncpg

from abonent.cli.archive import database_facts, run_program
from abonent.cli.commands import find_command
from abonent.cli.connection import bring_up, connect
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.settings import Settings

_SIGNATURE = b"PGDMP"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a file written by `abonent backup`")


def run(arguments: Namespace, settings: Settings) -> int:
    """Restore, bring the tables up to this version, and check the books."""
    source: Path = arguments.file.absolute()
    _check_file(source)
    with connect(settings, migrated=False) as connected:
        facts = database_facts(connected)
        if facts.tables:
            raise ServerStartError(
                "The database is not empty; a backup is restored into an empty one only "
                "(set ABONENT_HOME to a new folder, or ABONENT_DATABASE_URL to a new database)."
            )
        options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
        run_program("pg_restore", connected, [*options, str(source)], major=facts.major)
        dsn = connected.database_url or ""
        asyncio.run(_analyse(dsn))
        asyncio.run(bring_up(connected))
        print("Restored. Verifying.", flush=True)
        return _verify(connected)


def _check_file(source: Path) -> None:
    try:
        with source.open("rb") as file:
            signature = file.read(len(_SIGNATURE))
    except OSError as error:
        raise ServerStartError(f"{source} cannot be read: {error.strerror}.") from None
    if signature != _SIGNATURE:
        raise ServerStartError(f"{source} is not a file written by `abonent backup`.")


async def _analyse(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def _verify(settings: Settings) -> int:
    command = find_command("verify")
    if command is None:
        return 0
    module = command.load()
    parser = ArgumentParser(prog="abonent verify")
    module.configure(parser)
    return module.run(parser.parse_args([]), settings)
