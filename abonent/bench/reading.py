"""A bank's file and the turnover sheet at the size of the whole base."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from abonent.bench.base import FIRST_DAY, build, own_database
from abonent.billing.queries.turnover import turnover
from abonent.billing.service import days
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.crew import environment
from abonent.kernel.db import open_database, reading
from abonent.kernel.settings import Settings

ROWS = 100_000
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
_NUMBERS = "SELECT number FROM billing_account ORDER BY hashtext(number) LIMIT $1"
_PAID = "SELECT count(*) FROM billing_inbox"


async def bank_file(settings: Settings, accounts: int) -> dict[str, object]:
    """A file of 100,000 payments through `abonent import payments`, then the same file again."""
    async with own_database(settings) as base:
        await build(base, accounts)
        async with open_database(base), reading() as connection:
            numbers = [row["number"] for row in await connection.fetch(_NUMBERS, ROWS)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bank.csv"
            path.write_text(_file(numbers), encoding="utf-8")
            first, again, empty = _import(base, path), _import(base, path), _timed(base, "day")
        async with open_database(base), reading() as connection:
            paid = await connection.fetchval(_PAID)
    return {
        "rows": len(numbers),
        "taken": paid,
        "whole command, s (target 5)": round(first, 2),
        "the same file again, s (target 1)": round(again, 2),
        "of which starting the program": round(empty, 2),
    }


def _file(numbers: list[str]) -> str:
    lines = [f"{n};560,00;2026-02-28;bank;doc-{i};" for i, n in enumerate(numbers)]
    return "\n".join(["account;amount;date;source;external_id;comment", *lines]) + "\n"


def _import(settings: Settings, path: Path) -> float:
    return _timed(settings, "import", "payments", str(path))


def _timed(settings: Settings, *arguments: str) -> float:
    started = clock.monotonic()
    subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "abonent", *arguments],
        check=True,
        env=environment(settings),
        capture_output=True,
    )
    return clock.monotonic() - started


async def sheet(settings: Settings, accounts: int) -> dict[str, object]:
    """The sheet of a month by building: from its entries, and from the month's roll-up."""
    async with own_database(settings) as base:
        await build(base, accounts)
        async with open_database(base):
            await days.close_days(by=SYSTEM, through=FIRST_DAY, settings=base)
            await days.close_days(by=SYSTEM, through=date(2026, 3, 31), settings=base)
            figures: dict[str, object] = {"accounts": accounts}
            totals = []
            for name, rolled in (
                ("from entries, s (target 10)", False),
                ("from the roll-up, s (target 1)", True),
            ):
                started = clock.monotonic()
                made = await turnover(
                    by=SYSTEM, start=MARCH, end=APRIL, level="building", roll_up=rolled
                )
                figures[name] = round(clock.monotonic() - started, 2)
                totals.append((made.total.closing, len(made.rows)))
    figures["equal"] = totals[0] == totals[1]
    figures["buildings"] = totals[0][1]
    return figures
