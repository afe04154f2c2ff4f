"""Chats on the desk and the script that the provider's site loads."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.crm.service.requests.client import CLIENT, rate_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def number(db: Any) -> int:
    await small_provider(db)
    new = NewRequest(channel="chat", text="<b>Нет интернета</b>", who="Пётр <script>")
    return (await take_request(new, by=CLIENT)).number


async def test_it_is_answered_from_the_page_and_what_was_typed_is_kept(
    number: int, enter: Enter
) -> None:
    clerk, other = await enter("office"), await enter("office")
    shown = (await clerk.get("/chats")).text
    assert "ждёт 0:0" in plain(shown)
    assert "<b>Нет" not in shown
    assert "Пётр <script>" not in shown
    done = await clerk.post(f"/chats/{number}/say", data={"key": "a", "text": "Здравствуйте"})
    assert done.headers["location"] == f"/chats?chat={number}"
    page = (await clerk.get(f"/chats?chat={number}")).text
    assert "Здравствуйте" in page
    assert "пока ничей" not in plain(page)
    late = await other.post(f"/chats/{number}/say", data={"key": "b", "text": "И я здесь"})
    assert late.status_code == 422
    assert "И я здесь" in late.text
    assert "Ничего не отправлено" in plain(late.text)
    empty = await clerk.post(f"/chats/{number}/say", data={"key": "c", "text": " "})
    assert empty.status_code == 400
    assert "Здравствуйте" in (await clerk.get(f"/chats/{number}/said")).text
    assert "отвечено" in plain((await clerk.get("/chats/list")).text)


async def test_all_chats_are_a_step_away_and_each_opens_its_talk(number: int, enter: Enter) -> None:
    clerk = await enter("office")
    assert 'href="/all-chats"' in (await clerk.get("/chats")).text
    shown = (await clerk.get("/all-chats?first_word=none")).text
    assert f'href="/requests/{number}"' in shown
    assert "Первое слово" in plain(shown)
    assert f'href="/requests/{number}"' not in (await clerk.get("/all-chats?first_word=late")).text
    await clerk.post(f"/chats/{number}/say", data={"key": "d", "text": "Смотрю"})
    opened = await clerk.get(f"/requests/{number}/answer")
    form = {"key": key_of(opened.text), "step": "do", "text": "Связь есть.", "reply_by": "none"}
    assert (await clerk.post(f"/requests/{number}/answer", data=form)).status_code == 303
    await rate_request(number, rating=5)
    talk = plain((await clerk.get(f"/requests/{number}")).text)
    for words in ("Нет интернета", "Ответ в чате", "Смотрю", "Связь есть.", "Оценено клиент"):
        assert words in talk


async def test_a_word_sent_twice_goes_to_the_client_once(
    number: int, enter: Enter, db: Any
) -> None:
    """A closed window gets it by SMS or e-mail as well: twice would be paid for twice."""
    await db.execute(
        "UPDATE crm_request SET reply_by = 'email', reply_to = 'p@mail.example' WHERE number = $1",
        number,
    )
    clerk = await enter("office")
    (key,) = re.findall(
        r'/say"><input type="hidden" name="key" value="(\w+)"',
        (await clerk.get(f"/chats?chat={number}")).text,
    )
    for _twice in range(2):
        done = await clerk.post(f"/chats/{number}/say", data={"key": key, "text": "Ждём вас"})
        assert done.headers["location"] == f"/chats?chat={number}&done=email"
    assert await db.fetchval("SELECT count(*) FROM crm_message") == 1
    assert await db.fetchval("SELECT count(*) FROM crm_request_line") == 1
    lost = await clerk.post(f"/chats/{number}/say", data={"text": "Без ключа"})
    assert lost.status_code == 400
    assert "Без ключа" in lost.text


@pytest.mark.parametrize("chosen", ["999999", "x", "9" * 30, "-1"])
async def test_an_unknown_chat_is_none(number: int, enter: Enter, chosen: str) -> None:
    clerk = await enter("office")
    assert (await clerk.get(f"/chats?chat={chosen}")).status_code in {200, 404}
    assert (await clerk.get("/chats/999999/said")).status_code == 404
    assert (await clerk.post("/chats/999999/say", data={"text": "x"})).status_code == 404


async def test_the_script_may_be_loaded_by_another_site(guest: httpx.AsyncClient) -> None:
    answer = await guest.get("/chat.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(answer.content) < 4_000
    assert "const sites = [];" in answer.text


async def test_the_line_for_the_site_is_told_to_who_runs_it(enter: Enter, app: Starlette) -> None:
    head = await enter("head")
    told = (await head.get("/chats/site")).text
    assert "ABONENT_CHAT_SITES=" in told
    assert "/chat.js" in told
    here = app.state.desk
    settings = here.settings.having(chat_sites="https://isp.example")
    app.state.desk = replace(here, settings=settings)
    try:
        named, script = await head.get("/chats/site"), await head.get("/chat.js")
    finally:
        app.state.desk = here
    assert "https://isp.example</code>" in named.text
    assert '["https://isp.example"]' in script.text
    assert (await (await enter("office")).get("/chats/site")).status_code == 403


async def test_a_clerk_is_told_that_no_letter_goes_any_more_to_a_closed_window(
    enter: Enter, db: Any
) -> None:
    new = NewRequest(channel="chat", text="Алло", reply_by="email", reply_to="petr@mail.example")
    number = (await take_request(new, by=CLIENT)).number
    clerk = await enter("office")
    told = []
    for n in range(4):
        said = await clerk.post(f"/chats/{number}/say", data={"key": str(n), "text": f"Слово {n}"})
        told.append(plain((await clerk.get(said.headers["location"])).text))
    assert ["ушёл ещё и по почте" in page for page in told] == [True, True, True, False]
    assert "сообщение не ушло" in told[3]


async def test_a_chat_is_ended_in_its_window_unless_the_clerk_says_otherwise(
    enter: Enter, db: Any
) -> None:
    new = NewRequest(channel="chat", text="Алло", reply_by="call", reply_to="79120000001")
    number = (await take_request(new, by=CLIENT)).number
    clerk = await enter("office")
    dialog = (await clerk.get(f"/requests/{number}/answer", headers={"HX-Request": "true"})).text
    assert re.search(r'<option value="none" selected>\s*В чате', dialog)
    assert "Клиент просил" in dialog or "выбрал" in plain(dialog)
