"""The register, the card and its dialogs as people see and use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from abonent.billing.queries.accounts import read_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.browser.conftest import opening
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]
Step = Callable[[Page], Awaitable[None]]


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def test_the_register(provider: None, looked: Looked) -> None:
    await looked("/subscribers?q=орлов", "register")


async def test_the_register_before_anything_is_typed(provider: None, looked: Looked) -> None:
    await looked("/subscribers", "register-empty")


async def test_no_match(provider: None, looked: Looked) -> None:
    await looked("/subscribers?q=жжж", "register-none")


async def test_the_card_in_every_state(provider: None, looked: Looked) -> None:
    async def open_entry(page: Page) -> None:
        if await page.locator("details.opens").count():
            await page.locator("details.opens summary").first.click()

    for number in ("20417", "20418", "20419", "20420", "20421"):
        await looked(f"/accounts/{number}", f"card-{number}", then=open_entry)


async def test_the_tabs(provider: None, looked: Looked) -> None:
    for tab in ("money", "past", "entries/2"):
        await looked(f"/accounts/20417/{tab}", f"card-{tab.partition('/')[0]}")


async def test_the_dialogs(provider: None, looked: Looked) -> None:
    for number, key in (
        ("20418", "KeyO"),
        ("20418", "KeyP"),
        ("20417", "KeyP"),
        ("20417", "KeyT"),
        ("20417", "KeyZ"),
    ):
        await looked(
            f"/accounts/{number}", f"dialog-{key}-{number}", then=opening(f"[data-key={key}]")
        )


async def test_the_comparison_of_tariffs(provider: None, looked: Looked) -> None:
    async def compare(page: Page) -> None:
        await opening("[data-key=KeyT]")(page)
        await page.locator("[name=tariff][value=opt500]").check()
        await page.wait_for_selector(".versus time")

    await looked("/accounts/20417", "tariff-compared", then=compare)


async def test_a_refused_form(provider: None, looked: Looked) -> None:
    async def send(page: Page) -> None:
        await opening("[data-key=KeyO]")(page)
        await page.fill("#act-amount", "5x0")
        await page.locator("[data-commit]").click()
        await page.wait_for_selector("[data-summary]")

    await looked("/accounts/20418", "payment-refused", then=send)


async def test_cash_is_taken_in_eight_keystrokes(provider: None, seat: Page) -> None:
    keys = 0

    async def press(key: str) -> None:
        nonlocal keys
        keys += 1
        await seat.keyboard.press(key)

    await press("/")
    for letter in "сем":
        keys += 1
        await seat.keyboard.type(letter)
    await expect(seat.locator("#found [aria-selected=true]")).to_contain_text("Семёнов")
    await press("Enter")
    await seat.wait_for_url("**/accounts/20418")
    await press("o")
    await expect(seat.locator("#act-amount")).to_be_focused()
    await press("Enter")
    await expect(seat.locator(".outcome .total").first).to_be_visible()
    await press("Control+Enter")
    await expect(seat.locator(".notice.good")).to_be_visible()
    assert keys <= 8
    await expect(seat.locator(".notice.good")).to_contain_text("Оплата принята")
    await seat.reload()
    await expect(seat.locator(".hero")).to_be_visible()
    await expect(seat.locator(".notice.good")).to_have_count(0)
    view = await read_account("20418", by=SYSTEM)
    assert view.state == "served"
    assert view.balance == 0


async def test_the_outcome_follows_what_is_typed(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "accounts/20418")
    await seat.keyboard.press("o")
    await expect(seat.locator("#act-amount")).to_be_focused()
    await seat.keyboard.type("1234,5")
    await expect(seat.locator(".outcome")).to_contain_text("+1 234,50".replace(" ", "\xa0"))
    await expect(seat.locator("#act-amount")).to_be_focused()
    await expect(seat.locator("#act-amount")).to_have_value("1234,5")
    await seat.keyboard.press("Escape")
    await expect(seat.locator("dialog[open]")).to_have_count(0)


async def test_a_tariff_is_changed_with_the_arrows(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "accounts/20417")
    await seat.keyboard.press("t")
    await seat.wait_for_selector("dialog[open] form")
    await expect(seat.locator("[name=tariff][value=opt100]")).to_be_focused()
    await seat.keyboard.press("ArrowUp")
    await expect(seat.locator(".versus")).to_contain_text("Оптима 50")
    await seat.keyboard.press("ArrowDown")
    await expect(seat.locator(".versus")).to_have_count(0)
    await seat.keyboard.press("ArrowDown")
    await expect(seat.locator(".versus")).to_contain_text("посуточно")
    await expect(seat.locator(".versus time")).to_be_visible()
    await seat.locator("[name=on][value=next-period]").check()
    await expect(seat.locator(".versus time")).to_contain_text("01.12.2026")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.locator(".notice.good")).to_be_visible()
    await expect(seat.locator(".notice.good")).to_contain_text("Тариф сменён")


async def test_a_promise_is_given_from_the_keyboard(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "accounts/20418")
    await seat.keyboard.press("p")
    await seat.wait_for_selector("dialog[open] .outcome")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.locator(".notice.good")).to_be_visible()
    view = await read_account("20418", by=SYSTEM)
    assert view.promise is not None
    await seat.goto(seat.url.partition("?")[0] + "/promise")
    await expect(seat.locator(".refused").first).to_contain_text("уже действует")


async def test_an_account_is_frozen(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "accounts/20417")
    await seat.keyboard.press("z")
    await seat.wait_for_selector("dialog[open] .outcome")
    await seat.keyboard.press("Control+Enter")
    await expect(seat.locator(".notice.good")).to_be_visible()
    await expect(seat.locator(".hero")).to_contain_text("Добровольная блокировка")


async def test_enter_never_opens_an_answer_to_something_else(provider: None, seat: Page) -> None:
    """Enter comes before the answer: what was typed is opened, not what stood in the list."""
    held: list[Route] = []

    async def hold(route: Route) -> None:
        if "hx-request" in route.request.headers and route.request.url.endswith("q=20419"):
            held.append(route)
        else:
            await route.continue_()

    await seat.route("**/find?**", hold)
    await seat.goto(seat.url + "profile")
    await seat.keyboard.press("/")
    await seat.keyboard.type("2041")
    await expect(seat.locator("#found [aria-selected=true]")).to_contain_text("20417")
    async with seat.expect_request("**/find?q=20419"):
        await seat.keyboard.type("9")
    await seat.keyboard.press("Enter")
    await seat.wait_for_url("**/accounts/20419")
    await seat.unroute_all(behavior="ignoreErrors")


async def test_the_register_is_used_without_a_mouse(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "subscribers")
    await expect(seat.locator("#register-q")).to_be_focused()
    await seat.keyboard.type("орлов")
    await expect(seat.locator("#answers tbody tr")).to_have_count(2)
    await seat.keyboard.press("ArrowDown")
    await expect(seat.locator("#answers tbody th a").first).to_be_focused()
    await seat.keyboard.press("ArrowDown")
    await seat.keyboard.press("ArrowUp")
    await seat.keyboard.press("ArrowUp")
    await expect(seat.locator("#register-q")).to_be_focused()
    await seat.keyboard.press("Enter")
    await seat.wait_for_url("**/accounts/*")
    await seat.go_back()
    await expect(seat.locator("#register-q")).to_have_value("орлов")


async def test_rows_are_whole_and_tabs_do_not_scroll_down(provider: None, seat: Page) -> None:
    await seat.goto(seat.url + "accounts/20417")
    tabs = seat.locator(".tabs")
    assert await tabs.evaluate("bar => bar.scrollHeight === bar.clientHeight")
    await seat.goto(seat.url.partition("/accounts")[0] + "/subscribers?q=орлов")
    cell = seat.locator("#answers tbody tr td").first
    assert await cell.evaluate("cell => cell.offsetHeight === cell.parentElement.offsetHeight")
