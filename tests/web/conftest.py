"""An application over the test's transaction, and browsers without a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.kernel.settings import Settings
from abonent.web.app import create_app
from abonent.web.service import add_user

PASSWORD = "correct horse battery"
OWN = {"Sec-Fetch-Site": "same-origin"}

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def app(database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    home: Path = tmp_path_factory.mktemp("web-home")
    return create_app(database.having(home=home), own_database=False)


def _client_of(app: Starlette, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=("203.0.113.7", 1234))
    return httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers=OWN | headers
    )


@pytest.fixture(scope="session")
def client_of() -> Callable[..., httpx.AsyncClient]:
    """Gives a client of any application, with further headers."""
    return _client_of


@pytest.fixture
async def guest(app: Starlette, db: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    async with _client_of(app) as client:
        yield client


@pytest.fixture
async def enter(app: Starlette, db: Any) -> AsyncIterator[Enter]:
    """Signs a new user of a role in and gives their browser."""
    clients: list[httpx.AsyncClient] = []

    async def enter(role: str = "office", login: str = "", **more: Any) -> httpx.AsyncClient:
        login = login or f"{role}-{len(clients)}"
        await add_user(login, name="Мария Петрова", role=role, password=PASSWORD, **more)
        client = _client_of(app)
        clients.append(client)
        answer = await client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    yield enter
    for client in clients:
        await client.aclose()
