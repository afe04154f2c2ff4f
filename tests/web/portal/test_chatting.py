"""The chat as its client sees it: by link, in a frame of named sites only, throttled, rated, begun anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from abonent.crm.queries.chats import conversation_of_token
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.chatting import say_in_chat
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.web.portal.rules import asking_keys
from abonent.web.service import add_user
from tests.web.portal.conftest import NUMBER, OTHER, Entered
from tests.web.seen import plain

MONDAY_MORNING = datetime(2026, 12, 14, 7, 0, tzinfo=UTC)
FIRST = {"key": "k1", "text": "Нет интернета", "who": "Пётр", "reach": "petr@mail.example"}
WORK = frozenset({"crm.request.work", "crm.request.view"})


async def _clerk() -> Actor:
    user = await add_user(
        "anna", name="Иванова Анна Петровна", role="office", password="long enough 1"
    )
    return Actor("user", str(user), "Иванова Анна Петровна", WORK)


async def test_it_is_begun_answered_rated_and_goes_on(
    browse: Callable[[], httpx.AsyncClient], db: Any
) -> None:
    client, anna = browse(), await _clerk()
    assert (await client.get("/my/chat")).status_code == 200
    begun = await client.post("/my/chat", data=FIRST)
    where = begun.headers["location"]
    token = where.rsplit("/", 1)[1]
    number = (await conversation_of_token(token)).number
    with clock.moved(MONDAY_MORNING):
        assert "Ответим в течение минуты" in plain((await client.get(where)).text)
    with clock.moved(MONDAY_MORNING - timedelta(days=1)):
        assert "Ответим с 14.12.2026 09:00" in plain((await client.get(where)).text)
    await say_in_chat(number, by=anna, text="Здравствуйте!")
    news = await client.get(f"{where}/lines?after=0")
    assert news.headers["x-chat"] == "open"
    assert "Здравствуйте!" in news.text
    last = re.findall(r'data-id="(\d+)"', news.text)[-1]
    assert not (await client.get(f"{where}/lines?after={last}")).text.strip()
    assert "Вам отвечает Анна Петровна" in plain((await client.get(where)).text)
    await client.post(where, data={"key": "a", "text": "Роутер мигает"})
    await answer_request(number, by=SYSTEM, text="Связь восстановлена.")
    assert (await client.get(f"{where}/lines?after=0")).headers["x-chat"] == "answered"
    assert (await client.post(where, data={"key": "b", "rating": "9"})).status_code == 400
    await client.post(where, data={"key": "c", "rating": "5"})
    assert "Ваша оценка: 5 из 5" in plain((await client.get(where)).text)
    await client.post(where, data={"key": "d", "text": "Снова пропало"})
    row = await db.fetchrow("SELECT state, channel, rating FROM crm_request")
    assert tuple(row) == ("reopened", "chat", 5)


async def test_what_is_missing_comes_back_and_another_link_opens_nothing(
    browse: Callable[[], httpx.AsyncClient],
) -> None:
    client = browse()
    wrong = await client.post("/my/chat", data=FIRST | {"text": " "})
    assert wrong.status_code == 400
    assert 'value="Пётр"' in wrong.text
    for path in ("/my/chat/nothing", "/my/chat/nothing/lines"):
        assert (await client.get(path)).status_code == 404
    assert (await client.post("/my/chat/nothing", data={"text": "x"})).status_code == 404


async def test_only_named_sites_may_show_it_in_a_frame(
    browse: Callable[[], httpx.AsyncClient],
) -> None:
    answer = await browse().get("/my/chat")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    other = await browse().get("/my/ask")
    assert "frame-ancestors 'none'" in other.headers["content-security-policy"]
    assert other.headers["x-frame-options"] == "DENY"


async def test_the_next_one_at_the_same_computer_does_not_go_on_with_a_subscribers_talk(
    browse: Callable[[], httpx.AsyncClient], enter: Entered, db: Any
) -> None:
    mine, stranger = await enter(), browse()
    begun = await mine.post("/my/chat", data={"key": "k2", "text": "Где мой платёж?"})
    kept = f"{begun.headers['location']}/lines?after=0&kept"
    assert (await mine.get(kept)).headers["x-chat"] == "waiting"
    token = begun.headers["location"].rsplit("/", 1)[1]
    number = (await conversation_of_token(token)).number
    await say_in_chat(number, by=await _clerk(), text="Нашли ваш платёж")
    assert "Нашли ваш платёж" in (await mine.get(kept)).text
    seen = await stranger.get(kept)
    assert (seen.headers["x-chat"], seen.text.strip()) == ("over", "")
    begun = await stranger.post("/my/chat", data=FIRST)
    await db.execute(
        "UPDATE crm_request SET account_id = (SELECT account_id FROM crm_request WHERE"
        " account_id IS NOT NULL) WHERE account_id IS NULL"
    )
    found = await stranger.get(f"{begun.headers['location']}/lines?after=0&kept")
    assert found.headers["x-chat"] == "waiting", "its own writer goes on, whosever account it is"


async def test_a_machine_is_slowed_down(browse: Callable[[], httpx.AsyncClient]) -> None:
    client = browse()
    statuses = [(await client.post("/my/chat", data=FIRST)).status_code for _ in range(14)]
    assert statuses[0] == 303
    assert statuses[-1] == 429


def test_all_addresses_of_one_network_of_ipv6_write_as_one() -> None:
    assert asking_keys("2001:db8:1:2::1") == asking_keys("2001:db8:1:2:ffff::9")
    assert asking_keys("2001:db8:1:2::1") != asking_keys("2001:db8:1:3::1")
    assert asking_keys("192.0.2.1") == asking_keys("::ffff:192.0.2.1") != asking_keys("192.0.2.2")


async def test_who_is_signed_in_writes_from_the_own_account(enter: Entered, db: Any) -> None:
    mine = await enter()
    assert 'name="reach"' not in (await mine.get("/my/chat")).text
    await mine.post("/my/chat", data={"key": "k2", "text": "Где мой платёж?"})
    found = await db.fetchval(
        "SELECT b.number FROM crm_request r JOIN billing_account b USING (account_id)"
    )
    assert found == NUMBER
    (chosen, *_) = re.findall(r'name="account" value="(\w+)"', (await mine.get("/my/chat")).text)
    assert chosen == NUMBER
    await mine.post("/my/chat", data={"key": "k3", "text": "И ещё", "account": OTHER})
    owners = "SELECT count(DISTINCT account_id) FROM crm_request"
    assert await db.fetchval(owners) == 1, "another's account is not taken"
    assert "/my/chat?account=" in (await mine.get(f"/my/{NUMBER}/requests")).text
    english = (await mine.get("/my/chat?language=en")).text
    assert '<html lang="en"' in english


async def test_the_same_form_sent_twice_begins_one_talk(
    browse: Callable[[], httpx.AsyncClient], db: Any
) -> None:
    client = browse()
    (key,) = re.findall(r'name="key" value="(\w+)"', (await client.get("/my/chat")).text)
    sent = [await client.post("/my/chat", data=FIRST | {"key": key}) for _ in range(2)]
    assert len({answer.headers["location"] for answer in sent}) == 1
    assert await db.fetchval("SELECT count(*) FROM crm_request") == 1
    assert (await client.post("/my/chat", data=FIRST | {"key": ""})).status_code == 400


@pytest.mark.parametrize("page", ["/my/chat/{}", "/my/r/{}"])
async def test_the_same_word_sent_twice_is_said_once(
    browse: Callable[[], httpx.AsyncClient], db: Any, page: str
) -> None:
    client = browse()
    begun = await client.post("/my/chat", data=FIRST)
    path = page.format(begun.headers["location"].rsplit("/", 1)[1])
    (key,) = set(re.findall(r'name="key" value="(\w+)"', (await client.get(path)).text))
    for _twice in range(2):
        answer = await client.post(path, data={"key": key, "text": "Роутер мигает"})
        assert answer.status_code == 303
    assert await db.fetchval("SELECT count(*) FROM crm_request_line") == 1
    assert (await client.post(path, data={"text": "Без ключа"})).status_code == 400


@pytest.mark.parametrize("path", ["/my/chat", "/my/ask"])
async def test_one_address_is_left_for_the_answer(
    browse: Callable[[], httpx.AsyncClient], db: Any, path: str
) -> None:
    client = browse()
    for reach in ("a@b.ru, c@d.ru", "a@b.ru,c", "a@b.ru;c@d.ru", "a@b.ru\r\nBcc: x@x.ru",
                  "<img>@x.ru", "call me", "12"):  # fmt: skip
        answer = await client.post(path, data=FIRST | {"reach": reach})
        assert answer.status_code in {400, 429}, reach
    assert await db.fetchval("SELECT count(*) FROM crm_request") == 0
    name = {"who": "Пётр\r\nBcc: x@x.ru", "reach": " Petr@Mail.example "}
    assert (await client.post(path, data=FIRST | name)).status_code == 303
    row = await db.fetchrow("SELECT who, reply_to FROM crm_request")
    assert tuple(row) == ("Пётр Bcc: x@x.ru", "petr@mail.example")
