"""The card's tabs about people and its dialogs as people see and use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from playwright.async_api import Page, expect

from abonent.crm.queries import face_of
from abonent.crm.service.consents import Channel, NewConsent, Purpose, give_consent
from abonent.crm.service.contacts import ContactKind, NewContact, add_contact
from abonent.crm.service.equipment import Device, give_equipment
from abonent.crm.service.notes import add_note
from abonent.crm.service.owners import TakeOver, change_owner
from abonent.crm.service.people import IdentityPaper, write_identity
from abonent.crm.service.places import EntranceFacts, describe_entrance
from abonent.crm.service.scans import add_scan
from abonent.crm.service.subscribers import NewSubscriber
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from abonent.kernel.storage import Checked
from abonent.web.card_tabs import TABS
from tests.browser.conftest import opening
from tests.web.seed import OPEN_DAY, small_provider

Looked = Callable[..., Awaitable[None]]
Step = Callable[[Page], Awaitable[None]]
ONE = "/accounts/20417"
PAPER = IdentityPaper(kind="passport", series="4508", number="123456", issuer_code="770-001")


@pytest.fixture
async def card(fresh_database: Settings) -> int:
    """A full card; answers its building."""
    async with transaction() as connection:
        await small_provider(connection)
    other = NewContact(kind=ContactKind.PHONE, value="+7 903 111-22-33", label="муж, Сергей")
    await add_contact("20417", by=SYSTEM, new=other)
    messenger = NewContact(kind=ContactKind.MESSENGER, value="Telegram @orlova", confirmed=True)
    await add_contact("20417", by=SYSTEM, new=messenger)
    for purpose in (Purpose.ADVERTISING, Purpose.RECORDING):
        new = NewConsent(purpose=purpose, channel=Channel.SMS, proof="Бланк от 14.11.2026")
        await give_consent("20417", by=SYSTEM, new=new)
    await write_identity("20417", by=SYSTEM, seen=None, given=PAPER, today=OPEN_DAY)
    router = Device(
        kind="router", owner="rent", given_on=date(2026, 10, 25), model="Keenetic Air",
        serial="S2409WF000117", mac="50:ff:20:00:11:22", deposit=150000,
    )  # fmt: skip
    await give_equipment("20417", by=SYSTEM, device=router)
    await add_note("20417", by=SYSTEM, text="Во дворе собака: звонить за 10 минут", pinned=True)
    await add_note("20417", by=SYSTEM, text="Просила перезвонить про ТВ после 18:00")
    scan = Checked(b"%PDF-", "application/pdf", "0" * 64)
    await add_scan("20417", by=SYSTEM, checked=scan, kind="contract", name="Договор 2026.pdf")
    face = await face_of("20417", by=SYSTEM)
    assert face is not None
    facts = EntranceFacts(first_flat=37, last_flat=80, door_code="12К3456")
    await describe_entrance(face.place, 2, by=SYSTEM, seen=None, facts=facts)
    owner = NewSubscriber("Орлова Ирина Олеговна", phone="+7 916 345-67-42")
    await change_owner("20418", by=SYSTEM, over=TakeOver(owner=owner))
    return face.place


async def test_the_tabs(card: int, looked: Looked) -> None:
    for tab in ("subscriber", "equipment", "documents", "history"):
        await looked(f"{ONE}/{tab}", f"people-{tab}")


async def test_the_owners_before(card: int, looked: Looked) -> None:
    await looked("/accounts/20418/documents", "people-owners")


async def test_the_building(card: int, looked: Looked) -> None:
    await looked(f"/buildings/{card}", "people-building")


async def test_the_dialogs(card: int, looked: Looked) -> None:
    for tab, paths in {
        "subscriber": ("contacts/new", "consents/new", "subscriber/edit", "identity/edit", "flat",
            "notes/new"),
        "documents": ("contract/edit", "contract/state", "owner", "scans/new"),
        "equipment": ("equipment/new",),
    }.items():  # fmt: skip
        for path in paths:
            dialog = opening(f'[hx-get="{ONE}/{path}"]')
            await looked(f"{ONE}/{tab}", f"people-dialog-{path.replace('/', '-')}", then=dialog)


async def test_a_note_is_written_by_keys_alone(card: int, seat: Page) -> None:
    address = seat.url.rstrip("/")
    await seat.goto(f"{address}{ONE}")
    await seat.keyboard.press("KeyN")
    field = seat.locator("dialog[open] textarea")
    await expect(field).to_be_focused()
    await seat.keyboard.type("Ключ у соседей")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.locator(".history")).to_contain_text("Ключ у соседей")
    await seat.keyboard.press("BracketLeft")
    await seat.wait_for_url(f"**{TABS[-2].address('20417')}")


async def test_a_phone_is_shown_in_its_place(card: int, seat: Page) -> None:
    address = seat.url.rstrip("/")
    await seat.goto(f"{address}{ONE}/subscriber")
    assert "345-67-42" not in await seat.content()
    await seat.locator("form.reveal button").first.click()
    shown = seat.locator(".revealed")
    await expect(shown).to_have_text("+7 916 345-67-42")
    await expect(shown).to_be_focused()


async def test_a_handover_is_looked_at_before_it_is_done(card: int, seat: Page) -> None:
    address = seat.url.rstrip("/")
    # A small screen, less what the browser itself takes.
    await seat.set_viewport_size({"width": 1366, "height": 620})
    await seat.goto(f"{address}{ONE}/documents")
    await seat.locator(f'[hx-get="{ONE}/owner"]').click()
    await seat.locator("#act-name").fill("Белов Олег Ильич")
    await expect(seat.locator("dialog .outcome")).to_contain_text("2026-00002")
    balance = seat.locator("dialog .outcome .total")
    await expect(balance).not_to_be_in_viewport()
    await seat.keyboard.press("Enter")
    await expect(balance).to_be_in_viewport(ratio=1)
    await seat.keyboard.press("Control+Enter")
    await expect(seat.locator("#who")).to_have_text("Белов Олег Ильич")
