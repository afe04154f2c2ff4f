"""Pages that nobody hopes to see, forms without their dialog, and an installation still empty."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def test_a_refused_sign_in(looked: Looked) -> None:
    async def refused(page: Page) -> None:
        await page.fill("[name=login]", "nobody")
        await page.fill("[name=password]", "wrong")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[role=alert]")

    await looked("/sign-in", "sign-in-refused", then=refused, signed_in=False)


async def test_failures(provider: None, looked: Looked) -> None:
    for path in ("/nowhere", "/accounts/99999", "/stylebook/failure"):
        await looked(path, f"failure-{path.rpartition('/')[2]}")


async def test_a_page_beyond_the_role(looked: Looked) -> None:
    await looked("/stylebook/forbidden", "failure-forbidden")


async def test_an_installation_that_has_not_begun(looked: Looked) -> None:
    for path in ("/", "/day", "/turnover", "/subscribers", "/parked"):
        await looked(path, f"empty-{path.strip('/') or 'start'}")


async def test_a_form_is_a_page_of_its_own_as_well(provider: None, looked: Looked) -> None:
    for act in ("payment", "promise", "tariff", "freeze"):
        await looked(f"/accounts/20417/{act}", f"page-{act}")


async def test_the_menu_of_the_user(looked: Looked) -> None:
    async def open_menu(page: Page) -> None:
        await page.locator(".topbar details.menu summary").click()

    await looked("/profile", "menu", then=open_menu)


async def test_an_amount_offered_is_filled_in_and_the_focus_stays(
    provider: None, seat: Page
) -> None:
    await seat.goto(seat.url + "accounts/20418")
    await seat.wait_for_selector("html[data-keys]")
    await seat.keyboard.press("o")
    await expect(seat.locator("#act-amount")).to_be_focused()
    further = seat.locator("[data-fill]").nth(1)
    await further.click()
    await expect(seat.locator("#act-amount")).to_be_focused()
    await expect(seat.locator(".outcome-words")).to_contain_text("31 декабря")
    await expect(further).to_have_attribute("aria-pressed", "true")


async def test_escape_closes_a_dialog_and_the_focus_goes_back(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "accounts/20417")
    await seat.wait_for_selector("html[data-keys]")
    for key in ("KeyO", "KeyP", "KeyT", "KeyZ"):
        await seat.keyboard.press(key)
        await seat.wait_for_selector("dialog[open] form")
        await seat.keyboard.press("Escape")
        await expect(seat.locator("dialog[open]")).to_have_count(0)
        await expect(seat.locator(f"[data-key={key}]")).to_be_focused()
