"""The day's balance with a bank: every kopeck they name is taken, waiting, returned, closed or left."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.outside.balance import DayBalance, balance_of_days, rows_of_day
from abonent.billing.queries.outside.unmatched import unmatched_payments
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service import accounts, days, payments
from abonent.billing.service.outside import files, unmatched
from abonent.billing.service.outside.agreements import make_agreement
from abonent.crm import jobs
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.actor import SYSTEM
from abonent.kernel.jobs import due_runs, run_job
from abonent.kernel.settings import Settings
from tests.outside.statements import sber_registry

DECLARED = jobs.take_outside_file
DAY = date(2026, 11, 21)
ROWS = (("A", "7", 10000), ("B", "99", 200), ("C", "98", 30), ("D", "97", 4), ("E", "96", 1))


@pytest.fixture
async def terminal(db: Any) -> Any:
    await days.begin(DAY, by=SYSTEM)
    await accounts.open_new_account("7", by=SYSTEM, billing_day=1)
    terms = AgreementTerms(
        code="qiwi", name="Терминалы", kind=AgreementKind.TERMINAL, legal_entity="main",
        source="terminal", commission=150,
    )  # fmt: skip
    await make_agreement(terms, by=SYSTEM)
    return db


async def take(settings: Settings, rows: Any) -> None:
    file = await files.receive_file(
        "qiwi",
        name="r.txt",
        content=sber_registry(rows),
        contracts=accounts_of_contracts,
        by=SYSTEM,
    )
    await files.ask_taking(file, by=SYSTEM)
    ((run, _attempts),) = await due_runs()
    await run_job(run, settings)


async def balance() -> DayBalance:
    (found,) = await balance_of_days(DAY, DAY, by=SYSTEM)
    return found


async def test_each_part_of_a_day_is_told_apart(terminal: Any, database: Settings) -> None:
    await payments.take_payment(
        "7", by=SYSTEM, amount=10000, source="terminal", external_id="A", paid_on=DAY
    )
    await payments.take_payment("7", by=SYSTEM, amount=777, source="terminal", external_id="Z")
    alone = await balance()
    assert (alone.told, alone.ours, alone.alone, alone.agrees) == (False, 10777, 10777, False)
    await take(database, ROWS)
    waiting = {p.external_id: p.id for p in await unmatched_payments(by=SYSTEM)}
    await unmatched.return_to_payer(waiting["B"], by=SYSTEM, remark="По заявлению")
    await unmatched.close_unmatched(waiting["C"], by=SYSTEM, remark="Ошибка банка")
    await unmatched.settle_on_account(waiting["D"], "7", by=SYSTEM)
    found = await balance()
    assert (found.theirs, found.their_count, found.taken) == (10235, 5, 10004)
    assert (found.returned, found.closed, found.waiting, found.left) == (200, 30, 1, 0)
    assert (found.alone, found.fee, found.agrees) == (777, 154, False)
    theirs, ours = await rows_of_day("qiwi", DAY, by=SYSTEM)
    assert [(row.external_id, row.state) for row in theirs] == [
        ("B", "returned"), ("C", "closed"), ("E", "waiting"), ("A", "taken"), ("D", "taken")
    ]  # fmt: skip
    assert [row.external_id for row in ours] == ["Z"]


async def test_a_day_without_anything_open_agrees(terminal: Any, database: Settings) -> None:
    await take(database, ROWS[:1])
    assert (await balance()).agrees
    assert await balance_of_days(date(2026, 1, 1), date(2026, 1, 2), by=SYSTEM) == []
