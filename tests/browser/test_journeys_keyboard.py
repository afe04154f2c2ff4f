"""A working morning without a mouse: the focus can be seen after every act and is never lost."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.cash.shifts import own_shift
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.billing.test_cash import make_desks
from tests.browser.conftest import PASSWORD, Hire
from tests.web.seed import small_provider

# What has the focus, unless it is lost or cannot be seen: "" then.
_HELD = """() => {
  const held = document.activeElement;
  const box = (held.closest("label") ?? held).getBoundingClientRect();
  const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const shown = held.id === "main" || held.matches(":focus-visible");
  return held !== document.body && seen && shown ? held.outerHTML.slice(0, 120) : "";
}"""
MOST_TABS = 60


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await make_desks()


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def holds(page: Page) -> None:
    """The focus is somewhere, and a person sees where."""
    await page.wait_for_function(f"() => ({_HELD})() !== ''", timeout=5000)


async def ready(page: Page, address: str) -> None:
    """The page at an address is there, and its keys work."""
    await page.wait_for_url(address)
    await page.wait_for_selector("html[data-keys=bound]")


async def tab_to(page: Page, wanted: Locator, *, key: str = "Tab") -> None:
    """Reach an element by Tab alone; every stop on the way can be seen."""
    for _step in range(MOST_TABS):
        await page.keyboard.press(key)
        if await wanted.evaluate("element => element === document.activeElement"):
            await holds(page)
            return
    raise AssertionError(f"{MOST_TABS} times {key} do not reach {wanted}")


async def sign_in(page: Page, login: str) -> None:
    await page.context.clear_cookies()
    await page.reload()
    await expect(page.locator("[name=login]")).to_be_focused()
    await page.keyboard.type(login)
    await press(page, "Tab")
    await page.keyboard.type(PASSWORD)
    await press(page, "Enter")
    await page.wait_for_selector("html[data-keys=bound]")
    await expect(page.locator("#side")).to_be_visible()


async def sign_out(page: Page) -> None:
    """By the menu of the user, from wherever the focus is."""
    await tab_to(page, page.locator(".topbar details.menu summary"), key="Shift+Tab")
    await press(page, "Enter")
    await tab_to(page, page.get_by_role("button", name="Выйти"))
    await press(page, "Enter")
    await expect(page.locator("[name=login]")).to_be_focused()


async def find(page: Page, typed: str, number: str) -> None:
    await press(page, "/")
    await expect(page.locator("#omnibox")).to_be_focused()
    await page.keyboard.type(typed)
    await expect(page.locator("#found [aria-selected=true]")).to_contain_text(number)
    await press(page, "Enter")
    await ready(page, f"**/accounts/{number}")


async def look_and_close(page: Page, key: str) -> None:
    """A dialog opens by its key; Escape closes it and leads back to its button."""
    await press(page, key)
    await page.wait_for_selector("dialog[open] form")
    await holds(page)
    await press(page, "Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(page.locator(f"[data-key=Key{key.upper()}]")).to_be_focused()


async def carry_out(page: Page, told: str) -> None:
    await press(page, "Control+Enter")
    await expect(page.locator("[data-once]")).to_contain_text(told)
    await expect(page.locator("[data-once]")).to_be_focused()


async def test_a_cashiers_morning(provider: None, hire: Hire) -> None:
    page, olga = await hire("cash", "Лебедева Ольга")
    await sign_in(page, "cash-0")
    await press(page, "Shift+Slash")
    await expect(page.locator("#keys-sheet")).to_be_visible()
    await holds(page)
    await press(page, "Escape")
    await expect(page.locator("#keys-sheet")).to_be_hidden()
    await holds(page)
    await press(page, "g", "k")
    await ready(page, "**/cash")
    await look_and_close(page, "o")
    await press(page, "o")
    await page.wait_for_selector("dialog[open] form")
    await carry_out(page, "Смена открыта")
    await find(page, "сем", "20418")
    for key, tab in (("BracketRight", "**/money"), ("BracketLeft", "**/accounts/20418")):
        await press(page, key)
        await ready(page, tab)
    for key in "opn":
        await look_and_close(page, key)
    await press(page, "o")
    await page.wait_for_selector("dialog[open] .outcome")
    await carry_out(page, "Оплата принята")
    await press(page, "n")
    await expect(page.locator("dialog[open] textarea")).to_be_focused()
    await page.keyboard.type("Обещал доплатить завтра")
    await carry_out(page, "Заметка сохранена")
    # The palette: what is typed in the middle of something leads back when it is given up.
    await press(page, "n")
    await page.wait_for_selector("dialog[open] textarea")
    await press(page, "Escape", "Control+KeyK")
    await expect(page.locator("#omnibox")).to_be_focused()
    await press(page, "Escape", "Escape")
    await expect(page.locator("[data-key=KeyN]")).to_be_focused()
    await press(page, "Control+KeyK")
    await page.keyboard.type("касса")
    await expect(page.locator("#found [aria-selected=true]")).to_contain_text("Касса")
    await press(page, "Enter")
    await ready(page, "**/cash")
    await sign_out(page)
    assert (await read_account("20418", by=SYSTEM)).state == "served"
    shift = await own_shift(by=olga)
    assert shift is not None
    assert shift.should > 0


async def test_a_clerks_morning(provider: None, hire: Hire) -> None:
    page, _by = await hire("office", "Мария Петрова")
    await sign_in(page, "office-0")
    await press(page, "g", "p")
    await ready(page, "**/subscribers")
    await expect(page.locator("#register-q")).to_be_focused()
    rows = page.locator("#answers tbody tr")
    await expect(rows).to_have_count(5)
    # Out of the search field the letters are keys: filters open, and one is ticked.
    await press(page, "Escape", "f")
    choice = page.locator("#filter-fields [name=tariff][value=biz]")
    await expect(choice).to_be_visible()
    await tab_to(page, choice)
    await press(page, "Space")
    await expect(rows).to_have_count(1)
    await expect(choice).to_be_focused()
    await press(page, "Space")
    await expect(rows).to_have_count(5)
    await tab_to(page, page.locator("#answers th a").filter(has_text="Баланс"))
    await press(page, "Enter")
    await ready(page, "**/subscribers?*sort=*balance*")
    await press(page, "Escape")
    await tab_to(page, page.locator("#answers details.menu summary"))
    await press(page, "Enter")
    column = page.locator("#answers [name=column][value=tariffs]")
    await tab_to(page, column)
    await press(page, "Space")
    await tab_to(page, page.locator("#answers details.menu").get_by_role("button"))
    await press(page, "Enter")
    await ready(page, "**/subscribers?*column=*")
    await expect(page.locator("#answers thead")).not_to_contain_text("Тариф")
    await press(page, "Control+KeyE")
    await ready(page, "**/tasks*")
    await expect(page.locator("#tasks tbody th")).to_contain_text("Абоненты")
    await go_back_to_a_card(page)
    await look_and_close(page, "t")
    await press(page, "t")
    await page.wait_for_selector("dialog[open] form")
    await press(page, "ArrowDown")
    await page.wait_for_selector("dialog[open] .versus")
    await carry_out(page, "Тариф")
    await sign_out(page)


async def go_back_to_a_card(page: Page) -> None:
    """Rows by J and K, the row by Enter."""
    await press(page, "g", "p")
    await ready(page, "**/subscribers")
    await press(page, "Escape", "j", "j", "k")
    first = page.locator("#answers tbody tr").first.locator("a").first
    await expect(first).to_be_focused()
    await holds(page)
    await press(page, "Enter")
    await ready(page, "**/accounts/*")
