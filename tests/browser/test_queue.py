"""The walk-in queue in a browser: two offices at once, the terminal, the display, every page looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from abonent.crm.queries.queue import today
from abonent.crm.service.queue_setup import add_device
from abonent.crm.service.queue_tickets import take_ticket
from abonent.crm.service.queue_windows import (
    call_next,
    finish_serving,
    not_come,
    sit_down,
    start_serving,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.browser.conftest import PICTURES, Desk, Hire, watch
from tests.crm.queue_office import clerk, make_queue, service_id, window_id
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]


async def always_open() -> None:
    """The clocks of a browser stand where they stand: let the offices never close."""
    async with transaction() as connection:
        await connection.execute("DELETE FROM crm_queue_hours")
        await connection.execute(
            "INSERT INTO crm_queue_hours SELECT office_id, day, '00:00', '23:59:59' "
            "FROM crm_queue_office, generate_series(0, 6) AS day"
        )
        await connection.execute("DELETE FROM billing_calendar")


@pytest.fixture
async def offices(fresh_database: Settings) -> tuple[int, int]:
    async with transaction() as connection:
        await small_provider(connection)
    lenina = await make_queue("lenina", windows=3, name="Офис на Ленина")
    mira = await make_queue("mira", windows=1, name="Офис на Мира")
    await always_open()
    return lenina, mira


async def _busy(office: int) -> None:
    """A morning of one office: visits that ended, one who did not come, some who wait."""
    pay, contract = await service_id("А"), await service_id("Б")
    first, second = clerk(901), clerk(902)
    await sit_down(await window_id(office, 1), by=first)
    await sit_down(await window_id(office, 2), by=second)
    begin = clock.now() - timedelta(minutes=50)
    for minute, by, wait in ((0, first, 2), (1, second, 9), (12, first, 3), (15, second, 20)):
        with clock.moved(begin + timedelta(minutes=minute)):
            ticket = await take_ticket(office, pay if by is first else contract, by=by)
        with clock.moved(begin + timedelta(minutes=minute + wait)):
            called = await call_next(by=by)
            assert called is not None
            await start_serving(called.id, by=by)
        with clock.moved(begin + timedelta(minutes=minute + wait + 6)):
            await finish_serving(called.id, by=by, outcome="served")
        assert called.id == ticket.id
    gone = await take_ticket(office, pay, by=first)
    await call_next(by=first)
    await not_come(gone.id, by=first)
    with clock.moved(clock.now() - timedelta(minutes=18)):
        await take_ticket(office, contract, by=first)
    for typed in ("20417", "", ""):
        await take_ticket(office, pay, by=first, typed=typed)
    await call_next(by=first)
    served = await call_next(by=second)
    assert served is not None
    await start_serving(served.id, by=second)


async def test_a_ticket_is_served_in_two_offices_at_once_by_the_keyboard(
    offices: tuple[int, int], hire: Hire, desk: Desk, browser: Browser
) -> None:
    lenina, mira = offices
    hall, board = [
        await add_device(lenina, by=SYSTEM, kind=kind, name="Зал")
        for kind in ("terminal", "display")
    ]
    display = await (await browser.new_context()).new_page()
    await display.goto(f"{desk.address}/board/{board}")
    terminal = await (await browser.new_context()).new_page()
    trouble = watch(terminal, desk.address)
    await terminal.add_init_script("window.printed = 0; window.print = () => { window.printed++; }")
    await terminal.goto(f"{desk.address}/hall/{hall}")
    await terminal.keyboard.press("1")
    await terminal.wait_for_selector(".keypad")
    for digit in "20417":
        await terminal.click(f"[data-digit='{digit}']")
    await terminal.keyboard.press("Enter")
    await expect(terminal.locator(".ticket strong")).to_have_text("А001")
    assert await terminal.evaluate("window.printed") == 1
    assert "20417" not in await terminal.content()
    await take_ticket(mira, await service_id("А"), by=clerk(1))

    seats = []
    for at in range(2):
        page, _by = await hire("office", f"Оператор {at}")
        await page.keyboard.press("KeyG")
        await page.keyboard.press("KeyW")
        await page.wait_for_url("**/window")
        await page.keyboard.press("KeyO")
        await page.wait_for_selector("dialog[open] form")
        if at:
            await page.select_option("#act-window", label="Окно 1, Офис на Мира")
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector("#at-window")
        seats.append(page)
    for page in seats:
        await page.keyboard.press("KeyN")
        await expect(page.locator(".ticket-number")).to_have_text("А001")
    await expect(display.locator(".called")).to_have_text("А001→ 1")
    await expect(seats[0].locator(".whose")).to_contain_text("Орлова Ирина Олеговна")
    for page in seats:
        await page.keyboard.press("KeyS")
        await expect(page.locator(".hero .state.good")).to_be_visible()
    await expect(display.locator(".serving")).to_have_text("А0011")
    await seats[0].keyboard.press("KeyN")  # done, and nobody else waits: one key for both
    await expect(seats[0].locator("#at-window")).to_have_text("Окно свободно")
    await seats[1].keyboard.press("KeyF")
    await seats[1].wait_for_selector("dialog[open] form")
    await seats[1].keyboard.press("Control+Enter")
    await expect(seats[1].locator("#at-window")).to_have_text("Окно свободно")
    await expect(display.locator(".calls-none")).to_be_visible()
    async with transaction() as connection:
        states = await connection.fetch("SELECT state, outcome FROM crm_queue_ticket")
    assert [tuple(row) for row in states] == [("done", "served")] * 2
    assert trouble.console == []
    await display.context.close()
    await terminal.context.close()


async def test_every_page_of_the_queue(offices: tuple[int, int], looked: Looked) -> None:
    lenina, _mira = offices
    if PICTURES:
        await looked("/window", "queue-window-none")
    await _busy(lenina)
    async with transaction() as connection:
        users = await connection.fetch("SELECT id, name FROM web_user ORDER BY login")
        await connection.execute(
            "UPDATE crm_queue_window SET user_id = $1, user_name = $2 WHERE user_id = 901",
            users[1]["id"],
            users[1]["name"],
        )
    pages = [
        ("/window", "queue-window"),
        (f"/queue/day?office=lenina&day={today()}", "queue-day-office"),
        ("/queue/checklists", "queue-checklists"),
        ("/queue/settings", "queue-settings"),
        (f"/queue/settings/offices/{lenina}/devices", "queue-devices"),
        (f"/queue/settings/offices/{lenina}/windows/new", "queue-window-new"),
    ]
    if PICTURES:  # what is made of the same parts
        pages += [
            ("/window/sit", "queue-sit"),
            ("/window/give", "queue-give"),
            ("/queue/day", "queue-day"),
            ("/queue/day?day=2026-01-10", "queue-day-empty"),
            ("/queue/tickets", "queue-tickets"),
            (f"/queue/settings/offices/{lenina}", "queue-office"),
            ("/queue/settings/services/1", "queue-service"),
        ]
    for path, name in pages:
        await looked(path, name)


async def test_the_hall_is_read_by_everybody(offices: tuple[int, int], looked: Looked) -> None:
    lenina, _mira = offices
    hall, board = [
        await add_device(lenina, by=SYSTEM, kind=kind, name="Зал")
        for kind in ("terminal", "display")
    ]
    await looked(f"/board/{board}", "queue-board-empty", signed_in=False)
    await _busy(lenina)
    pay = await service_id("А")
    ticket = await take_ticket(lenina, pay, by=Actor("user", "901", "Оператор", frozenset({"*"})))

    async def no_paper(page: Page) -> None:
        assert await page.locator(".ticket strong").inner_text() == ticket.number

    for path, name in (
        (f"/hall/{hall}", "queue-hall"),
        (f"/hall/{hall}/take/{pay}", "queue-hall-account"),
        (f"/hall/{hall}/code", "queue-hall-code"),
        (f"/board/{board}", "queue-board"),
        ("/hall/nothing", "queue-hall-nothing"),
    ):
        await looked(path, name, signed_in=False)
    await looked(f"/hall/{hall}?lang=en", "queue-terminal-en", signed_in=False)
    await looked(f"/hall/{hall}/tickets/{ticket.id}", "queue-slip", signed_in=False, then=no_paper)
