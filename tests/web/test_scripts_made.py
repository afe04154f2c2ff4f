"""Pages of new scripts: made, changed, published, played and measured as packaged ones are."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
SLUG = "zvonok-posle-podkliucheniia"
TYPED = {"title": "Звонок после подключения", "about": "Через три дня.", "source": "", "slug": ""}


@pytest.fixture
async def head(db: Any, enter: Enter) -> httpx.AsyncClient:
    await small_provider(db)
    return await enter("head")


async def _send(client: httpx.AsyncClient, path: str, **typed: str) -> httpx.Response:
    key = key_of((await client.get(path, headers=HX)).text)
    return await client.post(path, data={"key": key, "step": "do", **typed}, headers=HX)


async def _make(head: httpx.AsyncClient, **typed: str) -> httpx.Response:
    return await _send(head, "/scripts/new", **{**TYPED, **typed})


async def test_a_new_script_stands_with_the_packaged_ones_once_it_is_published(
    head: httpx.AsyncClient, enter: Enter
) -> None:
    made = await _make(head, **{"role.office": "on"})
    draft = f"/scripts/{SLUG}/draft"
    assert made.headers["hx-redirect"] == f"{draft}?done=made"
    page = plain((await head.get(f"{draft}?done=made")).text)
    for words in (
        "ещё не опубликовано",
        "его можно публиковать",
        "Вопрос решён",
        "Сотрудник офиса",
    ):
        assert words in page
    assert "Здравствуйте! Меня зовут" in plain((await head.get(f"{draft}/try")).text)
    # Who only plays finds it nowhere.
    clerk = await enter("office")
    for path in ("/scripts", "/accounts/20417/scripts"):
        assert TYPED["title"] not in (await clerk.get(path)).text
    assert (await clerk.get(f"/scripts/{SLUG}")).status_code == 404
    for path in (f"/scripts/{SLUG}/play", f"/accounts/20417/scripts/{SLUG}"):
        assert (await clerk.post(path)).status_code == 404
    assert draft in (await head.get("/scripts")).text
    assert (await head.get(f"/scripts/{SLUG}")).headers["location"] == draft
    dialog = await head.get(f"{draft}/publish", headers=HX)
    assert "Первая версия" in dialog.text
    done = await _send(head, f"{draft}/publish", note="Первая версия")
    assert done.headers["hx-redirect"] == f"/scripts/{SLUG}?done=published"
    assert "своя версия 1" in plain((await head.get(f"/scripts/{SLUG}")).text)
    mine = plain((await clerk.get("/accounts/20417/scripts")).text)
    assert mine.index("Сценарии вашей роли") < mine.index(TYPED["title"])
    cash = await enter("cash")
    others = plain((await cash.get("/accounts/20417/scripts")).text)
    assert others.index("Сценарии других ролей") < others.index(TYPED["title"])
    begun = await clerk.post(f"/accounts/20417/scripts/{SLUG}")
    run = begun.headers["location"]
    await clerk.post(f"{run}/answer", data={"no": "1", "answer": "0"})
    assert "Вопрос решён" in plain((await clerk.get(run)).text)
    results = plain((await head.get(f"/scripts/{SLUG}/results")).text)
    assert "своя версия 1" in results
    assert TYPED["title"] in plain((await head.get(f"/script-runs?script={SLUG}")).text)
    assert "1 разговор за 30 дней" in plain((await head.get("/scripts")).text)


async def test_a_key_in_use_is_told_beside_its_field_and_what_was_typed_stays(
    head: httpx.AsyncClient,
) -> None:
    refused = await _make(head, slug="advance-payment", **{"role.cash": "on"})
    assert refused.status_code == 400
    error = re.search(r'id="act-slug-error">(.*?)</p>', refused.text, re.DOTALL)
    assert error
    assert "Ключ «advance-payment» уже занят" in plain(error[1])
    for kept in ('value="advance-payment"', TYPED["title"], 'name="role.cash" checked'):
        assert kept in refused.text
    assert (await _make(head, title="")).status_code == 400


async def test_another_begins_as_a_copy(head: httpx.AsyncClient) -> None:
    opened = await head.get("/scripts/new?from=raise-arpu", headers=HX)
    assert re.search(r'value="raise-arpu" selected', opened.text)
    await _make(head, source="raise-arpu", slug="raise-village")
    assert (await head.get("/scripts/raise-village/draft/steps/price")).status_code == 200
    ends = (await head.get("/scripts/raise-village/draft")).text
    assert "/scripts/raise-village/draft/ends/NOT_NOW" in ends


async def test_ends_and_roles_of_a_draft_are_changed_by_dialogs(head: httpx.AsyncClient) -> None:
    await _make(head)
    draft = f"/scripts/{SLUG}/draft"
    done = await _send(head, f"{draft}/ends/new", code="LATER", label="Позже", kind="neutral")
    assert done.headers["hx-redirect"] == f"{draft}?done=end_added"
    assert "Итог добавлен" in plain((await head.get(f"{draft}?done=end_added")).text)
    twice = await _send(head, f"{draft}/ends/new", code="LATER", label="Ещё", kind="bad")
    assert twice.status_code == 400
    assert 'id="act-code-error"' in twice.text
    for made in ("perezvonit_sam", "perezvonit_sam_2"):
        await _send(head, f"{draft}/ends/new", label="Перезвонит сам", kind="good")
        assert f"{draft}/ends/{made}" in (await head.get(draft)).text
    step = await _send(head, f"{draft}/new-step", stage="close", say="Когда удобно прийти?")
    assert step.headers["hx-redirect"] == f"{draft}/steps/kogda_udobno_priiti"
    assert 'value="Позже"' in (await head.get(f"{draft}/ends/LATER", headers=HX)).text
    await _send(head, f"{draft}/ends/LATER", label="Просил позже", kind="bad")
    assert "Просил позже" in (await head.get(draft)).text
    opened = await head.get(f"{draft}/ends/DONE/remove", headers=HX)
    assert "begin" in plain(opened.text)
    await _send(head, f"{draft}/ends/LATER/remove")
    assert (await head.get(f"{draft}/ends/LATER", headers=HX)).status_code == 404
    await _send(head, f"{draft}/roles", **{"role.cash": "on", "role.sub": "on"})
    assert 'name="role.cash" checked' in (await head.get(f"{draft}/roles", headers=HX)).text
    assert "sub" not in plain((await head.get(draft)).text).split("Чьи разговоры")[1]


async def test_a_new_script_thrown_away_leaves_the_list(head: httpx.AsyncClient) -> None:
    await _make(head)
    opened = await head.get(f"/scripts/{SLUG}/draft/drop", headers=HX)
    assert "ни разу не публиковался" in plain(opened.text)
    done = await _send(head, f"/scripts/{SLUG}/draft/drop")
    assert done.headers["hx-redirect"] == "/scripts?done=dropped"
    page = plain((await head.get("/scripts?done=dropped")).text)
    assert "Черновик удалён" in page
    assert TYPED["title"] not in page
    assert (await head.get(f"/scripts/{SLUG}")).status_code == 404


async def test_only_who_may_change_scripts_is_offered_a_new_one(
    head: httpx.AsyncClient, enter: Enter
) -> None:
    assert "/scripts/new" in (await head.get("/scripts")).text
    clerk = await enter("office")
    assert "/scripts/new" not in (await clerk.get("/scripts")).text
    assert (await clerk.get("/scripts/new")).status_code == 403
    assert (await clerk.post("/scripts/new", data=TYPED)).status_code == 403


async def test_what_a_colleague_put_in_meanwhile_is_not_published_unread(
    head: httpx.AsyncClient, enter: Enter
) -> None:
    await _make(head)
    draft = f"/scripts/{SLUG}/draft"
    (publish,) = set(re.findall(rf'"({draft}/publish[^"]*)"', (await head.get(draft)).text))
    key = key_of((await head.get(publish, headers=HX)).text)
    other = await enter("head", "other")
    await _send(other, f"{draft}/describe", title="Подменено", about="Нет", begin="begin")
    sent = {"key": key, "step": "do", "note": "Первая версия"}
    refused = await head.post(publish, data=sent, headers=HX)
    assert refused.status_code == 409
    assert "Черновик тем временем изменил коллега" in plain(refused.text)
    (publish,) = set(re.findall(rf'"({draft}/publish[^"]*)"', (await head.get(draft)).text))
    done = await _send(head, publish, note="Первая версия")
    assert done.headers["hx-redirect"] == f"/scripts/{SLUG}?done=published"
