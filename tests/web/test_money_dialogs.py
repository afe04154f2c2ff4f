"""Dialogs that move money or set what it costs: each shows what it would do and then does it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ACCOUNT = "/accounts/20417"


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def clerk(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


async def balance() -> int:
    return (await read_account("20417", by=SYSTEM)).balance


async def entries() -> int:
    async with reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM billing_entry"))


async def shown_and_done(clerk: httpx.AsyncClient, path: str, given: dict[str, str]) -> str:
    """Open, look, carry out twice; answers what the preview said."""
    form = (await clerk.get(ACCOUNT + path, headers=HX)).text
    given = {"key": key_of(form), **given}
    before = await entries()
    looked = await clerk.post(ACCOUNT + path, data=given, headers=HX)
    assert looked.status_code == 200, looked.text
    assert await entries() == before
    first = await clerk.post(ACCOUNT + path, data=given | {"step": "do"})
    assert first.status_code == 303, first.text
    after = await entries()
    again = await clerk.post(ACCOUNT + path, data=given | {"step": "do"})
    assert again.headers["location"] == first.headers["location"]
    assert await entries() == after
    assert (await clerk.get(first.headers["location"])).status_code == 200
    return plain(looked.text)


async def test_a_fee_is_shown_and_charged_once(clerk: httpx.AsyncClient) -> None:
    was = await balance()
    said = await shown_and_done(
        clerk, "/fee", {"amount": "50", "kind": "visit", "reason": "Настройка роутера"}
    )
    assert "Станет" in said
    assert await balance() == was - 50_00


async def test_a_fee_beyond_the_money_needs_a_tick(clerk: httpx.AsyncClient) -> None:
    given = {"key": "k", "step": "do", "amount": "99999", "kind": "other", "reason": "Проверка"}
    was = await balance()
    refused = await clerk.post(f"{ACCOUNT}/fee", data=given)
    assert refused.status_code == 422
    assert 'value="99999"' in refused.text
    assert await balance() == was


async def test_a_bonus_and_a_refund_move_the_balance(clerk: httpx.AsyncClient) -> None:
    was = await balance()
    await shown_and_done(clerk, "/bonus", {"amount": "10", "reason": "Извинение"})
    assert await balance() == was + 10_00
    await shown_and_done(clerk, "/refund", {"amount": "1", "method": "cash"})
    assert await balance() == was + 9_00


async def test_a_credit_limit_is_set(clerk: httpx.AsyncClient) -> None:
    await shown_and_done(clerk, "/credit", {"limit": "300", "reason": "Постоянный клиент"})
    assert (await read_account("20417", by=SYSTEM)).credit_limit == 300_00


async def test_a_discount_gives_back_for_the_days_left(clerk: httpx.AsyncClient) -> None:
    was = await balance()
    form = (await clerk.get(f"{ACCOUNT}/discount", headers=HX)).text
    assert "Оптима 100" in form
    day = (await read_account("20417", by=SYSTEM)).day.isoformat()
    said = await shown_and_done(
        clerk,
        "/discount",
        {
            "service": "1",
            "as": "percent",
            "percent": "50",
            "from": day,
            "to": "2027-03-31",
            "reason": "Акция",
        },
    )
    assert "Станет" in said
    assert await balance() > was


async def test_a_percent_that_is_missing_is_named(clerk: httpx.AsyncClient) -> None:
    given = {"key": "k", "step": "do", "service": "1", "as": "percent", "reason": "Акция"}
    given |= {"from": "2026-11-15", "to": "2026-12-31"}
    answer = await clerk.post(f"{ACCOUNT}/discount", data=given)
    assert answer.status_code == 400
    assert "Укажите процент" in answer.text


async def test_a_service_is_added_and_ended(clerk: httpx.AsyncClient) -> None:
    view = await read_account("20417", by=SYSTEM)
    form = (await clerk.get(f"{ACCOUNT}/services/add", headers=HX)).text
    assert "<option" in form
    await take_payment("20417", by=SYSTEM, amount=5_000_00, source="cash", external_id="rich")
    tariff = form.split('name="tariff"')[1].split('<option value="')[1].split('"')[0]
    day = view.day.isoformat()
    await shown_and_done(clerk, "/services/add", {"tariff": tariff, "from": day})
    now = await read_account("20417", by=SYSTEM)
    assert len(now.services) == len(view.services) + 1
    last = str(now.services[-1].no)
    await shown_and_done(clerk, "/services/end", {"service": last, "on": "2026-12-20"})


async def test_recalculation_lists_the_days_and_posts_the_difference(
    clerk: httpx.AsyncClient,
) -> None:
    was = await balance()
    said = await shown_and_done(
        clerk,
        "/recalculation",
        {
            "service": "1",
            "from": "2026-11-03",
            "to": "2026-11-04",
            "what": "unserved",
            "reason": "Не было связи",
        },
    )
    assert "Будет возвращено" in said
    assert await balance() > was


async def test_a_payment_is_voided_once(clerk: httpx.AsyncClient) -> None:
    was = await balance()
    taken = await take_payment("20417", by=SYSTEM, amount=77_00, source="cash", external_id="v")
    path = f"/entries/{taken.entry_no}/void"
    await shown_and_done(clerk, path, {"reason": "Чужие деньги"})
    assert await balance() == was
    again = {"key": "k2", "step": "do", "reason": "Ещё раз"}
    assert (await clerk.post(ACCOUNT + path, data=again)).status_code == 422


async def test_what_a_role_may_not_do_is_neither_offered_nor_done(
    provider: None, enter: Enter
) -> None:
    clerk = await enter("collect")
    for path in ("/fee", "/discount", "/refund", "/recalculation", "/credit"):
        assert (await clerk.get(ACCOUNT + path)).status_code == 403
        assert f'href="{ACCOUNT}{path}"' not in (await clerk.get(ACCOUNT)).text
