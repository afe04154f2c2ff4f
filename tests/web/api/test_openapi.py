"""The description of the API: whole, valid, and made from the models that validate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.events import PaymentTaken
from abonent.kernel import events
from abonent.kernel.settings import Settings
from abonent.reactions import REACTIONS
from abonent.web.api.routes import OPERATIONS
from abonent.web.app import create_app
from tests.web.api.conftest import Caller

CONTRACT = """
GET /day
POST /day/close
POST /tariffs
POST /tariffs/{code}/versions
POST /accounts
GET /accounts/{number}
POST /accounts/{number}/services
POST /accounts/{number}/services/{id}/tariff
POST /accounts/{number}/services/{id}/end
POST /accounts/{number}/services/{id}/discounts
POST /accounts/{number}/services/{id}/suspension
POST /accounts/{number}/payments
POST /accounts/{number}/payments/{id}/reversal
POST /accounts/{number}/promises
GET /accounts/{number}/promises/offers
POST /accounts/{number}/freezes
POST /accounts/{number}/freezes/{id}/end
POST /accounts/{number}/credit
POST /accounts/{number}/fees
POST /accounts/{number}/refunds
POST /accounts/{number}/billing-day
POST /accounts/{number}/corrections
POST /compensations
POST /conversations
GET /accounts/{number}/entries
GET /accounts/{number}/ageing
GET /turnover
GET /me
"""


@pytest.fixture
async def description(api_app: Starlette) -> Any:
    """Read without a token, as tools do."""
    transport = httpx.ASGITransport(app=api_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        answer = await client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references(inner) for inner in value))
    return set()


async def test_every_call_of_the_contract_is_described(description: Any) -> None:
    described = {
        (method.upper(), re.sub(r"{(?!number|code)\w+}", "{id}", path))
        for path, methods in description["paths"].items()
        for method in methods
    }
    assert described == {tuple(line.split()) for line in CONTRACT.split("\n") if line}


async def test_the_description_is_whole(description: Any) -> None:
    assert description["openapi"] == "3.1.0"
    assert description["security"] == [{"token": []}]
    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert references(description) <= known
    for path, methods in description["paths"].items():
        for operation in methods.values():
            in_path = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert in_path == re.findall(r"{(\w+)}", path)
            assert {"200", "401", "default"} <= set(operation["responses"])
            for status, answer in operation["responses"].items():
                (media,) = answer["content"]
                expected = "application/json" if status == "200" else "application/problem+json"
                assert media == expected
    names = [o["operationId"] for m in description["paths"].values() for o in m.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


async def test_bodies_are_described_as_they_are_validated(description: Any) -> None:
    payment = description["components"]["schemas"]["Payment"]
    assert payment["additionalProperties"] is False
    assert set(payment["required"]) == {"amount", "source", "external_id"}
    amount = payment["properties"]["amount"]
    assert (amount["type"], amount["exclusiveMinimum"], amount["maximum"]) == ("integer", 0, 10**12)
    freeze = description["components"]["schemas"]["NewFreeze"]["properties"]
    assert freeze["from"] == {"format": "date", "title": "From", "type": "string"}
    account = description["components"]["schemas"]["AccountAnswer"]["properties"]
    assert {"number", "balance", "funds", "money_lasts_until", "promise"} <= set(account)


async def test_every_call_that_acts_takes_a_key(description: Any) -> None:
    for methods in description["paths"].values():
        for method, operation in methods.items():
            headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
            assert ("Idempotency-Key" in headers) == (method == "post")


async def test_an_answer_has_the_members_its_description_names(
    description: Any, api: Caller
) -> None:
    me = await api.get("me")
    assert set(me) == set(description["components"]["schemas"]["MeAnswer"]["properties"])


@pytest.mark.may_block
async def test_an_application_brings_the_reactions_its_use_cases_need(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events._Registry, "reactions", None)
    create_app(database.having(home=tmp_path), own_database=False)
    assert events.reactions_to(PaymentTaken) == REACTIONS[PaymentTaken]
