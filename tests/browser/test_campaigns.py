"""A campaign as the head leads it: filter, draft, dry run, launch, delivered, what came of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from abonent.billing.service import payments
from abonent.crm.service.campaigns.counting import ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import Draft, draft_campaign
from abonent.crm.service.campaigns.effect import note_effects
from abonent.crm.service.campaigns.sending import send_campaigns
from abonent.crm.service.delivering import message_handler
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from tests.browser.conftest import Desk, Hire
from tests.outside.sending import run_outbox
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]


@pytest.fixture
async def settings(fresh_database: Settings, tmp_path: Path) -> Settings:
    """A small provider whose messages lie in files."""
    async with transaction() as connection:
        await small_provider(connection)
    return fresh_database.having(home=tmp_path)


async def _id() -> int:
    async with reading() as connection:
        found: int = await connection.fetchval("SELECT max(id) FROM crm_campaign")
    return found


async def _drafted(head: Page, desk: Desk) -> None:
    await head.goto(f"{desk.address}/subscribers?kind=person")
    await head.wait_for_selector("html[data-keys=bound]")
    await head.locator("h1").click()
    await head.keyboard.press("m")
    dialog = head.locator("dialog[open]")
    await expect(dialog).to_contain_text("Кто:")
    await dialog.locator("[name=name]").fill("Новый номер")
    await dialog.locator("[name=text]").fill("Здравствуйте, {name}! Звоните: {phone}")
    await expect(dialog).to_contain_text("1 часть SMS")
    await dialog.locator("[name=control]").fill("0")
    await head.keyboard.press("Control+Enter")
    await head.wait_for_url(re.compile(r"/campaigns/\d+"))


async def test_a_campaign_from_the_filter_to_its_effect(
    settings: Settings, desk: Desk, hire: Hire
) -> None:
    head, _actor = await hire("head", "Павел Громов")
    await _drafted(head, desk)
    main, campaign = head.locator("main"), await _id()
    await head.get_by_role("button", name="Подсчитать получателей").click()
    await expect(main).to_contain_text("Идёт подсчёт")
    assert await count_campaign(campaign)
    await expect(main).to_contain_text("Как это прочтут получатели")
    await head.get_by_role("link", name="Запустить").click()
    dialog = head.locator("dialog[open]")
    left = await dialog.locator("dd.strong").inner_text()
    await dialog.locator("[name=typed]").fill(left)
    await head.keyboard.press("Control+Enter")
    await expect(main).to_contain_text("Рассылка пошла")
    day = clock.now().replace(hour=9, minute=0)
    with clock.moved(day):
        assert await send_campaigns() >= int(left)
    await run_outbox(message_handler(settings, FileGateway(settings.home / "sms", aloud=False)))
    assert len(list((settings.home / "sms").glob("*.txt"))) == int(left)
    with clock.moved(day + timedelta(hours=1)):
        paid = {"amount": 50000, "source": "cash", "external_id": "c1"}
        await payments.take_payment("20417", by=SYSTEM, **paid)  # type: ignore[arg-type]
        await note_effects()
    await head.reload()
    await expect(main).to_contain_text("Без контрольной группы")
    await expect(main).to_contain_text(re.compile(r"1 / \d"))


async def test_the_pages(settings: Settings, looked: Looked) -> None:
    await looked("/campaigns", "campaigns-none")
    await looked("/campaigns/new?state=served", "campaign-new")
    text = "{company}: скидка. Отказ: СТОП"
    made = await draft_campaign("", Draft(name="Зима", channel="sms", text=text), by=SYSTEM)
    await looked(f"/campaigns/{made}", "campaign-draft")
    await ask_count(made, by=SYSTEM)
    await count_campaign(made)
    await looked("/campaigns", "campaigns")
    await looked(f"/campaigns/{made}", "campaign-counted")
    await looked(f"/campaigns/{made}/launch", "campaign-launch")
