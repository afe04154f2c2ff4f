"""`abonent demo`: an empty database becomes a provider with subscribers, a past and sign-ins."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from abonent import reactions
from abonent.cli.connection import connect
from abonent.cli.dates import day_argument
from abonent.cli.progress import ProgressLine
from abonent.crm.demo.plan import FIRST_NUMBER
from abonent.crm.demo.requests import leave_with
from abonent.crm.demo.run import Demo, make_demo
from abonent.crm.demo.staff import Staff
from abonent.kernel import clock
from abonent.kernel.actor import EVERYTHING, SYSTEM, Actor
from abonent.kernel.db import open_database
from abonent.kernel.i18n import time_zone
from abonent.kernel.settings import Settings
from abonent.web.service import add_user, set_absence, user_of

PASSWORD = "abonent-demo"  # noqa: S105  made public on purpose: the demo's data are made up
_PEOPLE = (
    ("admin", "Соколова Вера Андреевна", "everything, settings included"),
    ("head", "Громов Павел Сергеевич", "head of department"),
    ("shift", "Никитина Юлия Павловна", "shift supervisor"),
    ("office", "Зайцева Анна Игоревна", "office clerk"),
    ("cash", "Лебедева Ольга Петровна", "cashier"),
    ("collect", "Орлов Денис Викторович", "collections"),
    ("retain", "Белова Мария Олеговна", "retention"),
    ("coord", "Киселёв Илья Романович", "coordinator"),
    ("hr", "Фомина Елена Юрьевна", "staff and training"),
    ("tech", "Сорокин Артём Ильич", "technician"),
)
SIGN_INS = tuple((login, PASSWORD, what) for login, _, what in _PEOPLE)
"""Login (the role's code), password, what the person does."""
SUBSCRIBER = (str(FIRST_NUMBER), "code: shown here", "a subscriber, at /my")
"""The account to sign in with on the portal; the message with the code is shown by the worker."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Fill an empty database with a demo provider: made-up subscribers who live through some"
        " months, day by day, through the same engine as anybody. The same day and seed always give"
        " the same people and money."
    )
    parser.add_argument(
        "--subscribers", type=_count(1, 5_000_000), default=3000, metavar="N",
        help="how many subscribers to make up (default: 3000)",
    )  # fmt: skip
    parser.add_argument(
        "--months", type=_count(0, 120), default=3, metavar="M",
        help="how many months they have lived through (default: 3)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S",
        help="another number makes up other people (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--day", type=day_argument, metavar="DATE",
        help="the business day (YYYY-MM-DD); today when not given",
    )  # fmt: skip
    parser.add_argument(
        "--no-sign-ins", action="store_true", help="make the sign-ins without printing them"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Make the demo and print its sign-ins; refused where there is data."""
    demo = Demo(
        arguments.subscribers,
        arguments.months,
        arguments.seed,
        arguments.day or clock.calendar_day(settings.timezone),
    )
    with connect(settings) as connected:
        asyncio.run(_make(demo, connected))
    print(f"The demo provider is ready: {demo.subscribers} subscribers, day {demo.day}.")
    for login, password, what in () if arguments.no_sign_ins else (*SIGN_INS, SUBSCRIBER):
        print(f"  {login:<12} {password:<16} {what}")
    return 0


def _count(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


async def _make(demo: Demo, settings: Settings) -> None:
    async with open_database(settings):
        reactions.install()
        line = ProgressLine("done")
        try:
            await make_demo(demo, settings=settings, progress=line.show, hire=_hire)
            await _send_on_holiday(demo.day)
        finally:
            line.end()


async def _hire(office: int) -> Staff:
    """Add the people of the demo; the cashier and the clerk work in its office."""
    hired = {}
    for role, name, _ in _PEOPLE:
        place = office if role in {"cash", "office"} else None
        user = await add_user(
            role, name=name, role=role, password=PASSWORD, office=place, by=SYSTEM
        )
        hired[role] = Actor("user", str(user), name, frozenset({EVERYTHING}), office=place)
    return Staff(
        clerk=hired["office"], cashier=hired["cash"], shift=hired["shift"], head=hired["head"]
    )


async def _send_on_holiday(day: date) -> None:
    """The coordinator is away from the last day on, the clerk stands in."""
    morning = datetime.combine(day, time(9), time_zone())
    with clock.moved(morning):
        away, stand_in = await user_of("coord"), await user_of("office")
        last = day + timedelta(9)
        await leave_with(away, team="coord", by=SYSTEM)
        await set_absence(
            away, first=day, last=last, reason="holiday", substitute=stand_in, by=SYSTEM
        )
