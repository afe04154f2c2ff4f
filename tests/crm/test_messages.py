"""Messages: asked of the rules, written down, counted over all accounts, left to the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.queries import face_of
from abonent.crm.rules.people import read_address
from abonent.crm.service.consents import Channel, NewConsent, give_consent, withdraw_consent
from abonent.crm.service.consents import Purpose as ConsentFor
from abonent.crm.service.messages import (
    NewMessage,
    NoSuchTemplate,
    Queued,
    can_contact,
    queue_message,
)
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.jsontext import from_json

NOON = datetime(2026, 4, 1, 9, tzinfo=UTC)
DEBT = {"debt": "560 ₽"}


async def _account(number: str) -> int:
    face = await face_of(number, by=SYSTEM)
    assert face is not None
    return face.account_id


async def _queue(message: NewMessage) -> Queued:
    async with unit_of_work(SYSTEM) as work:
        return await queue_message(work, message)


async def test_a_message_is_logged_counted_and_left_to_the_outbox(db: Any, card: str) -> None:
    account = await _account(card)
    with clock.moved(NOON):
        queued = await _queue(
            NewMessage(account_id=account, channel="sms", template="debt", values=DEBT, about="x:1")
        )
    row = await db.fetchrow("SELECT * FROM crm_message WHERE account_id = $1", account)
    assert (row["id"], row["state"], row["purpose"]) == (queued.id, "queued", "debt")
    assert row["subscriber_id"] is not None
    text = await db.fetchrow("SELECT * FROM crm_message_text WHERE account_id = $1", account)
    assert text["address"] == "79123456789"
    assert "долг 560 ₽ по счёту 20417" in text["text"]
    outbox = await db.fetchrow("SELECT * FROM outbox WHERE kind = 'message'")
    assert from_json(outbox["payload"]) == {"account": account, "message": queued.id}
    counted = await db.fetchrow("SELECT * FROM crm_contact_attempt")
    assert (counted["purpose"], counted["way"]) == ("debt", "message")


async def test_the_counters_of_the_law_run_over_all_accounts_of_a_person(
    db: Any, card: str
) -> None:
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    await open_subscriber_account(
        "20418", by=SYSTEM, billing_day=1,
        subscriber=NewSubscriber("Семёнов Пётр Ильич", phone="8 912 345-67-89"),
        address=read_address("Центр, Мира, 8, кв. 13"),
    )  # fmt: skip
    second = await _account("20418")
    await db.execute(
        "UPDATE crm_contract SET subscriber_id = $1 WHERE id = (SELECT contract_id FROM crm_account"
        " WHERE account_id = $2)",
        face.subscriber, second,
    )  # fmt: skip
    with clock.moved(NOON):
        for account in (face.account_id, second):
            asked = NewMessage(account_id=account, channel="sms", template="debt", values=DEBT)
            other = NewMessage(account_id=account, channel="sms", text="Долг", purpose="debt")
            ends = [(await _queue(one)).verdict.code for one in (asked, other)]
            assert ends == (["", ""] if account == face.account_id else ["TOO_MANY", "TOO_MANY"])
    states = await db.fetch("SELECT state, reason FROM crm_message ORDER BY id")
    assert [tuple(row) for row in states] == [
        ("queued", ""), ("queued", ""), ("refused", "TOO_MANY"), ("refused", "TOO_MANY"),
    ]  # fmt: skip
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE kind = 'message'") == 2


async def test_a_refusal_says_why_and_when_in_words(db: Any, card: str) -> None:
    del db
    account = await _account(card)
    debt = NewMessage(account_id=account, channel="sms", text="Долг", purpose="debt")
    with clock.moved(NOON):
        for _time in range(2):
            await _queue(debt)
        verdict = await can_contact(debt)
    assert not verdict.allowed
    assert verdict.at is not None
    assert verdict.at - NOON < timedelta(days=1, seconds=5)
    assert "2 in 1 days" in verdict.text("en")
    assert "Next time" in verdict.text("en")


async def test_advertising_goes_only_while_a_consent_holds(db: Any, card: str) -> None:
    del db
    account = await _account(card)
    values = {"tariff": "Мир", "price": "5 600 ₽"}
    ad = NewMessage(account_id=account, channel="sms", template="advance", values=values)
    with clock.moved(NOON):
        assert (await can_contact(ad)).code == "NO_CONSENT"
        new = NewConsent(purpose=ConsentFor.ADVERTISING, channel=Channel.SMS, proof="галочка")
        consent = await give_consent(card, by=SYSTEM, new=new)
        assert (await can_contact(ad)).allowed
        await withdraw_consent(card, consent, by=SYSTEM, how="СТОП")
        assert (await can_contact(ad)).code == "NO_CONSENT"


async def test_a_notice_at_night_waits_for_the_morning(db: Any, card: str) -> None:
    night = datetime(2026, 4, 1, 22, tzinfo=UTC)
    with clock.moved(night):
        queued = await _queue(
            NewMessage(account_id=await _account(card), channel="sms", text="Завтра работы")
        )
    assert queued.verdict.code == "LATER"
    due = await db.fetchval("SELECT due_at FROM outbox WHERE kind = 'message'")
    assert due == datetime(2026, 4, 2, 6, tzinfo=UTC)


async def test_a_hold_refuses_messages_about_debts(db: Any, card: str) -> None:
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    await db.execute(
        "INSERT INTO crm_contact_hold VALUES (1, $1, 'bankruptcy', 'дело А40-1', $2, NULL, 'user:1')",
        face.subscriber, NOON - timedelta(days=9),
    )  # fmt: skip
    debt = NewMessage(account_id=face.account_id, channel="sms", text="Долг", purpose="debt")
    with clock.moved(NOON):
        assert (await can_contact(debt)).code == "BANKRUPTCY"
        notice = NewMessage(account_id=face.account_id, channel="sms", text="Завтра работы")
        assert (await can_contact(notice)).allowed


async def test_a_rule_nobody_compared_with_the_law_is_not_relied_on(db: Any, card: str) -> None:
    await db.execute(
        "UPDATE legal_rule SET checked_by = NULL, checked_at = NULL"
        " WHERE key = 'ru.230.messages.week'"
    )
    debt = NewMessage(account_id=await _account(card), channel="sms", text="Долг", purpose="debt")
    assert (await can_contact(debt)).code == "LEGAL_RULE_UNCHECKED"


async def test_somebody_without_an_account_gets_an_answer(db: Any, card: str) -> None:
    del card
    asked = NewMessage(
        account_id=None, channel="email", to="a@example.org", template="request-answered",
        values={"request": "17", "answer": "Да, ваш дом подключён.", "name": "Анна"},
    )  # fmt: skip
    with clock.moved(NOON):
        queued = await _queue(asked)
    row = await db.fetchrow("SELECT * FROM crm_message_text")
    assert queued.id == row["message_id"]
    assert row["subject"] == "Ответ на обращение 17"
    assert "Да, ваш дом подключён." in row["text"]
    assert "{" not in row["text"]


async def test_links_are_whole_addresses(db: Any, card: str) -> None:
    asked = NewMessage(account_id=await _account(card), channel="sms", template="nps")
    await _queue(asked)
    text = await db.fetchval("SELECT text FROM crm_message_text")
    assert "http://127.0.0.1:8000/my" in text


@pytest.mark.parametrize(("text", "wrong"), [(" ", "Fill this in."), ("я" * 671, "11 SMS")])
async def test_an_empty_and_a_too_long_text_are_refused(
    db: Any, card: str, text: str, wrong: str
) -> None:
    del db
    message = NewMessage(account_id=await _account(card), channel="sms", text=text)
    with pytest.raises(Malformed) as refused:
        await _queue(message)
    assert wrong in refused.value.errors[0].text("en")


async def test_an_unknown_template_is_named(db: Any, card: str) -> None:
    del db
    message = NewMessage(account_id=await _account(card), channel="sms", template="no-such")
    with pytest.raises(NoSuchTemplate):
        await _queue(message)
