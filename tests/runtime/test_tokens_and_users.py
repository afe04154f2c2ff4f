"""`abonent token` and `abonent user` refuse what makes no sense, also where nobody sits at a terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from abonent.kernel.settings import Settings

ROOT = Path(__file__).parents[2]
PETROVA = ("user", "add", "petrova", "--name", "Петрова А. И.")


async def abonent(settings: Settings, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    environment = {
        **os.environ,
        "ABONENT_DATABASE_URL": settings.database_url or "",
        "ABONENT_HOME": str(settings.home),
        "ABONENT_LANGUAGE": "en",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "abonent", *arguments, cwd=ROOT, env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(typed.encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_right_that_nothing_asks_for_is_refused(fresh_database: Settings) -> None:
    code, out, err = await abonent(
        fresh_database, "token", "create", "t", "--rights", "nosuch.right"
    )
    assert (code, out) == (1, "")
    assert "There is no right nosuch.right. There are: billing.account.edit" in err
    for right in ("billing.payment.take,billing.account.view", "billing.*", "*"):
        code, out, err = await abonent(fresh_database, "token", "create", "t", "--rights", right)
        assert (code, err) == (0, "")
        assert out.strip()


async def test_a_password_comes_from_a_terminal_or_by_the_documented_way(
    fresh_database: Settings,
) -> None:
    code, _, err = await abonent(fresh_database, *PETROVA, "--role", "nobody")
    assert (code, "There is no role nobody" in err) == (1, True)
    for typed in ("", "a good password\n"):
        code, _, err = await abonent(fresh_database, *PETROVA, "--role", "office", typed=typed)
        assert (code, "--password-stdin" in err) == (1, True)
        assert "Traceback" not in err
    given = (*PETROVA, "--role", "office", "--password-stdin")
    code, _, err = await abonent(fresh_database, *given)
    assert (code, "Traceback" in err) == (1, False)
    code, out, err = await abonent(fresh_database, *given, typed="a good password\n")
    assert (code, out, err) == (0, "added petrova\n", "")


async def test_a_second_factor_is_taken_away_from_the_console(fresh_database: Settings) -> None:
    given = (*PETROVA, "--role", "office", "--password-stdin")
    await abonent(fresh_database, *given, typed="a good password\n")
    code, out, _ = await abonent(fresh_database, "user", "second-factor-off", "Petrova")
    assert (code, out) == (0, "Petrova signs in without a second factor\n")
    code, _, err = await abonent(fresh_database, "user", "second-factor-off", "nobody")
    assert (code, "There is no user nobody" in err) == (1, True)
