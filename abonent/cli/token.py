"""`abonent token`: bearer tokens of the JSON API."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from abonent.cli.connection import connect
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, reading
from abonent.kernel.settings import Settings
from abonent.web import service
from abonent.web.api.rights import check_rights

_LIST = "SELECT id, name, rights FROM web_token WHERE revoked_at IS NULL ORDER BY created_at"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token and print it, once")
    create.add_argument("name", help="what the token is for")
    create.add_argument(
        "--rights",
        nargs="+",
        default=["*"],
        metavar="RIGHT",
        help="such as billing.payment.take or billing.*; everything when not given; "
        "each call's right is named in /api/v1/openapi.json",
    )
    create.add_argument(
        "--districts",
        nargs="+",
        default=[],
        metavar="DISTRICT",
        help="no account outside them exists for the token; all when not given",
    )
    revoke = actions.add_parser("revoke", help="end a token")
    revoke.add_argument("id", type=int, help="its number in the list")
    actions.add_parser("list", help="list the tokens in force, without their secrets")


def run(arguments: Namespace, settings: Settings) -> int:
    """Carry the action out; the last line printed by `create` is the token alone."""
    with connect(settings) as connected:
        return asyncio.run(_run(arguments, connected))


async def _run(arguments: Namespace, settings: Settings) -> int:
    async with open_database(settings):
        await _act(arguments)
    return 0


async def _act(arguments: Namespace) -> None:
    match arguments.action:
        case "create":
            rights = [right for given in arguments.rights for right in given.split(",") if right]
            check_rights(rights)
            places = arguments.districts
            print(await service.create_token(arguments.name, rights, districts=places, by=SYSTEM))
        case "revoke":
            await service.revoke_token(arguments.id, by=SYSTEM)
            print(f"token {arguments.id} revoked")
        case _:
            async with reading() as connection:
                for row in await connection.fetch(_LIST):
                    print(row["id"], row["name"], ",".join(row["rights"]))
