"""An account taken over keeps its balance, its paid days and its debts, and lives on by the rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service import days, freezes, payments, services
from abonent.billing.service.imports.debts import DebtRow, take_debts
from abonent.billing.service.imports.tariffs import TariffRow, take_tariffs
from abonent.billing.service.proof import verify
from abonent.crm.queries import face_of
from abonent.crm.service.imports.rows import SubscriberRow
from abonent.crm.service.imports.subscribers import take_subscribers
from abonent.kernel.actor import SYSTEM
from abonent.kernel.intake import Numbered, Outcome

FIRST = date(2026, 4, 16)
TARIFFS = (
    {"code": "net", "name": "Инет", "kind": "internet", "mode": "advance", "fee": "560"},
    {"code": "day", "name": "День", "kind": "internet", "mode": "daily", "fee": "600"},
    {"code": "tv", "name": "ТВ", "kind": "tv", "mode": "arrears", "fee": "300", "due_days": "15"},
)
ENTRIES = """
SELECT e.kind, e.amount, e.period_from, e.period_to FROM billing_entry e
JOIN billing_account a USING (account_id) WHERE a.number = $1 ORDER BY e.no
"""
DIFFERENT = """
SELECT number FROM billing_account a WHERE balance <> (
    SELECT coalesce(sum(amount), 0) FROM billing_entry e WHERE e.account_id = a.account_id)
