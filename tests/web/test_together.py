"""What two windows send in the same instant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from abonent.billing.queries.accounts import read_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from abonent.web.app import create_app
from abonent.web.service import add_user
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

PASSWORD = "correct horse battery"


@pytest.mark.may_block
async def test_of_two_equal_payments_in_one_instant_the_second_is_asked_about(
    fresh_database: Settings, tmp_path: Any, client_of: Callable[..., httpx.AsyncClient]
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await add_user("office", name="Мария Петрова", role="office", password=PASSWORD)
    before = (await read_account("20418", by=SYSTEM)).balance
    app = create_app(fresh_database.having(home=tmp_path), own_database=False)
    async with client_of(app) as client:
        await client.post("/sign-in", data={"login": "office", "password": PASSWORD})
        forms = [(await client.get("/accounts/20418/payment")).text for _ in range(6)]
        given = {"amount": "150", "source": "bank", "step": "do"}
        answers = await asyncio.gather(
            *(
                client.post("/accounts/20418/payment", data=given | {"key": key_of(form)})
                for form in forms
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 5
    assert all("другая оплата" in plain(a.text) for a in answers if a.status_code == 400)
    assert (await read_account("20418", by=SYSTEM)).balance == before + 15000


@pytest.mark.may_block
async def test_of_files_asked_for_in_one_instant_no_more_than_three_are_made(
    fresh_database: Settings, tmp_path: Any, client_of: Callable[..., httpx.AsyncClient]
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await add_user("office", name="Мария Петрова", role="office", password=PASSWORD)
    app = create_app(fresh_database.having(home=tmp_path), own_database=False)
    async with client_of(app) as client:
        await client.post("/sign-in", data={"login": "office", "password": PASSWORD})
        answers = await asyncio.gather(
            *(client.post("/subscribers/file?as=csv") for _turn in range(8))
        )
    assert sorted(answer.status_code for answer in answers) == [303] * 3 + [422] * 5
