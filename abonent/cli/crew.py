"""`abonent crew`: a helper process of a run that another process leads."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from datetime import date

from abonent import reactions
from abonent.billing.service.days import run_batch
from abonent.kernel.db import open_database
from abonent.kernel.embedded.lifeline import stop_with_parent
from abonent.kernel.settings import Settings


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", choices=["day"], help="what to lend a hand to")


def run(arguments: Namespace, settings: Settings) -> int:
    """Take tasks from standard input until it ends."""
    del arguments
    stop_with_parent()
    reactions.install()
    asyncio.run(_work(settings.having(pool_size=2)))
    return 0


async def _work(settings: Settings) -> None:
    async with open_database(settings):
        while line := await asyncio.to_thread(sys.stdin.readline):
            day = date.fromisoformat(line.strip())
            while await run_batch(day):
                pass