"""


async def opened(*rows: dict[str, str]) -> Outcome:
    await days.begin(FIRST, by=SYSTEM)
    tariffs = [Numbered(n, TariffRow(**t)) for n, t in enumerate(TARIFFS)]
    assert (await take_tariffs(tariffs, by=SYSTEM)).taken == 3
    return await taken(*rows)


async def taken(*rows: dict[str, str]) -> Outcome:
    given = [{"account": "1", "name": "Иванов Пётр", **row} for row in rows]
    numbered = [Numbered(n, SubscriberRow(**row)) for n, row in enumerate(given, 2)]
    return await take_subscribers(numbered, by=SYSTEM)


async def owed(*rows: dict[str, str]) -> Outcome:
    return await take_debts([Numbered(n, DebtRow(**r)) for n, r in enumerate(rows, 2)], by=SYSTEM)


async def seen(number: str = "1") -> tuple[int, list[str]]:
    view = await read_account(number, by=SYSTEM)
    return view.balance, [s.state.value for s in view.services]


async def close(through: date) -> None:
    await days.close_days(by=SYSTEM, through=through)
    assert (await verify(by=SYSTEM)).differences == []


async def test_paid_days_are_held_by_an_ordinary_charge_and_a_credit_of_it(db: Any) -> None:
    await opened({"tariffs": "net@2025-01-01", "paid_until": "30.04.2026", "opening_balance": "10"})
    assert await seen() == (1000, ["served"])
    rows = [tuple(r) for r in await db.fetch(ENTRIES, "1")]
    span = (FIRST, date(2026, 5, 1))
    assert rows == [
        ("opening", 1000, None, None), ("charge", -28000, *span), ("opening", 28000, *span),
    ]  # fmt: skip
    await close(date(2026, 4, 30))
    assert await seen() == (1000, ["suspended"])


async def test_held_days_go_back_as_any_others(db: Any) -> None:
    await opened({"tariffs": "net@2025-01-01", "paid_until": "2026-04-30"})
    await freezes.freeze_account("1", by=SYSTEM, start=date(2026, 4, 21), end=date(2026, 5, 1))
    assert (await seen())[0] == 18667
    await services.end_service("1", 1, by=SYSTEM)
    assert (await seen())[0] == 26133


async def test_days_paid_beyond_the_period_are_charged_period_by_period(db: Any) -> None:
    await opened({"tariffs": "net@2025-01-01", "paid_until": "2026-06-10"})
    charges = [r["amount"] for r in await db.fetch(ENTRIES, "1") if r["kind"] == "charge"]
    assert charges == [-28000, -56000, -18667]
    await close(date(2026, 6, 9))
    assert await seen() == (0, ["served"])
    await close(date(2026, 6, 10))
    assert await seen() == (0, ["suspended"])


async def test_a_daily_service_is_not_charged_again_for_paid_days(db: Any) -> None:
    await opened({"tariffs": "day@2025-01-01", "paid_until": "2026-04-20", "opening_balance": "40"})
    await close(date(2026, 4, 19))
    assert await seen() == (4000, ["served"])
    await close(date(2026, 4, 21))
    assert await seen() == (0, ["served"])
    await close(date(2026, 4, 22))
    assert await seen() == (0, ["suspended"])


async def test_a_suspended_prepaid_service_comes_back_at_the_next_opening(db: Any) -> None:
    row = {"tariffs": "net@2025-01-01", "suspended_since": "2026-04-01", "opening_balance": "600"}
    await opened(row, {**row, "account": "2", "opening_balance": "-5"})
    assert await seen() == (60000, ["suspended"])
    await close(FIRST)
    assert await seen() == (60000 - 26133, ["served"])
    assert await seen("2") == (-500, ["suspended"])
    await payments.take_payment("2", by=SYSTEM, amount=60000, source="cash", external_id="x")
    assert await seen("2") == (59500 - 26133, ["served"])


async def test_a_freeze_may_have_begun_before(db: Any) -> None:
    await opened(
        {
            "tariffs": "net@2025-01-01", "paid_until": "2026-04-30",
            "frozen_from": "2026-04-01", "frozen_to": "2026-04-21",
        }
    )  # fmt: skip
    assert await seen() == (0, ["frozen"])
    await close(date(2026, 4, 20))
    assert await seen() == (0, ["served"])
    charges = [r["amount"] for r in await db.fetch(ENTRIES, "1") if r["kind"] == "charge"]
    assert charges == [-18667]


async def test_a_promise_is_judged_on_its_day(db: Any) -> None:
    await opened(
        {
            "tariffs": "net@2025-01-01", "paid_until": "2026-04-30", "opening_balance": "-280",
            "promise_amount": "280", "promise_until": "2026-04-20",
        }
    )  # fmt: skip
    assert await seen() == (-28000, ["served"])
    await close(date(2026, 4, 19))
    assert await seen() == (-28000 + 20533, ["suspended"])


async def test_a_debt_counts_from_its_own_due_day(db: Any) -> None:
    await opened({"tariffs": "net@2025-01-01#1|tv@2025-01-01#2", "opening_balance": "300"})
    assert await seen() == (30000 - 28000, ["served", "served"])
    debt = {
        "account": "1", "service": "tv", "from": "2026-03-01", "to": "2026-04-01",
        "due": "2026-04-20", "amount": "300",
    }  # fmt: skip
    assert (await owed(debt)).taken == 1
    assert (await owed(debt)).unchanged == 1
    assert (await owed({**debt, "amount": "301"})).rejects[0].column == "amount"
    assert await seen() == (-28000, ["served", "served"])
    await close(date(2026, 4, 18))
    assert await seen() == (-28000, ["served", "served"])
    await close(date(2026, 4, 19))
    assert await seen() == (-28000 + 20533, ["suspended", "served"])
    assert await db.fetch(DIFFERENT) == []


async def test_a_postpaid_service_bills_what_was_not_billed(db: Any) -> None:
    row = {"tariffs": "tv@2025-01-01"}
    await opened(row, {**row, "account": "2", "paid_until": "2026-04-20"})
    await close(date(2026, 4, 30))
    assert (await seen())[0] == -30000
    assert (await seen("2"))[0] == -10000


async def test_the_same_rows_again_change_nothing_and_others_are_told(db: Any) -> None:
    row = {"tariffs": "net", "contract_date": "2025-01-01"}
    assert (await opened(row)).taken == 1
    again = await taken(row, {**row, "opening_balance": "5"}, {"account": "2", "tariffs": "none"})
    assert (again.taken, again.unchanged) == (0, 1)
    assert [(r.row, r.column) for r in again.rejects] == [(3, "account"), (4, "tariffs")]


async def test_accounts_share_a_contract_of_one_subscriber(db: Any) -> None:
    row = {"contract": "Д-1", "street": "Мира", "house": "8", "flat": "1"}
    other = {**row, "account": "3", "name": "Другой Человек"}
    outcome = await opened(row, {**row, "account": "2"}, other)
    assert outcome.taken == 2
    assert [r.column for r in outcome.rejects] == ["contract"]
    first, second = await face_of("1", by=SYSTEM), await face_of("2", by=SYSTEM)
    assert first is not None
    assert second is not None
    assert first.subscriber == second.subscriber
    assert (first.street, first.house, first.flat) == ("Мира", "8", "1")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"tariffs": "net@2026-13-01"}, "tariffs"),
        ({"frozen_from": "2026-04-01"}, "frozen_to"),
        ({"frozen_from": "2026-04-10", "frozen_to": "2026-04-10"}, "frozen_to"),
        ({"promise_amount": "5"}, "promise_until"),
        ({"promise_amount": "5", "promise_until": "2026-04-16"}, "promise_until"),
        ({"suspended_since": "2026-04-17"}, "suspended_since"),
        (
            {"tariffs": "net", "suspended_since": "2026-04-01", "paid_until": "2026-04-30"},
            "suspended_since",
        ),
        ({"paid_until": "2096-04-30"}, "paid_until"),
    ],
)
async def test_columns_that_contradict_each_other_are_named(
    db: Any, row: dict[str, str], column: str
) -> None:
    outcome = await opened(row)
    assert outcome.taken == 0
    assert [r.column for r in outcome.rejects] == [column]
