"""The knowledge base as people see it: an answer by the keyboard alone, every page in each appearance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from abonent.crm.service.knowledge import articles_shown
from abonent.kernel.db import transaction
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]


async def test_its_pages_and_those_of_the_portal(looked: Looked) -> None:
    await articles_shown()
    async with transaction() as connection:
        await small_provider(connection)
    await looked("/knowledge", "knowledge")
    await looked("/knowledge?q=комисия+терминал", "knowledge-found")
    await looked("/knowledge?q=фывапролдж", "knowledge-none")
    await looked("/knowledge/promise", "article")
    await looked("/knowledge/memo", "article-of-staff")
    await looked("/knowledge-use", "knowledge-use")
    await looked("/my/help", "my-help", signed_in=False)
    await looked("/my/help?q=деньги+не+пришли", "my-help-found", signed_in=False)
    await looked("/my/help/portal-sign-in", "my-help-answer", signed_in=False)


async def test_an_answer_is_found_read_and_voted_on_by_the_keyboard(seat: Page) -> None:
    await seat.keyboard.press("KeyG")
    await seat.keyboard.press("KeyH")
    await expect(seat.get_by_role("heading", name="База знаний")).to_be_visible()
    await expect(seat.locator("#register-q, [type=search]").last).to_be_focused()
    await seat.keyboard.type("отсрочка до зарплаты")
    first = seat.locator("#answers tbody th a").first
    await expect(first).to_have_text("Обещанный платёж")
    await seat.keyboard.press("Enter")
    await expect(seat.get_by_role("heading", name="Обещанный платёж", level=1)).to_be_visible()
    await seat.wait_for_selector("html[data-keys=bound]")
    await seat.keyboard.press("KeyY")
    await expect(seat.get_by_text("Спасибо, ответ записан")).to_be_visible()
    await expect(seat.get_by_text("да 1, нет 0")).to_be_visible()
