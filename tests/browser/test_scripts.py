"""Scripts in a real browser: played to an end with the keyboard alone, looked at in appearances."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from abonent.crm.queries.scripts import read_run
from abonent.crm.service import scripts as service
from abonent.crm.service.script_versions import begin_draft
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.browser.conftest import Desk, Looked
from tests.web.seed import small_provider

Hire = Callable[..., Awaitable[tuple[Page, Actor]]]
SLUG = "advance-payment"


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def _step(page: Page, words: str) -> None:
    await expect(page.locator(".script-said")).to_contain_text(words)


async def test_a_script_is_played_to_its_end_with_the_keyboard_alone(
    provider: None, desk: Desk, hire: Hire
) -> None:
    page, actor = await hire("office", "Анна Зайцева")
    keys = page.keyboard
    await page.goto(f"{desk.address}/accounts/20417")
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.press("KeyS")
    await expect(page.locator("main h2").first).to_have_text("Сценарии вашей роли")
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.press("Digit1")
    await _step(page, "Минуту, я проверю")
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.press("Digit1")
    await _step(page, "Ирина Олеговна")
    # A wrong answer is taken back; the number pad answers as well.
    await keys.press("Digit2")
    await _step(page, "Посмотрим вместе")
    await keys.press("Backspace")
    await _step(page, "Ирина Олеговна")
    await keys.press("Numpad1")
    await _step(page, "удобно платить раз в месяц")
    # A note is typed and answered from within it.
    await keys.press("KeyN")
    await keys.type("пенсия 5 числа")
    await keys.press("Alt+Digit1")
    await _step(page, "дата не из тех")
    # An objection is looked up by a word, and the conversation goes on.
    await keys.press("KeyV")
    await expect(page.locator("#objection-q")).to_be_focused()
    await keys.type("пропадут")
    await expect(page.locator("#objection-list button")).to_have_count(1)
    await keys.press("Enter")
    await expect(page.locator(".objection-name")).to_have_text("Заплачу вперёд, а деньги пропадут")
    await keys.press("Escape")
    await keys.press("Digit1")
    await _step(page, "Смотрите, что выходит в рублях")
    # Who leaves and comes back goes on where it was.
    await page.goto(f"{desk.address}/accounts/20417")
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.press("KeyS")
    await expect(page.get_by_role("link", name="Продолжить")).to_be_focused()
    await keys.press("Enter")
    await _step(page, "Смотрите, что выходит в рублях")
    await page.wait_for_selector("html[data-keys=bound]")
    for words in ("К оплате за год", "Деньги на счёте", ""):
        await keys.press({"": "Digit1", "К оплате за год": "Digit2"}.get(words, "Digit1"))
        if words:
            await _step(page, words)
    await expect(page.locator(".script-ended .state")).to_have_text("Оплатил за год")
    run = int(page.url.rsplit("/", 1)[1])
    told = await read_run(run, by=actor)
    assert (told.outcome, told.kind) == ("A12", "good")
    assert [s.note for s in told.steps if s.note] == ["пенсия 5 числа"]
    assert [s.step for s in told.steps if s.undone] == ["serve", "explain"]
    await keys.press("Enter")
    await expect(page.locator("h1")).to_have_text("Орлова Ирина Олеговна")


async def test_a_script_is_played_without_scripts_of_the_browser(
    provider: None, desk: Desk, hire: Hire
) -> None:
    page, _actor = await hire("office", "Анна Зайцева", scripts=False)
    await page.goto(f"{desk.address}/accounts/20417/scripts")
    await page.get_by_role("button", name="Стимулирование").click()
    await page.locator(".script-answer").first.click()
    await page.locator("textarea").fill("спешит")
    await page.get_by_role("button", name="Шаг назад").click()
    await page.locator(".script-answer").first.click()
    await page.get_by_role("link", name="Возражения").last.click()
    await page.get_by_role("button", name="Я подумаю").click()
    await expect(page.locator(".objection-name")).to_have_text("Я подумаю")
    await page.get_by_role("link", name="К разговору").first.click()
    await _step(page, "Ирина Олеговна")


async def test_pages_of_scripts_look_right(provider: None, looked: Looked) -> None:
    head = Actor("user", "1", "Мария Петрова", frozenset({"*"}))
    run = await service.begin_run(SLUG, by=SYSTEM, number="20417")
    await service.answer_step(run, by=SYSTEM, no=1, answer=0, note="спешит")
    ended = await service.begin_run("inbound-prospect", by=SYSTEM)
    await service.end_run(ended, by=SYSTEM, outcome="COMPARE")
    await begin_draft("raise-arpu", by=head)
    for path, name in (
        ("/accounts/20417/scripts", "account"),
        ("/scripts", "list"),
        (f"/scripts/{SLUG}", "script"),
        (f"/scripts/{SLUG}/results", "results"),
        ("/scripts/raise-arpu/results", "results-empty"),
        ("/objections", "objections"),
        (f"/script-runs/{ended}", "ended"),
        ("/scripts/raise-arpu/draft", "draft"),
        ("/scripts/raise-arpu/draft/steps/price", "step"),
        ("/scripts/raise-arpu/draft/try?way=0", "try"),
        ("/workflows/request", "workflow"),
    ):
        await looked(path, f"scripts-{name}")
    await looked("/accounts/20417/scripts", "scripts-player", then=_play)


async def _play(page: Page) -> None:
    """Begin a conversation and look up an objection in it."""
    await page.locator(".script-line button").first.click()
    await page.wait_for_selector(".script-said")
    await page.wait_for_selector("html[data-keys=bound]")
    await page.keyboard.press("KeyV")
    await page.wait_for_selector("dialog[open] #objection-q")
