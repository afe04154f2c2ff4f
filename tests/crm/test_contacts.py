"""Contacts and consents: what is kept, who sees it whole, and that a withdrawal stops at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.billing.service import days
from abonent.crm.errors import AlreadyThere, ChangedMeanwhile, NotOnCard
from abonent.crm.queries import face_of
from abonent.crm.queries.people import Contact, consents_of, contacts_of
from abonent.crm.service.consents import (
    Channel,
    NewConsent,
    Purpose,
    give_consent,
    has_consent,
    withdraw_consent,
)
from abonent.crm.service.contacts import (
    ContactKind,
    NewContact,
    add_contact,
    change_contact,
    remove_contact,
    reveal_contact,
)
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Forbidden, Malformed, Refused
from abonent.kernel.settings import Settings
from tests.crm.conftest import VIEWER

PHONE, EMAIL, MESSENGER = ContactKind.PHONE, ContactKind.EMAIL, ContactKind.MESSENGER


async def _subscriber(number: str) -> int:
    face = await face_of(number, by=SYSTEM)
    assert face is not None
    return face.subscriber


async def _contacts(number: str) -> list[Contact]:
    return await contacts_of(await _subscriber(number), by=SYSTEM)


def _new(kind: ContactKind, value: str, **more: Any) -> NewContact:
    return NewContact(kind=kind, value=value, **more)


async def test_what_was_given_at_the_contract_are_the_main_contacts(card: str) -> None:
    found = await _contacts(card)
    assert [(c.kind, c.shown, c.main) for c in found] == [
        ("phone", "+7 912 ••• ••-89", True),
        ("email", "p•••@example.org", True),
    ]


async def test_a_new_main_phone_takes_the_place_of_the_old_one(card: str) -> None:
    await add_contact(card, by=SYSTEM, new=_new(PHONE, "+7 903 111-22-33", main=True))
    assert [c.main for c in await _contacts(card) if c.kind == "phone"] == [True, False]
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    assert face.phone == "79031112233"


async def test_the_last_ones_take_over_when_the_main_one_goes(card: str) -> None:
    second = await add_contact(card, by=SYSTEM, new=_new(PHONE, "495 123-45-67"))
    first = (await _contacts(card))[0]
    await remove_contact(card, first.id, by=SYSTEM, seen=first.version)
    (left,) = [c for c in await _contacts(card) if c.kind == "phone"]
    assert (left.id, left.main) == (second, True)
    await remove_contact(card, second, by=SYSTEM)
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    assert face.phone == ""


async def test_another_value_has_to_be_confirmed_anew(card: str) -> None:
    made = await add_contact(card, by=SYSTEM, new=_new(EMAIL, "a@b.ru", confirmed=True))
    (mail,) = [c for c in await _contacts(card) if c.id == made]
    assert mail.confirmed_at is not None
    same = _new(EMAIL, "a@b.ru", confirmed=True, label="рабочая")
    await change_contact(card, made, by=SYSTEM, seen=mail.version, new=same)
    (mail,) = [c for c in await _contacts(card) if c.id == made]
    await change_contact(card, made, by=SYSTEM, seen=mail.version, new=_new(EMAIL, "b@b.ru"))
    (changed,) = [c for c in await _contacts(card) if c.id == made]
    assert (changed.confirmed_at, changed.shown) == (None, "b•••@b.ru")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (PHONE, "123"),
        (PHONE, "8 800 CALL-ME"),
        (PHONE, "1" * 16),
        (EMAIL, "nobody"),
        (EMAIL, "a b@c.ru"),
        (MESSENGER, "  "),
        (MESSENGER, "x" * 201),
    ],
)
async def test_what_is_no_contact_is_refused_with_what_is_expected(
    card: str, kind: ContactKind, value: str
) -> None:
    with pytest.raises(Malformed) as wrong:
        await add_contact(card, by=SYSTEM, new=_new(kind, value))
    assert wrong.value.errors[0].field == "value"
    assert len(await _contacts(card)) == 2


async def test_the_same_contact_is_not_kept_twice(card: str) -> None:
    with pytest.raises(AlreadyThere):
        await add_contact(card, by=SYSTEM, new=_new(PHONE, "+7 912 345 67 89"))


async def test_a_colleagues_change_is_not_overwritten(card: str) -> None:
    contact = (await _contacts(card))[0]
    change = _new(PHONE, "+7 903 000-00-01")
    await change_contact(card, contact.id, by=SYSTEM, seen=contact.version, new=change)
    late = _new(PHONE, "+7 903 000-00-02")
    with pytest.raises(ChangedMeanwhile) as conflict:
        await change_contact(card, contact.id, by=SYSTEM, seen=contact.version, new=late)
    told = conflict.value.params
    assert told["theirs"]["value"] == "79030000001"
    assert (told["actor"], told["version"]) == ("system:system", contact.version + 1)
    await change_contact(card, contact.id, by=SYSTEM, seen=told["version"], new=late)


async def test_a_whole_number_is_told_to_who_may_and_kept_in_the_audit(card: str, db: Any) -> None:
    contact = (await _contacts(card))[0]
    with pytest.raises(Forbidden):
        await reveal_contact(card, contact.id, by=VIEWER)
    assert await reveal_contact(card, contact.id, by=SYSTEM) == "79123456789"
    row = await db.fetchrow("SELECT * FROM audit WHERE action = 'crm:contact:revealed'")
    assert (row["actor_id"], row["subject"]) == ("system", f"contact:{contact.id}")
    assert "79123456789" not in str(dict(row))


async def test_a_contact_of_somebody_else_is_not_on_the_card(card: str) -> None:
    other = NewSubscriber("Чужой", phone="+7 903 555-55-55")
    await open_subscriber_account("9", by=SYSTEM, billing_day=1, subscriber=other)
    contact = (await _contacts("9"))[0]
    with pytest.raises(NotOnCard):
        await reveal_contact(card, contact.id, by=SYSTEM)
    with pytest.raises(NotOnCard):
        await remove_contact(card, contact.id, by=SYSTEM)


async def test_a_withdrawn_consent_stops_at_once(card: str) -> None:
    subscriber = await _subscriber(card)
    ads = {"purpose": Purpose.ADVERTISING, "channel": Channel.SMS}
    assert not await has_consent(subscriber, **ads)
    new = NewConsent(**ads, proof="Заявление от 01.04.2026")
    made = await give_consent(card, by=SYSTEM, new=new)
    assert await has_consent(subscriber, **ads)
    assert not await has_consent(subscriber, purpose=Purpose.DEBT, channel=Channel.SMS)
    assert not await has_consent(subscriber, purpose=Purpose.ADVERTISING, channel=Channel.CALL)
    await withdraw_consent(card, made, by=SYSTEM, how="По телефону")
    assert not await has_consent(subscriber, **ads)
    (kept,) = await consents_of(subscriber, by=SYSTEM)
    assert (kept.holds, kept.withdrawal) == (False, "По телефону")
    with pytest.raises(Refused):
        await withdraw_consent(card, made, by=SYSTEM, how="Ещё раз")


async def test_a_consent_holds_between_its_days_by_any_channel(card: str) -> None:
    subscriber = await _subscriber(card)
    since = datetime(2026, 5, 1, tzinfo=UTC)
    new = NewConsent(
        purpose=Purpose.RECORDING,
        channel=Channel.ANY,
        proof="Галочка на портале",
        since=since,
        till=since + timedelta(30),
    )
    await give_consent(card, by=SYSTEM, new=new)
    for day, held in ((-1, False), (0, True), (29, True), (30, False)):
        at = since + timedelta(day)
        call = {"purpose": Purpose.RECORDING, "channel": Channel.CALL}
        assert await has_consent(subscriber, **call, at=at) is held, day


async def test_a_consent_without_a_proof_is_none(card: str) -> None:
    new = NewConsent(purpose=Purpose.DEBT, channel=Channel.CALL, proof=" ")
    with pytest.raises(Malformed):
        await give_consent(card, by=SYSTEM, new=new)
    ended = clock.now() - timedelta(1)
    backwards = NewConsent(purpose=Purpose.DEBT, channel=Channel.CALL, proof="x", till=ended)
    with pytest.raises(Malformed):
        await give_consent(card, by=SYSTEM, new=backwards)


async def test_two_clerks_who_add_a_main_phone_at_once_leave_one(fresh_database: Settings) -> None:
    from_card = await _committed_card()
    news = [_new(PHONE, f"+7 903 000-00-0{i}", main=True) for i in range(6)]
    await asyncio.gather(*(add_contact(from_card, by=SYSTEM, new=new) for new in news))
    phones = [c for c in await _contacts(from_card) if c.kind == "phone"]
    assert (len(phones), sum(c.main for c in phones)) == (7, 1)


async def _committed_card() -> str:
    from_day = datetime(2026, 4, 1, tzinfo=UTC).date()
    await days.begin(from_day, by=SYSTEM)
    person = NewSubscriber("А", phone="+7 912 345-67-89")
    await open_subscriber_account("1", by=SYSTEM, billing_day=1, subscriber=person)
    return "1"
