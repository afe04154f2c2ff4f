"""`abonent import bank` as an administrator or a timer drives it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service import accounts, days
from abonent.billing.service.outside.agreements import make_agreement
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.settings import Settings
from tests.outside.statements import OURS, Transfer, client_bank
from tests.outside.test_files import DAY

ROOT = Path(__file__).parents[2]


async def bank(settings: Settings, path: Path, *more: str) -> tuple[int, str, str]:
    environment = {
        **os.environ,
        "ABONENT_DATABASE_URL": settings.database_url or "",
        "ABONENT_HOME": str(settings.home),
        "ABONENT_LANGUAGE": "en",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "abonent", "import", "bank", str(path), *more, cwd=ROOT,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def kept(what: str) -> Any:
    statements = {
        "payments": "SELECT count(*) FROM billing_inbox",
        "files": "SELECT count(*) FROM billing_outside_file",
        "contents": "SELECT count(*) FROM billing_outside_content",
    }
    async with reading() as connection:
        return await connection.fetchval(statements[what])


async def test_a_file_is_looked_through_taken_and_known_again(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await days.begin(DAY, by=SYSTEM)
    await accounts.open_new_account("7", by=SYSTEM, billing_day=1)
    terms = AgreementTerms(
        code="sber", name="Сбербанк", kind=AgreementKind.BANK_FILE, legal_entity="main",
        bank_account=OURS, source="bank",
    )  # fmt: skip
    await make_agreement(terms, by=SYSTEM)
    path = tmp_path / "kl_to_1c.txt"
    path.write_bytes(client_bank([Transfer("1", 100, "л/с 7"), Transfer("2", 50, "ничего")]))
    given = (fresh_database, path, "--agreement", "sber")
    code, out, _ = await bank(*given, "--dry-run")
    assert (code, "taken: 1\n" in out, "nothing was written" in out) == (1, True, True)
    assert (await kept("payments"), await kept("files")) == (0, 0)
    code, out, _ = await bank(*given)
    assert (code, "waiting for a person: 1\n  nobody: 1\n" in out) == (1, True)
    assert (await kept("payments"), await kept("contents")) == (1, 0)
    code, out, err = await bank(*given)
    assert (code, "taken before" in err, "taken: 0\nunchanged: 2\n" in out) == (0, True, True)
    path.write_bytes(client_bank([Transfer("3", 100, "л/с 7")], closing=1))
    code, out, err = await bank(*given)
    assert (code, "balances do not add up" in err, await kept("payments")) == (2, True, 1)
    assert (await bank(fresh_database, path))[0] == 2
    assert (await bank(fresh_database, path, "--agreement", "none"))[0] == 2
    assert (await bank(fresh_database, tmp_path / "none", "--agreement", "sber"))[0] == 2
