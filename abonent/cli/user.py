"""`abonent user`: people who sign in."""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace

from abonent.cli.connection import connect
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, reading
from abonent.kernel.settings import Settings
from abonent.web import service

_LIST = "SELECT login, name, role, active FROM web_user ORDER BY login"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a user")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="the person's name")
    add.add_argument(
        "--role",
        required=True,
        help="admin, head, office, cash, collect, retain, coord, hr or tech",
    )
    add.add_argument("--language", choices=("ru", "en"), default=None)
    password = actions.add_parser("password", help="give a user a new password")
    password.add_argument("login")
    for action in (add, password):
        action.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
    off = actions.add_parser("off", help="keep a user out and end their sessions")
    off.add_argument("login")
    actions.add_parser("list", help="list the users")


def run(arguments: Namespace, settings: Settings) -> int:
    """Carry the action out."""
    password = _password(arguments) if arguments.action in {"add", "password"} else ""
    with connect(settings) as connected:
        return asyncio.run(_run(arguments, connected, password=password))


def _password(arguments: Namespace) -> str:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass("Password: ")


async def _run(arguments: Namespace, settings: Settings, *, password: str) -> int:
    async with open_database(settings):
        await _act(arguments, settings, password=password)
    return 0


async def _act(arguments: Namespace, settings: Settings, *, password: str) -> None:
    login = getattr(arguments, "login", "")
    match arguments.action:
        case "add":
            await service.add_user(
                login,
                name=arguments.name,
                role=arguments.role,
                password=password,
                language=arguments.language or settings.language,
                by=SYSTEM,
            )
            print(f"added {login}")
        case "password":
            await service.set_password(login, password=password, by=SYSTEM)
            print(f"password of {login} changed")
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
