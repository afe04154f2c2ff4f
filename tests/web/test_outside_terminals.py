"""The terminal protocol: codes, repeats, contradictions, and who may ask."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
from lxml import etree
from starlette.applications import Starlette

from abonent.billing.queries.accounts import read_account
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service import accounts, days, services, tariffs
from abonent.billing.service.outside.agreements import (
    change_agreement,
    make_agreement,
    set_password,
)
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, parse_address
from abonent.kernel.settings import Settings
from abonent.web.app import create_app

DAY = date(2026, 11, 21)
PASSWORD = "a long enough password"
TERMS = AgreementTerms(
    code="qiwi", name="Терминалы", kind=AgreementKind.TERMINAL, legal_entity="main",
    source="terminal", least=1000, most=1_500_000,
)  # fmt: skip
PAY = {
    "command": "pay", "txn_id": "12345678901234567890123", "txn_date": "20261120235959",
    "account": "1001234", "sum": "550.00",
}  # fmt: skip
CHECK = {"command": "check", "txn_id": "1234567", "account": "1001234", "sum": "550.00"}


async def begin() -> None:
    await days.begin(DAY, by=SYSTEM)
    await accounts.open_new_account("1001234", by=SYSTEM, billing_day=1)
    await accounts.open_new_account("1001235", by=SYSTEM, billing_day=1)
    await make_agreement(TERMS, by=SYSTEM)
    await set_password("qiwi", login="qiwi", password=PASSWORD, by=SYSTEM)


def basic(password: str = PASSWORD, login: str = "qiwi") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{login}:{password}'.encode()).decode()}"}


@pytest.fixture
async def terminal(app: Starlette, db: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A terminal system that knows its password; it is no browser."""
    await begin()
    transport = httpx.ASGITransport(app=app, client=("79.142.16.5", 1234))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers=basic()
    ) as client:
        yield client


async def ask(client: httpx.AsyncClient, values: dict[str, str], **more: Any) -> dict[str, str]:
    answer = await client.get("/pay/osmp/qiwi", params=values | more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    return read(answer)


def read(answer: httpx.Response) -> dict[str, str]:
    root = etree.fromstring(answer.content)
    assert root.tag == "response"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    return {element.tag: element.text or "" for element in root.iter()}


async def balance(number: str = "1001234") -> int:
    return (await read_account(number, by=SYSTEM)).balance


async def test_a_check_answers_with_the_balance(terminal: httpx.AsyncClient) -> None:
    told = await ask(terminal, CHECK)
    assert (told["osmp_txn_id"], told["result"], told["field1"]) == ("1234567", "0", "0.00")
    answer = await terminal.get("/pay/osmp/qiwi", params=CHECK)
    assert '<field1 name="balance">0.00</field1>' in answer.text
    assert (await ask(terminal, {**CHECK, "sum": ""}))["result"] == "0"


async def test_a_payment_is_taken_once_and_answers_the_same_for_ever(
    terminal: httpx.AsyncClient, db: Any
) -> None:
    first = await ask(terminal, PAY)
    assert (first["result"], first["sum"], first["comment"]) == ("0", "550.00", "OK")
    assert first["prv_txn"].isdecimal()
    assert await ask(terminal, PAY) == first
    answer = await terminal.post("/pay/osmp/qiwi", data=PAY)
    assert read(answer) == first
    assert await balance() == 55000
    # Even when the account has ended, the bounds have moved or the agreement is over since.
    await change_agreement(TERMS.model_copy(update={"active": False, "most": 2000}), by=SYSTEM)
    await db.execute("UPDATE billing_account SET state = 'ended'")
    assert await ask(terminal, PAY) == first


async def test_the_terminals_date_is_the_day_of_the_payment(
    terminal: httpx.AsyncClient, db: Any
) -> None:
    await ask(terminal, PAY)
    row = await db.fetchrow("SELECT day, paid_on, external_id, source FROM billing_inbox")
    assert tuple(row) == (DAY, date(2026, 11, 20), PAY["txn_id"], "terminal")


@pytest.mark.parametrize("other", [{"sum": "551.00"}, {"account": "1001235"}, {"account": "99"}])
async def test_the_same_number_with_other_contents_is_an_alarm(
    terminal: httpx.AsyncClient, db: Any, other: dict[str, str]
) -> None:
    await ask(terminal, PAY)
    for _ in range(2):
        assert (await ask(terminal, {**PAY, **other}))["result"] == "300"
    assert (await balance(), await balance("1001235")) == (55000, 0)
    (parked,) = await db.fetch("SELECT reason, external_id, account FROM billing_parked_payment")
    assert (parked["reason"], parked["external_id"]) == ("differs", PAY["txn_id"])
    alarms = "SELECT count(*) FROM audit WHERE action = 'billing:terminal:contradicted'"
    assert await db.fetchval(alarms) == 2


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"account": ""}, 4),
        ({"account": "a b"}, 4),
        ({"account": "x" * 200}, 4),
        ({"account": "1001299"}, 5),
        ({"sum": "9.99"}, 241),
        ({"sum": "0"}, 241),
        ({"sum": "-5"}, 241),
        ({"sum": "15000.01"}, 242),
        ({"sum": "5.001"}, 300),
        ({"sum": ""}, 300),
        ({"sum": "1e5"}, 300),
        ({"txn_id": ""}, 300),
        ({"txn_id": "<a>"}, 300),
        ({"txn_date": "2026"}, 300),
        ({"txn_date": "20261399000000"}, 300),
        ({"command": "cancel"}, 300),
    ],
)
async def test_what_cannot_be_paid_has_its_code(
    terminal: httpx.AsyncClient, values: dict[str, str], result: int
) -> None:
    assert (await ask(terminal, {**PAY, **values}))["result"] == str(result)
    assert await balance() == 0


