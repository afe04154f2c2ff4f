"""How many keys and how long the desk's most frequent acts take, from the start page to done.

A chord such as Ctrl+Enter is one key. With ABONENT_LOOKED set, a table is left beside the pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.cash.shifts import open_shift
from abonent.billing.service.outside import files
from abonent.billing.service.outside.agreements import make_agreement
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.billing.test_cash import make_desks
from tests.browser.conftest import PICTURES
from tests.outside.statements import OURS, Transfer, client_bank
from tests.web.seed import OPEN_DAY, small_provider


class Hand:
    """A hand at the keyboard that counts its keys and the seconds since the first."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0
        self.started = 0.0

    async def press(self, *keys: str) -> None:
        for key in keys:
            if not self.keys:
                self.started = clock.monotonic()
            self.keys += 1
            type_it = len(key) == 1 and not key.isascii()
            await (self.page.keyboard.type if type_it else self.page.keyboard.press)(key)

    async def open_card(self, typed: str, name: str) -> None:
        """Find somebody by the search line and open the card."""
        await self.press("/", *typed)
        await expect(self.page.locator("#found [aria-selected=true]")).to_contain_text(name)
        await self.press("Enter")
        await self.page.wait_for_url("**/accounts/*")
        await self.page.wait_for_selector("html[data-keys=bound]")

    async def carry_out(self, key: str, *then: str) -> None:
        """Open a dialog of the card, choose in it, see what would come of it and do it."""
        await self.press(key)
        await self.page.wait_for_selector("dialog[open] form")
        for other in then:
            await self.press(other)
        await self.page.wait_for_selector("dialog[open] .outcome")
        await self.press("Control+Enter")
        await self.page.wait_for_selector("[data-once]")


@pytest.fixture
async def hand(fresh_database: Settings, seat: Page) -> Hand:
    async with transaction() as connection:
        await small_provider(connection)
        user = await connection.fetchrow("SELECT id, name FROM web_user WHERE login = 'head-ru'")
    await make_desks()
    await open_shift("К1", by=Actor("user", str(user["id"]), user["name"], frozenset({"*"})))
    await seat.reload()
    await seat.wait_for_selector("html[data-keys=bound]")
    return Hand(seat)


def note(act: str, hand: Hand, most: int) -> None:
    seconds = clock.monotonic() - hand.started
    if PICTURES:
        with (Path(PICTURES) / "keystrokes.md").open("a", encoding="utf-8") as table:
            table.write(f"| {act} | {hand.keys} | {seconds:.1f} |\n")
    assert hand.keys <= most


async def test_somebody_is_found_by_half_a_telephone(hand: Hand) -> None:
    await hand.open_card("6742", "Орлова")
    note("find by half a phone number", hand, 6)


async def test_cash_is_taken(hand: Hand) -> None:
    await hand.open_card("6742", "Орлова")
    await hand.carry_out("o")
    note("take cash", hand, 8)


async def test_a_payment_is_promised(hand: Hand) -> None:
    await hand.open_card("1122", "Семёнов")
    await hand.carry_out("p")
    note("promised payment", hand, 8)


async def test_a_tariff_is_changed(hand: Hand) -> None:
    await hand.open_card("6742", "Орлова")
    await hand.carry_out("t", "ArrowDown")
    note("tariff change", hand, 9)


async def test_an_unmatched_payment_is_settled(hand: Hand) -> None:
    terms = AgreementTerms(
        code="sber", name="Сбербанк", kind=AgreementKind.BANK_FILE, legal_entity="main",
        bank_account=OURS, source="bank",
    )  # fmt: skip
    await make_agreement(terms, by=SYSTEM)
    transfer = Transfer("2", 125000, "Оплата услуг связи, л/с 2042", day=OPEN_DAY)
    file = await files.receive_file(
        "sber", name="a.txt", content=client_bank([transfer]), contracts=accounts_of_contracts,
        by=SYSTEM,
    )  # fmt: skip
    await files.let_be_taken(file, by=SYSTEM)
    await files.take_file(file, contracts=accounts_of_contracts, by=SYSTEM)
    await hand.press("g", "n")
    await hand.page.wait_for_url("**/parked")
    await hand.page.wait_for_selector("html[data-keys=bound]")
    await hand.press("ArrowDown", "Enter")
    await hand.page.wait_for_selector("[data-key=Digit1]")
    await hand.page.wait_for_selector("html[data-keys=bound]")
    await hand.press("1", "Control+Enter")
    await expect(hand.page.get_by_text("Готово: больше ничего не ждёт.")).to_be_visible()
    note("settle an unmatched payment", hand, 6)
