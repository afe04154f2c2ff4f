"""When something is in the way: no scripts, no connection, a mistake, a colleague, a failing server.

Whatever it is, what was typed stays, the page says what happened, and a second try does it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, Route, expect

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.cash.shifts import move_cash, open_shift
from abonent.billing.service.payments import take_payment
from abonent.crm.service.places import correct_flat
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.billing.test_cash import make_desks
from tests.browser.conftest import Hire
from tests.web.seed import small_provider

Act = Callable[[], Awaitable[object]]


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await make_desks()


async def breaks(table: str) -> None:
    """The database refuses to write a table: the program fails in earnest."""
    async with transaction() as connection:
        await connection.execute(
            "CREATE FUNCTION out_of_order() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'out of order'; END $$"
        )
        await connection.execute(
            f"CREATE TRIGGER out_of_order BEFORE INSERT OR UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION out_of_order()"
        )


async def mended() -> None:
    async with transaction() as connection:
        await connection.execute("DROP FUNCTION out_of_order CASCADE")


async def a_payment_comes() -> None:
    await take_payment("20418", by=SYSTEM, amount=700, source="bank", external_id="other")


async def the_flat_is_corrected() -> None:
    await correct_flat("20417", by=SYSTEM, seen=None, flat="77а")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A dialog: how it opens, what is typed wrong and right, what stands in its way."""

    role: str
    page: str
    opener: str
    field: str
    wrong: str
    right: str
    table: str
    told: str
    colleague: Act | None = None
    more: tuple[tuple[str, str], ...] = ()


