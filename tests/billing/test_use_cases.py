"""Use cases on a real database: what the rules decide is what is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.day import day_state
from abonent.billing.service import accounts, days, freezes, payments, promises, services, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Conflict, Refused

BALANCES = "SELECT a.balance, coalesce(sum(e.amount), 0) FROM billing_account a LEFT JOIN billing_entry e USING (account_id) GROUP BY a.account_id, a.balance"


async def opened(first: date, mode: str = "advance", fee: int = 56000) -> None:
    await days.begin(first, by=SYSTEM)
    await tariffs.create_tariff(by=SYSTEM, code="t", name="T", kind="internet", mode=mode, fee=fee)
    await accounts.open_new_account("1", by=SYSTEM, billing_day=1)


async def test_a_paid_promised_broken_and_paid_service_keeps_its_books(db: Any) -> None:
    await opened(date(2026, 3, 14))
    await services.add_service("1", by=SYSTEM, tariff="t")
    await payments.take_payment("1", by=SYSTEM, amount=56000, source="cash", external_id="a")
    assert (await read_account("1", by=SYSTEM)).balance == 23484
    await days.close_days(by=SYSTEM, through=date(2026, 3, 31))
    seen = await read_account("1", by=SYSTEM)
    assert (seen.balance, seen.services[0].state) == (23484, "suspended")
    await promises.give_promise("1", by=SYSTEM, amount=40000, days=5)
    assert (await read_account("1", by=SYSTEM)).balance == -32516
    await days.close_days(by=SYSTEM, through=date(2026, 4, 5))
    seen = await read_account("1", by=SYSTEM)
    assert (seen.balance, seen.services[0].state, seen.promise) == (14151, "suspended", None)
    await payments.take_payment("1", by=SYSTEM, amount=40000, source="cash", external_id="b")
    seen = await read_account("1", by=SYSTEM)
    assert (seen.balance, seen.services[0].state) == (7484, "served")
    assert seen.services[0].paid_until == date(2026, 4, 30)
    for row in await db.fetch(BALANCES):
        assert row[0] == row[1]


async def test_a_daily_service_is_settled_when_something_happens(db: Any) -> None:
    await opened(date(2026, 3, 1), "daily")
    await services.add_service("1", by=SYSTEM, tariff="t")
    await payments.take_payment("1", by=SYSTEM, amount=10000, source="cash", external_id="a")
    await days.close_days(by=SYSTEM, through=date(2026, 3, 3))
    seen = await read_account("1", by=SYSTEM)
    assert seen.outlook.until == date(2026, 3, 5)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 5))
    seen = await read_account("1", by=SYSTEM)
    assert (seen.balance, seen.services[0].state) == (968, "suspended")
    await days.close_days(by=SYSTEM, through=date(2026, 3, 9))
    await payments.take_payment("1", by=SYSTEM, amount=30000, source="cash", external_id="b")
    assert (await read_account("1", by=SYSTEM)).balance == 29161


async def test_the_same_payment_twice_answers_with_the_first(db: Any) -> None:
    await opened(date(2026, 4, 1))
    first = await payments.take_payment("1", by=SYSTEM, amount=100, source="s", external_id="x")
    again = await payments.take_payment("1", by=SYSTEM, amount=100, source="s", external_id="x")
    assert again.repeated
    assert again.entry_no == first.entry_no
    with pytest.raises(Conflict):
        await payments.take_payment("1", by=SYSTEM, amount=101, source="s", external_id="x")


async def test_freeze_change_and_price_work_together(db: Any) -> None:
    await opened(date(2026, 6, 1), fee=60000)
    await tariffs.create_tariff(
        by=SYSTEM, code="big", name="Big", kind="internet", mode="advance", fee=150000
    )
    await payments.take_payment("1", by=SYSTEM, amount=60000, source="cash", external_id="a")
    await services.add_service("1", by=SYSTEM, tariff="t")
    await days.close_days(by=SYSTEM, through=date(2026, 6, 4))
    await freezes.freeze_account("1", by=SYSTEM, start=date(2026, 6, 11), end=date(2026, 6, 21))
    assert (await read_account("1", by=SYSTEM)).balance == 20000
    with pytest.raises(Refused) as refused:
        await services.change_tariff("1", 1, by=SYSTEM, tariff="big")
    assert refused.value.code == "NOT_ENOUGH_FUNDS"
    made = await tariffs.add_version("t", by=SYSTEM, fee=66000, start=date(2026, 6, 25), moves=True)
    assert made.services == 1
    assert (await read_account("1", by=SYSTEM)).balance == 20000 - 6 * 200


async def test_closing_is_given_to_the_automaton_and_taken_back(db: Any) -> None:
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    for automatic in (True, False):
        await days.set_closing(by=SYSTEM, automatic=automatic)
        state = await day_state(by=SYSTEM)
        assert state
        assert state.automatic is automatic
