"""Pages of new articles: written, published, found at the desk and on the portal, withdrawn."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.actor import SYSTEM
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
SLUG = "kamery-v-podezde"
TYPED = {
    "title": "Камеры в подъезде",
    "question": "Как посмотреть запись с камеры?",
    "keywords": "видеонаблюдение, домофон;\nкамера",
    "body": "Записи хранит **управляющая компания** семь дней.",
    "look": "Карточка → Дом\r\n\r\nДоговор",
    "staff": "Пароль от шлюза не называйте.",
    "form": "http://127.0.0.1:8000/accounts/20417/promise?service=1",
    "script": "advance-payment",
    "level": "1",
    "type": "office",
    "topic": "balance",
    "review_on": "2027-02-01",
    "public": "on",
    "role.office": "on",
    "slug": "",
}


@pytest.fixture
async def head(db: Any, enter: Enter) -> httpx.AsyncClient:
    await small_provider(db)
    return await enter("head")


async def _make(head: httpx.AsyncClient, do: str, **typed: str) -> httpx.Response:
    key = key_of((await head.get("/knowledge/new")).text)
    return await head.post("/knowledge/new", data={**TYPED, "key": key, "do": do, **typed})


async def _write(head: httpx.AsyncClient, do: str, **typed: str) -> httpx.Response:
    seen = re.search(r'name="seen" value="([\d.]+)"', (await head.get(f"{_AT}/edit")).text)
    assert seen
    data = {**TYPED, "seen": seen[1], "do": do, **typed}
    return await head.post(f"{_AT}/edit", data=data)


_AT = f"/knowledge/{SLUG}"


def _first(text: str) -> str:
    found = re.search(
        r'href="(?:/knowledge|/my/help)/([\w-]+)', text.rsplit('id="answers"', maxsplit=1)[-1]
    )
    return found[1] if found else ""


async def test_a_published_article_is_found_at_once_at_the_desk_and_on_the_portal(
    head: httpx.AsyncClient, enter: Enter, guest: httpx.AsyncClient
) -> None:
    clerk = await enter("office")
    kept = await _make(head, "keep")
    assert kept.headers["location"] == f"{_AT}/edit?done=kept"
    page = (await head.get(f"{_AT}/edit?done=kept")).text
    assert "Черновик сохранён" in plain(page)
    assert "<strong>управляющая компания</strong>" in page
    for client, path in ((clerk, _AT), (guest, f"/my/help/{SLUG}")):
        assert (await client.get(path)).status_code == 404
    assert SLUG not in (await clerk.get("/knowledge?q=видеонаблюдение", headers=HX)).text
    done = await _write(head, "publish")
    assert done.headers["location"] == f"{_AT}?done=published"
    found = await clerk.get("/knowledge?q=видеонаблюдения", headers=HX)
    assert _first(found.text) == SLUG
    assert _AT in (await clerk.get("/find?q=запись+с+камеры", headers=HX)).text
    assert SLUG in (await guest.get("/my/help?q=видеонаблюдением")).text
    public = (await guest.get(f"/my/help/{SLUG}")).text
    assert "управляющая компания" in public
    assert "шлюза" not in public
    await clerk.get("/accounts/20417")
    shown = (await clerk.get(_AT)).text
    assert 'href="/accounts/20417/promise"' in shown
    assert 'href="/scripts/advance-payment"' in shown
    assert "<li>Карточка → Дом</li><li>Договор</li>" in shown
    assert TYPED["title"] in (await head.get("/knowledge-use")).text


async def test_the_memo_names_own_articles_on_its_back(head: httpx.AsyncClient) -> None:
    async def pages() -> int:
        answer = await head.get("/knowledge/memo.pdf")
        return len(re.findall(rb"/MediaBox", answer.content))

    await _make(head, "keep")
    assert await pages() == 1
    await _write(head, "publish")
    assert await pages() == 2


async def test_a_request_of_the_topic_leads_to_the_article(
    head: httpx.AsyncClient,
) -> None:
    new = NewRequest(channel="email", text="Сколько на счёте?", topic="balance")
    number = (await take_request(new, by=SYSTEM)).number
    path = f"/requests/{number}"
    before = (await head.get(path)).text
    assert SLUG not in before
    await _make(head, "publish")
    assert f'href="{_AT}"' in (await head.get(path)).text


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    head: httpx.AsyncClient,
) -> None:
    for change, fields in (
        ({"slug": "freeze"}, ["slug"]),
        ({"question": "", "body": ""}, ["question", "body"]),
        ({"keywords": " , ;", "role.office": ""}, ["keywords", "roles"]),
        ({"form": "/accounts/1/nothing"}, ["form"]),
        ({"body": "См. [другую](nothing)."}, ["body"]),
        ({"form": "javascript:alert(1)"}, ["form"]),
        ({"type": "odd", "level": "9"}, ["type", "level"]),
        ({"review_on": "2020-01-01"}, ["review_on"]),
        ({"title": ""}, ["title"]),
    ):
        refused = await _make(head, "publish", **change)
        assert refused.status_code == 422, change
        told = re.findall(r'id="article-(\w+)-error"', refused.text)
        assert sorted(told) == sorted(fields), change
        assert TYPED["staff"] in refused.text
        assert 'name="role.office" checked' in refused.text or "role.office" in change
        assert re.search(r'value="balance" selected', refused.text)
    assert (await head.get(_AT)).status_code == 404


async def test_a_form_sent_twice_makes_one_article(head: httpx.AsyncClient, db: Any) -> None:
    key = key_of((await head.get("/knowledge/new")).text)
    for _time in range(2):
        done = await head.post("/knowledge/new", data={**TYPED, "key": key, "do": "publish"})
        assert done.headers["location"] == f"{_AT}?done=published"
    assert await db.fetchval("SELECT count(*) FROM crm_article_version") == 1


async def test_two_who_write_at_once_do_not_lose_each_others_words(
    head: httpx.AsyncClient, enter: Enter
) -> None:
    await _make(head, "keep")
    other = await enter("head", "other")
    stale = await _write(other, "keep", staff="Первое")
    assert stale.status_code == 303
    answer = await head.post(
        f"{_AT}/edit", data={**TYPED, "seen": "1.1", "do": "publish", "staff": "Второе"}
    )
    assert answer.status_code == 422
    assert "Коллега тем временем изменил" in plain(answer.text)
    assert "Второе" in answer.text


async def test_a_withdrawn_article_is_in_the_archive_with_its_reason(
    head: httpx.AsyncClient, enter: Enter, guest: httpx.AsyncClient
) -> None:
    await _make(head, "publish")
    await _make(head, "publish", title="Домофон", slug="intercom", body=f"См. [камеры]({SLUG}).")
    opened = await head.get(f"{_AT}/withdraw", headers=HX)
    assert "ссылаются другие статьи" in plain(opened.text)
    assert "поправьте их: Домофон." in plain(opened.text)
    data = {"key": key_of(opened.text), "step": "do", "why": ""}
    assert (await head.post(f"{_AT}/withdraw", data=data, headers=HX)).status_code == 400
    data |= {"key": key_of(opened.text), "why": "Камеры сняли"}
    done = await head.post(f"{_AT}/withdraw", data=data, headers=HX)
    assert done.headers["hx-redirect"] == "/knowledge/own?done=withdrawn"
    own = plain((await head.get("/knowledge/own")).text)
    assert "в архиве" in own
    assert "Камеры сняли" in own
    clerk = await enter("office")
    assert (await clerk.get(_AT)).status_code == 404
    assert (await guest.get(f"/my/help/{SLUG}")).status_code == 404
    assert SLUG not in (await clerk.get("/knowledge?q=видеонаблюдение", headers=HX)).text
    assert (await head.get(_AT)).headers["location"] == f"{_AT}/edit"
    assert "Публикация вернёт её" in plain((await head.get(f"{_AT}/edit")).text)
    assert (await _write(head, "publish")).status_code == 303
    assert (await clerk.get(_AT)).status_code == 200


async def test_only_who_may_write_articles_is_offered_it(
    head: httpx.AsyncClient, enter: Enter
) -> None:
    await _make(head, "publish")
    clerk = await enter("office")
    for page in ("/knowledge", _AT):
        text = (await clerk.get(page)).text
        assert "/knowledge/new" not in text
        assert f"{_AT}/edit" not in text
    for path in ("/knowledge/new", "/knowledge/own", f"{_AT}/edit", f"{_AT}/withdraw"):
        assert (await clerk.get(path)).status_code == 403
    for path in ("/knowledge/new", f"{_AT}/edit", f"{_AT}/withdraw", f"{_AT}/drop"):
        assert (await clerk.post(path, data=TYPED)).status_code == 403
    assert (await (await enter("trainer")).get("/knowledge/new")).status_code == 200
