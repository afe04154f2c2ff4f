"""Promised payments through the API."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.web.api.conftest import Caller


@pytest.fixture
async def begun(api: Caller) -> Caller:
    await api.begin(date(2026, 6, 1))
    await api.tariff("t", "advance", 60000)
    await api.account("1")
    return api


async def test_an_offer_gives_what_is_missing_with_its_fee(begun: Caller, db: Any) -> None:
    await db.execute("UPDATE billing_offer SET least_tenure_days = 0, fee = 100")
    await db.execute("UPDATE billing_installation SET catalogue = catalogue + 1")
    await begun.service("t")
    (offer,) = (await begun.get("accounts/1/promises/offers"))["items"]
    assert (offer["amount"], offer["fee"], offer["until"]) == (60100, 100, "2026-06-06")
    given = await begun.post("accounts/1/promises", offer="standard")
    assert (given["amount"], given["fee"], given["offer"]) == (60100, 100, "standard")
    assert await begun.look() == (-60100, ["served"])
    told = await begun.refused(422, "accounts/1/promises", offer="standard")
    assert (told["code"], told["allowed_from"]) == ("ALREADY", "2026-06-06")
    await begun.refused(404, "accounts/1/promises", offer="golden")


async def test_a_promise_of_the_programs_own_stands_in_no_ones_way(begun: Caller, db: Any) -> None:
    await db.execute("UPDATE billing_policy SET grace_days = 3")
    await db.execute("UPDATE billing_offer SET least_tenure_days = 0")
    await db.execute("UPDATE billing_installation SET catalogue = catalogue + 1")
    await begun.pay(60000)
    await begun.service("t")
    await begun.open_on(date(2026, 7, 1))
    seen = await begun.get("accounts/1")
    assert seen["promise"] == {
        "id": 1, "amount": 60000, "until": "2026-07-04", "state": "active", "automatic": True
    }  # fmt: skip
    (offer,) = (await begun.get("accounts/1/promises/offers"))["items"]
    assert (offer["amount"], offer["code"]) == (60000, None)
    given = await begun.post("accounts/1/promises", offer="standard")
    assert (given["id"], given["automatic"], given["until"]) == (2, False, "2026-07-06")
    account = given["account"]
    assert (account["promise"]["id"], account["balance"], account["funds"]) == (2, -60000, 0)
    assert (await begun.look())[1] == ["served"]
