"""A dialogue by SMS: what a confirmed phone is told, what takes a code, what a clerk reads."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service import services, tariffs
from abonent.crm.queries.requests import requests_of
from abonent.crm.rules.sms_commands import Command, read_command
from abonent.crm.service.consents import Channel, NewConsent, Purpose, give_consent, has_consent
from abonent.crm.service.receipts import take_inbound
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.sms_codes import MOST_CODES
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.sms.gateway import Inbound

PHONE = "79123456789"
STRANGER = "79990000000"


class Talk:
    """Somebody's phone: what is written from it, and what comes back."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._sent = 0

    async def says(self, text: str, phone: str = PHONE) -> list[str]:
        """Write, and answer the new messages to this phone."""
        self._sent += 1
        await take_inbound(Inbound("files", phone, text, "7878", f"m{self._sent}"))
        rows = await self._db.fetch(
            "SELECT m.id, t.text FROM crm_message m JOIN crm_message_text t"
            " ON t.account_id = m.account_id AND t.message_id = m.id"
            " WHERE t.address = $1 AND m.state = 'queued' ORDER BY m.id",
            phone,
        )
        await self._db.execute("UPDATE crm_message SET state = 'sent' WHERE state = 'queued'")
        return [row["text"].replace("\N{NO-BREAK SPACE}", " ") for row in rows]


@pytest.fixture
async def talk(db: Any, card: str) -> Talk:
    """The subscriber of the card with a confirmed phone."""
    await db.execute("UPDATE crm_contact SET confirmed_at = now() WHERE value = $1", PHONE)
    return Talk(db)


_OFFER = """
INSERT INTO billing_offer (code, name, days, days_per_year, most_days, amount, ceiling, fee,
    once_per_days, least_tenure_days, highest_debt, ban_days, tariffs, channels, active)
VALUES ('short', 'На 5 дней', 5, 1, 10, NULL, 100000, 0, 30, 0, NULL, 90, NULL, NULL, true)
"""


async def served(db: Any, number: str) -> None:
    """Give the account a service that it has no money for, and one offer of a promise."""
    await db.execute("DELETE FROM billing_offer")
    await db.execute(_OFFER)
    await db.execute("UPDATE billing_installation SET catalogue = catalogue + 7")
    await tariffs.create_tariff(
        by=SYSTEM,
        code="opt",
        name="Оптима",
        kind="internet",
        mode="advance",
        fee=46000,
        due_days=10,
    )
    await services.add_service(number, by=SYSTEM, tariff="opt")


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("БАЛАНС", Command.BALANCE, ""),
        (" баланс 20417 ", Command.BALANCE, "20417"),
        ("Долг?", Command.DEBT, ""),
        ("обещ", Command.PROMISE, ""),
        ("ТАРИФ", Command.TARIFF, ""),
        ("Заявка: нет интернета", Command.REQUEST, "нет интернета"),
        ("STOP", Command.STOP, ""),
        ("482135", Command.CODE, "482135"),
        ("5", Command.RATING, "5"),
        ("6", Command.WORDS, "6"),
        ("долг вернули, спасибо", Command.WORDS, "долг вернули, спасибо"),
        ("", Command.WORDS, ""),
    ],
)
def test_commands_stand_alone_and_talk_is_talk(text: str, command: Command, rest: str) -> None:
    asked = read_command(text)
    assert (asked.command, asked.rest) == (command, rest)


async def test_a_confirmed_phone_is_told_of_the_money(talk: Talk, card: str, db: Any) -> None:
    await served(db, card)
    (balance,) = await talk.says("БАЛАНС")
    assert balance.startswith("На счёте 20417 0,00 ₽")
    (debt,) = await talk.says("долг")
    assert "не хватает 460,00 ₽" in debt
    (tariff,) = await talk.says("ТАРИФ 20417")
    assert "Оптима, 460,00 ₽ в месяц" in tariff


async def test_any_other_phone_is_told_nothing_of_it(talk: Talk, card: str, db: Any) -> None:
    (answer,) = await talk.says("БАЛАНС", STRANGER)
    assert "не подтверждён" in answer
    await db.execute("UPDATE crm_contact SET confirmed_at = NULL WHERE value = $1", PHONE)
    for text in ("БАЛАНС", "ДОЛГ", "ТАРИФ", "ОБЕЩ", "ВРЕМЯ"):
        answers = await talk.says(text)
        assert all("20417" not in answer for answer in answers)


async def test_another_ones_account_is_not_told_of_by_its_number(talk: Talk) -> None:
    (answer,) = await talk.says("БАЛАНС 20418")
    assert "Счетов несколько" in answer
    assert "20418" not in answer


async def test_a_promise_takes_its_code(talk: Talk, card: str, db: Any) -> None:
    await served(db, card)
    (offer,) = await talk.says("ОБЕЩ")
    code = re.search(r"ответьте (\d{6})", offer)
    assert code, offer
    wrong = f"{(int(code[1]) + 1) % 1_000_000:06}"
    (refused,) = await talk.says(wrong)
    assert "не подошёл" in refused
    assert (await read_account(card, by=SYSTEM)).promise is None
    (done,) = await talk.says(code[1])
    assert "Обещанный платёж до" in done
    promise = (await read_account(card, by=SYSTEM)).promise
    assert promise is not None
    assert promise.amount == 46000
    # The code is used up: the same digits again are no command.
    await talk.says(code[1])
    given = await db.fetchval("SELECT count(*) FROM billing_promise WHERE automatic = false")
    assert given == 1


