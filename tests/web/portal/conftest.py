"""A subscriber with a telephone to which codes come, and browsers signed in to the portal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.service import days, payments, services, tariffs
from abonent.billing.service.entities import set_requisites
from abonent.crm.rules.people import read_address
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.requisites import Requisites

TODAY = date(2026, 11, 2)
NUMBER, OTHER = "20417", "20418"
PHONE = "79123456789"
COMPANY = Requisites(
    name="ООО «Сеть»",
    inn="7707083893",
    kpp="770101001",
    bank_name="ПАО Сбербанк",
    bic="044525225",
    account="40702810938000000001",
    corr_account="30101810400000000225",
)
_OFFER = """
INSERT INTO billing_offer (code, name, days, days_per_year, most_days, amount, ceiling, fee,
    once_per_days, least_tenure_days, highest_debt, ban_days, tariffs, channels, active)
VALUES ($1, $2, $3, 0, 10, NULL, 100000, $4, 30, 0, NULL, 90, NULL, $5, true)
"""
_CATALOGUE = "UPDATE billing_installation SET catalogue = catalogue + 1"

Browse = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def provider(db: Any) -> None:
    """Two subscribers: one whose money has run out, and somebody else."""
    await fill(db)


async def fill(connection: Any) -> None:
    """Fill an empty database."""
    await days.begin(TODAY.replace(day=1), by=SYSTEM)
    await set_requisites("main", by=SYSTEM, requisites=COMPANY)
    for code, name, fee in (("opt50", "Оптима 50", 39000), ("opt100", "Оптима 100", 46000)):
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=name, kind="internet", mode="advance", fee=fee
        )
    await connection.execute("DELETE FROM billing_offer")
    await connection.execute(_OFFER, "short", "На 5 дней", 5, 0, None)
    await connection.execute(_OFFER, "office", "Только в офисе", 10, 3000, ["office"])
    await connection.execute(_CATALOGUE)
    for number, name, phone, email in (
        (NUMBER, "Семёнов Пётр Ильич", "8 912 345-67-89", "petr@mail.example"),
        (OTHER, "Орлова Ирина Олеговна", "8 916 000-11-22", "irina@mail.example"),
    ):
        await open_subscriber_account(
            number,
            by=SYSTEM,
            billing_day=1,
            subscriber=NewSubscriber(name, phone=phone, email=email),
            address=read_address("Центр, Мира, 8, кв. 12"),
            contract=f"2026/{number}",
        )
        await services.add_service(number, by=SYSTEM, tariff="opt100")
    await payments.take_payment(
        NUMBER, by=SYSTEM, amount=10000, source="cash", external_id="seed-1"
    )
    await payments.take_payment(OTHER, by=SYSTEM, amount=90000, source="cash", external_id="seed-2")
    await days.close_days(by=SYSTEM, through=TODAY.replace(day=1))


async def sent(connection: Any) -> list[dict[str, Any]]:
    """The messages that left: each with its kind and payload, the oldest first."""
    rows = await connection.fetch(
        "SELECT kind, payload FROM outbox WHERE kind IN ('sms', 'mail') ORDER BY id"
    )
    return [{"kind": row["kind"], **json.loads(row["payload"])} for row in rows]


async def last_code(connection: Any) -> str:
    """The six digits of the message that left last."""
    text: str = (await sent(connection))[-1]["text"]
    return text[:6]


@pytest.fixture
async def browse(
    app: Starlette, provider: None, client_of: Browse
) -> AsyncIterator[Callable[[], httpx.AsyncClient]]:
    """Gives browsers that know nobody."""
    clients: list[httpx.AsyncClient] = []

    def browse() -> httpx.AsyncClient:
        clients.append(client_of(app))
        return clients[-1]

    yield browse
    for client in clients:
        await client.aclose()


Entered = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def enter(browse: Callable[[], httpx.AsyncClient], db: Any) -> Entered:
    """Signs a subscriber in by a code and gives the browser."""

    async def enter(number: str = NUMBER) -> httpx.AsyncClient:
        client = browse()
        answer = await client.post("/my/sign-in", data={"number": number, "way": "phone"})
        assert answer.status_code == 303, answer.text
        answer = await client.post("/my/sign-in/code", data={"code": await last_code(db)})
        assert answer.status_code == 303, answer.text
        return client

    return enter
