"""Messages as people see them: written from the card, forbidden by a rule, worded by templates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from abonent.crm.service.contact_rules import hold_contact
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.messages import EMAIL, SMS, NewMessage, queue_message
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from tests.outside.sending import run_outbox
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]
CARD = "/accounts/20417/messages"


@pytest.fixture
async def provider(fresh_database: Settings) -> int:
    """Two subscribers who may be written to; answers the account of the first."""
    async with transaction() as connection:
        await small_provider(connection)
        await connection.execute("UPDATE crm_subscriber SET phone = '79123456789'")
        found: int = await connection.fetchval(
            "SELECT account_id FROM billing_account_number WHERE number = '20417'"
        )
    return found


async def _queue(account: int, **given: Any) -> int | None:
    message = NewMessage(account_id=account, **({"channel": SMS} | given))
    async with unit_of_work(SYSTEM) as work:
        return (await queue_message(work, message)).id


async def test_the_pages(
    provider: int, looked: Looked, fresh_database: Settings, web_home: Any
) -> None:
    await looked("/messages", "messages-none")
    await looked(CARD, "messages-tab-none")
    await _queue(provider, text="Зайдите за договором: он готов с понедельника.")
    await _queue(provider, channel=EMAIL, subject="Договор", text="Договор готов.\n\nЖдём вас.")
    settings = fresh_database.having(home=web_home)
    await run_outbox(message_handler(settings, FileGateway(settings.home / "sms", aloud=False)))
    waiting = await _queue(provider, text="Мастер приедет завтра с 10 до 12.")
    assert await _queue(provider, text="Скидка. Отказ: СТОП", purpose="ad") is None
    await hold_contact("20417", by=SYSTEM, kind="silence", proof="Заявление 14")
    await looked("/messages", "messages-register")
    await looked(f"/messages/{provider}/{waiting}", "message")
    await looked(CARD, "messages-tab")
    await looked(f"{CARD}/new", "message-new")
    await looked(f"{CARD}/holds/new", "message-hold")
    await looked("/messages/templates", "message-templates")
    await looked("/messages/templates/paid", "message-wording")
    await looked("/messages/measure", "message-measure")
    await looked("/messages/notices-ahead/pre-due", "message-notice")


async def test_what_may_not_be_sent_is_told_before_it_is(provider: int, seat: Page) -> None:
    await seat.goto(seat.url.rstrip("/") + CARD)
    await seat.wait_for_selector("html[data-keys=bound]")
    await seat.keyboard.press("l")
    dialog = seat.locator("dialog[open]")
    await dialog.locator("[name=text]").fill("Год по цене десяти месяцев. Отказ: СТОП")
    await dialog.locator("[name=purpose]").select_option("ad")
    await expect(dialog).to_contain_text("Без согласия на рекламу")
    await seat.keyboard.press("Control+Enter")
    await expect(dialog.locator("[name=text]")).to_have_value(
        "Год по цене десяти месяцев. Отказ: СТОП"
    )
    await dialog.locator("[name=purpose]").select_option("service")
    await expect(dialog).to_contain_text("1 часть")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.locator("main")).to_contain_text("Сообщение поставлено на отправку")
