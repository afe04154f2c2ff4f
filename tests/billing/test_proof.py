"""The proof is clean on books the engine kept, and names each account somebody damaged."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from asyncpg import UndefinedTableError

from abonent.bench import mixed
from abonent.billing.service import (
    account_proof,
    accounts,
    days,
    freezes,
    proof,
    services,
    tariffs,
)
from abonent.billing.service.differences import CHECKS, Proof
from abonent.billing.service.months import roll_up_closed_months
from abonent.billing.service.proof import verify
from abonent.kernel.actor import SYSTEM
from abonent.kernel.crew import crew
from abonent.kernel.db import reading, transaction
from abonent.kernel.i18n import gettext
from abonent.kernel.settings import Settings
from tests.billing.test_turnover import lived, pay, provider


async def proved() -> Proof:
    return await verify(by=SYSTEM)


def shown(found: Proof) -> list[tuple[str, str | None, str, str, str]]:
    return [(d.check, d.account, d.subject, d.expected, d.found) for d in found.differences]


async def test_books_the_engine_kept_are_proved(db: Any) -> None:
    await lived(db)
    told: list[str] = []
    found = await verify(by=SYSTEM, progress=lambda what, _done, _total: told.append(what))
    assert shown(found) == []
    assert found.clean
    assert found.accounts == 6
    assert found.entries > 50
    assert "accounts" in told


async def test_every_day_of_three_months_is_proved(db: Any) -> None:
    await provider(db)
    for _ in range(75):
        assert shown(await proved()) == []
        await days.close_days(by=SYSTEM)


DAMAGES = {
    "BALANCE": "UPDATE billing_account SET balance = balance + 1 WHERE number = '3'",
    "NUMBERING": "UPDATE billing_account SET last_no = last_no + 1 WHERE number = '3'",
    "NUMBER": "DELETE FROM billing_account_number WHERE number = '3'",
    "CALCULATION": """UPDATE billing_entry SET amount = amount - 1 WHERE kind = 'charge' AND no =
        (SELECT min(no) FROM billing_entry WHERE kind = 'charge' AND account_id = {id})
        AND account_id = {id}""",
    "PRICE": "UPDATE billing_entry SET fee = fee + 1 WHERE fee > 0 AND account_id = {id}",
    "TAX": "UPDATE billing_entry SET tax = 1 WHERE kind = 'charge' AND account_id = {id}",
    "DAY": "UPDATE billing_account SET day = '2027-01-01' WHERE number = '3'",
    "CORRECTION": """UPDATE billing_entry SET amount = amount * 3, detail = replace(
        detail::text, '"days"', '"gone"')::jsonb WHERE kind = 'return' AND account_id = {id}""",
    "RETURN": """UPDATE billing_entry SET corrects = 1 WHERE kind = 'return' AND account_id = {id}""",
    "CHARGED_TWICE": """INSERT INTO billing_entry SELECT account_id, day, (SELECT last_no + 1
            FROM billing_account WHERE account_id = {id}), kind, contra, amount, service_no,
            version_id, period_from, period_to, through, billing_from, billing_to, fee, tax_code,
            tax_rate, tax, corrects, due_on, settles, legal_entity_id, place_id, source, actor,
            created_at, detail
        FROM billing_entry WHERE kind = 'charge' AND version_id IS NOT NULL AND account_id = {id}
        ORDER BY no LIMIT 1""",
    "CHARGED_UNSERVED": """INSERT INTO billing_freeze VALUES
        ({id}, 9, '2026-03-02', '2026-03-04', '')""",
    "SERVED": "UPDATE billing_service SET served = NOT served WHERE no = 2 AND account_id = {id}",
    "SETTLED_TO": """UPDATE billing_service SET settled_to = settled_to + 2
        WHERE no = 1 AND account_id = {id}""",
    "STATE": "UPDATE billing_account SET state = 'ended' WHERE number = '3'",
    "BONUS": "UPDATE billing_account SET bonus_left = 5 WHERE number = '3'",
    "HELD_SINCE": "UPDATE billing_account SET held_since = NULL WHERE number = '3'",
    "DUE_DAY": "UPDATE billing_account_due SET day = '2027-01-01' WHERE account_id = {id}",
    "PAYMENT": "UPDATE billing_inbox SET amount = amount + 1 WHERE account_id = {id}",
    "MONTH": """UPDATE billing_month SET amount = amount + 1 WHERE month = '2026-04-01'
        AND section = 'charge' AND account_id = {id}""",
}


@pytest.mark.parametrize("check", DAMAGES)
async def test_damage_is_named_with_its_account(db: Any, check: str) -> None:
    await lived(db)
    await pay("3", 90000, "bank", "more")
    await freezes.freeze_account("3", by=SYSTEM, start=date(2026, 5, 24), end=date(2026, 6, 4))
    await days.close_days(by=SYSTEM)
    await change(db, DAMAGES[check])
    found = [d for d in (await proved()).differences if d.check == check]
    assert found
    assert {d.account for d in found} - {None} == {"3"}
    assert found[0].text("ru") != found[0].text("en")


async def change(db: Any, statement: str) -> None:
    account = await db.fetchval("SELECT account_id FROM billing_account WHERE number = '3'")
    await db.execute("ALTER TABLE billing_entry DISABLE TRIGGER USER")
    changed = await db.execute(statement.replace("{id}", str(account)))
    assert not changed.endswith(" 0")


DAMAGED_NAMES = {
    "PRICE": """UPDATE billing_entry SET version_id = 999 WHERE version_id IS NOT NULL
        AND account_id = {id}""",
    "SERVICE": """UPDATE billing_entry SET service_no = 77 WHERE service_no IS NOT NULL
        AND account_id = {id}""",
}


@pytest.mark.parametrize("check", DAMAGED_NAMES)
async def test_what_an_entry_names_must_exist(db: Any, check: str) -> None:
    await lived(db)
    await change(db, DAMAGED_NAMES[check])
    found = [d for d in (await proved()).differences if d.check == check]
    assert {d.account for d in found} == {"3"}


async def test_entries_of_nobody_are_found(db: Any) -> None:
    await lived(db)
    await db.execute("DELETE FROM billing_account WHERE number = '3'")
    assert "ENTRIES_LOST" in {d.check for d in (await proved()).differences}


async def test_an_unfinished_run_is_told_and_lagging_accounts_are_not_blamed(db: Any) -> None:
    await lived(db)
    await days.move_day(date(2026, 5, 20), by=SYSTEM)
    assert {d.check for d in (await proved()).differences} == {"RUN"}
    await days.finish_runs()
    assert (await proved()).clean


async def test_an_account_a_finished_run_passed_over_is_found(db: Any) -> None:
    await lived(db)
    await db.execute("UPDATE billing_account_due SET day = '2026-05-02'")
    found = [d for d in (await proved()).differences if d.check == "DUE_DAY"]
    assert {d.account for d in found} == {str(n + 1) for n in range(6)}


async def test_an_ended_service_and_an_empty_account_are_proved(db: Any) -> None:
    await provider(db)
    await services.end_service("3", 1, by=SYSTEM)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 9))
    assert shown(await proved()) == []


def test_every_check_is_worded_in_both_languages() -> None:
    for text in CHECKS.values():
        assert gettext(text, "ru") != text


async def test_a_closed_month_without_a_roll_up_is_named_and_blames_no_later_month(
    db: Any,
) -> None:
    await lived(db)
    await forget_month(db, date(2026, 3, 1))
    assert shown(await proved()) == [("MONTH", None, "2026-03", "a roll-up", "none")]
    assert await roll_up_closed_months() == 1
    assert (await proved()).clean


async def forget_month(db: Any, month: date) -> None:
    await db.execute("DELETE FROM billing_month WHERE month = $1", month)
    await db.execute("DELETE FROM billing_month_place WHERE month = $1", month)


async def test_an_account_left_out_of_a_roll_up_is_named(db: Any) -> None:
    await lived(db)
    await db.execute(
        "DELETE FROM billing_month WHERE month = '2026-04-01' AND account_id ="
        " (SELECT account_id FROM billing_account WHERE number = '4')"
    )
    found = (await proved()).differences
    assert {d.account for d in found} == {"4", None}
    assert {d.check for d in found if d.account} == {"MONTH"}


async def test_an_account_opened_later_is_missed_in_no_month(db: Any) -> None:
    await lived(db)
    await accounts.open_new_account("7", by=SYSTEM, billing_day=3)
    await services.add_service("7", by=SYSTEM, tariff="day")
    await pay("7", 50000, "cash", "late")
    assert shown(await proved()) == []
    await days.close_days(by=SYSTEM, through=date(2026, 6, 2))
    assert shown(await proved()) == []


async def test_a_month_being_rolled_up_is_no_difference_and_a_resume_rolls_it_up(db: Any) -> None:
    await provider(db)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 30))
    await days.move_day(date(2026, 3, 31), by=SYSTEM)
    assert {d.check for d in (await proved()).differences} == {"RUN"}
    while await days.run_batch(date(2026, 4, 1)):
        pass
    await db.execute("ALTER TABLE billing_month RENAME TO gone")
    with suppress(UndefinedTableError):
        async with transaction():
            await days.finish_runs()
    await db.execute("ALTER TABLE gone RENAME TO billing_month")
    assert {d.check for d in (await proved()).differences} == {"RUN"}
    await days.finish_runs()
    assert (await proved()).clean
    assert await db.fetchval("SELECT count(*) FROM billing_month WHERE month = '2026-03-01'") > 0


async def test_months_before_the_first_subscriber_stop_no_later_roll_up(db: Any) -> None:
    await days.begin(date(2025, 12, 20), by=SYSTEM)
    await days.close_days(by=SYSTEM, through=date(2026, 2, 9))
    await tariffs.create_tariff(by=SYSTEM, code="n", name="n", kind="tv", mode="daily", fee=900)
    await accounts.open_new_account("1", by=SYSTEM, billing_day=1)
    await services.add_service("1", by=SYSTEM, tariff="n")
    await pay("1", 5000, "cash", "first")
    await days.close_days(by=SYSTEM, through=date(2026, 4, 4))
    months = await db.fetch("SELECT DISTINCT month FROM billing_month ORDER BY month")
    assert [row["month"] for row in months] == [date(2026, 2, 1), date(2026, 3, 1)]
    assert (await proved()).clean


async def test_helper_processes_find_the_same(fresh_database: Settings, monkeypatch: Any) -> None:
    numbers = await mixed.build_here(40, seed=5)
    await days.close_days(by=SYSTEM, through=date(2026, 2, 20))
    async with reading() as connection:
        await connection.execute("UPDATE billing_account SET bonus_left = 7 WHERE plain")
        await connection.execute("UPDATE billing_account SET balance = balance + 1")
    monkeypatch.setattr(account_proof, "BATCH", 5)
    alone = await proved()
    monkeypatch.setattr(proof, "FEW", 1)
    told: list[tuple[str, int, int]] = []
    shared = await verify(
        by=SYSTEM, settings=fresh_database, progress=lambda *state: told.append(state)
    )
    assert shown(shared) == shown(alone)
    assert (shared.count, shared.accounts, shared.entries) == (alone.count, 40, alone.entries)
    assert {d.account for d in shared.differences} >= set(numbers)
    assert ("accounts", 40, 40) in told


async def test_what_a_dead_helper_held_waits_again(fresh_database: Settings) -> None:
    await mixed.build_here(4, seed=5)
    waiting = await account_proof.tasks()
    tasks = list(waiting)
    answers: list[bytes] = []
    async with crew(fresh_database, "nothing of the kind", answers=True) as helpers:
        assert helpers is not None
        await helpers.share(waiting, lambda _task, answer: answers.append(answer))
    assert (list(waiting), answers) == (tasks, [])
    async with crew(fresh_database, "proof", answers=True) as helpers:
        assert helpers is not None
        await helpers.share(waiting, lambda _task, answer: answers.append(answer))
    assert list(waiting) == []
    assert Proof.unpacked(answers[0]).accounts == 4
