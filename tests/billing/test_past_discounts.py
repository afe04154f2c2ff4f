"""A discount recorded late: days before it keep their fee until a recalculation (ENGINE 4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.rules.recalculation import Truth
from abonent.billing.service import accounts, corrections, days, services, tariffs
from abonent.kernel.actor import SYSTEM
from tests.billing.subject import Subject

A = "1"
APRIL = (date(2026, 4, 1), date(2026, 5, 1))


def through(subject: Subject, day: date) -> None:
    while subject.day < day:
        subject.close_day()


@pytest.mark.parametrize("mode", ["advance", "daily", "arrears"])
def test_days_before_a_discount_was_recorded_keep_their_fee_until_recalculated(mode: str) -> None:
    s = Subject(date(2026, 4, 1), keeps_due=True)
    s.tariff("t", mode, 30000)
    s.account(A, 1)
    s.pay(A, 30000)
    s.service(A, "t")
    through(s, date(2026, 4, 11))
    s.discount(A, 1, date(2026, 4, 1), date(2026, 4, 21), 50)
    through(s, date(2026, 5, 1))
    paid = [s.net(A, 1, date(2026, 4, day)) for day in (1, 10, 11, 20, 21)]
    assert paid == [1000, 1000, 500, 500, 1000]
    rows = s.recalculate(A, 1, *APRIL, confirm=True)
    assert [row[3] for row in rows] == [-500] * 10 + [0] * 20
    assert s.net(A, 1, date(2026, 4, 10)) == 500
    assert not any(row[3] for row in s.recalculate(A, 1, *APRIL, confirm=True))


def test_of_two_discounts_each_begins_where_it_was_recorded() -> None:
    s = Subject(date(2026, 4, 1), keeps_due=True)
    s.tariff("t", "arrears", 30000)
    s.account(A, 1)
    s.service(A, "t")
    through(s, date(2026, 4, 6))
    s.discount(A, 1, *APRIL, percent=50)
    through(s, date(2026, 4, 11))
    s.discount(A, 1, *APRIL, amount=6000)
    through(s, date(2026, 5, 1))
    assert s.balance(A) == -(5 * 1000 + 5 * 500 + 20 * 300)


async def test_what_is_kept_of_a_discount_is_when_it_was_recorded(db: Any) -> None:
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="tv", name="TV", kind="tv", mode="arrears", fee=30000
    )
    await accounts.open_new_account(A, by=SYSTEM, billing_day=1)
    await services.add_service(A, by=SYSTEM, tariff="tv")
    await days.close_days(by=SYSTEM, through=date(2026, 4, 10))
    start, end = date(2026, 4, 1), date(2026, 5, 1)
    await services.grant_discount(
        A, 1, by=SYSTEM, start=start, end=end, percent=5000, reason="late"
    )
    truth = Truth(start, date(2026, 4, 11))
    early = await corrections.recalculate(A, 1, by=SYSTEM, truth=truth, reason="late", confirm=True)
    assert early.total == 0  # the charge of these days is still to come
    await days.close_days(by=SYSTEM, through=date(2026, 4, 30))
    assert (await read_account(A, by=SYSTEM)).balance == -20000
    put_right = await corrections.recalculate(
        A, 1, by=SYSTEM, truth=truth, reason="late", confirm=True
    )
    assert put_right.total == -5000
    assert (await read_account(A, by=SYSTEM)).balance == -15000
