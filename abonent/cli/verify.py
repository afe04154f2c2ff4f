"""`abonent verify`: the books proved, and every account that differs named."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from abonent.billing.queries.day import day_state
from abonent.billing.service.differences import Proof
from abonent.billing.service.proof import verify
from abonent.cli.connection import connect
from abonent.cli.progress import ProgressLine
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database
from abonent.kernel.jsontext import to_json
from abonent.kernel.settings import Settings

DIFFERENT = 1


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Recompute every cached figure from the entries. Exit code 0: all is right; 1: something "
        "differs, and each account is named with what was expected and found."
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text",
        help="text for people, json for programs (default: text)",
    )  # fmt: skip


def run(arguments: Namespace, settings: Settings) -> int:
    """Prove the books; 0 when clean, 1 when something differs."""
    with connect(settings) as connected:
        proof = asyncio.run(_verify(connected))
    if arguments.format == "json":
        print(_as_json(proof))
    else:
        _tell(proof, settings.language)
    return 0 if proof.clean else DIFFERENT


async def _verify(settings: Settings) -> Proof:
    line = ProgressLine("checked")

    def progress(what: str, done: int, total: int) -> None:
        line.show(what, done, total)

    async with open_database(settings):
        if await day_state(by=SYSTEM) is None:
            return Proof()
        try:
            return await verify(by=SYSTEM, progress=progress, settings=settings)
        finally:
            line.end()


def _tell(proof: Proof, language: str) -> None:
    for one in proof.differences:
        where = f"account {one.account}" if one.account else "the whole base"
        found = f"expected {one.expected}, found {one.found}"
        print(f"{one.check}: {where}, {one.subject}: {found}. {one.text(language)}")
    kept = len(proof.differences)
    if proof.count > kept:
        print(f"... and {proof.count - kept} more")
    checked = f"{proof.accounts} accounts, {proof.entries} entries, {proof.seconds:.1f} s"
    named = {one.account for one in proof.differences if one.account}
    if proof.clean:
        print(f"clean: {checked}")
    else:
        print(f"differences: {proof.count} in {len(named)} accounts; checked {checked}")


def _as_json(proof: Proof) -> str:
    return to_json(
        {
            "clean": proof.clean,
            "accounts": proof.accounts,
            "entries": proof.entries,
            "differences": [
                {
                    "check": one.check,
                    "account": one.account,
                    "subject": one.subject,
                    "expected": one.expected,
                    "found": one.found,
                }
                for one in proof.differences
            ],
            "count": proof.count,
        }
    )
