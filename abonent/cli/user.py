"""`abonent user`: people who sign in."""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace

from abonent.cli.connection import connect
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, reading
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.settings import Settings
from abonent.web import service

_LIST = "SELECT login, name, role, active FROM web_user ORDER BY login"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a user")
    add.add_argument("login", help="what the person signs in with")
    add.add_argument("--name", required=True, help="the person's name")
    add.add_argument(
        "--role",
        required=True,
        help="admin, head, office, cash, collect, retain, coord, hr or tech",
    )
    add.add_argument(
        "--language", choices=("ru", "en"), default=None,
        help="of the person's pages; the installation's when not given",
    )  # fmt: skip
    password = actions.add_parser("password", help="give a user a new password")
    password.add_argument("login", help="whose")
    for action in (add, password):
        action.add_argument(
            "--password-stdin", action="store_true",
            help="read the password from the first line of standard input: the way for scripts",
        )  # fmt: skip
    factor = actions.add_parser(
        "second-factor-off",
        help="take a user's second factor away: a lost phone, a lost secret key",
    )
    factor.add_argument("login", help="whose")
    off = actions.add_parser("off", help="keep a user out and end their sessions")
    off.add_argument("login", help="whose")
    actions.add_parser("list", help="list the users")


def run(arguments: Namespace, settings: Settings) -> int:
    """Carry the action out."""
    with connect(settings) as connected:
        return asyncio.run(_run(arguments, connected))


async def _password(arguments: Namespace) -> str:
    """The new password: a line of standard input where told so, else asked for at the terminal."""
    if arguments.password_stdin:
        line: str = await asyncio.to_thread(sys.stdin.readline)
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        message = N_("There is no terminal to ask at: give the password with --password-stdin.")
        raise Refused("NO_TERMINAL", message)
    return await asyncio.to_thread(getpass.getpass, "Password: ")


async def _run(arguments: Namespace, settings: Settings) -> int:
    async with open_database(settings):
        await _act(arguments, settings)
    return 0


async def _act(arguments: Namespace, settings: Settings) -> None:
    login = getattr(arguments, "login", "")
    match arguments.action:
        case "add":
            # A role that is none is told before anybody is asked for a password.
            await service.check_role(arguments.role)
            await service.add_user(
                login,
                name=arguments.name,
                role=arguments.role,
                password=await _password(arguments),
                language=arguments.language or settings.language,
                by=SYSTEM,
            )
            print(f"added {login}")
        case "password":
            await service.set_password(login, password=await _password(arguments), by=SYSTEM)
            print(f"password of {login} changed")
        case "second-factor-off":
            await service.forget_second_factor(await service.user_of(login), by=SYSTEM)
            print(f"{login} signs in without a second factor")
        case "off":
            await service.deactivate_user(login, by=SYSTEM)
            print(f"{login} is off")
        case _:
            await _print_users()


async def _print_users() -> None:
    async with reading() as connection:
        for row in await connection.fetch(_LIST):
            state = "" if row["active"] else "off"
            print(f"{row['login']:<20} {row['role']:<10} {row['name']} {state}".rstrip())
