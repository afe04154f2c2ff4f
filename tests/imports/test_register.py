"""Every file that the command takes in leaves a row: whose, how much of it, what was wrong."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from abonent.billing.queries.imports import import_of, troubles_of
from abonent.billing.service import days
from abonent.billing.service.imports.record import (
    KEEP_TROUBLES,
    FileTold,
    begin_import,
    forget_troubles,
)
from abonent.cli import importing
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.intake import reject
from abonent.kernel.settings import Settings

TARIFFS = "code;name;kind;mode;fee\nnet;Инет;internet;advance;560\nbad;Плохой;internet;weekly;1\n"
SEEN = "SELECT * FROM billing_file_register ORDER BY id"


async def run(settings: Settings, kind: str, path: Path, *, dry: bool = False) -> int:
    parser = ArgumentParser()
    importing.configure(parser)
    given = parser.parse_args([kind, str(path), *(["--dry-run"] if dry else [])])
    return await asyncio.to_thread(importing.run, given, settings)


async def begin() -> None:
    await days.begin(date(2026, 3, 2), by=SYSTEM, automatic=False)


async def registered() -> list[dict[str, Any]]:
    async with reading() as connection:
        return [dict(row) for row in await connection.fetch(SEEN)]


async def test_a_file_leaves_how_much_was_taken_and_what_was_wrong(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await begin()
    path = tmp_path / "tariffs.csv"
    path.write_text(TARIFFS, encoding="utf-8")
    assert await run(fresh_database, "tariffs", path, dry=True) == 1
    assert await registered() == []
    assert await run(fresh_database, "tariffs", path) == 1
    assert await run(fresh_database, "tariffs", path) == 1
    first, again = await registered()
    counts = ("kind", "name", "state", "lines", "taken", "unchanged", "rejected")
    assert [first[c] for c in counts] == ["tariffs", "tariffs.csv", "taken", 2, 1, 0, 1]
    assert [again[c] for c in counts] == ["tariffs", "tariffs.csv", "taken", 2, 0, 1, 1]
    assert first["digest"] == again["digest"]
    found = await import_of(first["id"], by=SYSTEM)
    (trouble,) = found.troubles
    assert (trouble.row, trouble.column, trouble.value) == (3, "mode", "weekly")
    assert trouble.reason("en").startswith("Expected one of: ")
    assert [one async for some in troubles_of(first["id"], by=SYSTEM) for one in some] == [trouble]


async def test_an_unreadable_file_and_a_known_one_leave_a_row_too(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await begin()
    path = tmp_path / "p.csv"
    path.write_text("сумма;дата\n1;2\n", encoding="utf-8")
    assert await run(fresh_database, "payments", path) == 2
    (refused,) = await registered()
    assert (refused["state"], refused["lines"]) == ("refused", 0)
    assert "account" in (await import_of(refused["id"], by=SYSTEM)).error
    path.write_text("account;amount;date;source;external_id\n", encoding="utf-8")
    assert await run(fresh_database, "payments", path) == 0
    assert await run(fresh_database, "payments", path) == 0
    assert [row["state"] for row in (await registered())[1:]] == ["taken", "known"]
    assert await run(fresh_database, "payments", tmp_path / "none.csv") == 2
    assert len(await registered()) == 3


async def test_a_taking_that_is_interrupted_says_so(
    fresh_database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tariffs.csv"
    path.write_text(TARIFFS, encoding="utf-8")

    async def broken(*_rows: object, **_by: object) -> None:
        raise asyncio.CancelledError

    form = importing.FORMATS["tariffs"]
    changed = importing.Format(form.model, form.synonyms, broken, form.batch)  # type: ignore[arg-type]
    monkeypatch.setitem(importing.FORMATS, "tariffs", changed)
    with pytest.raises(asyncio.CancelledError):
        await run(fresh_database, "tariffs", path)
    (row,) = await registered()
    assert (row["state"], row["taken"]) == ("broken", 0)


async def test_one_that_was_killed_is_known_by_its_silence_and_old_troubles_are_erased(
    fresh_database: Settings,
) -> None:
    now = clock.now()
    with clock.moved(now - timedelta(minutes=30)):
        killed = await begin_import(FileTold("debts", "d.csv", b"1"), by=SYSTEM)
        await killed.note((3, 0, 1), [reject(2, "amount", "x", "Not an amount: {value}.")])
    assert (await import_of(killed.id, by=SYSTEM)).state == "broken"
    other = await begin_import(FileTold("debts", "d.csv", b"2"), by=SYSTEM)
    assert (await import_of(other.id, by=SYSTEM)).state == "taking"
    await begin_import(FileTold("debts", "d.csv", b"2"), by=SYSTEM)
    assert (await import_of(other.id, by=SYSTEM)).state == "broken"
    with clock.moved(now + KEEP_TROUBLES):
        await forget_troubles()
    found = await import_of(killed.id, by=SYSTEM)
    assert (found.troubles, found.rejected) == ([], 1)
    with pytest.raises(NotFound):
        await import_of(1, by=SYSTEM)
