"""`abonent migrate`: the database brought up to this version."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from abonent.cli.connection import bring_up, connect
from abonent.kernel.settings import Settings


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments: none."""
    parser.description = "Bring the database up to this version; does nothing when it is."


def run(arguments: Namespace, settings: Settings) -> int:
    """Run what migrations are missing."""
    del arguments
    with connect(settings, migrated=False) as connected:
        asyncio.run(bring_up(connected, report=print))
    print("The database is up to date.")
    return 0
