"""A caller of the API: the whole application, a token, and calls in few words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.service import days
from abonent.kernel.actor import SYSTEM
from abonent.kernel.settings import Settings
from abonent.web.app import create_app
from abonent.web.service import create_token


class Caller:
    """A program with a token; `post` and `get` answer the body of a call that succeeded."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def try_post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body or {}, headers=headers)

    async def post(self, path: str, **body: Any) -> Any:
        sent = {name.rstrip("_"): _sent(value) for name, value in body.items()}
        answer = await self.try_post(path, sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.client.get(
            path, params={name.rstrip("_"): _sent(value) for name, value in query.items()}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, status: int, path: str, **body: Any) -> Any:
        sent = {name.rstrip("_"): _sent(value) for name, value in body.items()}
        answer = await self.try_post(path, sent)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()

    # the life of an account in few words

    async def begin(self, first: date) -> None:
        await days.begin(first, by=SYSTEM)

    async def tariff(self, code: str, mode: str, fee: int, **more: Any) -> Any:
        named = {"code": code, "name": code, "kind": "internet", "mode": mode, "fee": fee}
        return await self.post("tariffs", **(named | more))

    async def account(self, number: str = "1", billing_day: int = 1, **more: Any) -> Any:
        return await self.post("accounts", number=number, billing_day=billing_day, **more)

    async def service(self, tariff: str, number: str = "1", **more: Any) -> Any:
        return await self.post(f"accounts/{number}/services", tariff=tariff, **more)

    async def pay(self, amount: int, number: str = "1", external_id: str = "") -> Any:
        self.paid = getattr(self, "paid", 0) + 1
        return await self.post(
            f"accounts/{number}/payments",
            amount=amount,
            source="cash",
            external_id=external_id or f"receipt-{self.paid}",
        )

    async def open_on(self, day: date) -> None:
        """Close days until `day` is open."""
        answer = await self.post("day/close", through=day - timedelta(1))
        assert answer["day"] == day.isoformat()

    async def look(self, number: str = "1") -> tuple[int, list[str]]:
        """The balance and the states of the services."""
        seen = await self.get(f"accounts/{number}")
        return seen["balance"], [service["state"] for service in seen["services"]]

    async def entries(self, number: str = "1") -> list[Any]:
        listed: list[Any] = (await self.get(f"accounts/{number}/entries"))["items"]
        return listed


def _sent(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


MakeCaller = Callable[..., Awaitable[Caller]]


@pytest.fixture(scope="session")
def api_app(database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    home: Path = tmp_path_factory.mktemp("api-home")
    return create_app(database.having(home=home), own_database=False)


def client_of(app: Starlette, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://desk.test/api/v1/",
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )


@pytest.fixture
async def caller(api_app: Starlette) -> AsyncIterator[MakeCaller]:
    """Makes callers with the rights they are given, all by default."""
    clients = []

    async def make(*rights: str) -> Caller:
        token = await create_token("a program", rights or ("*",))
        clients.append(client_of(api_app, token))
        return Caller(clients[-1])

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def api(db: Any, caller: MakeCaller) -> Caller:
    """A caller with every right, in the test's transaction."""
    return await caller()
