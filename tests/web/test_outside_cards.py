"""Card processors: a message is never believed by itself; signed ones are checked; refunds void."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abonent.billing.queries.accounts import read_account
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service import accounts, days
from abonent.billing.service.outside.agreements import make_agreement, set_key
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM

DAY = date(2026, 11, 21)
ID = "2cf5b4a0-000f-5000-9000-1b4a6f1c0001"
BASIC = f"Basic {b64encode(b'shop:key').decode()}"
PAYMENT = {
    "id": ID, "status": "succeeded", "paid": True,
    "amount": {"value": "550.00", "currency": "RUB"}, "captured_at": "2026-11-20T22:30:00.000Z",
    "metadata": {"account": "1001234"}, "test": False,
}  # fmt: skip
REFUND = {
    "id": "r1", "status": "succeeded", "payment_id": ID,
    "amount": {"value": "550.00", "currency": "RUB"}, "created_at": "2026-11-21T10:00:00.000Z",
}  # fmt: skip


@dataclass
class Shop:
    """A processor that answers over HTTP what is put into it."""

    address: str
    payments: dict[str, Any] = field(default_factory=dict)
    refunds: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        if request.headers.get("authorization") != BASIC:
            return Response(status_code=401)
        told = (self.payments if "payments" in request.url.path else self.refunds).get(
            request.path_params["number"]
        )
        return JSONResponse(told, self.status) if told else Response(status_code=404)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        shop = Shop(f"http://127.0.0.1:{listening.getsockname()[1]}/v3/")
        routes = [
            Route("/v3/payments/{number}", shop.answer),
            Route("/v3/refunds/{number}", shop.answer),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield shop
        server.should_exit = True
        await serving


@pytest.fixture
async def caller(app: Starlette, db: Any, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    await days.begin(DAY, by=SYSTEM)
    await accounts.open_new_account("1001234", by=SYSTEM, billing_day=1)
    for code, processor in (("yoo", "yookassa"), ("stripe", "stripe")):
        terms = AgreementTerms(
            code=code, name=code, kind=AgreementKind.CARD, legal_entity="main", source=code,
            processor=processor, address=shop.address, networks=("185.71.76.0/27",),
        )  # fmt: skip
        await make_agreement(terms, by=SYSTEM)
        await set_key(code, key="key", login="shop", by=SYSTEM)
    transport = httpx.ASGITransport(app=app, client=("185.71.76.5", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield client


async def balance() -> int:
    return (await read_account("1001234", by=SYSTEM)).balance


async def tell(caller: httpx.AsyncClient, event: str, told: dict[str, Any]) -> int:
    message = {"type": "notification", "event": event, "object": told}
    return (await caller.post("/pay/card/yoo", json=message)).status_code


async def test_a_payment_is_asked_for_again_and_taken_once(
    caller: httpx.AsyncClient, shop: Shop, db: Any
) -> None:
    shop.payments[ID] = PAYMENT
    lies = PAYMENT | {"amount": {"value": "99999.00", "currency": "RUB"}, "metadata": {}}
    for _ in range(2):
        assert await tell(caller, "payment.succeeded", lies) == 200
    assert await balance() == 55000
    assert shop.asked == [f"/v3/payments/{ID}"] * 2
    row = await db.fetchrow("SELECT external_id, paid_on, source FROM billing_inbox")
    # Half past ten in the evening by Greenwich is tomorrow in Moscow.
    assert tuple(row) == (ID, date(2026, 11, 21), "yoo")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "pending"},
        {"paid": False},
        {"amount": {"value": "550.00", "currency": "USD"}},
        {"amount": {"value": "-550.00", "currency": "RUB"}},
        {"amount": "550"},
        {"id": "another"},
    ],
)
async def test_what_the_processor_does_not_confirm_is_not_money(
    caller: httpx.AsyncClient, shop: Shop, change: dict[str, Any]
) -> None:
    shop.payments[ID] = PAYMENT | change
    assert await tell(caller, "payment.succeeded", PAYMENT) == 200
    assert await balance() == 0


async def test_a_forged_message_takes_nothing(caller: httpx.AsyncClient, shop: Shop) -> None:
    assert await tell(caller, "payment.succeeded", PAYMENT) == 200
    assert await tell(caller, "payment.succeeded", PAYMENT | {"id": "../refunds/1"}) == 200
    assert await balance() == 0
    assert shop.asked == [f"/v3/payments/{ID}"]


async def test_a_processor_in_trouble_is_to_tell_it_again(
    caller: httpx.AsyncClient, shop: Shop
) -> None:
    shop.payments[ID], shop.status = PAYMENT, 500
    assert await tell(caller, "payment.succeeded", PAYMENT) == 503
    shop.status = 200
    assert await tell(caller, "payment.succeeded", PAYMENT) == 200
    assert await balance() == 55000


@pytest.mark.parametrize(
    ("account", "reason"), [("", "nobody"), ("999", "no_account"), (None, "nobody")]
)
async def test_a_payment_for_nobody_waits_for_a_person(
    caller: httpx.AsyncClient, shop: Shop, db: Any, account: str | None, reason: str
) -> None:
    shop.payments[ID] = PAYMENT | {"metadata": {"account": account}}
    for _ in range(2):
        assert await tell(caller, "payment.succeeded", PAYMENT) == 200
    assert [r["reason"] for r in await db.fetch("SELECT reason FROM billing_parked_payment")] == [
        reason
    ]


async def test_a_refund_voids_the_payment_once_and_a_part_waits(
    caller: httpx.AsyncClient, shop: Shop, db: Any
) -> None:
    shop.payments[ID] = PAYMENT
    shop.refunds["r1"] = REFUND
    shop.refunds["r2"] = REFUND | {"id": "r2", "amount": {"value": "50.00", "currency": "RUB"}}
    await tell(caller, "payment.succeeded", PAYMENT)
    assert await tell(caller, "refund.succeeded", {"id": "r2"}) == 200
    assert await balance() == 55000
    for _ in range(2):
        assert await tell(caller, "refund.succeeded", {"id": "r1"}) == 200
    assert await balance() == 0
    parked = await db.fetch("SELECT reason, account, amount FROM billing_parked_payment")
    assert [tuple(row) for row in parked] == [("part_refunded", "1001234", 5000)]


async def test_what_was_paid_back_in_part_is_never_taken_to_an_account(
    caller: httpx.AsyncClient,
    shop: Shop,
    db: Any,
    enter: Callable[..., Awaitable[httpx.AsyncClient]],
) -> None:
    shop.payments[ID] = PAYMENT
    shop.refunds["r2"] = REFUND | {"id": "r2", "amount": {"value": "50.00", "currency": "RUB"}}
    await tell(caller, "payment.succeeded", PAYMENT)
    await tell(caller, "refund.succeeded", {"id": "r2"})
    waiting = await db.fetchval("SELECT id FROM billing_parked_payment")
    clerk = await enter("office")
    page = (await clerk.get(f"/parked/{waiting}")).text
    assert "вернулись плательщику" in page
    assert 'name="number"' not in page
    refused = await clerk.post(f"/parked/{waiting}", data={"number": "1001234"})
    assert refused.status_code == 422
    assert "не зачисляются" in refused.text
    assert f"/parked/{waiting}/return" not in page
    form = {"remark": "по заявлению", "step": "do", "key": "k1"}
    again = await clerk.post(f"/parked/{waiting}/return", data=form)
    assert again.status_code == 422
    assert "не зачисляются" in again.text
    assert await db.fetchval("SELECT settled_at FROM billing_parked_payment") is None
    assert await balance() == 55000


def signed(body: bytes, *, at: int, secret: bytes = b"key") -> dict[str, str]:
    mark = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={'0' * 64},v1={mark}"}


def intent(**more: Any) -> bytes:
    told = {
        "id": "pi_1", "amount_received": 55000, "currency": "rub", "created": 1795219200,
        "metadata": {"account": "1001234"},
    } | more  # fmt: skip
    return json.dumps({"type": "payment_intent.succeeded", "data": {"object": told}}).encode()


async def test_a_signed_message_is_believed_a_wrong_or_old_one_is_not(
    caller: httpx.AsyncClient, shop: Shop
) -> None:
    body, now = intent(), int(clock.now().timestamp())
    for headers in (
        {}, signed(body, at=now, secret=b"guess"), signed(body, at=now - 400),
        signed(body + b" ", at=now), {"Stripe-Signature": "t=,v1="},
    ):  # fmt: skip
        answer = await caller.post("/pay/card/stripe", content=body, headers=headers)
        assert answer.status_code == 400
    assert await balance() == 0
    for _ in range(2):
        answer = await caller.post("/pay/card/stripe", content=body, headers=signed(body, at=now))
        assert answer.status_code == 200
    assert await balance() == 55000
    told = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 55000, "currency": "rub"}
    back = json.dumps({"type": "charge.refunded", "data": {"object": told}}).encode()
    await caller.post("/pay/card/stripe", content=back, headers=signed(back, at=now))
    assert await balance() == 0
    assert shop.asked == []


async def test_money_given_back_in_parts_waits_with_what_each_part_was(
    caller: httpx.AsyncClient, db: Any
) -> None:
    """The charge tells all that went back so far; what had gone before is told beside it."""
    now = int(clock.now().timestamp())

    async def told(kind: str, data: dict[str, Any]) -> int:
        body = json.dumps({"type": kind, "data": data}).encode()
        headers = signed(body, at=now)
        return (await caller.post("/pay/card/stripe", content=body, headers=headers)).status_code

    charge = {"id": "ch_7", "payment_intent": "pi_7", "currency": "rub"}
    for total, before in ((20000, 0), (35000, 20000), (35000, 20000)):
        object_ = charge | {"amount_refunded": total}
        data = {"object": object_, "previous_attributes": {"amount_refunded": before}}
        assert await told("charge.refunded", data) == 200
    wrong = {"object": charge | {"amount_refunded": 100}}
    await told("charge.refunded", wrong | {"previous_attributes": {"amount_refunded": 100}})
    parked = await db.fetch("SELECT amount FROM billing_parked_payment ORDER BY id")
    assert [row["amount"] for row in parked] == [20000, 15000]


async def test_a_broken_message_or_another_network_is_refused(
    caller: httpx.AsyncClient, app: Starlette
) -> None:
    for body in (b"", b"[]", b"{", b"[" * 100_000):
        assert (await caller.post("/pay/card/yoo", content=body)).status_code == 400
    assert (await caller.post("/pay/card/yoo", json={"event": "payment.succeeded"})).is_success
    transport = httpx.ASGITransport(app=app, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as stranger:
        assert (await stranger.post("/pay/card/yoo", json={})).status_code == 403
