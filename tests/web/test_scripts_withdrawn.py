"""A script is withdrawn and brought back: nobody begins it meanwhile, what was played stays."""

from __future__ import annotations

from typing import Any

import pytest

from abonent.crm.script_errors import ScriptNotFound, ScriptWithdrawn
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.script_making import restore_script, withdraw_script
from abonent.crm.service.scripts import answer_step, begin_run
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden, Malformed
from tests.web.conftest import Enter
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

HX = {"HX-Request": "true"}
SLUG = "no-internet"
CLERK = Actor("user", "7", "Анна", frozenset({"crm.script.play"}))


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def test_it_is_begun_no_more_and_what_goes_on_goes_on(provider: None) -> None:
    run = await begin_run(SLUG, by=CLERK)
    with pytest.raises(Malformed):
        await withdraw_script(SLUG, by=SYSTEM, why=" ")
    with pytest.raises(Forbidden):
        await withdraw_script(SLUG, by=CLERK, why="Не нужен")
    await withdraw_script(SLUG, by=SYSTEM, why="Не нужен")
    await withdraw_script(SLUG, by=SYSTEM, why="Ещё раз")
    with pytest.raises(ScriptWithdrawn):
        await begin_run(SLUG, by=CLERK)
    await answer_step(run, by=CLERK, no=1, answer=0)
    await restore_script(SLUG, by=SYSTEM)
    await begin_run(SLUG, by=CLERK)
    with pytest.raises(ScriptNotFound):
        await withdraw_script("gone", by=SYSTEM, why="Нет такого")


async def test_pages_offer_it_no_more_until_it_is_brought_back(
    provider: None, enter: Enter
) -> None:
    head, clerk = await enter("head"), await enter("office")
    new = NewRequest(channel="call", text="Нет интернета", topic="no-internet", account="20417")
    request = f"/requests/{(await take_request(new, by=SYSTEM)).number}"
    play, about = f"/scripts/{SLUG}/play", f"/accounts/20417/scripts/{SLUG}"
    for address, offered in (
        ("/scripts", play),
        ("/accounts/20417/scripts", about),
        (request, about),
    ):
        assert offered in (await clerk.get(address)).text, address
    leading = f'href="/scripts/{SLUG}"'
    named = ("/knowledge/no-internet", "/objections")
    assert [leading in (await clerk.get(address)).text for address in named] == [True, True]
    await _sent(head, f"/scripts/{SLUG}/withdraw", why="Переписываем")
    assert [leading in (await clerk.get(address)).text for address in named] == [False, False]
    for address, offered in (
        ("/scripts", play),
        ("/accounts/20417/scripts", about),
        (request, about),
    ):
        assert offered not in (await clerk.get(address)).text, address
    refused = await clerk.post(play)
    assert refused.status_code == 422
    assert "выведен из работы" in plain(refused.text)
    listed = (await head.get("/scripts")).text
    assert "Выведены из работы" in listed
    assert f'href="/scripts/{SLUG}"' in listed
    await _sent(head, f"/scripts/{SLUG}/restore")
    assert play in (await clerk.get("/scripts")).text
    assert (await clerk.get(f"/scripts/{SLUG}/withdraw", headers=HX)).status_code == 403


async def _sent(desk: Any, path: str, **typed: str) -> None:
    key = key_of((await desk.get(path, headers=HX)).text)
    done = await desk.post(path, data={"key": key, "step": "do", **typed}, headers=HX)
    assert done.headers["hx-redirect"].startswith(f"/scripts/{SLUG}?done=")
