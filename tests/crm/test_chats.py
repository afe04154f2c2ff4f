"""A chat: taken by the first who answers, said word by word, ended as any request, never lost with its window."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.demo.requests import leave_with
from abonent.crm.errors import RequestNotFound
from abonent.crm.queries.chats import conversation, conversation_of_token, open_chats
from abonent.crm.queries.requests_report import report_on_requests
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.chatting import say_in_chat, see_window
from abonent.crm.service.requests.client import CLIENT, MOST_SAID, say_more
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import pass_request, wait_for
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import DomainError, Forbidden, Malformed, Refused
from abonent.kernel.settings import Settings
from abonent.web.service import add_user
from abonent.web.service.absences import set_absence

MONDAY = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)
OPENS = MONDAY - timedelta(hours=1)
"""Nine in the morning by Moscow's clocks."""
WORK = frozenset({"crm.request.view", "crm.request.work", "crm.request.take"})


async def clerk(name: str, role: str = "office", **more: Any) -> Actor:
    user = await add_user(name.lower(), name=name, role=role, password="correct horse 9")
    return Actor("user", str(user), name, WORK, **more)


async def begun(text: str = "Нет интернета", **more: Any) -> int:
    given = {"who": "Пётр", "reply_by": "email", "reply_to": "petr@mail.example"} | more
    new = NewRequest(channel="chat", text=text, **given)
    return (await take_request(new, by=CLIENT)).number


async def token_of(number: int, by: Actor) -> str:
    return (await conversation(number, by=by)).token


async def test_of_two_who_answer_at_once_one_talks_and_the_other_is_told_who(
    fresh_database: Settings,
) -> None:
    first, second = await clerk("Анна"), await clerk("Олег")
    number = await begun()
    both = await asyncio.gather(
        say_in_chat(number, by=first, text="Здравствуйте, я Анна"),
        say_in_chat(number, by=second, text="Здравствуйте, я Олег"),
        return_exceptions=True,
    )
    refused = [one for one in both if isinstance(one, DomainError)]
    assert [one.code for one in refused] == ["CHAT_IS_THEIRS"]
    found = await conversation(number, by=first)
    assert len(found.said) == 2
    winner, loser = (first, second) if both[0] == "email" else (second, first)
    assert found.owner == int(winner.id)
    assert winner.name in found.said[1].text
    assert [one.number for one in await open_chats(by=winner)] == [number]
    with pytest.raises(Refused):
        await say_in_chat(number, by=loser, text="И я")


async def test_who_waits_and_for_how_long_is_known(db: Any) -> None:
    with clock.moved(MONDAY):
        anna = await clerk("Анна")
        number = await begun()
        (waiting,) = await open_chats(by=anna)
        assert (waiting.waits_since is not None, waiting.late) == (True, False)
    with clock.moved(MONDAY + timedelta(seconds=70)):
        assert (await open_chats(by=anna))[0].late
        await say_in_chat(number, by=anna, text="Слушаю вас")
        (waiting,) = await open_chats(by=anna)
        assert (waiting.waits_since, waiting.waited, waiting.late) == (None, 0, False)
        await say_more(number, text="Второй день", by=CLIENT, channel="chat")
        await say_more(number, text="Роутер мигает", by=CLIENT, channel="chat")
    with clock.moved(MONDAY + timedelta(seconds=240)):
        assert not (await open_chats(by=anna))[0].late
    with clock.moved(MONDAY + timedelta(seconds=260)):
        assert (await open_chats(by=anna))[0].late
    found = await conversation(number, by=anna)
    assert [one.kind for one in found.said] == ["asked", "answer", "asked", "asked"]
    assert (await open_chats(by=anna))[0].last == "Роутер мигает"


async def test_a_night_is_no_waiting(db: Any) -> None:
    with clock.moved(OPENS - timedelta(hours=8)):
        anna = await clerk("Анна")
        await begun()
    with clock.moved(OPENS - timedelta(minutes=1)):
        (waiting,) = await open_chats(by=anna)
        assert (waiting.waited, waiting.late) == (0, False)
    with clock.moved(OPENS + timedelta(seconds=70)):
        (waiting,) = await open_chats(by=anna)
        assert (70 <= waiting.waited < 80, waiting.late) == (True, True)


