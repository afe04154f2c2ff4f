"""`abonent init --day DATE`: the first business day of an empty installation."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from datetime import date

from abonent.billing.service import days
from abonent.cli.connection import connect
from abonent.cli.dates import day_argument
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database
from abonent.kernel.settings import Settings


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Set the first business day of an empty installation. Days are then closed by hand, with"
        " `abonent day close`."
    )
    parser.add_argument(
        "--day",
        required=True,
        type=day_argument,
        metavar="DATE",
        help="the first business day (YYYY-MM-DD)",
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Set the day; refused where one is set already."""
    with connect(settings) as connected:
        asyncio.run(_begin(connected, arguments.day))
    print(f"The business day is {arguments.day}; days are closed by hand.")
    return 0


async def _begin(settings: Settings, day: date) -> None:
    async with open_database(settings):
        await days.begin(day, by=SYSTEM)