CASES = {
    "payment": Case(
        role="cash", page="/accounts/20418", opener="[data-key=KeyO]", field="amount", wrong="5x0",
        right="300", table="billing_inbox", told="Оплата принята", colleague=a_payment_comes,
    ),
    "flat": Case(
        role="office", page="/accounts/20417/subscriber", opener='[hx-get="/accounts/20417/flat"]',
        field="entrance", wrong="abc", right="2", table="crm_account", told="Адрес исправлен",
        colleague=the_flat_is_corrected,
    ),
    "cash": Case(
        role="cash", page="/cash", opener="[data-key=KeyM]", field="amount", wrong="900000",
        right="10", table="cash_move", told="Движение наличных записано",
        more=(("reason", "Инкассация, сумка 7"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_what_was_typed_outlives_every_failure(provider: None, hire: Hire, name: str) -> None:
    case = CASES[name]
    page, by = await hire(case.role, "Лебедева Ольга", failing=True)
    line = Line()
    await page.route("**/*", line.carry)
    if case.role == "cash":
        shift = await open_shift("К1", by=by)
        await move_cash(shift.id, by=by, kind="in", amount=500000, reason="Размен")
    await page.goto(page.url.rstrip("/") + case.page)
    await page.wait_for_selector("html[data-keys=bound]")
    await page.locator(case.opener).first.press("Enter")
    await page.wait_for_selector("dialog[open] form")
    for other, text in case.more:
        await page.fill(f"#act-{other}", text)
    field, dialog = page.locator(f"#act-{case.field}"), page.locator("dialog[open]")
    await field.fill(case.wrong)
    await sends(page, {400, 422})
    await expect(field).to_have_value(case.wrong)
    await expect(page.locator("[data-summary]")).to_be_focused()
    await expect(dialog.locator(".error, .notice.bad").first).to_be_visible()
    await field.fill(case.right)
    await loses_the_connection(page, line)
    await breaks(case.table)
    await sends(page, {500})
    await expect(dialog).to_contain_text("Сбой программы")
    await expect(dialog).to_contain_text("номер")
    await kept(page, case)
    await mended()
    await loses_the_session(page)
    await kept(page, case)
    if case.colleague:
        await case.colleague()
        await sends(page, {409})
        await kept(page, case)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-once]")).to_contain_text(case.told)


async def sends(page: Page, statuses: set[int]) -> None:
    """The form is carried out and refused."""
    carried_out = "step=do"
    async with page.expect_response(
        lambda answer: carried_out in (answer.request.post_data or "")
    ) as answered:
        await page.keyboard.press("Control+Enter")
    assert (await answered.value).status in statuses
    # The answer is here before the page shows it: a key pressed in between belongs to the old form.
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)


async def kept(page: Page, case: Case) -> None:
    await expect(page.locator(f"#act-{case.field}")).to_have_value(case.right)
    for other, text in case.more:
        await expect(page.locator(f"#act-{other}")).to_have_value(text)


class Line:
    """The line to the server. It is watched from the start: an answer may outrun a watch set later."""

    def __init__(self) -> None:
        self.cut = False

    async def carry(self, route: Route) -> None:
        await (route.abort("timedout") if self.cut else route.continue_())


async def loses_the_connection(page: Page, line: Line) -> None:
    """It is said where it can be read, in the dialog, and the form waits for another try."""
    line.cut = True
    await page.keyboard.press("Control+Enter")
    told = page.locator("dialog[open]").get_by_text("Нет связи. Введённое сохранено")
    await expect(told).to_be_visible()
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    line.cut = False


async def loses_the_session(page: Page) -> None:
    """Signing in again in another tab goes on from there; the way to it can be pressed."""
    cookies = await page.context.cookies()
    await page.context.clear_cookies()
    await sends(page, {401})
    told = page.locator("dialog[open] #connection")
    await expect(told).to_contain_text("Сеанс завершён")
    await told.get_by_role("link").click(trial=True)
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]


async def test_without_scripts_somebody_is_found_and_pays(provider: None, hire: Hire) -> None:
    page, by = await hire("cash", "Лебедева Ольга", scripts=False)
    await open_shift("К1", by=by)
    # The only one of that name is opened at once, of several one is chosen.
    await page.fill("#omnibox", "семёнов")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/accounts/20418")
    await page.fill("#omnibox", "орлов")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/find?*")
    await page.get_by_role("link", name="Орлова Ирина").first.click()
    await page.wait_for_url("**/accounts/20417")
    before = (await read_account("20417", by=SYSTEM)).balance
    await page.get_by_role("link", name="Принять оплату").click()
    await page.wait_for_url("**/payment")
    await page.fill("#act-amount", "5x0")
    await page.get_by_role("button", name="Принять").click()
    await expect(page.locator("#act-amount")).to_have_value("5x0")
    await expect(page.locator("#act-amount-error")).to_be_visible()
    await page.fill("#act-amount", "250,50")
    await page.get_by_role("button", name="Показать").click()
    await expect(page.locator(".outcome")).to_contain_text("250,50")
    await page.get_by_role("button", name="Принять").click()
    await page.wait_for_url("**/accounts/20417?done=*")
    await expect(page.locator("main")).to_contain_text("Оплата принята")
    await expect(page.locator("main")).to_contain_text("К1-1")
    assert (await read_account("20417", by=SYSTEM)).balance == before + 25050


async def test_back_leads_to_the_rows_that_were_filtered(provider: None, hire: Hire) -> None:
    page, _by = await hire("office", "Мария Петрова")
    address = page.url.rstrip("/")
    await page.goto(f"{address}/subscribers")
    await page.wait_for_selector("html[data-keys=bound]")
    rows = page.locator("#answers tbody tr")
    await page.fill("#register-q", "орлов")
    await expect(rows).to_have_count(2)
    await page.wait_for_url("**/subscribers?*q=*")
    await rows.first.locator("th a").click()
    await page.wait_for_url("**/accounts/*")
    await page.go_back()
    await expect(rows).to_have_count(2)
    await expect(page.locator("#register-q")).to_have_value("орлов")
    await page.goto(f"{address}/subscribers")
    await page.wait_for_selector("html[data-keys=bound]")
    await page.locator("[data-key=KeyF]").click()
    await page.locator("#filter-fields [name=tariff][value=opt100]").check()
    await page.locator("#filter-fields [name=state][value=served]").check()
    await expect(rows).to_have_count(1)
    seen = await rows.all_inner_texts()
    await page.locator("#answers th a").filter(has_text="Баланс").click()
    await page.wait_for_url("**/subscribers?*balance*")
    await expect(rows).to_have_count(1)
    await rows.first.locator("th a").click()
    await page.wait_for_url("**/accounts/*")
    await page.go_back()
    await page.wait_for_url("**/subscribers?*balance*")
    await expect(rows).to_have_count(1)
    await page.go_back()
    await expect(rows).to_have_count(1)
    assert await rows.all_inner_texts() == seen
    assert "tariff=opt100" in page.url
    # The page kept as it was still works: a chip is taken away.
    await page.locator(".chips a").first.click()
    await expect(rows).not_to_have_count(1)
