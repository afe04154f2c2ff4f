"""`abonent report`: the turnover sheet, and debts by age."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Any

from abonent.billing.queries.ageing import account_ageing, base_ageing, bucket_sums
from abonent.billing.queries.places import Within
from abonent.billing.queries.turnover import LEVELS, Row, Sheet, turnover
from abonent.cli.connection import connect
from abonent.cli.dates import day_argument
from abonent.cli.tables import Table, printer
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database
from abonent.kernel.settings import Settings
from abonent.kernel.snapshot import shared_snapshot

PAGE = 10_000
FORMATS = ("table", "csv", "json")


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Print a report. Dates are YYYY-MM-DD or DD.MM.YYYY. A period is [from, to): --to is the day after"
        " the last one. Amounts are in major units, in JSON in minor ones."
    )
    kinds = parser.add_subparsers(dest="report", required=True, metavar="REPORT")
    sheet = kinds.add_parser("turnover", help="opening, charges, payments, corrections, closing")
    sheet.add_argument(
        "--from", dest="start", type=day_argument, required=True, metavar="DATE",
        help="the first day of the period, included",
    )  # fmt: skip
    sheet.add_argument(
        "--to", dest="end", type=day_argument, required=True, metavar="DATE",
        help="the day after the last one, not included: September is --from 2026-09-01 --to 2026-10-01",
    )  # fmt: skip
    sheet.add_argument(
        "--by", choices=LEVELS, default="legal_entity",
        help="what a row stands for (default: legal_entity)",
    )  # fmt: skip
    sheet.add_argument("--legal-entity", metavar="CODE", help="this legal entity only")
    sheet.add_argument("--district", metavar="NAME", help="this district only")
    sheet.add_argument("--building", type=int, metavar="ID", help="this building only (its key)")
    sheet.add_argument("--place", metavar="PLACE", help="a building's key or a district's name")
    sheet.add_argument("--account", metavar="NUMBER", help="this account only")
    ageing = kinds.add_parser("ageing", help="unpaid charges by how long they are overdue")
    ageing.add_argument(
        "--on", type=day_argument, metavar="DATE",
        help="the day debts are aged on (default: the open day)",
    )  # fmt: skip
    ageing.add_argument(
        "--account", metavar="NUMBER", help="the unpaid charges of this account, one by one"
    )
    for one in (sheet, ageing):
        one.add_argument(
            "--format", choices=FORMATS, default="table",
            help="table for people, csv for spreadsheets, json for programs (default: table)",
        )  # fmt: skip


def run(arguments: Namespace, settings: Settings) -> int:
    """Print the report."""
    with connect(settings) as connected:
        return asyncio.run(_run(arguments, connected))


async def _run(arguments: Namespace, settings: Settings) -> int:
    narrow = arguments.report == "ageing"
    table = printer(arguments.format, settings.language, narrow=narrow)
    async with open_database(settings):
        if arguments.report == "turnover":
            async with shared_snapshot():
                await _turnover(arguments, table)
        elif arguments.account:
            await _account(arguments, table)
        else:
            await _base(arguments, table)
    table.end()
    return 0


def _within(arguments: Namespace) -> Within:
    district, building = arguments.district, arguments.building
    if arguments.place and arguments.place.isdecimal():
        building = int(arguments.place)
    elif arguments.place:
        district = arguments.place
    return Within(arguments.legal_entity, district, building, arguments.account)


async def _turnover(arguments: Namespace, table: Table) -> None:
    """Accounts come in pages, the lines of a page in one go; columns follow the whole sheet."""
    total = await _sheet(arguments, "legal_entity", None)
    charges, payments = sorted(total.total.charges), sorted(total.total.payments)
    table.begin(
        {
            "key": "text", "label": "text", "opening": "money",
            **{f"charges.{name}": "money" for name in charges},
            **{f"payments.{name}": "money" for name in payments},
            "corrections": "money", "closing": "money",
        }
    )  # fmt: skip
    after: str | None = None
    while True:
        sheet = await _sheet(arguments, arguments.by, after)
        for row in sheet.rows:
            table.row(_figures(row))
        after = sheet.next
        if after is None:
            break
    table.total(_figures(total.total))


async def _sheet(arguments: Namespace, level: Any, after: str | None) -> Sheet:
    return await turnover(
        by=SYSTEM,
        start=arguments.start,
        end=arguments.end,
        level=level,
        within=_within(arguments),
        after=after,
        limit=PAGE if level == "account" else None,
    )


def _figures(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "label": row.label,
        "opening": row.opening,
        "charges": row.charges,
        "payments": row.payments,
        "corrections": row.corrections,
        "closing": row.closing,
    }


async def _account(arguments: Namespace, table: Table) -> None:
    aged = await account_ageing(arguments.account, by=SYSTEM, on=arguments.on)
    table.begin(
        {
            "entry": "text", "due": "text", "days": "number", "unpaid": "money", "bucket": "text",
            "limitation": "text",
        },
        {"days": "overdue", "limitation": "limitation ends"},
    )  # fmt: skip
    for row in aged.rows:
        table.row(
            {
                "entry": f"{aged.number}-{row.entry}",
                "due": row.due.isoformat(),
                "days": row.days,
                "unpaid": row.unpaid,
                "bucket": row.bucket,
                "limitation": row.limitation.isoformat(),
            }
        )
    table.total({"unpaid": aged.owed})


async def _base(arguments: Namespace, table: Table) -> None:
    """One row per account in debt, as they are read; the sums per bucket at the end."""
    sums = bucket_sums([])
    table.begin(
        {"account": "text", "owed": "money", **dict.fromkeys(sums, "money")},
        {name: _days(name) for name in sums},
    )
    owed = 0
    async for aged in base_ageing(by=SYSTEM, on=arguments.on):
        own = bucket_sums(aged.rows)
        table.row({"account": aged.number, "owed": aged.owed, **own})
        owed += aged.owed
        sums = {name: amount + own[name] for name, amount in sums.items()}
    table.total({"owed": owed, **sums})


def _days(bucket: str) -> str:
    """A bucket as the head of a table says it: "31-60 d" is 31 to 60 days overdue."""
    return bucket.replace("_", " ") if bucket == "not_due" else f"{bucket.replace('_', ' ')} d"