async def test_an_answer_finds_who_closed_the_window_and_only_them(db: Any) -> None:
    anna = await clerk("Анна")
    number = await begun()
    token = await token_of(number, anna)
    await see_window(token)
    assert await say_in_chat(number, by=anna, text="Смотрю") == ""
    assert await db.fetchval("SELECT count(*) FROM crm_message") == 0
    with clock.moved(clock.now() + timedelta(minutes=3)):
        assert await say_in_chat(number, by=anna, text="Порт перезапущен") == "email"
    rows = await db.fetch(
        "SELECT t.address, t.text FROM crm_message m JOIN crm_message_text t"
        " ON t.account_id = m.account_id AND t.message_id = m.id"
    )
    assert [row["address"] for row in rows] == ["petr@mail.example"]
    assert "Порт перезапущен" in rows[0]["text"]
    assert f"/my/chat/{token}" in rows[0]["text"]


async def test_a_word_that_no_letter_carries_any_more_is_told_to_who_says_it(db: Any) -> None:
    anna = await clerk("Анна")
    number = await begun()
    ways = [await say_in_chat(number, by=anna, text=f"Слово {n}") for n in range(4)]
    assert ways == ["email", "email", "email", "refused"]
    assert [one.text for one in (await conversation(number, by=anna)).said][-1] == "Слово 3"


async def test_a_place_of_a_phrase_that_was_not_filled_in_is_not_said(db: Any) -> None:
    anna = await clerk("Анна")
    number = await begun()
    with pytest.raises(Malformed):
        await say_in_chat(number, by=anna, text="Счёт {number}: вышлю сегодня")
    assert len((await conversation(number, by=anna)).said) == 1


async def test_who_it_is_passed_to_goes_on_though_it_waited_for_the_client(db: Any) -> None:
    anna, oleg = await clerk("Анна"), await clerk("Олег")
    number = await begun()
    await say_in_chat(number, by=anna, text="Пришлите, пожалуйста, чек")
    await wait_for(number, by=anna, whom="client", reason="document")
    await pass_request(number, by=anna, team="office", owner=None, note="")
    await say_in_chat(number, by=oleg, text="Здравствуйте, теперь я")
    found = await conversation(number, by=oleg)
    assert (found.owner, found.state) == (int(oleg.id), "in_work")


async def test_it_ends_by_the_last_answer_and_nothing_is_said_after_it(db: Any) -> None:
    anna = await clerk("Анна")
    number = await begun(reply_by="none", reply_to="")
    await say_in_chat(number, by=anna, text="Смотрю")
    await answer_request(number, by=anna, text="Порт перезапущен, связь есть.")
    found = await conversation_of_token(await token_of(number, anna))
    assert (found.open, found.said[-1].text) == (False, "Порт перезапущен, связь есть.")
    assert await open_chats(by=anna) == []
    with pytest.raises(Refused):
        await say_in_chat(number, by=anna, text="Ещё")
    await say_more(number, text="Опять пропало", by=CLIENT, channel="chat")
    assert [one.number for one in await open_chats(by=anna)] == [number]
    assert await say_in_chat(number, by=anna, text="Вижу") == ""


async def test_a_visitor_who_writes_without_end_is_told_to_begin_another(db: Any) -> None:
    """Both windows read all of a talk every few seconds: a machine would make it as long as it likes."""
    number = await begun()
    await db.execute("UPDATE crm_request SET contacts = $1", MOST_SAID - 1)
    await say_more(number, text="Последнее", by=CLIENT, channel="chat")
    with pytest.raises(Refused) as refused:
        await say_more(number, text="И ещё", by=CLIENT, channel="chat")
    assert refused.value.code == "TALK_FULL"
    found = await conversation(number, by=await clerk("Анна"))
    assert [one.text for one in found.said][1:] == ["Последнее"]


async def test_what_is_not_a_chat_nobody_s_right_and_wrong_words_are_refused(db: Any) -> None:
    anna = await clerk("Анна")
    call = (await take_request(NewRequest(channel="call", text="Нет связи"), by=CLIENT)).number
    for number in (call, 10**9):
        with pytest.raises(RequestNotFound):
            await conversation(number, by=anna)
    with pytest.raises(Refused):
        await say_in_chat(call, by=anna, text="Алло")
    number = await begun()
    for text in ("", "  ", "я" * 10_001):
        with pytest.raises(Malformed):
            await say_in_chat(number, by=anna, text=text)
    nobody = Actor("user", anna.id, "Анна", frozenset({"crm.request.view"}))
    for refused in (say_in_chat(number, by=nobody, text="Я"), open_chats(by=nobody)):
        with pytest.raises(Forbidden):
            await refused
    assert len((await conversation(number, by=anna)).said) == 1
    with pytest.raises(RequestNotFound):
        await conversation_of_token("nothing")


