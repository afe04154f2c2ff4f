"""The cash desk as a cashier sees and uses it, by the keyboard alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from abonent.billing.queries.cash.shifts import Shift, shifts_of_day
from abonent.billing.service.cash.shifts import count_shift, move_cash, open_shift
from abonent.billing.service.cash.taking import take_at_desk, void_receipt
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.billing.test_cash import make_desks
from tests.browser.conftest import opening
from tests.web.seed import OPEN_DAY, small_provider

Looked = Callable[..., Awaitable[None]]


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await make_desks()


@pytest.fixture
async def busy(provider: None, looked: Looked) -> Shift:
    """A shift of each seat, with money of every kind, a void and cash handed in."""
    async with transaction() as connection:
        users = await connection.fetch("SELECT id, name FROM web_user ORDER BY login")
    shift: Shift | None = None
    for desk, user in zip(("К1", "К2"), users, strict=True):
        by = Actor("user", str(user["id"]), user["name"], frozenset({"*"}))
        shift = await open_shift(desk, by=by)
        for number, source, amount, given in (
            ("20418", "cash", 56050, 100000),
            ("20417", "card", 46000, None),
            ("20419", "cash", 123456, None),
        ):
            done = await take_at_desk(
                number, by=by, amount=amount, source=source,
                external_id=f"{desk}-{number}", given=given,
            )  # fmt: skip
        assert done.receipt is not None
        await void_receipt(done.receipt.desk_id, 1, by=by, reason="Не тот абонент")
        await move_cash(shift.id, by=by, kind="out", amount=100000, reason="Инкассация, сумка 7")
    assert shift is not None
    return shift


async def test_the_desk_before_a_shift(provider: None, looked: Looked) -> None:
    await looked("/cash", "cash-before")


async def test_the_desk_at_work(busy: Shift, looked: Looked) -> None:
    await looked("/cash", "cash")


async def test_a_shift(busy: Shift, looked: Looked) -> None:
    by = Actor("system", "system", "system", frozenset({"*"}))
    await count_shift(busy.id, by=by, pieces={10000: 2, 100: 34, 50: 1})
    await looked(f"/cash/shifts/{busy.id}", "cash-shift")
    await looked(f"/cash/shifts/{busy.id}/close", "cash-close")


async def test_the_pages_around_it(busy: Shift, looked: Looked) -> None:
    for path, name in (
        ("/cash/day", "cash-day"),
        ("/cash-shifts", "cash-shifts"),
        ("/receipts", "cash-receipts"),
        ("/cash/receipts/1/1", "cash-receipt"),
        ("/cash/receipts/1/2/void", "cash-void"),
        ("/provider", "provider"),
        ("/provider/companies/main", "provider-company"),
    ):
        await looked(path, name)


async def test_the_dialogs_of_a_shift(busy: Shift, looked: Looked) -> None:
    for key, name in (("KeyC", "cash-count"), ("KeyM", "cash-move")):
        await looked("/cash", name, then=opening(f"[data-key={key}]"))


async def test_the_payment_with_its_change(busy: Shift, looked: Looked) -> None:
    async def give(page: Page) -> None:
        await page.locator("[data-key=KeyO]").click()
        await page.wait_for_selector("dialog[open] form")
        await page.fill("#act-given", "5000")
        await page.wait_for_selector(".change")

    await looked("/accounts/20418", "cash-payment", then=give)


async def test_cash_is_in_with_eight_keys_and_printed_with_the_ninth(
    provider: None, seat: Page
) -> None:
    await seat.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")
    async with transaction() as connection:
        user = await connection.fetchrow("SELECT id, name FROM web_user WHERE login = 'head-ru'")
    by = Actor("user", str(user["id"]), user["name"], frozenset({"*"}))
    await open_shift("К1", by=by)
    keys = ["/", "с", "е", "м", "Enter", "o", "Control+Enter"]
    for key in keys:
        if key == "Enter":
            await expect(seat.locator("#found [aria-selected=true]")).to_contain_text("Семёнов")
        if key == "o":
            await seat.wait_for_selector("[data-key=KeyO]")
        if key == "Control+Enter":
            await seat.wait_for_selector("dialog[open] .outcome")
        press = seat.keyboard.type if key in "сем" else seat.keyboard.press
        await press(key)
    assert len(keys) <= 8
    await expect(seat.locator("[data-once]")).to_contain_text("К1-1")
    (shift,) = await shifts_of_day(OPEN_DAY, by=SYSTEM)
    assert shift.should > 0
    await seat.keyboard.press("F9")
    await seat.wait_for_selector(".slip")
    await expect(seat.locator(".slip")).to_contain_text("К1-1")
    await seat.wait_for_function("window.printed === 1")
    await seat.keyboard.press("F9")
    await seat.wait_for_function("window.printed === 2")


async def test_a_whole_shift_goes_by_the_keyboard(provider: None, seat: Page) -> None:
    address = seat.url.rstrip("/")
    await seat.goto(f"{address}/cash")
    await seat.keyboard.press("o")
    await seat.wait_for_selector("dialog[open] form")
    await seat.keyboard.press("Control+Enter")
    await seat.wait_for_selector("[data-key=KeyM]")
    await seat.keyboard.press("c")
    await seat.wait_for_selector("dialog[open] form")
    await seat.keyboard.press("1")
    await expect(seat.locator("dialog .outcome")).to_contain_text("5")
    await seat.keyboard.press("Control+Enter")
    await seat.wait_for_url("**/close")
    await expect(seat.locator("main")).to_contain_text("Расхождение")
    await seat.fill("#act-explanation", "Забыли снять размен")
    await seat.keyboard.press("Control+Enter")
    await seat.wait_for_url("**/cash?*")
    (shift,) = await shifts_of_day(OPEN_DAY, by=SYSTEM)
    assert (shift.state, shift.difference) == ("CLOSED", 500000)
