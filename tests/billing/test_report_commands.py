"""`abonent report`, `explain` and `verify` as other programs drive them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from abonent.billing.service import accounts, days, payments, services, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings

ROOT = Path(__file__).parents[2]
PERIOD = ("--from", "2026-03-01", "--to", "2026-04-01")


async def abonent(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    environment = {
        **os.environ,
        "ABONENT_DATABASE_URL": settings.database_url or "",
        "ABONENT_HOME": str(settings.home),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "abonent", *arguments, cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def lived() -> None:
    """Two accounts in March 2026: one in credit, one in debt."""
    await days.begin(date(2026, 3, 1), by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="t", name="Оптима", kind="internet", mode="advance", fee=56000
    )
    await tariffs.create_tariff(
        by=SYSTEM, code="tv", name="ТВ", kind="tv", mode="arrears", fee=30000, due_days=5
    )
    for number, tariff in (("20417", "t"), ("30", "tv")):
        await accounts.open_new_account(number, by=SYSTEM, billing_day=1)
        await services.add_service(number, by=SYSTEM, tariff=tariff)
    await payments.take_payment("20417", by=SYSTEM, amount=60000, source="bank", external_id="x")
    await days.close_days(by=SYSTEM, through=date(2026, 4, 9))


async def test_the_sheet_is_printed_three_ways(fresh_database: Settings) -> None:
    await lived()
    code, out, _ = await abonent(
        fresh_database, "report", "turnover", *PERIOD, "--by", "account", "--format", "json"
    )
    answer: dict[str, Any] = json.loads(out)
    assert code == 0
    assert answer["total"]["charges"] == {"internet": 56000}
    assert answer["total"]["payments"] == {"bank": 60000}
    assert [row["key"] for row in answer["items"]] == ["20417"]
    assert answer["items"][0]["closing"] == -4000
    code, out, _ = await abonent(fresh_database, "report", "turnover", *PERIOD, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out), delimiter=";"))
    assert (rows[0]["key"], rows[0]["charges.internet"]) == ("main", "560.00")
    assert (rows[-1]["key"], rows[-1]["closing"]) == ("total", "-40.00")
    code, out, _ = await abonent(fresh_database, "report", "turnover", *PERIOD)
    assert "charges.internet" in out
    assert out.count("560,00") == 2
    code, _, err = await abonent(
        fresh_database, "report", "turnover", *PERIOD, "--district", "Нигде"
    )
    assert (code, "Такого района нет" in err) == (1, True)


async def test_debts_are_listed_for_the_base_and_for_an_account(fresh_database: Settings) -> None:
    await lived()
    _, out, _ = await abonent(
        fresh_database, "report", "ageing", "--on", "2026-04-10", "--format", "json"
    )
    answer = json.loads(out)
    assert [(row["account"], row["owed"], row["1-30"]) for row in answer["items"]] == [
        ("30", 30000, 30000)
    ]
    assert answer["total"]["owed"] == 30000
    _, out, _ = await abonent(
        fresh_database, "report", "ageing", "--account", "30", "--format", "csv"
    )
    rows = list(csv.DictReader(io.StringIO(out), delimiter=";"))
    assert (rows[0]["entry"], rows[0]["due"], rows[0]["unpaid"]) == ("30-1", "2026-04-06", "300.00")


async def test_the_table_of_debts_fits_a_screen(fresh_database: Settings) -> None:
    await lived()
    _, out, err = await abonent(fresh_database, "report", "ageing", "--on", "2026-04-10")
    head, *rows = out.splitlines()
    assert head.split("  ")[-1].strip() == "181-365 d over 365 d"
    assert rows[0].startswith("30 ")
    assert max(map(len, out.splitlines())) <= 100
    assert err == ""


async def test_a_period_without_days_is_refused_in_words(fresh_database: Settings) -> None:
    await lived()
    same = ("--from", "2026-03-01", "--to", "2026-03-01")
    code, _, err = await abonent(fresh_database, "report", "turnover", *same)
    assert (code, "день после последнего" in err) == (1, True)


async def test_an_entry_is_explained(fresh_database: Settings) -> None:
    await lived()
    code, out, _ = await abonent(fresh_database, "explain", "20417-2")
    assert code == 0
    assert "за весь период" in out
    assert "Тариф «Оптима»" in out
    _, out, _ = await abonent(
        fresh_database, "explain", "20417-2", "--language", "en", "--format", "json"
    )
    assert json.loads(out)["total"] == -56000
    code, _, err = await abonent(fresh_database, "explain", "20417-99")
    assert (code, "20417-99" in err) == (1, True)
    code, _, err = await abonent(fresh_database, "explain", "nonsense")
    assert (code, "NUMBER-NO" in err) == (2, True)


async def test_verify_names_what_differs(fresh_database: Settings) -> None:
    await lived()
    code, out, _ = await abonent(fresh_database, "verify")
    assert (code, out.startswith("clean: 2 accounts")) == (0, True)
    async with transaction() as connection:
        await connection.execute("UPDATE billing_account SET balance = 7 WHERE number = '30'")
    code, out, _ = await abonent(fresh_database, "verify")
    assert code == 1
    assert "BALANCE: account 30, balance: expected -30000, found 7." in out
    code, out, _ = await abonent(fresh_database, "verify", "--format", "json")
    assert {row["account"] for row in json.loads(out)["differences"]} >= {"30"}
