"""Finding an account by whatever was typed."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg
import pytest

from abonent.billing.service import accounts, days
from abonent.crm.rules.people import read_address
from abonent.crm.search import Hit, accounts_named, find_accounts, hits_of
from abonent.crm.service.contacts import ContactKind, NewContact, add_contact, remove_contact
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.crm.typed import read_typed
from abonent.crm.ways import NAMES_DUG, Why, ways_of
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import parse_address, transaction
from abonent.kernel.errors import Forbidden
from abonent.kernel.settings import Settings
from tests.kept import once

PEOPLE = (
    ("20417", "Семёнов Пётр Ильич", "8 912 345-67-89", "Центр, Ленина, 12, кв. 45", "Д-77"),
    ("20418", "Иванов Иван Иванович", "+7 916 000-11-22", "Центр, Ленина, 124, кв. 5", ""),
    ("20419", "Иванова Анна Петровна", "+7 495 345-67-89", "Мира, 8а, кв. 45", ""),
    ("31000", "ООО «Вектор Плюс»", "", "Промзона, Заводская, 1", "2026/15"),
    ("31001", "Smith John", "", "", ""),
)


@pytest.fixture
async def people(db: Any) -> None:
    await _open_accounts(db)


@once
async def _open_accounts(_connection: Any) -> None:
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    for number, name, phone, address, contract in PEOPLE:
        await open_subscriber_account(
            number,
            by=SYSTEM,
            billing_day=1,
            subscriber=NewSubscriber(name, phone=phone),
            address=read_address(address),
            contract=contract,
        )


async def _found(text: str) -> list[tuple[str, Why]]:
    return [(hit.number, hit.why) for hit in (await find_accounts(text, by=SYSTEM)).found]


@pytest.mark.parametrize(
    ("typed", "numbers", "why"),
    [
        ("20417", ["20417"], Why.NUMBER),
        ("204", ["20417", "20418", "20419"], Why.NUMBER),
        ("Д-77", ["20417"], Why.CONTRACT),
        ("2026/15", ["31000"], Why.CONTRACT),
        ("8 (912) 345-67-89", ["20417"], Why.PHONE),
        ("+7912345", ["20417"], Why.PHONE),
        ("8912345", ["20417"], Why.PHONE),
        ("345-67-89", ["20419", "20417"], Why.PHONE),
        ("семенов", ["20417"], Why.NAME),
        ("СЕМЁНОВ пётр", ["20417"], Why.NAME),
        ("петр семенов", ["20417"], Why.NAME),
        ("bdfyjd", ["20418", "20419"], Why.NAME),
        ("ыьшер", ["31001"], Why.NAME),
        ("вектор", ["31000"], Why.NAME),
        ("лен 12 45", ["20417"], Why.ADDRESS),
        ("ул. Ленина, д. 12", ["20417"], Why.ADDRESS),
        ("ktybyf 124", ["20418"], Why.ADDRESS),
        ("мира 8а", ["20419"], Why.ADDRESS),
        ("мира, д.8, кв.45", ["20419"], Why.ADDRESS),
        ("Ивонов", ["20418"], Why.ALIKE),
        ("ивоново анна", ["20419"], Why.ALIKE),
        ("анна ивоново", ["20419"], Why.ALIKE),
        ("анна иванова", ["20419"], Why.NAME),
        ("smiht", ["31001"], Why.ALIKE),
        ("ул лен 12", ["20417"], Why.ADDRESS),
        ("петр с", ["20417"], Why.NAME),
        ("иван иванов", ["20418"], Why.NAME),
        ("вектор п", ["31000"], Why.NAME),
        ("лен 45", ["20417"], Why.ADDRESS),
        ("центр 12", [], None),
    ],
)
async def test_it_is_found(people: None, typed: str, numbers: list[str], why: Why | None) -> None:
    found = await _found(typed)
    assert [number for number, _why in found][: len(numbers)] == numbers
    assert [reason for _number, reason in found[:1]] == ([why] if why else [])


async def test_where_the_house_stands_its_number_is_no_flat_of_the_street(people: None) -> None:
    for number, address in (("50001", "Лесная, 7, кв. 3"), ("50002", "Лесная, 9, кв. 7")):
        await open_subscriber_account(
            number,
            by=SYSTEM,
            billing_day=1,
            subscriber=NewSubscriber("Жилец"),
            address=read_address(address),
        )
    assert await _found("лесн 7") == [("50001", Why.ADDRESS)]
    assert await _found("лесн 3") == [("50001", Why.ADDRESS)]
    assert await _found("лесн 9 7") == [("50002", Why.ADDRESS)]
    assert await _found("лесн 7 7") == []


async def test_a_number_in_a_line_is_in_the_name_as_well(people: None) -> None:
    for number, name in (("50001", "ООО «Трест 12»"), ("50002", "ООО «Трест 7»")):
        await open_subscriber_account(
            number, by=SYSTEM, billing_day=1, subscriber=NewSubscriber(name)
        )
    assert await _found("трест 12") == [("50001", Why.NAME)]
    assert await _found("семенов 12") == []


async def test_a_common_word_and_a_rare_one_are_found_beyond_the_walk(
    people: None, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("abonent.crm.ways.STEPS", 5)
    await db.execute(_FILL)
    await db.execute(
        "UPDATE crm_subscriber SET name_key = 'яковлев имя редкович' WHERE id IN (77, 78)"
    )
    await db.execute("ANALYZE crm_subscriber, crm_contract, crm_account, crm_name_word")
    accounts = ["N77", "N78"]
    assert [number for number, _why in await _found("имя редкович")] == accounts
    assert [number for number, _why in await _found("редкович яковлев")] == accounts
    first = await find_accounts("имя редкович", by=SYSTEM, limit=1)
    second = await find_accounts("имя редкович", by=SYSTEM, limit=1, after=first.next)
    assert [hit.number for hit in (*first.found, *second.found)] == accounts
    assert second.next is None


@pytest.mark.parametrize("typed", ["", " ", "%", "_", "99999", "жжж", "'; --", "\\", "[", "+7"])
async def test_nothing_is_found_where_nothing_matches(people: None, typed: str) -> None:
    assert await _found(typed) == []


async def test_a_word_of_a_new_name_is_known_from_then_on(people: None, db: Any) -> None:
    assert await _found("Заварзен") == []
    await db.execute(
        "UPDATE crm_subscriber SET name = 'Заварзин', name_key = 'заварзин' WHERE name_key = 'smith john'"
    )
    assert await _found("Заварзен") == [("31001", Why.ALIKE)]


async def test_a_search_that_takes_too_long_says_so_and_gives_what_it_has(
    fresh_database: Settings,
) -> None:
    async with transaction() as connection:
        await _open_accounts(connection)
    assert (await find_accounts("2041", by=SYSTEM)).cut is False
    other = await asyncpg.connect(**parse_address(fresh_database.database_url or ""))
    try:
        async with other.transaction():
            # Whoever looks by phone waits for this; numbers are found before.
            await other.execute("LOCK TABLE crm_contact IN ACCESS EXCLUSIVE MODE")
            hits = await find_accounts("2041", by=SYSTEM)
    finally:
        await other.close()
    assert [hit.number for hit in hits.found] == ["20417", "20418", "20419"]
    assert (hits.cut, hits.next) == (True, None)


async def test_each_word_of_the_line_is_a_word_of_the_name(people: None) -> None:
    assert await _found("иванов иван") == [("20418", Why.NAME)]
    assert await _found("иван иванов") == [("20418", Why.NAME)]
    assert await _found("иванов и и") == [("20418", Why.NAME)]


async def test_an_answer_comes_once_with_its_surest_reason(people: None) -> None:
    found = await _found("иванов")
    assert found == [("20418", Why.NAME), ("20419", Why.NAME)]


@pytest.mark.parametrize("typed", ["204", "иванов", "345-67-89", "ленина", "3"])
async def test_pages_join_to_the_whole_list(people: None, typed: str) -> None:
    whole = (await find_accounts(typed, by=SYSTEM)).found
    pages: list[Hit] = []
    after: str | None = None
    for _page in range(10):
        hits = await find_accounts(typed, by=SYSTEM, after=after, limit=1)
        pages += hits.found
        after = hits.next
        if after is None:
            break
    assert pages == whole
    assert len(whole) > 1


@pytest.mark.parametrize("after", ["x", "1", "1.x.y", "999.1.a", "0.0.", "-1.2.3"])
async def test_a_foreign_cursor_harms_nothing(people: None, after: str) -> None:
    await find_accounts("204", by=SYSTEM, after=after)


async def test_an_account_nobody_is_named_for_is_found_by_its_number(people: None) -> None:
    loaded = await accounts.open_new_account("77", by=SYSTEM, billing_day=1)
    assert await _found("77") == [("77", Why.NUMBER)]
    (hit,) = await hits_of([loaded.book.account], by=SYSTEM)
    assert (hit.number, hit.name) == ("77", "")


@pytest.mark.parametrize(
    ("payer", "numbers"),
    [
        ("СЕМЕНОВ ПЕТР ИЛЬИЧ", ["20417"]),
        ("Пётр Ильич Семёнов", ["20417"]),
        ("Иванов И.И.", ["20418"]),
        ("ИВАНОВА АННА ПЕТРОВНО", ["20419"]),
        ("Иванова Алла", ["20419"]),
        ('ООО "ВЕКТОР ПЛЮС"', ["31000"]),
        ("Ленина Мира", []),
        ("Сидоренко", []),
        ("", []),
        ("%%", []),
    ],
)
async def test_a_payer_is_known_by_a_name_written_in_any_way(
    people: None, payer: str, numbers: list[str]
) -> None:
    assert await accounts_named(payer, most=5) == numbers


async def test_finding_needs_its_right(db: Any) -> None:
    nobody = Actor("user", "1", "Nobody", frozenset({"billing.account.view"}))
    with pytest.raises(Forbidden):
        await find_accounts("1", by=nobody)


def test_a_line_of_digits_is_no_name() -> None:
    assert read_typed("8 912").readings == ()


_FILL = """
WITH made AS (
    INSERT INTO crm_subscriber (id, kind, name, name_key)
    SELECT i, 'person', 'n', translate(md5(i::text), '0123456789', 'клмнопрсту') || ' имя'
    FROM generate_series(1, 20000) i RETURNING id
), reached AS (
    INSERT INTO crm_contact (id, subscriber_id, kind, value, main)
    SELECT id, id, 'phone', '79' || lpad((id * 7919 % 1000000000)::text, 9, '0'), true FROM made
), houses AS (
    INSERT INTO billing_place (street, house)
    SELECT translate(md5(i::text), '0123456789', 'клмнопрсту'), (i % 30)::text
    FROM generate_series(1, 20000) i
), signed AS (
    INSERT INTO crm_contract (id, number, signed_on, subscriber_id)
    SELECT id, 'C' || id, '2026-01-01', id FROM made RETURNING id
)
INSERT INTO crm_account (account_id, number, contract_id, place_id, address_key)
SELECT id, 'N' || id, id, (SELECT min(id) FROM billing_place),
    translate(md5(id::text || 'a'), '0123456789', 'клмнопрсту') || ' ' || id || ' 4' FROM signed
