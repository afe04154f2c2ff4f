"""The pages as people see them, in every appearance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

Looked = Callable[..., Awaitable[None]]


async def _pressed(page: Page, code: str, key: str) -> None:
    """Press a physical key as a Russian layout would report it."""
    await page.evaluate(
        """([code, key]) => (document.activeElement ?? document.body).dispatchEvent(
             new KeyboardEvent("keydown", {code, key, bubbles: true, cancelable: true}))""",
        [code, key],
    )


async def test_sign_in(looked: Looked) -> None:
    await looked("/sign-in", "sign-in", signed_in=False)


async def test_a_refused_sign_in_says_why_and_keeps_the_login(seat: Page) -> None:
    address = seat.url
    await seat.context.clear_cookies()
    await seat.goto(f"{address}profile")
    await seat.fill("[name=login]", "head-ru")
    await seat.fill("[name=password]", "wrong")
    async with seat.expect_response("**/sign-in") as answer:
        await seat.keyboard.press("Enter")
    assert (await answer.value).status == 422
    await expect(seat.get_by_role("alert")).to_contain_text("Неверный логин или пароль.")
    await expect(seat.locator("[name=login]")).to_have_value("head-ru")
    await seat.fill("[name=password]", "correct horse battery")
    await seat.keyboard.press("Control+Enter")
    await seat.wait_for_url(f"{address}profile")


async def test_start(looked: Looked) -> None:
    await looked("/", "start")


async def test_profile(looked: Looked) -> None:
    await looked("/profile", "profile")


async def test_the_parts(looked: Looked) -> None:
    await looked("/stylebook", "parts")


async def test_a_dialog(looked: Looked) -> None:
    async def open_dialog(page: Page) -> None:
        await page.click("text=Принять оплату")
        await page.wait_for_selector("dialog[open]")

    await looked("/stylebook", "dialog", then=open_dialog)


async def test_the_sheet_of_keys(looked: Looked) -> None:
    async def open_sheet(page: Page) -> None:
        await page.evaluate("document.getElementById('keys-sheet').showModal()")

    await looked("/", "keys", then=open_sheet)


async def test_the_search_line(looked: Looked) -> None:
    async def search(page: Page) -> None:
        await page.fill("#omnibox", "нач")
        await page.wait_for_selector("#found [role=option]")

    await looked("/", "search", then=search)


async def test_the_search_line_is_used_without_a_mouse(seat: Page) -> None:
    await seat.goto(seat.url + "profile")
    await seat.keyboard.press("/")
    await expect(seat.locator("#omnibox")).to_be_focused()
    await seat.keyboard.type("yfx")
    await expect(seat.locator("#found [aria-selected=true]")).to_contain_text("Начало")
    await seat.keyboard.press("Enter")
    await seat.wait_for_url(lambda url: url.endswith("/"))


async def test_keys_work_in_the_russian_layout(seat: Page) -> None:
    await seat.goto(seat.url + "stylebook")
    await _pressed(seat, "KeyO", "щ")
    await expect(seat.locator("dialog[open] [name=amount]")).to_be_focused()
    await seat.keyboard.press("Escape")
    await expect(seat.locator("dialog")).to_have_count(1)
    await expect(seat.locator("[data-key=KeyO]")).to_be_focused()
    await _pressed(seat, "KeyG", "п")
    await _pressed(seat, "KeyD", "в")
    await seat.wait_for_url(lambda url: url.endswith("/"))


async def test_letters_typed_into_a_field_are_not_keys(seat: Page) -> None:
    await seat.goto(seat.url + "stylebook")
    await seat.click("#style-note")
    await seat.keyboard.type("one? gd")
    await expect(seat.locator("#style-note")).to_have_value("one? gd")
    await expect(seat.locator("dialog[open]")).to_have_count(0)


async def test_rows_are_walked_with_j_and_k(seat: Page) -> None:
    await seat.goto(seat.url + "stylebook")
    await seat.keyboard.press("j")
    await seat.keyboard.press("j")
    await expect(seat.locator("summary", has_text="Оплата, касса")).to_be_focused()
    await seat.keyboard.press("k")
    await expect(seat.locator("summary", has_text="Интернет, 14–30")).to_be_focused()


async def test_the_question_mark_shows_the_keys_and_escape_hides_them(seat: Page) -> None:
    await seat.keyboard.press("Shift+Slash")
    await expect(seat.locator("#keys-sheet")).to_be_visible()
    await seat.keyboard.press("Escape")
    await expect(seat.locator("#keys-sheet")).to_be_hidden()


async def test_the_first_visit_stays_within_its_budget(seat: Page) -> None:
    await seat.evaluate("caches.keys()")
    sizes = await seat.evaluate(
        """() => [performance.getEntriesByType("navigation")[0],
                  ...performance.getEntriesByType("resource")].map((entry) => entry.encodedBodySize)"""
    )
    assert sum(sizes) <= 130_000
    assert len(sizes) <= 6
