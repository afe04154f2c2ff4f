"""The business day, the turnover sheet and the start page as people see and use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from abonent.billing.service import days
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.jobs import due_runs, run_job
from abonent.kernel.settings import Settings
from tests.web.seed import OPEN_DAY, small_provider

Looked = Callable[..., Awaitable[None]]

_ASKED = """
INSERT INTO job_run (id, job, key, arguments, created_at, due_at, attempts, error) VALUES (1,
    'billing.close_through', 'x', '{"first": "2026-11-14", "through": "2026-11-16", "by": "system"}',
    '2026-11-14 21:00+00', '2026-11-14 21:00+00', 0, 'ConnectionError: the database went away')
"""


@pytest.fixture
async def provider(fresh_database: Settings) -> Settings:
    async with transaction() as connection:
        await small_provider(connection)
    return fresh_database.having(processes=1)


async def test_the_start_page_of_a_working_day(provider: Settings, looked: Looked) -> None:
    await looked("/", "start-full")


async def test_the_day(provider: Settings, looked: Looked) -> None:
    await looked("/day", "day")


async def test_the_day_while_it_is_being_closed(provider: Settings, looked: Looked) -> None:
    await days.move_day(OPEN_DAY, by=SYSTEM)
    await looked("/day", "day-closing")


async def test_the_day_while_nobody_takes_its_closing(provider: Settings, looked: Looked) -> None:
    async with transaction() as connection:
        await connection.execute(_ASKED)
    await looked("/day", "day-waiting")


async def test_the_dialog_that_closes_days(provider: Settings, looked: Looked) -> None:
    async def refused(page: Page) -> None:
        await page.locator("[data-key=KeyC]").click()
        await page.fill("dialog[open] [name=confirm]", "1000")
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector("dialog[open] .error")

    await looked("/day", "day-close", then=refused)


async def test_the_sheet(provider: Settings, looked: Looked) -> None:
    for query, name in (
        ("by=district", "turnover"),
        ("from=2020-01-01&through=2020-01-31", "turnover-empty"),
        ("from=2026-11-05&through=2026-11-01", "turnover-wrong"),
    ):
        await looked(f"/turnover?{query}", name)


async def test_the_entries_below_the_sheet(provider: Settings, looked: Looked) -> None:
    async def open_entries(page: Page) -> None:
        for number in (0, 1):
            await page.locator("details.opens summary").nth(number).click()

    await looked("/turnover?account=20417", "turnover-entries", then=open_entries)


async def test_a_day_is_closed_by_keys_and_watched_to_its_end(
    provider: Settings, seat: Page
) -> None:
    await seat.keyboard.press("g")
    await seat.keyboard.press("o")
    await seat.wait_for_url("**/day")
    await seat.wait_for_selector("html[data-keys] [data-key=KeyC]")
    await seat.keyboard.press("c")
    due = await seat.locator("dialog .outcome dd.total").inner_text()
    await seat.keyboard.type(due)
    await seat.keyboard.press("Control+Enter")
    await expect(seat.get_by_role("heading", name="Закрытие поставлено в очередь")).to_be_visible()
    ((run_id, _attempts),) = await due_runs()
    await run_job(run_id, provider)
    await expect(seat.locator("#open-day")).to_have_text("15 ноября 2026")
    await expect(seat.locator("#day-runs tbody tr").first).to_contain_text("15.11.2026")
    await expect(seat.locator("#day-progress")).to_be_empty()
    await expect(seat.locator("[data-key=KeyC]")).to_be_visible()


async def test_a_run_is_seen_after_a_reload_and_to_its_end(provider: Settings, seat: Page) -> None:
    await days.move_day(OPEN_DAY, by=SYSTEM)
    await seat.goto(f"{seat.url}day")
    await expect(seat.locator("progress")).to_be_visible()
    await seat.reload()
    await expect(seat.get_by_role("heading", name="Открывается 15.11.2026")).to_be_visible()
    await days.finish_runs()
    await expect(seat.locator("#day-runs tbody tr").first).to_contain_text("завершён")
    await expect(seat.locator("progress")).to_have_count(0)


async def test_without_a_stream_the_page_asks_by_itself(provider: Settings, seat: Page) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=404)

    asked: list[str] = []
    seat.on("request", lambda request: asked.append(request.url))
    await seat.route("**/day/stream?*", refuse)
    await days.move_day(OPEN_DAY, by=SYSTEM)
    await seat.goto(f"{seat.url}day")
    await days.finish_runs()
    await expect(seat.locator("progress")).to_have_count(0, timeout=10_000)
    assert any(address.endswith("/day/live") for address in asked)


async def test_one_goes_from_the_sheet_to_a_calculation_without_a_mouse(
    provider: Settings, seat: Page
) -> None:
    await seat.keyboard.press("g")
    await seat.keyboard.press("r")
    await seat.wait_for_url("**/turnover")
    await seat.wait_for_selector("html[data-keys]")
    for _level in range(4):
        before = seat.url
        await seat.keyboard.press("j")
        await seat.keyboard.press("Enter")
        await seat.wait_for_function("before => location.href !== before", arg=before)
        await seat.wait_for_selector("html[data-keys]")
    await expect(seat.locator("h1")).to_contain_text("Лицевой счёт")
    await seat.keyboard.press("j")
    await seat.keyboard.press("Enter")
    await expect(seat.locator(".why-box").first).to_be_visible()
    await seat.go_back()
    await expect(seat.get_by_text("строки сходятся")).to_be_visible()
