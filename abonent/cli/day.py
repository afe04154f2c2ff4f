"""`abonent day`: shows the business day, closes days, and says who closes them."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from datetime import date, timedelta

from abonent import reactions
from abonent.billing.queries.day import DayState, day_state
from abonent.billing.service.days import Closed, close_days, set_closing
from abonent.cli.connection import connect
from abonent.cli.dates import day_argument
from abonent.cli.progress import ProgressLine
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database
from abonent.kernel.money import format_money
from abonent.kernel.settings import Settings

_NO_DAY = "The installation has no business day yet: run `abonent init --day DATE`."


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Show the business day, or close days."
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("auto", help="let the worker close each day when the calendar has passed it")
    actions.add_parser("manual", help="close days by hand alone")
    close = actions.add_parser("close", help="close days and open the next one for every account")
    close.add_argument(
        "--through",
        type=day_argument,
        metavar="DATE",
        help="the last day to close, included (YYYY-MM-DD); the open day when not given",
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Show or close; 1 when there is no day or closing is refused. Closed days are left as they are."""
    with connect(settings) as connected:
        return asyncio.run(_run(arguments, connected))


async def _run(arguments: Namespace, settings: Settings) -> int:
    async with open_database(settings):
        reactions.install()
        state = await day_state(by=SYSTEM)
        if state is None:
            print(_NO_DAY)
            return 1
        if arguments.action in {"auto", "manual"}:
            await set_closing(by=SYSTEM, automatic=arguments.action == "auto")
            state = await day_state(by=SYSTEM) or state
        if _nothing_to_close(arguments, state):
            print(f"nothing to close: {arguments.through} is closed already")
            _tell(state)
        elif arguments.action == "close":
            closed = await _close(arguments.through, settings)
            _tell_closed(closed, settings.language)
        else:
            _tell(state)
    return 0


def _nothing_to_close(arguments: Namespace, state: DayState) -> bool:
    """True when closing asks for days that are closed, and no run is left to be finished."""
    if arguments.action != "close" or arguments.through is None:
        return False
    return bool(arguments.through < state.day and state.state == "open")


async def _close(through: date | None, settings: Settings) -> Closed:
    line = ProgressLine("accounts")

    def progress(day: date, done: int, total: int) -> None:
        line.show(f"opening {day}", done, total)

    try:
        return await close_days(by=SYSTEM, through=through, progress=progress, settings=settings)
    finally:
        line.end()


def _tell(state: DayState) -> None:
    print(f"day: {state.day}")
    print(f"first day: {state.first_day}")
    print(f"closing: {'automatic' if state.automatic else 'by hand'}")
    print(f"state: {state.state}")
    if state.lagging:
        print(f"accounts the run has not reached: {state.lagging}")


def _tell_closed(closed: Closed, language: str) -> None:
    amount = format_money(closed.amount, language)
    print(f"closed through: {closed.day - timedelta(1)}")
    print(f"day: {closed.day}")
    print(
        f"accounts opened: {closed.accounts}; charges: {closed.charges}, {amount}; {closed.seconds:.1f} s"
    )
    print(f"{closed.day} is the open day now.")
