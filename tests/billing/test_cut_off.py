"""Since when an account stands still for want of money, and what it lacks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.cut_off import CutOff, cut_off_of, is_suspended
from abonent.billing.service import accounts, days, payments, promises, services, tariffs
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden

NUMBER, FEE = "20417", 46000


@pytest.fixture
async def account(db: Any) -> str:
    """An account that is paid for April, on its first day."""
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="opt100", name="Оптима 100", kind="internet", mode="advance", fee=FEE
    )
    await accounts.open_new_account(NUMBER, by=SYSTEM, billing_day=1)
    await pay(FEE, "april")
    await services.add_service(NUMBER, by=SYSTEM, tariff="opt100")
    return NUMBER


async def pay(amount: int, external_id: str) -> None:
    await payments.take_payment(
        NUMBER, by=SYSTEM, amount=amount, source="cash", external_id=external_id
    )


async def test_it_stands_still_from_the_day_after_the_last_paid_one(account: str) -> None:
    assert await cut_off_of(account, by=SYSTEM) is None
    await days.close_days(by=SYSTEM, through=date(2026, 4, 30))
    await days.close_days(by=SYSTEM, through=date(2026, 5, 5))
    assert await is_suspended(account, by=SYSTEM)
    found = await cut_off_of(account, by=SYSTEM)
    assert found is not None
    assert found.since == date(2026, 5, 1)
    assert 0 < found.missing < FEE, "the days that have gone by are not asked for"
    await pay(found.missing, "may")
    assert await cut_off_of(account, by=SYSTEM) is None


async def test_a_broken_promise_ends_it_on_the_day_of_the_promise(account: str) -> None:
    await days.close_days(by=SYSTEM, through=date(2026, 4, 30))
    await promises.give_promise(account, by=SYSTEM, amount=FEE, days=5, override=True)
    assert await cut_off_of(account, by=SYSTEM) is None
    await days.close_days(by=SYSTEM, through=date(2026, 5, 8))
    found = await cut_off_of(account, by=SYSTEM)
    assert isinstance(found, CutOff)
    assert found.since == date(2026, 5, 6)


async def test_it_is_read_by_who_may_see_the_account(account: str) -> None:
    with pytest.raises(Forbidden):
        await cut_off_of(account, by=Actor("user", "5", "Anna", frozenset()))
    assert await cut_off_of("99999", by=SYSTEM) is None
