"""`abonent backup FILE`: the whole database in one file, consistent while everybody works on."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from abonent.cli.archive import database_facts, run_program
from abonent.cli.connection import connect
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.settings import Settings


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="the file to write; must not exist")


def run(arguments: Namespace, settings: Settings) -> int:
    """Write the backup; a file appears under its name only when it is whole."""
    target: Path = arguments.file.absolute()
    if target.exists():
        raise ServerStartError(f"{target} exists already; choose another name.")
    if not target.parent.is_dir():
        raise ServerStartError(f"There is no folder {target.parent}.")
    draft = target.with_name(f"{target.name}.part")
    started = time.monotonic()
    with connect(settings, migrated=False) as connected:
        facts = database_facts(connected)
        if not facts.tables:
            raise ServerStartError("The database is empty: there is nothing to back up.")
        # Personal data lies in it: nobody but the caller reads the file.
        draft.touch(mode=0o600)
        try:
            options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={draft}"]
            run_program("pg_dump", connected, options, major=facts.major)
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)
    megabytes = target.stat().st_size // 1_000_000
    print(f"{target}: {megabytes} MB in {time.monotonic() - started:.0f} s")
    return 0
