"""`abonent init`, `day` and `import` as other programs drive them."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from pathlib import Path

from abonent.kernel.db import reading
from abonent.kernel.settings import Settings

ROOT = Path(__file__).parents[2]
TARIFFS = "code;name;kind;mode;fee;connection_fee;due_days;tax_code\nnet;Инет;internet;advance;560,00;;;vat\n"
SUBSCRIBERS = (
    "Л/с,ФИО,Тарифы,Оплачено по,Цвет\n1,Иванов Пётр,net,31.03.2026,red\n2,Сидоров,none,,\n"
)
PAYMENTS = "account;amount;date;source;external_id\n1;100;2026-03-02;bank;a\n1;1о0;2026-03-02;bank;b\n7;5;2026-03-02;bank;c\n"


async def abonent(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    environment = {
        **os.environ,
        "ABONENT_DATABASE_URL": settings.database_url or "",
        "ABONENT_HOME": str(settings.home),
        "ABONENT_LANGUAGE": "en",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "abonent", *arguments, cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def payments_known() -> int:
    async with reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM billing_inbox"))


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    (folder / name).write_bytes(text.encode(encoding))
    return str(folder / name)


async def test_a_base_is_begun_imported_and_its_days_closed(
    fresh_database: Settings, tmp_path: Path
) -> None:
    code, out, _ = await abonent(fresh_database, "day")
    assert (code, "abonent init" in out) == (1, True)
    assert (await abonent(fresh_database, "init", "--day", "2026-02-30"))[0] == 2
    assert (await abonent(fresh_database, "init", "--day", "2026-03-02"))[0] == 0
    assert (await abonent(fresh_database, "init", "--day", "2026-03-02"))[0] == 1
    tariffs = write(tmp_path, "tariffs.csv", TARIFFS)
    code, out, _ = await abonent(fresh_database, "import", "tariffs", tariffs)
    assert (code, out) == (0, "taken: 1\nunchanged: 0\nrejected: 0\n")
    people = write(tmp_path, "people.csv", SUBSCRIBERS, "cp1251")
    code, out, err = await abonent(fresh_database, "import", "subscribers", people)
    assert (code, out) == (1, "taken: 1\nunchanged: 0\nrejected: 1\n")
    assert "not known and not read: Цвет" in err
    assert "row 3: tariffs: There is no tariff none." in err
    code, out, _ = await abonent(fresh_database, "day", "close", "--through", "2026-03-03")
    assert code == 0
    assert "day: 2026-03-04" in out
    code, out, _ = await abonent(fresh_database, "day", "close", "--through", "2026-03-03")
    assert code == 0
    assert "nothing to close: 2026-03-03 is closed already\nday: 2026-03-04\n" in out


async def test_rejected_rows_are_written_and_a_dry_run_writes_nothing(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await abonent(fresh_database, "init", "--day", "2026-03-02")
    await abonent(fresh_database, "import", "tariffs", write(tmp_path, "t.csv", TARIFFS))
    people = write(tmp_path, "s.csv", SUBSCRIBERS)
    await abonent(fresh_database, "import", "subscribers", people)
    payments, errors = write(tmp_path, "p.csv", PAYMENTS), tmp_path / "errors.csv"
    given = ("import", "payments", payments, "--errors", str(errors))
    code, out, _ = await abonent(fresh_database, *given, "--dry-run")
    assert code == 1
    assert "taken: 1" in out
    assert await payments_known() == 0
    for taken, unchanged in ((1, 0), (0, 1)):
        code, out, _ = await abonent(fresh_database, *given)
        assert (code, out) == (1, f"taken: {taken}\nunchanged: {unchanged}\nrejected: 2\n")
    assert await payments_known() == 1
    with errors.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file, delimiter=";")) == [
            ["row", "column", "value", "reason"],
            ["3", "amount", "1о0", "Not an amount: 1о0."],
            ["4", "account", "7", "There is no account 7."],
        ]


async def test_the_same_file_of_payments_is_answered_without_reading_its_rows(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await abonent(fresh_database, "init", "--day", "2026-03-02")
    await abonent(fresh_database, "import", "tariffs", write(tmp_path, "t.csv", TARIFFS))
    await abonent(fresh_database, "import", "subscribers", write(tmp_path, "s.csv", SUBSCRIBERS))
    text = (
        "account;amount;date;source;external_id\n1;100;2026-03-02;bank;a\n1;5;2026-03-02;bank;b\n"
    )
    given = ("import", "payments", write(tmp_path, "p.csv", text))
    assert (await abonent(fresh_database, *given))[1] == "taken: 2\nunchanged: 0\nrejected: 0\n"
    code, out, err = await abonent(fresh_database, *given)
    assert (code, out) == (0, "taken: 0\nunchanged: 2\nrejected: 0\n")
    assert "every row of this file was taken" in err
    write(tmp_path, "p.csv", text + "1;7;2026-03-02;bank;c\n")
    code, out, err = await abonent(fresh_database, *given)
    assert (code, out, err) == (0, "taken: 1\nunchanged: 2\nrejected: 0\n", "")
    assert await payments_known() == 3


async def test_an_unreadable_file_is_refused_with_code_two(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await abonent(fresh_database, "init", "--day", "2026-03-02")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(PAYMENTS.encode() + "8;5;2026-03-02;bank;я".encode() + b"\xff\n")
    code, _, err = await abonent(fresh_database, "import", "payments", str(broken))
    assert code == 2
    assert "(line 5) is not utf-8" in err
    twice = write(tmp_path, "twice.csv", "account;amount;amount\n1;2;3\n")
    code, _, err = await abonent(fresh_database, "import", "payments", twice)
    assert code == 2
    assert "Column amount comes twice" in err
    missing = await abonent(fresh_database, "import", "payments", str(tmp_path / "none.csv"))
    assert missing[0] == 2


async def opened(settings: Settings, folder: Path) -> None:
    await abonent(settings, "init", "--day", "2026-03-02")
    await abonent(settings, "import", "tariffs", write(folder, "t.csv", TARIFFS))
    await abonent(settings, "import", "subscribers", write(folder, "s.csv", SUBSCRIBERS))


async def test_nothing_is_taken_of_a_file_broken_in_its_last_line(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await opened(fresh_database, tmp_path)
    rows = "".join(f"1;1;2026-03-02;bank;k{n}\n" for n in range(20_100))
    broken = "account;amount;date;source;external_id\n" + rows + '1;1;2026-03-02;bank;"x\n'
    given = ("import", "payments", write(tmp_path, "p.csv", broken))
    code, out, err = await abonent(fresh_database, *given)
    assert (code, out) == (2, "")
    assert "Line 20102 is not CSV" in err
    assert await payments_known() == 0


async def test_a_full_disk_is_told_as_such_after_what_was_taken(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await opened(fresh_database, tmp_path)
    given = ("import", "payments", write(tmp_path, "p.csv", PAYMENTS), "--errors", "/dev/full")
    code, out, err = await abonent(fresh_database, *given)
    assert (code, out) == (3, "taken: 1\nunchanged: 0\nrejected: 2\n")
    assert "abonent: broken off: " in err
    assert "No space left on device" in err
    assert "p.csv" not in err


async def test_a_formula_among_rejected_rows_stays_a_text(
    fresh_database: Settings, tmp_path: Path
) -> None:
    await opened(fresh_database, tmp_path)
    payments, errors = (
        write(tmp_path, "p.csv", PAYMENTS + "1;=1+1;2026-03-02;bank;d\n"),
        tmp_path / "e",
    )
    await abonent(fresh_database, "import", "payments", payments, "--errors", str(errors))
    assert errors.read_text(encoding="utf-8").splitlines()[-1].startswith("5;amount;'=1+1;")
