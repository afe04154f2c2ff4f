"""Paying from the portal: the code of banks, and cards by a processor over real HTTP."""

from __future__ import annotations

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abonent.billing.queries.outside.agreements import agreement_of
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.entities import set_requisites
from abonent.billing.service.outside.agreements import make_agreement, set_key
from abonent.billing.service.outside.cards import CardPayment, take_card_payment
from abonent.kernel.actor import SYSTEM
from abonent.kernel.requisites import Requisites
from tests.kernel.test_payment_qr import read
from tests.web.portal.conftest import NUMBER, TODAY
from tests.web.portal.test_acts import fields_of

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
BASE = f"/my/{NUMBER}"
BASIC = f"Basic {b64encode(b'shop:key').decode()}"


@dataclass
class Shop:
    """A processor that begins payments over HTTP: one per key, however often it is asked."""

    address: str
    status: int = 200
    told: dict[str, Any] | None = None
    keys: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def begin(self, request: Request) -> Response:
        if request.headers["authorization"] != BASIC:
            return Response(status_code=401)
        self.keys.append(request.headers["idempotence-key"])
        self.asked.append(await request.json())
        number = f"pay-{sorted(set(self.keys)).index(self.keys[-1])}"
        url = {"type": "redirect", "confirmation_url": f"https://pay.example/{number}"}
        answer = {"id": number, "status": "pending", "confirmation": url}
        return JSONResponse(self.told or answer, self.status)


@pytest.fixture
async def shop(provider: None) -> AsyncIterator[Shop]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        shop = Shop(f"http://127.0.0.1:{listening.getsockname()[1]}/v3")
        app = Starlette(routes=[Route("/v3/payments", shop.begin, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        terms = AgreementTerms(
            code="yoo", name="ЮKassa", kind=AgreementKind.CARD, legal_entity="main", source="yoo",
            processor="yookassa", address=shop.address, least=10000, most=1500000,
        )  # fmt: skip
        await make_agreement(terms, by=SYSTEM)
        await set_key("yoo", key="key", login="shop", by=SYSTEM)
        yield shop
        server.should_exit = True
        await serving


async def begun(client: httpx.AsyncClient, amount: str = "500") -> tuple[str, dict[str, str]]:
    """The address of a payment that was begun, and the form that began it."""
    page = (await client.get(f"{BASE}/pay?amount={amount}")).text
    form = fields_of(page, f"{BASE}/pay")
    answer = await client.post(f"{BASE}/pay", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"], form


async def test_the_code_of_the_page_says_whom_what_for_and_how_much(enter: Enter) -> None:
    client = await enter()
    page = await client.get(f"{BASE}/pay?amount=560,50")
    assert "<svg" in page.text
    answer = await client.get(f"{BASE}/pay/code.png?amount=560,50")
    assert answer.headers["content-type"] == "image/png"
    (found,) = read(answer.content)
    fields = dict(part.split("=", 1) for part in bytes(found.bytes).decode().split("|")[1:])
    assert fields["PersonalAcc"] == "40702810938000000001"
    assert (fields["Sum"], fields["PersAcc"]) == ("56050", NUMBER)
    assert fields["Purpose"] == "Услуги связи, л/с 20417"


async def test_what_is_needed_next_is_asked_for_at_once(enter: Enter) -> None:
    page = (await (await enter()).get(f"{BASE}/pay")).text
    assert 'name="amount" value="344,67"' in page


async def test_without_requisites_and_cards_the_places_to_pay_are_left(enter: Enter) -> None:
    await set_requisites("main", by=SYSTEM, requisites=Requisites(name="ООО «Сеть»"))
    client = await enter()
    page = await client.get(f"{BASE}/pay?amount=500")
    assert page.status_code == 200
    assert "<svg" not in page.text
    assert "Оплатите в одном из наших пунктов" in page.text
    assert (await client.get(f"{BASE}/pay/code.png?amount=500")).status_code == 404


async def test_a_card_payment_is_begun_once_and_leads_to_the_processor(
    enter: Enter, shop: Shop, db: Any
) -> None:
    client = await enter()
    path, form = await begun(client)
    assert (await client.post(f"{BASE}/pay", data=form)).headers["location"] == path
    page = (await client.get(path)).text
    assert 'href="https://pay.example/pay-0"' in page
    await client.get(path)
    assert len(shop.asked) == 1
    asked = shop.asked[0]
    assert asked["amount"] == {"value": "500.00", "currency": "RUB"}
    assert asked["metadata"]["account"] == NUMBER
    assert asked["confirmation"]["return_url"].endswith(path)


async def test_a_payment_that_came_is_said_to_be_here(enter: Enter, shop: Shop, db: Any) -> None:
    client = await enter()
    path, _form = await begun(client)
    assert "Не платите второй раз" in (await client.get(path)).text
    paid = CardPayment("pay-0", 50000, NUMBER, TODAY)
    assert await take_card_payment(await agreement_of("yoo"), paid)
    page = (await client.get(path)).text
    assert "Деньги поступили" in page
    assert re.search(rf"{BASE}/entries/\d+", page)


async def test_a_silent_processor_is_asked_again_under_the_same_key(
    enter: Enter, shop: Shop, db: Any
) -> None:
    client = await enter()
    shop.status = 500
    path, _form = await begun(client)
    page = (await client.get(path)).text
    assert "Банк не ответил" in page
    assert f"{NUMBER}-{path.rsplit('/', 1)[1]}" in page
    await client.get(path)
    assert len(shop.keys) == 1
    shop.status = 200
    assert (await client.post(path)).status_code == 303
    assert "https://pay.example/pay-0" in (await client.get(path)).text
    assert len(set(shop.keys)) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"id": "x"},
        {"id": 7, "confirmation": {"confirmation_url": "https://pay.example/"}},
        {"id": "x", "confirmation": {"confirmation_url": "javascript:alert(1)"}},
        {"id": "x", "confirmation": "https://pay.example/"},
    ],
)
async def test_an_answer_that_is_none_leads_nowhere(
    enter: Enter, shop: Shop, db: Any, told: dict[str, Any]
) -> None:
    client = await enter()
    shop.told = told
    path, _form = await begun(client)
    page = (await client.get(path)).text
    assert "Банк не ответил" in page
    assert "javascript" not in page


async def test_a_refused_payment_takes_nothing(enter: Enter, shop: Shop, db: Any) -> None:
    client = await enter()
    shop.status = 400
    path, _form = await begun(client)
    assert "Платёж не начат" in (await client.get(path)).text


async def test_an_amount_beyond_the_agreement_is_refused_in_words(
    enter: Enter, shop: Shop, db: Any
) -> None:
    client = await enter()
    answer = await client.post(f"{BASE}/pay", data={"key": "k", "amount": "5"})
    assert answer.status_code == 400
    assert "Картой — от" in answer.text
    assert shop.asked == []


async def test_without_an_agreement_no_payment_is_begun(enter: Enter) -> None:
    client = await enter()
    answer = await client.post(f"{BASE}/pay", data={"key": "k", "amount": "500"})
    assert answer.status_code == 422
