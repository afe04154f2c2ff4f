"""The survey as people live it: a message's link, three taps, the shift supervisor's call, the figures."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from abonent.crm.service.delivering import message_handler
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.surveys import Sent, give_survey, send_surveys, set_surveys
from abonent.crm.service.surveys_answering import answer_survey, end_surveys
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from tests.browser.conftest import Desk, Hire
from tests.outside.sending import run_outbox
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]
LOW = {
    "score": ["3"],
    "why-detractor": ["Обрывы по вечерам"],
    "improve": ["speed"],
    "callback": ["evening"],
}


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def _given(account: str) -> str:
    more: dict[str, Any] = {"kind": "relational", "about": "2026-11", "channel": "sms"}
    token = await give_survey(account, by=SYSTEM, **more)
    assert token
    return token


async def test_the_pages(provider: None, looked: Looked) -> None:
    await looked("/surveys", "surveys-none")
    await looked("/surveys/report", "surveys-report-none")
    await looked("/surveys/settings", "surveys-settings")
    token = await _given("20417")
    await looked(f"/my/s/{token}?score=3", "survey-first", signed_in=False)
    for step, name in ((1, "second"), (2, "third"), (3, "thanks")):
        await answer_survey(token, step, LOW)
        await looked(f"/my/s/{token}", f"survey-{name}", signed_in=False)
    await answer_survey(await _given("20418"), 1, {"score": ["9"]})
    async with reading() as connection:
        one = await connection.fetchval("SELECT id FROM crm_survey_sent WHERE state = 'loop'")
    await looked("/surveys", "surveys")
    await looked(f"/surveys/{one}", "survey")
    await looked("/surveys/report", "surveys-report")
    await looked("/accounts/20417/requests", "survey-card")


async def _asked_after_a_request(settings: Settings) -> str:
    """A request is answered, the next day its subscriber is asked: the link of the SMS."""
    now = clock.now()
    async with transaction() as connection:
        await connection.execute("UPDATE crm_subscriber SET email = ''")
    with clock.moved(now - timedelta(days=2)):
        await set_surveys(
            by=SYSTEM, active=True, after_connection=True, after_request=True, share=0, most_a_day=9
        )
    with clock.moved(now - timedelta(days=1)):
        new = NewRequest(channel="call", text="Нет интернета", account="20417")
        number = (await take_request(new, by=SYSTEM)).number
        await answer_request(number, by=SYSTEM, text="Починили.")
    assert await send_surveys() == Sent(sent=1)
    folder = settings.home / "sms"
    await run_outbox(message_handler(settings, FileGateway(folder, aloud=False)))
    (written,) = folder.glob("*.txt")
    link = re.search(r"Оценка от 0 до 10: \S+?(/my/s/\S+)", written.read_text("utf-8"))
    assert link
    return link[1]


@pytest.fixture
def settings(provider: None, fresh_database: Settings, tmp_path: Path) -> Settings:
    """The provider's, with messages that lie in files."""
    return fresh_database.having(home=tmp_path)


async def test_a_low_score_is_called_back_and_closed(
    settings: Settings, desk: Desk, browser: Browser, hire: Hire
) -> None:
    link = await _asked_after_a_request(settings)
    context = await browser.new_context(
        locale="ru-RU", viewport={"width": 390, "height": 844}, has_touch=True
    )
    phone = await context.new_page()
    await phone.goto(desk.address + link)
    await expect(phone.locator("main")).to_contain_text("Шаг 1 из 3")
    boxes = [await one.bounding_box() for one in await phone.locator(".marks label").all()]
    assert len(boxes) == 11
    assert all(box and box["width"] >= 44 and box["height"] >= 44 for box in boxes)
    await phone.locator(".marks label", has_text="5").tap()
    await phone.keyboard.press("ArrowLeft")
    await phone.keyboard.press("ArrowLeft")
    await expect(phone.get_by_label("3", exact=True)).to_be_checked()
    await phone.get_by_role("button", name="Продолжить").tap()
    await phone.get_by_label("Что пошло не так?").fill("Обрывы по вечерам")
    await phone.get_by_label("Нет", exact=True).check()
    await phone.get_by_role("button", name="Продолжить").tap()
    await phone.get_by_role("link", name="К предыдущему вопросу").tap()
    await expect(phone.get_by_label("Что пошло не так?")).to_have_value("Обрывы по вечерам")
    await phone.get_by_role("button", name="Продолжить").tap()
    await phone.get_by_label("Скорость вечером").check()
    await phone.get_by_label("Да, вечером").check()
    await phone.get_by_role("button", name="Отправить").tap()
    await expect(phone.locator("main")).to_contain_text("перезвоним в течение 48 часов")
    await context.close()

    shift, _actor = await hire("shift", "Анна Старшая")
    await shift.goto(f"{desk.address}/surveys?state=loop")
    await shift.locator("#answers").get_by_role("link", name=re.compile(r"^\d+$")).last.click()
    main = shift.locator("main")
    await expect(main).to_contain_text("Обрывы по вечерам")
    await expect(main).to_contain_text("Позвонить, извиниться")
    await expect(main).to_contain_text("ответить до")
    await shift.wait_for_selector("html[data-keys=bound]")
    await shift.keyboard.press("t")
    await expect(main).to_contain_text("в работе")
    await shift.wait_for_selector("html[data-keys=bound]")
    await shift.keyboard.press("a")
    await shift.locator("dialog[open] [name=text]").fill("Позвонили, поменяли порт.")
    await shift.keyboard.press("Control+Enter")
    await shift.wait_for_url(re.compile("done="))
    assert await end_surveys() == 1
    await shift.goto(f"{desk.address}/surveys/report")
    await expect(main).to_contain_text("1 из 1, за 48 ч")
    await expect(main).to_contain_text("Скорость вечером")
    await shift.goto(f"{desk.address}/surveys?standing=detractor")
    await expect(shift.locator("#answers")).to_contain_text("завершён")
