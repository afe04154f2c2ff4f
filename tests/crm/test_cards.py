"""Who a subscriber is, buildings and flats, equipment, notes and scans on a card."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.crm.errors import AlreadyThere, ChangedMeanwhile, NotOnCard, SerialGivenOut
from abonent.crm.queries import face_of
from abonent.crm.queries.cards import equipment_of, notes_of, pinned_notes, scans_of
from abonent.crm.queries.people import Person, person_of
from abonent.crm.queries.places import (
    building_of,
    entrance_of,
    entrances_of,
    flats_of,
)
from abonent.crm.search import find_accounts
from abonent.crm.service.equipment import (
    Device,
    DeviceState,
    change_equipment,
    check_mac,
    give_equipment,
    return_equipment,
)
from abonent.crm.service.notes import add_note, change_note, remove_note
from abonent.crm.service.people import (
    IdentityPaper,
    Particulars,
    correct_subscriber,
    reveal_identity,
    write_identity,
)
from abonent.crm.service.places import (
    BuildingFacts,
    EntranceFacts,
    correct_flat,
    describe_building,
    describe_entrance,
)
from abonent.crm.service.scans import add_scan, keep_scan, open_scan, remove_scan, scan_handler
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.outbox import deliver_due
from abonent.kernel.settings import Settings
from abonent.kernel.storage import FileLost, FolderStorage, check_file
from tests.crm.conftest import TODAY, VIEWER

PASSPORT = IdentityPaper(
    kind="passport", series="45 08", number="123456", issuer_code="770-001", issued_on=TODAY
)
ROUTER = Device(kind="router", owner="rent", given_on=TODAY, model="AX3", serial="SN-00 17")
PDF = b"%PDF-1.7 passport"


async def _account(number: str) -> int:
    return (await read_account(number, by=SYSTEM)).account


async def _person(number: str) -> Person:
    face = await face_of(number, by=SYSTEM)
    assert face is not None
    return await person_of(face.subscriber, by=SYSTEM)


async def test_a_corrected_name_is_found_and_its_old_one_is_kept_aside(card: str, db: Any) -> None:
    given = Particulars(kind="person", name=" Семёнова  Алёна ", born_on=date(1990, 2, 3))
    await correct_subscriber(card, by=SYSTEM, seen=1, given=given, today=TODAY)
    assert [hit.name for hit in (await find_accounts("алена", by=SYSTEM)).found] == [
        "Семёнова Алёна"
    ]
    row = await db.fetchrow("SELECT * FROM audit WHERE action = 'crm:subscriber:corrected'")
    assert "Семён" not in str(dict(row))
    kept = await db.fetchval("SELECT personal FROM audit_personal WHERE audit_id = $1", row["id"])
    assert "Семёнов Пётр Ильич" in kept
    with pytest.raises(ChangedMeanwhile):
        await correct_subscriber(card, by=SYSTEM, seen=1, given=given, today=TODAY)


async def test_a_company_has_requisites_checked_digit_by_digit(card: str) -> None:
    company = Particulars(
        kind="company",
        name="ООО «Вектор»",
        tax_id="7707083893",
        kpp="773601001",
        ogrn="1027700132195",
        bank_bic="044525225",
        bank_account="40702810838000000001",
        signatory="Петров П. П., директор",
        signs_by="Устава",
    )
    bad = replace(company, tax_id="7707083894", kpp="1", bank_account="40702810838000000002")
    with pytest.raises(Malformed) as wrong:
        await correct_subscriber(card, by=SYSTEM, seen=1, given=bad, today=TODAY)
    assert {e.field for e in wrong.value.errors} >= {"tax_id", "kpp"}
    assert (await _person(card)).kind == "person"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 301}, "name"),
        ({"born_on": date(2027, 1, 1)}, "born_on"),
        ({"born_on": date(1899, 1, 1)}, "born_on"),
        ({"tax_id": "123"}, "tax_id"),
        ({"bank_account": "40702810838000000001"}, "bank_bic"),
    ],
)
async def test_what_nobody_can_be_is_named_by_its_field(
    card: str, change: dict[str, Any], field: str
) -> None:
    given = replace(Particulars(kind="person", name="А"), **change)
    with pytest.raises(Malformed) as wrong:
        await correct_subscriber(card, by=SYSTEM, seen=1, given=given, today=TODAY)
    assert field in {error.field for error in wrong.value.errors}


async def test_a_passport_is_shown_masked_and_whole_only_on_demand(card: str, db: Any) -> None:
    await write_identity(card, by=SYSTEM, seen=None, given=PASSPORT, today=TODAY)
    person = await _person(card)
    assert (person.identity_kind, person.identity_shown) == ("passport", "••••56")
    with pytest.raises(Forbidden):
        await reveal_identity(card, by=VIEWER)
    told = await reveal_identity(card, by=SYSTEM)
    assert told is not None
    assert (told.series, told.number) == ("4508", "123456")
    audited = await db.fetch("SELECT * FROM audit WHERE subject LIKE 'identity:%'")
    assert [row["action"] for row in audited] == ["crm:identity:written", "crm:identity:revealed"]
    assert "123456" not in str([dict(row) for row in audited])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"series": "45"}, "series"),
        ({"number": "12345"}, "number"),
        ({"issuer_code": "7700"}, "issuer_code"),
        ({"issued_on": date(2030, 1, 1)}, "issued_on"),
        ({"kind": "other", "number": ""}, "number"),
    ],
)
async def test_a_wrong_passport_is_refused(card: str, change: dict[str, Any], field: str) -> None:
    given = replace(PASSPORT, **change)
    with pytest.raises(Malformed) as wrong:
        await write_identity(card, by=SYSTEM, seen=None, given=given, today=TODAY)
    assert [error.field for error in wrong.value.errors] == [field]


async def test_who_may_not_see_documents_sees_no_birth_date(card: str) -> None:
    given = Particulars(kind="person", name="А", tax_id="500100732259", born_on=date(1990, 2, 3))
    await correct_subscriber(card, by=SYSTEM, seen=1, given=given, today=TODAY)
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    seen = await person_of(face.subscriber, by=VIEWER)
    assert (seen.born_on, seen.tax_id) == (None, "••••••••••59")


async def test_a_flat_is_corrected_and_found_by_the_new_one(card: str) -> None:
    await correct_flat(card, by=SYSTEM, seen=1, flat="13", entrance=2, floor=4)
    assert (await find_accounts("мира 8 13", by=SYSTEM)).found
    assert not (await find_accounts("мира 8 12", by=SYSTEM)).found
    with pytest.raises(ChangedMeanwhile):
        await correct_flat(card, by=SYSTEM, seen=1, flat="14")


async def test_a_building_knows_its_entrances_and_who_lives_there(card: str) -> None:
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    place = face.place
    facts = BuildingFacts(kind="flats", floors=9, manager="УК «Дом», 555-01-02")
    await describe_building(place, by=SYSTEM, seen=0, facts=facts)
    first = EntranceFacts(first_flat=1, last_flat=36, door_code="12К34")
    await describe_entrance(place, 1, by=SYSTEM, seen=None, facts=first)
    second = EntranceFacts(first_flat=37, last_flat=72)
    await describe_entrance(place, 2, by=SYSTEM, seen=None, facts=second)
    building = await building_of(place, by=SYSTEM)
    assert (building.floors, building.accounts, building.version) == (9, 1, 1)
    entrances = await entrances_of(place, by=SYSTEM)
    found = [entrance_of(flat, None, entrances) for flat in ("12", "40", "99", "12а", "")]
    assert [one.no if one else None for one in found] == [1, 2, None, None, None]
    known = entrance_of("12", 2, entrances)
    assert known is not None
    assert known.no == 2
    (flat,) = await flats_of(place, by=SYSTEM)
    assert (flat.number, flat.flat) == (card, "12")
    assert await flats_of(place, by=SYSTEM, after=card) == []
    with pytest.raises(ChangedMeanwhile):
        await describe_building(place, by=SYSTEM, seen=0, facts=facts)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [(1, None, "last_flat"), (40, 30, "last_flat"), (30, 60, "first_flat")],
)
async def test_flats_of_entrances_do_not_overlap(
    card: str, first: int | None, last: int | None, field: str
) -> None:
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    facts = EntranceFacts(first_flat=1, last_flat=36)
    await describe_entrance(face.place, 1, by=SYSTEM, seen=None, facts=facts)
    wrong_facts = EntranceFacts(first_flat=first, last_flat=last)
    with pytest.raises(Malformed) as wrong:
        await describe_entrance(face.place, 2, by=SYSTEM, seen=None, facts=wrong_facts)
    assert wrong.value.errors[0].field == field


async def test_a_serial_number_is_given_out_once(card: str) -> None:
    other = NewSubscriber("Б")
    await open_subscriber_account("9", by=SYSTEM, billing_day=1, subscriber=other)
    made = await give_equipment(card, by=SYSTEM, device=ROUTER)
    with pytest.raises(SerialGivenOut) as refused:
        await give_equipment("9", by=SYSTEM, device=replace(ROUTER, serial="sn0017"))
    assert card in refused.value.text("ru")
    with pytest.raises(Malformed):
        await return_equipment(card, made, by=SYSTEM, on=date(2026, 3, 1))
    await return_equipment(card, made, by=SYSTEM, on=date(2026, 4, 2), comment="Без блока питания")
    await give_equipment("9", by=SYSTEM, device=ROUTER)
    (back,) = await equipment_of(await _account(card), by=SYSTEM)
    assert (back.state, back.comment) == ("returned", "Без блока питания")
    with pytest.raises(Malformed):
        await return_equipment(card, made, by=SYSTEM, on=date(2026, 4, 2))


async def test_equipment_is_corrected_and_a_colleagues_change_is_seen(card: str) -> None:
    made = await give_equipment(card, by=SYSTEM, device=ROUTER)
    faulty = replace(ROUTER, state=DeviceState.FAULTY, mac="A0-B1-C2-00-11-22", deposit=150000)
    await change_equipment(card, made, by=SYSTEM, seen=1, device=faulty)
    (device,) = await equipment_of(await _account(card), by=SYSTEM)
    assert (device.state, device.mac, device.deposit) == ("faulty", "a0:b1:c2:00:11:22", 150000)
    with pytest.raises(ChangedMeanwhile):
        await change_equipment(card, made, by=SYSTEM, seen=1, device=ROUTER)


@pytest.mark.parametrize("text", ["a0b1", "zz:zz:zz:zz:zz:zz", "a0:b1:c2:00:11:22:33"])
def test_what_is_no_mac_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        check_mac(text)


async def test_the_providers_device_needs_a_serial_number(card: str) -> None:
    with pytest.raises(Malformed) as wrong:
        await give_equipment(card, by=SYSTEM, device=replace(ROUTER, serial=" "))
    assert wrong.value.errors[0].field == "serial"
    own = replace(ROUTER, serial="", owner="subscriber")
    await give_equipment(card, by=SYSTEM, device=own)


async def test_a_pinned_note_stands_in_the_head(card: str) -> None:
    note = await add_note(card, by=SYSTEM, text="Просит звонить после 18:00")
    account = await _account(card)
    assert await pinned_notes(account, by=SYSTEM) == []
    await change_note(card, note, by=SYSTEM, seen=1, text="Звонить после 19:00", pinned=True)
    (pinned,) = await pinned_notes(account, by=SYSTEM)
    assert pinned.text == "Звонить после 19:00"
    with pytest.raises(ChangedMeanwhile):
        await change_note(card, note, by=SYSTEM, seen=1, text="Другое", pinned=True)
    await remove_note(card, note, by=SYSTEM)
    assert await notes_of(account, by=SYSTEM) == []
    with pytest.raises(NotOnCard):
        await remove_note(card, note, by=SYSTEM)
    for text in (" ", "x" * 4001):
        with pytest.raises(Malformed):
            await add_note(card, by=SYSTEM, text=text)
    with pytest.raises(Forbidden):
        await add_note(card, by=VIEWER, text="x")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


async def test_a_scan_is_kept_handed_out_and_deleted_with_a_reason(
    card: str, db: Any, settings: Settings
) -> None:
    storage = FolderStorage(settings.home / "files")
    checked = await check_file(PDF, settings=settings)
    await keep_scan(card, by=SYSTEM, checked=checked, storage=storage)
    made = await add_scan(card, by=SYSTEM, checked=checked, kind="passport", name="Паспорт.pdf")
    with pytest.raises(AlreadyThere):
        await add_scan(card, by=SYSTEM, checked=checked, kind="passport")
    row, content = await open_scan(card, made, by=SYSTEM, storage=storage)
    assert (row["media"], content) == ("application/pdf", PDF)
    with pytest.raises(Forbidden):
        await open_scan(card, made, by=VIEWER, storage=storage)
    with pytest.raises(Malformed):
        await remove_scan(card, made, by=SYSTEM, reason=" ")
    await remove_scan(card, made, by=SYSTEM, reason="Чужой документ")
    with pytest.raises(NotOnCard):
        await open_scan(card, made, by=SYSTEM, storage=storage)
    assert await deliver_due({"crm.scan.delete": scan_handler(settings)}) == 1
    key = await db.fetchval("SELECT stored_as FROM crm_scan WHERE id = $1", made)
    with pytest.raises(FileLost):
        await storage.fetch(key)
    (kept,) = await scans_of(await _account(card), by=SYSTEM)
    assert (kept.removal, kept.removed_by) == ("Чужой документ", "system:system")


async def test_a_scan_added_again_is_not_deleted_by_the_older_order(
    card: str, settings: Settings
) -> None:
    storage = FolderStorage(settings.home / "files")
    checked = await check_file(PDF, settings=settings)
    await keep_scan(card, by=SYSTEM, checked=checked, storage=storage)
    first = await add_scan(card, by=SYSTEM, checked=checked, kind="act")
    await remove_scan(card, first, by=SYSTEM, reason="Не тот вид")
    again = await add_scan(card, by=SYSTEM, checked=checked, kind="contract")
    await deliver_due({"crm.scan.delete": scan_handler(settings)})
    _row, content = await open_scan(card, again, by=SYSTEM, storage=storage)
    assert content == PDF
