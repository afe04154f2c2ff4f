"""What a stranger began under another's name: nothing that this other says later gets into it."""

from __future__ import annotations

from typing import Any

import pytest

from abonent.crm.queries.chats import conversation_of_token
from abonent.crm.queries.requests import told_of
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.chatting import say_in_chat
from abonent.crm.service.requests.client import CLIENT
from abonent.crm.service.requests.letters import ReceivedLetter, take_letter
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import join_request, name_account
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Refused
from abonent.web.service import add_user
from tests.web.seed import small_provider

NUMBER = "20417"
SECRET = "Нет интернета, мой паспорт 4510 123456"


async def begun_by_a_stranger(reach: str, channel: str = "chat") -> tuple[int, str]:
    """The number of a request that somebody began in another's name, and the link they hold."""
    new = NewRequest(
        channel=channel,
        text="Нет интернета",
        who="Пётр",
        reply_by="email" if "@" in reach else "call",
        reply_to=reach,
    )
    number = (await take_request(new, by=CLIENT)).number
    return number, (await told_of(number)).request.token


@pytest.mark.parametrize("channel", ["chat", "site"])
async def test_a_letter_does_not_join_what_somebody_began_under_its_address(
    db: Any, channel: str
) -> None:
    number, _token = await begun_by_a_stranger("victim@mail.example", channel)
    letter = ReceivedLetter(
        message_id="a@x", from_address="Victim@mail.example", subject="Интернет", text=SECRET
    )
    taken = await take_letter(letter)
    assert taken is not None
    assert (taken.joined, taken.number != number) == (False, True)
    assert [line.text for line in (await told_of(number)).lines] == []
    again = await take_letter(
        ReceivedLetter(message_id="b@x", from_address="victim@mail.example", text="Нет интернета")
    )
    assert again is not None
    assert (again.joined, again.number) == (True, taken.number)


async def test_an_sms_does_not_join_a_chat_begun_with_its_phone(db: Any) -> None:
    number, token = await begun_by_a_stranger("8 912 345-67-89")
    way: dict[str, Any] = {"reply_by": "sms", "reply_to": "79123456789", "repeats": True}
    taken = await take_request(NewRequest(channel="sms", text=SECRET, **way), by=SYSTEM)
    assert taken.number != number
    assert len((await conversation_of_token(token)).said) == 1


async def test_an_account_named_on_a_chat_opens_nothing_that_its_subscriber_says(db: Any) -> None:
    await small_provider(db)
    number, token = await begun_by_a_stranger("somebody@mail.example")
    await name_account(number, by=SYSTEM, account=NUMBER)
    new = NewRequest(channel="portal", text=SECRET, account=NUMBER, repeats=True)
    taken = await take_request(new, by=SYSTEM)
    assert taken.number != number
    assert len((await conversation_of_token(token)).said) == 1


@pytest.mark.parametrize(
    ("who", "greeted"),
    [
        ("Ирина", "Здравствуйте, Ирина."),
        ("Орлова Ирина Олеговна", "Здравствуйте, Ирина Олеговна."),
        ("Анна-Мария Д'Арк", "Здравствуйте, Анна-Мария Д'Арк."),
        ("", "Здравствуйте, уважаемый клиент."),
        ("Вы выиграли приз, заберите: https://evil.example/p", "Здравствуйте, уважаемый клиент."),
        ("заходите на evil.example", "Здравствуйте, уважаемый клиент."),
        ("звоните 8 800 555 35 35", "Здравствуйте, уважаемый клиент."),
        ("ваш счёт заблокирован срочно позвоните нам", "Здравствуйте, уважаемый клиент."),
    ],
)
async def test_a_letter_to_an_address_that_a_stranger_typed_says_no_words_of_theirs(
    db: Any, who: str, greeted: str
) -> None:
    user = await add_user("anna", name="Анна", role="office", password="correct horse 9")
    anna = Actor("user", str(user), "Анна", frozenset({"crm.request.work", "crm.request.view"}))
    new = NewRequest(
        channel="chat", text="Алло", who=who, reply_by="email", reply_to="victim@mail.example"
    )
    number = (await take_request(new, by=CLIENT)).number
    assert await say_in_chat(number, by=anna, text="Слушаю вас") == "email"
    await answer_request(number, by=anna, text="Готово")
    texts = await db.fetch("SELECT text FROM crm_message_text")
    assert len(texts) == 2
    for row in texts:
        assert row["text"].startswith(greeted)


async def test_an_account_s_request_is_not_joined_to_what_a_stranger_reads(db: Any) -> None:
    await small_provider(db)
    number, token = await begun_by_a_stranger("somebody@mail.example")
    call = await take_request(NewRequest(channel="call", text=SECRET, account=NUMBER), by=SYSTEM)
    with pytest.raises(Refused) as refused:
        await join_request(call.number, by=SYSTEM, to=number)
    assert refused.value.code == "CANNOT_JOIN"
    assert len((await conversation_of_token(token)).said) == 1
    await name_account(number, by=SYSTEM, account=NUMBER)
    await join_request(call.number, by=SYSTEM, to=number)
    assert len((await conversation_of_token(token)).said) == 2
