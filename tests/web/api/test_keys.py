"""Idempotency keys: the same call twice, also at the same instant, has one result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from abonent.billing.service import days
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.settings import Settings
from abonent.web.app import create_app
from abonent.web.service import create_token
from tests.web.api.conftest import Caller, client_of

KEY = {"Idempotency-Key": "k-1"}
PAID = {"amount": 500, "source": "cash", "external_id": "e"}


@pytest.fixture
async def begun(api: Caller) -> Caller:
    await api.begin(date(2026, 6, 1))
    await api.tariff("t", "advance", 60000)
    await api.account("1")
    return api


async def test_the_same_key_and_body_answer_with_the_first_result(begun: Caller) -> None:
    body = {"amount": 100, "kind": "visit", "reason": "r", "into_debt": True}
    first = await begun.try_post("accounts/1/fees", body, **KEY)
    await begun.pay(1000)
    again = await begun.try_post("accounts/1/fees", dict(reversed(body.items())), **KEY)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert (await begun.look())[0] == 900


async def test_another_body_or_another_call_under_the_key_is_refused(begun: Caller) -> None:
    await begun.try_post("accounts/1/payments", PAID, **KEY)
    for path, body in (
        ("accounts/1/payments", PAID | {"amount": 501}),
        ("accounts/2/payments", PAID),
        ("accounts/1/credit", {"limit": 1, "reason": "r"}),
    ):
        answer = await begun.try_post(path, body, **KEY)
        assert (answer.status_code, answer.json()["code"]) == (409, "KEY_REUSED")
    assert (await begun.look())[0] == 500


async def test_a_refusal_is_a_result_and_leaves_nothing_else(begun: Caller) -> None:
    body = {"amount": 100, "kind": "visit", "reason": "r"}
    first = await begun.try_post("accounts/1/fees", body, **KEY)
    assert first.json()["code"] == "NOT_ENOUGH_FUNDS"
    await begun.pay(1000)
    again = await begun.try_post("accounts/1/fees", body, **KEY)
    assert (again.status_code, again.json()) == (422, first.json())
    assert again.headers["content-type"] == "application/problem+json"
    fresh = await begun.try_post("accounts/1/fees", body, **{"Idempotency-Key": "k-2"})
    assert fresh.status_code == 200
    assert (await begun.look())[0] == 900


async def test_malformed_input_does_not_use_up_a_key(begun: Caller) -> None:
    bad = await begun.try_post("accounts/1/payments", PAID | {"amount": 0}, **KEY)
    assert bad.status_code == 400
    good = await begun.try_post("accounts/1/payments", PAID, **KEY)
    assert good.status_code == 200


async def test_two_callers_may_use_the_same_key(begun: Caller, caller: object) -> None:
    other = await caller()  # type: ignore[operator]
    await begun.try_post("accounts/1/payments", PAID, **KEY)
    answer = await other.try_post("accounts/1/payments", PAID | {"external_id": "f"}, **KEY)
    assert answer.status_code == 200
    assert (await begun.look())[0] == 1000


async def test_an_overlong_key_is_malformed(begun: Caller) -> None:
    answer = await begun.try_post("accounts/1/payments", PAID, **{"Idempotency-Key": "k" * 201})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_closing_a_day_under_a_key_closes_one_day(begun: Caller) -> None:
    first = await begun.try_post("day/close", {}, **KEY)
    again = await begun.try_post("day/close", {}, **KEY)
    assert first.status_code == 200
    assert first.json() == again.json()
    assert (await begun.get("day"))["day"] == "2026-06-02"
    other = await begun.try_post("day/close", {"through": "2026-06-05"}, **KEY)
    assert (other.status_code, other.json()["code"]) == (409, "KEY_REUSED")


@pytest.fixture
async def alone(fresh_database: Settings, tmp_path: Path) -> AsyncIterator[Caller]:
    """A caller of an application whose transactions commit."""
    await days.begin(date(2026, 6, 1), by=SYSTEM)
    app = create_app(fresh_database.having(home=tmp_path), own_database=False)
    async with client_of(app, await create_token("a program")) as client:
        api = Caller(client)
        await api.tariff("t", "daily", 60000)
        await api.account("1")
        yield api


@pytest.mark.may_block
async def test_equal_calls_at_the_same_instant_have_one_result(alone: Caller) -> None:
    body = {"amount": 100, "kind": "visit", "reason": "r", "into_debt": True}
    answers = await asyncio.gather(
        *(alone.try_post("accounts/1/fees", body, **KEY) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await alone.look())[0] == -100


@pytest.mark.may_block
async def test_the_same_payment_sent_twice_at_once_is_taken_once(alone: Caller) -> None:
    answers = await asyncio.gather(*(alone.try_post("accounts/1/payments", PAID) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["id"] for answer in answers} == {"1-1"}
    assert (await alone.look())[0] == 500


@pytest.mark.may_block
async def test_the_same_payment_to_two_accounts_at_once_is_taken_by_one(alone: Caller) -> None:
    await alone.account("2")
    answers = await asyncio.gather(
        *(alone.try_post(f"accounts/{number}/payments", PAID) for number in ("1", "2") * 3)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409, 409]
    assert (await alone.look("1"))[0] + (await alone.look("2"))[0] == 500


@pytest.mark.may_block
async def test_payments_and_the_closing_of_the_day_at_the_same_instant(alone: Caller) -> None:
    await alone.service("t")
    await alone.pay(10000)
    calls = [
        alone.try_post("accounts/1/payments", PAID | {"external_id": f"p{n}"}) for n in range(8)
    ]
    closing = [alone.try_post("day/close", {"through": "2026-06-03"}, **KEY) for _ in range(2)]
    answers = await asyncio.gather(*calls[:4], *closing, *calls[4:])
    assert {answer.status_code for answer in answers} == {200}
    assert (await alone.get("day")) == {"day": "2026-06-04", "state": "open", "lagging": 0}
    assert await alone.look() == (10000 + 8 * 500 - 4 * 2000, ["served"])
    entries = await alone.entries()
    assert sum(entry["amount"] for entry in entries) == 6000
    assert [entry["day"] for entry in entries] == sorted(entry["day"] for entry in entries)
    async with reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM billing_run") == 3
