"""Who asks, on the pages: the card's line, the small dialog, what dialogs show and require."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import abonent
from abonent.billing.queries.accounts import read_account
from abonent.crm.identity_levels import Levels
from abonent.crm.service.identity import set_identity_rule
from abonent.kernel.actor import SYSTEM
from abonent.kernel.content import load_content
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
FREEZE = "/accounts/20417/freeze"


@pytest.fixture
async def clerk(db: Any, enter: Enter) -> httpx.AsyncClient:
    await small_provider(db)
    return await enter("head")


async def _freeze(clerk: httpx.AsyncClient, **more: str) -> httpx.Response:
    opened = await clerk.get(FREEZE, headers=HX)
    form = {"key": key_of(opened.text), "from": "2026-11-20", "to": "2026-11-29", "step": "do"}
    return await clerk.post(FREEZE, data=form | more, headers=HX)


def test_every_action_that_a_page_names_is_in_the_table_of_levels() -> None:
    levels = load_content("identity", Levels, language="ru")["levels"].value
    named = set()
    for path in (Path(abonent.__file__).parent / "web" / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                named |= {
                    word.value.value
                    for word in node.keywords
                    if word.arg == "identity" and isinstance(word.value, ast.Constant)
                }
    assert len(named) >= 8
    assert named <= {action.code for action in levels.action}


async def test_the_card_says_what_is_confirmed_and_the_dialog_confirms_it(
    clerk: httpx.AsyncClient,
) -> None:
    assert "Кто спрашивает: ещё не проверено" in plain((await clerk.get("/accounts/20417")).text)
    opened = await clerk.get("/accounts/20417/who-asks", headers=HX)
    assert "Не подсказывает" not in opened.text
    assert "Можно сказать" in plain(opened.text)
    form = {"key": key_of(opened.text), "identity_way": "passport", "step": "do"}
    done = await clerk.post("/accounts/20417/who-asks", data=form, headers=HX)
    assert done.status_code == 204
    card = plain((await clerk.get(done.headers["hx-redirect"])).text)
    assert "Записано, что вы проверили, кто спрашивает" in card
    assert "Кто спрашивает: Паспорт или личный кабинет" in card
    opened = await clerk.get("/accounts/20417/who-asks", headers=HX)
    form = {"key": key_of(opened.text), "identity_way": "over", "step": "do"}
    await clerk.post("/accounts/20417/who-asks", data=form, headers=HX)
    assert "ещё не проверено" in plain((await clerk.get("/accounts/20417")).text)


async def test_a_dialog_reminds_and_what_is_done_below_its_level_stands_in_the_register(
    clerk: httpx.AsyncClient,
) -> None:
    shown = plain((await clerk.get(FREEZE, headers=HX)).text)
    assert "Нужен уровень 2" in shown
    assert (await _freeze(clerk)).status_code == 204
    register = plain((await clerk.get("/identity")).text)
    assert "Добровольная блокировка и её конец" in register
    assert "20417" in register


async def test_the_level_is_confirmed_in_the_dialog_itself(
    clerk: httpx.AsyncClient, db: Any
) -> None:
    assert (await _freeze(clerk, identity_way="attorney")).status_code == 204
    assert await db.fetchval("SELECT count(*) FROM crm_identity_lapse") == 0
    shown = plain((await clerk.get("/accounts/20417/tariff", headers=HX)).text)
    assert "подтверждён уровень 2: Паспорт и доверенность" in shown


async def test_where_it_is_required_the_dialog_asks_and_does_nothing_before(
    clerk: httpx.AsyncClient,
) -> None:
    await set_identity_rule(by=SYSTEM, mode="require", minutes=30)
    refused = await _freeze(clerk)
    assert refused.status_code in {400, 422}
    assert "укажите, как вы проверили" in plain(refused.text)
    assert (await read_account("20417", by=SYSTEM)).freezes == []
    assert (await _freeze(clerk, identity_way="passport")).status_code == 204
    assert len((await read_account("20417", by=SYSTEM)).freezes) == 1


@pytest.mark.parametrize("path", ["promise", "tariff"])
async def test_dialogs_of_their_own_kind_ask_as_well(clerk: httpx.AsyncClient, path: str) -> None:
    shown = plain((await clerk.get(f"/accounts/20418/{path}", headers=HX)).text)
    assert "Нужен уровень" in shown


async def test_nothing_is_asked_where_the_provider_does_not_want_it(
    clerk: httpx.AsyncClient, db: Any
) -> None:
    opened = await clerk.get("/identity/rule", headers=HX)
    form = {"key": key_of(opened.text), "mode": "off", "minutes": "30", "step": "do"}
    done = await clerk.post("/identity/rule", data=form, headers=HX)
    assert done.status_code == 204
    assert "Нужен уровень" not in plain((await clerk.get(FREEZE, headers=HX)).text)
    assert "Кто спрашивает" not in plain((await clerk.get("/accounts/20417")).text)
    assert (await _freeze(clerk)).status_code == 204
    assert await db.fetchval("SELECT count(*) FROM crm_identity_lapse") == 0
