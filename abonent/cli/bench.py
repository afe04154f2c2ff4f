"""`abonent bench`: measurements on this machine, printed as figures and ratios."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine
from typing import Any

from abonent import reactions
from abonent.bench.base import machine
from abonent.bench.charge import charge, day, single_payments
from abonent.bench.contacts import contacts
from abonent.bench.contacts_filled import Sizes
from abonent.bench.desk import desk
from abonent.bench.kill import kill
from abonent.bench.oracle import oracle
from abonent.bench.reading import bank_file, sheet
from abonent.cli.connection import connect
from abonent.kernel.settings import Settings

Measurement = Callable[[Settings, int], Coroutine[Any, Any, dict[str, object]]]
MEASUREMENTS: dict[str, Measurement] = {
    "charge": charge,
    "day": day,
    "payments": single_payments,
    "bank-file": bank_file,
    "turnover": sheet,
    "desk": desk,
    "kill": kill,
    "oracle": oracle,
}

CONTACTS = "contacts"
ACCOUNTS, CONTACTS_ACCOUNTS = 1_000_000, 200_000


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    names = [*MEASUREMENTS, CONTACTS, "all"]
    parser.add_argument("what", choices=names, help="what to measure")
    parser.add_argument(
        "--accounts", type=int, help="size of the base (1,000,000; for `contacts` 200,000)"
    )
    parser.add_argument("--requests", type=int, default=500_000, help="how many `contacts` has")
    parser.add_argument("--messages", type=int, default=2_000_000, help="how many `contacts` has")
    parser.add_argument("--kills", type=int, default=200, help="how often `kill` kills")
    parser.add_argument(
        "--account-days", type=int, default=2_000_000, help="how many `oracle` compares"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace, settings: Settings) -> int:
    """Measure, in databases of their own that are dropped afterwards."""
    reactions.install()
    names = [*MEASUREMENTS, CONTACTS] if arguments.what == "all" else [arguments.what]
    figures: dict[str, object] = {"machine": machine()}
    with connect(settings) as connected:
        for name in names:
            figures[name] = asyncio.run(_measured(name, arguments, connected))
            if not arguments.json:
                _print(name, figures[name])
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        print(figures["machine"])
    return 0


def _measured(
    name: str, arguments: Namespace, settings: Settings
) -> Coroutine[Any, Any, dict[str, object]]:
    if name == CONTACTS:
        accounts = arguments.accounts or CONTACTS_ACCOUNTS
        return contacts(settings, Sizes(accounts, arguments.requests, arguments.messages))
    sizes = {"kill": arguments.kills, "oracle": arguments.account_days}
    return MEASUREMENTS[name](settings, sizes.get(name, arguments.accounts or ACCOUNTS))


def _print(name: str, figures: object) -> None:
    print(name)
    if isinstance(figures, dict):
        for label, value in figures.items():
            print(f"  {label}: {value}")