"""


async def test_an_index_answers(people: None, db: Any) -> None:
    await db.execute(_FILL)
    await db.execute(
        "ANALYZE billing_place, crm_subscriber, crm_contact, crm_contract, crm_account"
    )
    await db.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    for typed, index in (
        ("N1999", "crm_account_number"),
        ("C1999", "crm_contract_number"),
        ("8912345678", "crm_contact_phone"),
        ("клмноп", "crm_subscriber_order"),
        ("имя клмноп", "crm_subscriber_name"),
        ("клмноп 17 4", "crm_account_address"),
        ("клмноп 17 4", "billing_place_found"),
    ):
        plans = []
        for way in ways_of(read_typed(typed)):
            for statement in (way.statement, NAMES_DUG) if way.further else (way.statement,):
                rows = await db.fetch("EXPLAIN " + statement, way.first, "", 0, 26, *way.rest, None)
                plans.append("\n".join(row[0] for row in rows))
        assert any(index in plan for plan in plans), typed + "\n\n".join(plans)


async def test_flats_come_in_the_order_of_their_numbers(people: None) -> None:
    for flat in (124, 9, 10, 127, 24):
        await open_subscriber_account(
            str(40000 + flat),
            by=SYSTEM,
            billing_day=1,
            subscriber=NewSubscriber("Жилец"),
            address=read_address(f"Садовая, 14, кв. {flat}"),
        )
    numbers: list[str] = []
    after = None
    while not numbers or after:
        answer = await find_accounts("садовая 14", by=SYSTEM, after=after, limit=2)
        numbers += [hit.number for hit in answer.found]
        after = answer.next
    assert numbers == ["40009", "40010", "40024", "40124", "40127"]


async def test_any_phone_of_a_subscriber_finds_the_account_once(people: None) -> None:
    for value in ("+7 903 777-11-22", "+7 903 777-11-33", "8 (495) 000-55-66"):
        new = NewContact(kind=ContactKind.PHONE, value=value)
        made = await add_contact("20418", by=SYSTEM, new=new)
    assert await _found("777-11") == [("20418", Why.PHONE)]
    (hit,) = (await find_accounts("777-11-33", by=SYSTEM)).found
    assert hit.phone == "79037771133"
    assert await _found("84950005566") == [("20418", Why.PHONE)]
    assert ("20418", Why.PHONE) in await _found("916 000")
    await remove_contact("20418", made, by=SYSTEM)
    assert await _found("000-55-66") == []
