"""Two people at one subscriber: neither money nor words are lost, and each sees what the other did."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.cash.shifts import own_shift
from abonent.billing.service.cash.shifts import open_shift
from abonent.billing.service.payments import charge_fee
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, transaction
from abonent.kernel.settings import Settings
from tests.billing.test_cash import make_desks
from tests.browser.conftest import Hire
from tests.web.seed import small_provider

OLGA, ANNA = "Лебедева Ольга", "Зайцева Анна"
_PAYMENTS = """
SELECT e.amount, e.actor FROM billing_entry e
JOIN billing_account_number n ON n.account_id = e.account_id
WHERE n.number = $1 AND e.kind = 'payment' AND e.actor LIKE 'user:%' ORDER BY e.no
"""


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await make_desks()


async def payments(number: str) -> list[tuple[int, str]]:
    async with reading() as connection:
        return [tuple(row) for row in await connection.fetch(_PAYMENTS, number)]


async def on_card(page: Page, path: str) -> None:
    await page.goto(page.url.split("/accounts")[0].rstrip("/") + path)
    await page.wait_for_selector("html[data-keys=bound]")


async def form_of_payment(page: Page) -> None:
    await page.keyboard.press("o")
    await page.wait_for_selector("dialog[open] .outcome")
    await expect(page.locator("#act-amount")).to_be_focused()


async def test_two_cashiers_take_money_for_one_subscriber(provider: None, hire: Hire) -> None:
    (olga, one), (anna, other) = await hire("cash", OLGA), await hire("cash", ANNA)
    await open_shift("К1", by=one)
    await open_shift("К2", by=other)
    before = await read_account("20418", by=SYSTEM)
    for page in (olga, anna):
        await on_card(page, "/accounts/20418")
        await form_of_payment(page)
    # The first one strikes twice: one payment comes of it.
    await olga.keyboard.press("Control+Enter")
    await olga.keyboard.press("Control+Enter")
    await expect(olga.locator("[data-once]")).to_contain_text("К1-1")
    due = before.missing
    assert await payments("20418") == [(due, f"user:{one.id}")]
    # The second one, with the same sum on the screen, is told whose money is there already.
    await anna.keyboard.press("Control+Enter")
    told = anna.locator("dialog[open]")
    await expect(told).to_contain_text("Точно такая оплата была только что")
    await expect(told).to_contain_text(OLGA)
    assert len(await payments("20418")) == 1
    await anna.locator("#act-again").focus()
    await anna.keyboard.press("Space")
    await anna.keyboard.press("Control+Enter")
    await expect(anna.locator("[data-once]")).to_contain_text("К2-1")
    # Another sum than the colleague's is shown what came first as well.
    for page in (olga, anna):
        await on_card(page, "/accounts/20418")
        await form_of_payment(page)
    await anna.locator("#act-amount").fill("100")
    await anna.keyboard.press("Control+Enter")
    await expect(anna.locator("[data-once]")).to_contain_text("К2-2")
    await olga.evaluate("document.querySelector('#act-amount').value = '250'")
    await olga.keyboard.press("Control+Enter")
    told = olga.locator("dialog[open]")
    await expect(told).to_contain_text("Ваш платёж ещё не принят")
    await expect(told).to_contain_text(ANNA)
    await expect(told.locator("#act-amount")).to_have_value("250")
    assert len(await payments("20418")) == 3
    await olga.keyboard.press("Control+Enter")
    await expect(olga.locator("[data-once]")).to_contain_text("К1-2")
    assert await payments("20418") == [
        (due, f"user:{one.id}"),
        (due, f"user:{other.id}"),
        (10000, f"user:{other.id}"),
        (25000, f"user:{one.id}"),
    ]
    after = await read_account("20418", by=SYSTEM)
    async with reading() as connection:
        moved = await connection.fetchval(
            "SELECT sum(e.amount) FROM billing_entry e JOIN billing_account_number n"
            " ON n.account_id = e.account_id WHERE n.number = '20418'"
        )
    assert after.balance == moved
    await drawers(one, other, [due + 25000, due + 10000])


async def drawers(one: Actor, other: Actor, sums: list[int]) -> None:
    """Each payment lies in the drawer of who took it."""
    found = []
    for by in (one, other):
        shift = await own_shift(by=by)
        assert shift is not None
        found.append(shift.should)
    assert found == sums


async def form_of_person(page: Page) -> None:
    await on_card(page, "/accounts/20417/subscriber")
    await page.locator('[hx-get="/accounts/20417/subscriber/edit"]').focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dialog[open] #act-name")


async def test_two_clerks_correct_one_person(provider: None, hire: Hire) -> None:
    (olga, _one), (anna, _other) = await hire("office", OLGA), await hire("office", ANNA)
    for page in (olga, anna):
        await form_of_person(page)
    await olga.fill("#act-name", "Орлова-Белова Ирина Олеговна")
    await olga.keyboard.press("Control+Enter")
    await expect(olga.locator("[data-once]")).to_contain_text("Данные абонента сохранены")
    # The slower one typed two fields: neither is lost, and both values stand side by side.
    await anna.fill("#act-name", "Орлова Ирина Ольговна")
    await anna.fill("#act-born_on", "1987-03-14")
    async with anna.expect_response("**/subscriber/edit") as answered:
        await anna.keyboard.press("Control+Enter")
    assert (await answered.value).status == 409
    told = anna.locator("dialog[open]")
    await expect(told).to_contain_text(OLGA)
    values = told.locator(".versus tbody tr")
    await expect(values.first).to_contain_text("Орлова-Белова Ирина Олеговна")
    await expect(values.first).to_contain_text("Орлова Ирина Ольговна")
    await expect(anna.locator("#act-name")).to_have_value("Орлова Ирина Ольговна")
    await expect(anna.locator("#act-born_on")).to_have_value("1987-03-14")
    await expect(anna.locator("[data-summary]")).to_be_focused()
    await anna.fill("#act-name", "Орлова-Белова Ирина Ольговна")
    await anna.keyboard.press("Control+Enter")
    await expect(anna.locator("[data-once]")).to_contain_text("Данные абонента сохранены")
    await expect(anna.locator("#who")).to_have_text("Орлова-Белова Ирина Ольговна")
    # The history of the card names both.
    await on_card(anna, "/accounts/20417/history")
    for name in (OLGA, ANNA):
        await expect(anna.locator("main")).to_contain_text(name)


async def test_an_account_with_a_debt_goes_to_another_owner(provider: None, hire: Hire) -> None:
    await charge_fee(
        "20418", by=SYSTEM, amount=50000, kind="fee", reason="Выезд мастера", into_debt=True
    )
    debt = -(await read_account("20418", by=SYSTEM)).balance
    assert debt > 0
    page, _by = await hire("office", OLGA)
    await on_card(page, "/accounts/20418/documents")
    dialog = page.locator("dialog[open]")
    await page.locator('[hx-get="/accounts/20418/owner"]').press("Enter")
    await expect(dialog).to_contain_text("Семёнов Пётр Ильич")
    owed = f"{debt // 100},{debt % 100:02}"
    await expect(dialog.locator(".notice.warn")).to_contain_text(owed)
    # The owner there is already is no new one.
    await page.fill("#act-account", "20418")
    await expect(dialog).to_contain_text("уже принадлежит этому абоненту")
    await page.fill("#act-account", "")
    await page.fill("#act-name", "Белов Олег Ильич")
    await expect(page.locator("#act-debt-error")).to_contain_text(owed)
    async with page.expect_response("**/owner") as answered:
        await page.keyboard.press("Control+Enter")
    assert (await answered.value).status == 422
    await expect(page.locator("#act-name")).to_have_value("Белов Олег Ильич")
    await expect(page.locator("#who")).to_have_text("Семёнов Пётр Ильич")
    await page.locator("#act-debt").focus()
    await page.keyboard.press("Space")
    outcome = dialog.locator(".outcome")
    await expect(outcome).to_contain_text("Принимаемый долг")
    await expect(outcome).to_contain_text(owed)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-once]")).to_contain_text("переоформлен на нового владельца")
    await expect(page.locator("#who")).to_have_text("Белов Олег Ильич")
    await expect(page.locator("main")).to_contain_text("Прежние владельцы")
    await expect(page.locator("main")).to_contain_text("Семёнов Пётр Ильич")
    await expect(page.locator("main")).to_contain_text("долг принят")
    act = await page.get_by_role("link", name="Акт 2026").get_attribute("href")
    printed = await page.request.get(page.url.split("/accounts")[0] + str(act))
    assert (await printed.body()).startswith(b"%PDF-")
    await on_card(page, "/accounts/20418/history")
    changed = page.locator("li.touch").filter(has_text="Другой владелец")
    await expect(changed).to_contain_text(OLGA)
    assert (await read_account("20418", by=SYSTEM)).balance == -debt
