"""Payments from outside as the office sees and matches them, by keys alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from abonent.billing.queries.outside.matching import Reason
from abonent.billing.queries.outside.unmatched import unmatched_payments
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.outside import files
from abonent.billing.service.outside.agreements import make_agreement
from abonent.billing.service.outside.parking import ToPark, park_all
from abonent.crm import jobs
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.settings import Settings
from tests.outside.statements import OURS, Transfer, client_bank
from tests.web.seed import OPEN_DAY, small_provider

Looked = Callable[..., Awaitable[None]]
DECLARED = jobs.take_outside_file
PAYER = "40817810000000000099"
TRANSFERS = (
    Transfer("1", 55000, "Интернет, л/с 20417", day=OPEN_DAY),
    Transfer("2", 125000, "Оплата услуг связи, л/с 2042", day=OPEN_DAY, account=PAYER),
    Transfer("3", 46000, "за интернет", "Орлова Ирина Олеговна", day=OPEN_DAY),
    Transfer("4", 90000, "Аренда", day=OPEN_DAY, out=True),
    Transfer("5", 700, "л/с 20417", day=OPEN_DAY, booked=False),
)


async def receive(content: bytes, name: str) -> int:
    return await files.receive_file(
        "sber", name=name, content=content, contracts=accounts_of_contracts, by=SYSTEM
    )


@pytest.fixture
async def provider(fresh_database: Settings) -> Settings:
    async with transaction() as connection:
        await small_provider(connection)
        for terms in (
            AgreementTerms(
                code="sber", name="Сбербанк, расчётный счёт", kind=AgreementKind.BANK_FILE,
                legal_entity="main", bank_account=OURS, source="bank",
            ),
            AgreementTerms(
                code="qiwi", name="Терминалы", kind=AgreementKind.TERMINAL, legal_entity="main",
                source="terminal", commission=150, networks=("79.142.16.0/20",),
            ),
        ):  # fmt: skip
            await make_agreement(terms, by=SYSTEM)
        file = await receive(client_bank(TRANSFERS), "kl_to_1c.txt")
        await files.let_be_taken(file, by=SYSTEM)
        await files.take_file(file, contracts=accounts_of_contracts, by=SYSTEM)
    return fresh_database


async def test_the_balance_and_the_lists(provider: Settings, looked: Looked) -> None:
    await looked("/outside", "outside")
    await looked(f"/outside/days/sber/{OPEN_DAY}", "outside-day")
    await looked("/parked", "unmatched")
    await looked("/imports", "imports")
    await looked("/outside/agreements", "outside-agreements")


async def test_an_unmatched_payment(provider: Settings, looked: Looked) -> None:
    one, other = await unmatched_payments(by=SYSTEM)
    await looked(f"/parked/{one.id}", "unmatched-one")
    await looked(f"/parked/{other.id}", "unmatched-name")


async def test_money_that_went_back_to_the_payer(provider: Settings, looked: Looked) -> None:
    async with unit_of_work(SYSTEM) as work:
        back = ToPark("r1", "1001234", 5000, Reason.PART_REFUNDED, OPEN_DAY)
        await park_all(work, "bank", [back])
    found = [one for one in await unmatched_payments(by=SYSTEM) if one.external_id == "r1"]
    await looked(f"/parked/{found[0].id}", "unmatched-paid-back")


async def test_files_before_during_and_refused(provider: Settings, looked: Looked) -> None:
    seen = await receive(client_bank([*TRANSFERS, Transfer("9", 1, "x", day=OPEN_DAY)]), "b.txt")
    await looked(f"/outside/files/{seen}", "outside-file")
    refused = await receive(client_bank(TRANSFERS, closing=1), "broken.txt")
    await looked(f"/outside/files/{refused}", "outside-file-refused")
    await files.let_be_taken(seen, by=SYSTEM)
    await looked(f"/outside/files/{seen}", "outside-file-waiting")


async def test_agreements_and_their_dialogs(provider: Settings, looked: Looked) -> None:
    async def open_terms(page: Page) -> None:
        await page.locator("[data-key=KeyE]").first.click()
        await page.wait_for_selector("dialog[open] [name=name]")

    async def open_upload(page: Page) -> None:
        await page.locator("[data-key=KeyN]").first.click()
        await page.wait_for_selector("dialog[open] [name=file]")

    await looked("/outside/agreement/qiwi", "agreement")
    await looked("/outside/agreement/sber", "agreement-terms", then=open_terms)
    await looked("/outside", "outside-upload", then=open_upload)


async def test_payments_are_matched_by_keys(provider: Settings, seat: Page) -> None:
    await seat.goto(f"{seat.url.rstrip('/')}/parked")
    await seat.wait_for_selector("html[data-keys]")
    await seat.keyboard.press("Escape")
    await seat.locator("#register-q").blur()
    await seat.keyboard.press("j")
    await seat.keyboard.press("Enter")
    await seat.wait_for_selector("[data-key=Digit1]")
    await seat.wait_for_selector("html[data-keys]")
    await seat.keyboard.press("2")
    chosen = await seat.locator("[data-key=Digit2]").get_attribute("value")
    await expect(seat.locator("[data-key=Digit2]")).to_be_checked()
    await seat.keyboard.press("Control+Enter")
    await expect(seat.get_by_text("Предыдущий платёж зачислен.")).to_be_visible()
    await seat.wait_for_selector("[data-key=Digit1]:checked")
    await seat.wait_for_selector("html[data-keys]")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.get_by_text("Готово: больше ничего не ждёт.")).to_be_visible()
    assert chosen == "20421"
    assert await unmatched_payments(by=SYSTEM) == []
