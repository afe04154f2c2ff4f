"""`abonent crew`: a helper process of a run that another process leads."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from datetime import date

from abonent import reactions
from abonent.billing.service.account_proof import prove_accounts
from abonent.billing.service.days import run_batch
from abonent.kernel.db import open_database
from abonent.kernel.embedded.lifeline import stop_with_parent
from abonent.kernel.settings import Settings

Work = Callable[[str], Awaitable[None]]


async def _open_day(task: str) -> None:
    day = date.fromisoformat(task)
    while await run_batch(day):
        pass


async def _prove(task: str) -> None:
    print((await prove_accounts(task)).packed(), flush=True)


WORK: dict[str, Work] = {"day": _open_day, "proof": _prove}
"""What there is to lend a hand to: how a task, one line of text, is done."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", choices=sorted(WORK), help="what to lend a hand to")


def run(arguments: Namespace, settings: Settings) -> int:
    """Take tasks from standard input until it ends."""
    stop_with_parent()
    reactions.install()
    asyncio.run(_work(WORK[arguments.name], settings.having(pool_size=2)))
    return 0


async def _work(work: Work, settings: Settings) -> None:
    async with open_database(settings):
        while line := await asyncio.to_thread(sys.stdin.readline):
            await work(line.strip())