async def test_who_stands_in_goes_on_with_the_chat_of_who_is_away(db: Any) -> None:
    anna, oleg, vera = await clerk("Анна"), await clerk("Олег", role="cash"), await clerk("Вера")
    number = await begun()
    await say_in_chat(number, by=anna, text="Смотрю")
    assert await open_chats(by=oleg) == []
    today, day = clock.now().date(), timedelta(1)
    span = {"first": today - day, "last": today + day}
    await set_absence(int(anna.id), **span, reason="holiday", substitute=int(oleg.id), by=anna)
    with pytest.raises(Refused):
        await say_in_chat(number, by=vera, text="Это я")
    assert [one.number for one in await open_chats(by=oleg)] == [number]
    await say_in_chat(number, by=oleg, text="Здравствуйте, я вместо Анны")
    assert (await conversation(number, by=oleg)).owner == int(anna.id)


async def test_first_words_in_time_are_counted_the_last_answer_too(db: Any) -> None:
    with clock.moved(MONDAY):
        anna = await clerk("Анна")
        soon, late, never = [await begun(reply_by="none", reply_to="") for _ in range(3)]
        assert never
        await answer_request(soon, by=anna, text="По пятое число.")
    with clock.moved(MONDAY + timedelta(minutes=2)):
        await say_in_chat(late, by=anna, text="Простите, что ждали")
    await figures(chats=2, soon=1)


async def test_who_writes_at_night_is_waited_for_from_the_opening(db: Any) -> None:
    with clock.moved(MONDAY - timedelta(hours=9)):
        anna = await clerk("Анна")
        soon, late = [await begun(reply_by="none", reply_to="") for _ in range(2)]
    with clock.moved(OPENS + timedelta(seconds=30)):
        await say_in_chat(soon, by=anna, text="Доброе утро")
    with clock.moved(OPENS + timedelta(minutes=2)):
        await say_in_chat(late, by=anna, text="Доброе утро")
        await say_in_chat(soon, by=anna, text="Вы ещё здесь?")
    await figures(chats=2, soon=1)


async def figures(*, chats: int, soon: int) -> None:
    day = MONDAY.date()
    span = (day - timedelta(1), day + timedelta(1))
    total = (await report_on_requests(*span, by=SYSTEM, now=clock.now())).total
    assert (total.chats, total.chats_soon, total.chats_share) == (
        chats,
        soon,
        10_000 * soon // chats,
    )


async def test_who_left_a_phone_gets_one_sms_with_the_link_until_they_look_again(db: Any) -> None:
    anna = await clerk("Анна")
    number = await begun(reply_by="call", reply_to="+7 912 000-11-22")
    token = await token_of(number, anna)
    noon = MONDAY + timedelta(hours=2)
    with clock.moved(noon):
        await see_window(token)
        assert await say_in_chat(number, by=anna, text="Смотрю") == ""
    with clock.moved(noon + timedelta(minutes=5)):
        assert await say_in_chat(number, by=anna, text="Порт перезапущен " * 100) == "sms"
        assert await say_in_chat(number, by=anna, text="Проверьте, пожалуйста") == ""
        await see_window(token)
    with clock.moved(noon + timedelta(minutes=15)):
        assert await say_in_chat(number, by=anna, text="Работает?") == "sms"
    sent = await db.fetch(
        "SELECT t.text FROM crm_message m JOIN crm_message_text t"
        " ON t.account_id = m.account_id AND t.message_id = m.id WHERE m.channel = 'sms'"
    )
    assert len(sent) == 2
    for row in sent:
        assert f"/my/chat/{token}" in row["text"]
        assert "Порт" not in row["text"]


async def test_where_rules_forbid_the_sms_the_words_stand_in_the_talk_alone(db: Any) -> None:
    anna = await clerk("Анна")
    left = {"reply_by": "call", "reply_to": "+7 912 000-11-22"}
    numbers = [await begun(**left) for _ in range(5)]
    with clock.moved(MONDAY + timedelta(hours=2)):
        ways = [await say_in_chat(number, by=anna, text="Смотрю") for number in numbers]
    assert ways == ["sms", "sms", "sms", "refused", "refused"]
    assert (await conversation(numbers[-1], by=anna)).said[-1].text.endswith("Смотрю")


async def test_the_demo_gives_no_talk_away_in_its_middle(db: Any) -> None:
    anna, ilya = await clerk("Анна"), await clerk("Илья", role="coord")
    number = await begun()
    await say_in_chat(number, by=anna, text="Смотрю")
    await leave_with(int(ilya.id), team="coord", by=SYSTEM)
    assert (await conversation(number, by=anna)).owner == int(anna.id)