async def test_ended_accounts_and_agreements_have_theirs(
    terminal: httpx.AsyncClient, db: Any
) -> None:
    await db.execute("UPDATE billing_account SET state = 'ended' WHERE number = '1001235'")
    assert (await ask(terminal, {**CHECK, "account": "1001235"}))["result"] == "79"
    await change_agreement(TERMS.model_copy(update={"active": False}), by=SYSTEM)
    assert (await ask(terminal, CHECK))["result"] == "7"


async def test_nobody_else_is_heard(terminal: httpx.AsyncClient) -> None:
    url = "/pay/osmp/qiwi"
    for headers in (
        {"Authorization": ""},
        basic("wrong"),
        basic(login="другой"),
        {"Authorization": "Basic ?"},
    ):
        encoded = {name: value.encode() for name, value in headers.items()}
        answer = await terminal.get(url, params=PAY, headers=encoded)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert (await terminal.get("/pay/osmp/none", params=PAY)).status_code == 401
    assert (await terminal.head(url, params=PAY)).status_code == 405
    assert (await terminal.post("/pay/card/qiwi", content=b"{}")).status_code == 404
    assert await balance() == 0


async def test_guesses_are_slowed_down(terminal: httpx.AsyncClient) -> None:
    for _ in range(10):
        await terminal.get("/pay/osmp/qiwi", params=CHECK, headers=basic("guess"))
    assert (await terminal.get("/pay/osmp/qiwi", params=CHECK)).status_code == 429


async def test_a_network_is_enough_and_nothing_is_not(
    terminal: httpx.AsyncClient, app: Starlette, db: Any
) -> None:
    await db.execute("DELETE FROM billing_agreement_secret")
    assert (await terminal.get("/pay/osmp/qiwi", params=CHECK)).status_code == 403
    near = TERMS.model_copy(update={"networks": ("79.142.16.0/20",)})
    await change_agreement(near, by=SYSTEM)
    assert (await ask(terminal, CHECK))["result"] == "0"
    far = TERMS.model_copy(update={"networks": ("91.232.230.0/23",)})
    await change_agreement(far, by=SYSTEM)
    assert (await terminal.get("/pay/osmp/qiwi", params=CHECK)).status_code == 403


@pytest.mark.may_block
async def test_one_payment_sent_many_times_at_once_is_one(
    fresh_database: Settings, tmp_path: Any, client_of: Callable[..., httpx.AsyncClient]
) -> None:
    await begin()
    tariff = {"code": "t", "name": "t", "kind": "internet", "mode": "advance", "fee": 30000}
    await tariffs.create_tariff(by=SYSTEM, **tariff)  # type: ignore[arg-type]  # a row of texts
    await services.add_service("1001234", by=SYSTEM, tariff="t")
    app = create_app(fresh_database.having(home=tmp_path), own_database=False)
    async with client_of(app, **basic()) as client:
        told = await asyncio.gather(*(ask(client, PAY) for _ in range(8)))
    assert len({answer["prv_txn"] for answer in told}) == 1
    assert {answer["result"] for answer in told} == {"0"}
    assert await balance() == 55000 - 10000


@pytest.mark.may_block
async def test_an_account_that_is_busy_is_asked_for_again(
    fresh_database: Settings, tmp_path: Any, client_of: Callable[..., httpx.AsyncClient]
) -> None:
    await begin()
    settings = fresh_database.having(home=tmp_path, lock_timeout_ms=100)
    app = create_app(settings, own_database=False)
    holder = await asyncpg.connect(**parse_address(fresh_database.database_url or ""))
    try:
        async with open_database(settings), client_of(app, **basic()) as client:
            async with holder.transaction():
                await holder.execute("SELECT FROM billing_account FOR UPDATE")
                assert (await ask(client, PAY))["result"] == "1"
            assert (await ask(client, PAY))["result"] == "0"
    finally:
        await holder.close()
    assert await balance() == 55000
