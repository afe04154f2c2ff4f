"""People: how they are found, and taking one on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.service import days
from abonent.crm.queries import face_of
from abonent.crm.rules.people import Address, address_key, name_key, phone_digits, read_address
from abonent.crm.service.subscribers import NewSubscriber, add_subscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Conflict, Forbidden

NOBODY = Actor("token", "7", "reader", frozenset({"billing.account.view"}))


def test_yo_is_found_as_ye() -> None:
    assert name_key(" Семёнова  АЛЁНА ") == "семенова алена"


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("8 (912) 345-67-89", "79123456789"),
        ("+7 912 345 67 89", "79123456789"),
        ("9123456789", "79123456789"),
        ("+82 10 1234 567", "82101234567"),
        ("", ""),
    ],
)
def test_a_phone_is_kept_as_digits_with_its_country(written: str, digits: str) -> None:
    assert phone_digits(written) == digits


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Центр, Мира, 8, кв. 12", Address("Центр", "Мира", "8", "12")),
        ("ул. Мира, д. 8, 12", Address("", "ул. Мира", "8", "12")),
        ("Мира 8, кв 3", Address("", "Мира", "8", "3")),
        ("1 Мая, 5", Address("", "1 Мая", "5", "")),
        ("Посёлок Южный", Address("", "Посёлок Южный", "", "")),
        ("", Address()),
    ],
)
def test_an_address_in_one_line_falls_into_its_parts(text: str, address: Address) -> None:
    assert read_address(text) == address


def test_an_address_is_found_by_street_house_and_flat() -> None:
    assert address_key(Address("Центр", "Берёзовая", "8", "12")) == "березовая 8 12"


async def test_an_account_is_opened_with_its_person_and_contract(db: Any) -> None:
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    person = NewSubscriber("Пётр Семёнов", phone="8 912 345-67-89", email="p@example.org")
    await open_subscriber_account(
        "20417", by=SYSTEM, billing_day=1, subscriber=person, address=read_address("Мира, 8, 12")
    )
    face = await face_of("20417", by=SYSTEM)
    assert face is not None
    assert (face.name, face.phone, face.contract) == ("Пётр Семёнов", "79123456789", "20417")
    assert (face.street, face.house, face.flat) == ("Мира", "8", "12")
    assert face.signed_on == date(2026, 4, 1)
    audited = await db.fetchval("SELECT count(*) FROM audit WHERE after::text LIKE '%Пётр%'")
    assert audited == 0


async def test_a_taken_number_leaves_nobody_behind(db: Any) -> None:
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    await open_subscriber_account("1", by=SYSTEM, billing_day=1, subscriber=NewSubscriber("А"))
    with pytest.raises(Conflict):
        await open_subscriber_account("1", by=SYSTEM, billing_day=1, subscriber=NewSubscriber("Б"))
    assert await db.fetchval("SELECT count(*) FROM crm_subscriber") == 1


async def test_people_are_not_touched_without_the_right(db: Any) -> None:
    with pytest.raises(Forbidden):
        await add_subscriber(NewSubscriber("А"), by=NOBODY)
    with pytest.raises(Forbidden):
        await face_of("1", by=NOBODY)
