"""Debts by age: one account and the whole base, today and on a past day; statements beside them."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.ageing import account_ageing, base_ageing, bucket_sums
from abonent.billing.queries.statement import read_entry, statement
from abonent.billing.rules.explanation import explain
from abonent.billing.service import accounts, days, payments, services, tariffs
from abonent.kernel.actor import SYSTEM


async def opened(mode: str, fee: int, *, first: date = date(2026, 1, 1), credit: int = 0) -> None:
    await days.begin(first, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="t", name="T", kind="internet", mode=mode, fee=fee, due_days=10
    )
    await accounts.open_new_account("1", by=SYSTEM, billing_day=1, credit_limit=credit)
    await services.add_service("1", by=SYSTEM, tariff="t")


async def pay(amount: int, external: str, settles: tuple[int, ...] = ()) -> None:
    await payments.take_payment(
        "1", by=SYSTEM, amount=amount, source="cash", external_id=external, settles=settles
    )


async def test_postpaid_months_age_oldest_first(db: Any) -> None:
    await opened("arrears", 30000)
    await days.close_days(by=SYSTEM, through=date(2026, 4, 14))
    aged = await account_ageing("1", by=SYSTEM)
    assert [(r.entry, r.due, r.days, r.unpaid, r.bucket) for r in aged.rows] == [
        (1, date(2026, 2, 11), 63, 30000, "61-90"),
        (2, date(2026, 3, 11), 35, 30000, "31-60"),
        (3, date(2026, 4, 11), 4, 30000, "1-30"),
    ]
    assert aged.rows[0].limitation == date(2029, 2, 11)
    await pay(40000, "a")
    aged = await account_ageing("1", by=SYSTEM)
    assert [(r.entry, r.unpaid) for r in aged.rows] == [(2, 20000), (3, 30000)]


async def test_a_payment_settles_what_it_names_first(db: Any) -> None:
    await opened("arrears", 30000)
    await days.close_days(by=SYSTEM, through=date(2026, 4, 14))
    await pay(30000, "a", settles=(3,))
    aged = await account_ageing("1", by=SYSTEM)
    assert [(r.entry, r.unpaid) for r in aged.rows] == [(1, 30000), (2, 30000)]


async def test_a_past_day_shows_the_debt_as_it_was(db: Any) -> None:
    await opened("arrears", 30000)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 14))
    await pay(60000, "a")
    assert (await account_ageing("1", by=SYSTEM)).rows == []
    past = await account_ageing("1", by=SYSTEM, on=date(2026, 3, 14))
    assert [(r.entry, r.unpaid, r.bucket) for r in past.rows] == [
        (1, 30000, "31-60"),
        (2, 30000, "1-30"),
    ]
    assert (await account_ageing("1", by=SYSTEM, on=date(2026, 1, 31))).rows == []


async def test_a_daily_debt_on_credit_is_cut_by_the_day(db: Any) -> None:
    await opened("daily", 31000, credit=100000)
    await days.close_days(by=SYSTEM, through=date(2026, 1, 20))
    assert (await account_ageing("1", by=SYSTEM)).owed == 21000
    assert (await account_ageing("1", by=SYSTEM, on=date(2026, 1, 7))).owed == 7000
    seen = [a async for a in base_ageing(by=SYSTEM)]
    assert [(a.number, a.owed) for a in seen] == [("1", 21000)]
    await pay(21000, "a")
    assert [a async for a in base_ageing(by=SYSTEM)] == []
    past = [a async for a in base_ageing(by=SYSTEM, on=date(2026, 1, 7))]
    assert [(a.number, a.owed) for a in past] == [("1", 7000)]
    buckets = bucket_sums(past[0].rows)
    assert (buckets["not_due"], buckets["1-30"]) == (6000, 1000)


async def test_a_statement_sums_to_the_balance_and_comes_in_pages(db: Any) -> None:
    await opened("daily", 31000)
    for n in range(5):
        await pay(5000 + n, f"p{n}")
        await days.close_days(by=SYSTEM)
    view = await read_account("1", by=SYSTEM)
    whole = await statement("1", by=SYSTEM)
    assert sum(i.posting.amount for i in whole.items) == view.balance
    assert whole.items[-1].balance_after == view.balance
    assert not whole.items[-1].settled
    found, after = [], None
    while True:
        page = await statement("1", by=SYSTEM, after=after, limit=3)
        found += [(i.id, i.balance_after) for i in page.items]
        after = page.next
        if after is None:
            break
    assert found == [(i.id, i.balance_after) for i in whole.items]
    newest = await statement("1", by=SYSTEM, newest_first=True, limit=4)
    assert [i.posting.no for i in newest.items] == [i.posting.no for i in whole.items][:-6:-1]
    rest = await statement("1", by=SYSTEM, newest_first=True, after=newest.next, limit=100)
    assert [*newest.items, *rest.items][::-1] == whole.items


async def test_a_statement_of_some_days_keeps_true_balances(db: Any) -> None:
    await opened("arrears", 31000)
    await pay(100, "a")
    await days.close_days(by=SYSTEM, through=date(2026, 1, 9))
    await pay(200, "b")
    some = await statement("1", by=SYSTEM, since=date(2026, 1, 10), until=date(2026, 1, 11))
    assert [(i.id, i.balance_after) for i in some.items] == [("1-2", 300)]
    assert (await statement("1", by=SYSTEM, until=date(2026, 1, 1))).items == []


async def test_every_entry_of_an_account_can_be_opened_and_recomputes(db: Any) -> None:
    await opened("daily", 31000)
    await pay(9000, "a")
    await days.close_days(by=SYSTEM, through=date(2026, 1, 4))
    for item in (await statement("1", by=SYSTEM)).items:
        found, catalogue = await read_entry("1", item.posting.no, by=SYSTEM)
        assert (found.id, found.balance_after) == (item.id, item.balance_after)
        told = explain(found.posting, catalogue=catalogue, language="ru", account_number="1")
        assert told.total == found.posting.amount