async def test_a_code_is_not_guessed(talk: Talk, card: str, db: Any) -> None:
    await served(db, card)
    (offer,) = await talk.says("ОБЕЩ")
    code = re.search(r"ответьте (\d{6})", offer)
    assert code
    for step in range(1, 4):
        await talk.says(f"{(int(code[1]) + step) % 1_000_000:06}")
    await talk.says(code[1])
    assert (await read_account(card, by=SYSTEM)).promise is None


async def test_a_new_code_gives_no_new_tries(talk: Talk, card: str, db: Any) -> None:
    await served(db, card)
    for tries in (3, 2):
        (offer,) = await talk.says("ОБЕЩ")
        code = re.search(r"ответьте (\d{6})", offer)
        assert code
        for step in range(1, tries + 1):
            await talk.says(f"{(int(code[1]) + step) % 1_000_000:06}")
    await talk.says(code[1])  # five wrong ones in a day: the right one gives nothing either
    assert (await read_account(card, by=SYSTEM)).promise is None
    (taken,) = await talk.says("ОБЕЩ")
    (found,) = await requests_of(card, by=SYSTEM)
    assert f"Обращение {found.number} принято" in taken
    await db.execute("UPDATE crm_sms_code SET counted_since = counted_since - interval '1 day'")
    (offer,) = await talk.says("ОБЕЩ")
    code = re.search(r"ответьте (\d{6})", offer)
    assert code
    await talk.says(code[1])
    assert (await read_account(card, by=SYSTEM)).promise is not None


async def test_a_phone_gets_so_many_codes_a_day(talk: Talk, card: str, db: Any) -> None:
    await served(db, card)
    for _ in range(MOST_CODES):
        (offer,) = await talk.says("ОБЕЩ")
        assert re.search(r"ответьте \d{6}", offer)
    (taken,) = await talk.says("ОБЕЩ")
    assert "принято" in taken
    assert await talk.says("ОБЕЩ") == []  # one request is enough


async def test_a_code_of_another_phone_gives_nothing(talk: Talk, card: str, db: Any) -> None:
    await served(db, card)
    (offer,) = await talk.says("ОБЕЩ")
    code = re.search(r"ответьте (\d{6})", offer)
    assert code
    await talk.says(code[1], STRANGER)
    assert (await read_account(card, by=SYSTEM)).promise is None


async def test_talk_becomes_a_request_that_is_answered_and_rated_by_sms(
    talk: Talk, card: str
) -> None:
    (taken,) = await talk.says("второй день нет интернета")
    (found,) = await requests_of(card, by=SYSTEM)
    assert f"Обращение {found.number} принято" in taken
    assert (found.channel, found.reply_by, found.reply_to) == ("sms", "sms", PHONE)
    assert await talk.says("так и нет интернета, сделайте что-нибудь") == []
    (time,) = await talk.says("ВРЕМЯ")
    assert f"Обращение {found.number}" in time
    await answer_request(found.number, by=SYSTEM, text="Починили")
    await talk.says("4")
    (found,) = await requests_of(card, by=SYSTEM)
    assert (found.state, found.rating, found.contacts) == ("rated", 4, 2)


async def test_stop_ends_advertising_at_once(talk: Talk, card: str, db: Any) -> None:
    new = NewConsent(purpose=Purpose.ADVERTISING, channel=Channel.SMS, proof="анкета")
    await give_consent(card, by=SYSTEM, new=new)
    subscriber = await db.fetchval("SELECT subscriber_id FROM crm_consent")
    assert await has_consent(subscriber, purpose=Purpose.ADVERTISING, channel=Channel.SMS)
    (answer,) = await talk.says("СТОП")
    assert "Рекламы от нас больше не будет" in answer
    assert not await has_consent(subscriber, purpose=Purpose.ADVERTISING, channel=Channel.SMS)


async def test_what_is_neither_is_told_the_commands_and_a_short_number_nothing(talk: Talk) -> None:
    (answer,) = await talk.says("привет")
    assert "БАЛАНС, ДОЛГ" in answer
    assert await talk.says("СТОП", "900") == []


async def test_words_without_an_id_that_come_again_are_one(card: str, db: Any) -> None:
    del card
    said = Inbound("files", STRANGER, "второй день нет интернета", "7878", "")
    noon = datetime(2026, 4, 1, 9, tzinfo=UTC)
    with clock.moved(noon):
        assert await take_inbound(said) is not None
        assert await take_inbound(said) is None
        assert await take_inbound(replace(said, text="и телевизора тоже")) is not None
        assert await take_inbound(replace(said, sender="79990000001")) is not None
        assert await take_inbound(replace(said, recipient="7879")) is not None
    with clock.moved(noon + timedelta(hours=1)):
        assert await take_inbound(said) is not None
    assert await db.fetchval("SELECT count(*) FROM crm_message_inbound") == 5
