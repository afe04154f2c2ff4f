"""Documents of companies as the office sees them, in every appearance, and by the keyboard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from abonent.billing.queries.invoices import documents_of
from abonent.billing.service.entities import set_requisites
from abonent.crm.service.companies import issue_for_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.web.seed import small_provider
from tests.web.test_companies import SELLER, mend

Looked = Callable[..., Awaitable[None]]


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await set_requisites("main", by=SYSTEM, requisites=SELLER)
    await mend()


async def document(kind: str) -> int:
    return next(d.id for d in await documents_of("20420", by=SYSTEM) if d.kind == kind)


async def test_documents_of_a_company(provider: None, looked: Looked) -> None:
    await issue_for_account("20420", by=SYSTEM, language="ru")
    await looked("/documents", "documents")
    await looked("/accounts/20420/invoices", "invoices")
    await looked(f"/documents/{await document('invoice')}", "document")
    await looked(f"/documents/{await document('act')}/send", "document-send")


async def test_drafts_and_what_they_lack(provider: None, looked: Looked) -> None:
    await mend(kpp="", signatory="")
    await issue_for_account("20420", by=SYSTEM, language="ru")
    await looked("/documents/issue", "documents-issue")
    await looked("/accounts/20420/invoices", "invoices-draft")
    await looked(f"/documents/{await document('act')}", "document-draft")
    await looked("/accounts/20417/invoices", "invoices-person")
    await looked("/accounts/20420/invoices/reconcile", "invoices-reconcile")


async def test_a_month_is_documented_by_the_keyboard_alone(provider: None, seat: Page) -> None:
    await seat.keyboard.press("g")
    await seat.keyboard.press("i")
    await expect(seat.get_by_role("heading", name="Счета и акты")).to_be_visible()
    await seat.goto(seat.url.replace("/documents", "/accounts/20420/invoices"))
    await seat.keyboard.press("i")
    await expect(seat.get_by_role("dialog")).to_be_visible()
    await seat.keyboard.press("Control+Enter")
    await expect(seat.get_by_text("Документы выставлены")).to_be_visible()
    await seat.get_by_role("link", name="Акт об оказанных услугах № 1").click()
    await expect(seat.get_by_role("heading", name="Акт об оказанных услугах № 1")).to_be_visible()
    await seat.keyboard.press("e")
    await expect(seat.get_by_role("dialog")).to_contain_text("post@mail.example")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.get_by_text("Документ отправляется")).to_be_visible()
