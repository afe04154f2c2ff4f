"""`abonent explain ENTRY`: an entry in words and numbers."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from abonent.billing.queries.statement import read_entry
from abonent.billing.rules.explanation import Explanation, explain
from abonent.cli.connection import connect
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database
from abonent.kernel.i18n import LANGUAGES
from abonent.kernel.jsontext import to_json
from abonent.kernel.settings import Settings
from abonent.web.queries import name_of

LARGEST = 2**31 - 1


def entry_argument(text: str) -> tuple[str, int]:
    """Read an entry's id: the account's number, a dash, the entry's number."""
    number, dash, no = text.strip().rpartition("-")
    if not number or not dash or not no.isdecimal() or not 0 < int(no) <= LARGEST:
        raise ArgumentTypeError(f"{text!r} is not an entry; expected NUMBER-NO, such as 20417-57")
    return number, int(no)


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "entry",
        type=entry_argument,
        metavar="ENTRY",
        help="account number, dash, entry number (20417-57); the number after the last one opens "
        "what is accrued and not posted yet",
    )
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        help="of the explanation; the installation's when not given",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text",
        help="text for people, json for programs (default: text)",
    )  # fmt: skip


def run(arguments: Namespace, settings: Settings) -> int:
    """Print the explanation."""
    with connect(settings) as connected:
        return asyncio.run(_run(arguments, connected))


async def _run(arguments: Namespace, settings: Settings) -> int:
    number, no = arguments.entry
    async with open_database(settings):
        item, catalogue = await read_entry(number, no, by=SYSTEM)
        name = await name_of(item.actor) if item.actor else None
    told = explain(
        item.posting,
        catalogue=catalogue,
        language=arguments.language or settings.language,
        account_number=number,
        actor=item.actor,
        actor_name=name,
    )
    print(_as_json(told) if arguments.format == "json" else _as_text(told))
    return 0


def _as_text(told: Explanation) -> str:
    lines = [f"{number}. {step}" for number, step in enumerate(told.steps, 1)]
    return "\n".join([told.text, "", *lines])


def _as_json(told: Explanation) -> str:
    return to_json(
        {"text": told.text, "inputs": told.inputs, "steps": told.steps, "total": told.total}
    )
