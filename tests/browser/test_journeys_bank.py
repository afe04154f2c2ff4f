"""A bank's files with every kind of trouble, from the upload to the last payment matched by keys."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import FilePayload, Page, expect

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.outside.unmatched import unmatched_payments
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service import days
from abonent.billing.service.outside.agreements import make_agreement
from abonent.billing.service.services import end_service
from abonent.crm import jobs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.jobs import due_runs, run_job
from abonent.kernel.settings import Settings
from tests.browser.conftest import Hire
from tests.outside.statements import OURS, Transfer, client_bank
from tests.web.seed import OPEN_DAY, small_provider

DECLARED = jobs.take_outside_file
DAY = date(2026, 11, 15)
STRANGER = "40702810000000000777"
PAYER = "40817810000000000099"
FIRST = Transfer("11", 30000, "л/с 20419", day=DAY)
TRANSFERS = (
    Transfer("1", 55000, "Интернет, л/с 20417", day=DAY),
    FIRST,
    Transfer("12", 46000, "Связь, л/с 2042", "Кузнецова А. П.", day=DAY, account=PAYER),
    Transfer("13", 10000, "л/с 20417, л/с 20418", day=DAY),
    Transfer("14", 20000, "л/с 20420", day=DAY),
    Transfer("15", 39000, "лицевой счет 20421", day=DAY),
    Transfer("16", 250000, "Услуги связи", "ООО «Ромашка»", day=DAY, tax_id="7701234567"),
    Transfer("17", 70000, "Аренда", day=DAY, out=True),
    Transfer("18", 33300, "л/с 20418", day=DAY, booked=False),
    Transfer("1", 55000, "Интернет, л/с 20417", day=DAY),
    Transfer("19", 77700, "л/с 20418", day=DAY),
    Transfer("20", 88800, "л/с 20418", day=DAY),
    Transfer("21", 99900, "л/с 20418", day=DAY),
)
ZERO, BELOW, WHEN = ("777.00", "0.00"), ("888.00", "-888.00"), "Номер=21\r\nДата=15.11.2026"


def troubled() -> bytes:
    """The transfers in an encoding that the file denies, with a sum and a day nobody can read."""
    text = client_bank(TRANSFERS).decode("cp1251")
    for written, wrong in (ZERO, BELOW):
        text = text.replace(f"Сумма={written}", f"Сумма={wrong}")
    head, _, tail = text.partition(WHEN)
    tail = tail.replace("ДатаПоступило=15.11.2026", "ДатаПоступило=31.11.2026", 1)
    # Guillemets are not in that encoding.
    return (head + WHEN + tail).replace("«", '"').replace("»", '"').encode("cp866")


@pytest.fixture
async def provider(fresh_database: Settings) -> Settings:
    async with transaction() as connection:
        await small_provider(connection)
        await end_service("20421", 1, by=SYSTEM)
        await days.close_days(by=SYSTEM, through=OPEN_DAY)
        await connection.execute(
            "INSERT INTO billing_legal_entity (id, code, name) VALUES (2, 'two', 'Второй')"
        )
        await connection.execute(
            "UPDATE billing_account SET legal_entity_id = 2 WHERE number = '20420'"
        )
        terms = AgreementTerms(
            code="sber", name="Сбербанк", kind=AgreementKind.BANK_FILE, legal_entity="main",
            bank_account=OURS, source="bank",
        )  # fmt: skip
        await make_agreement(terms, by=SYSTEM)
    return fresh_database


async def upload(page: Page, content: bytes, name: str = "kl_to_1c.txt") -> None:
    """Take a file in by keys; only the file itself comes from the system's own window."""
    await page.goto(page.url.partition("/outside")[0].rstrip("/") + "/outside")
    await page.wait_for_selector("html[data-keys=bound]")
    await page.keyboard.press("n")
    await page.wait_for_selector("dialog[open] [name=file]")
    await page.select_option("#act-agreement", "sber")
    payload = FilePayload(name=name, mimeType="text/plain", buffer=content)
    await page.set_input_files("#act-file", payload)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/outside/files/*")
    await page.wait_for_selector("html[data-keys=bound]")


async def take(page: Page, settings: Settings, *, watched: bool = False) -> None:
    """Let the file be taken; whoever watches the page sees it come to its end."""
    await page.keyboard.press("t")
    await page.wait_for_selector("progress")
    ((run, _attempts),) = await due_runs()
    await run_job(run, settings)
    if not watched:
        await page.reload()
    await expect(page.locator("main")).to_contain_text("Зачислено")


async def refused(page: Page, content: bytes, why: str) -> None:
    """A file that cannot be believed says so, and cannot be taken."""
    await upload(page, content, "wrong.txt")
    await expect(page.locator("#file-live")).to_contain_text("Из этого файла ничего не принято")
    await expect(page.locator("#file-live")).to_contain_text(why)
    await expect(page.locator("[data-key=KeyT]")).to_have_count(0)


async def test_a_file_with_every_kind_of_trouble(provider: Settings, hire: Hire) -> None:
    page, _by = await hire("office", "Мария Петрова")
    await refused(page, b"%PDF-1.7 an account statement", "Это не файл формата 1C")
    await refused(page, client_bank(TRANSFERS[:3], ours=STRANGER), f"к счёту {STRANGER}")
    await refused(page, client_bank(TRANSFERS[:3], closing=5), "Остатки не сходятся")
    await refused(page, client_bank(TRANSFERS[:3], came=1), "В итоге указано")
    # One payment comes a day earlier than the rest.
    await upload(page, client_bank([FIRST]), "morning.txt")
    await take(page, provider)
    before = {n: (await read_account(n, by=SYSTEM)).balance for n in ("20417", "20418", "20419")}
    await upload(page, troubled())
    lines = page.get_by_role("table", name="Построчно").locator("tbody tr")
    await expect(lines).to_have_count(8)
    for words in (
        ("300,00", "повторно не принимается", "уже было принято"),
        ("460,00", "ждёт сотрудника", "такого лицевого счёта нет", "2042"),
        ("100,00", "ждёт сотрудника", "подходит несколько"),
        ("200,00", "ждёт сотрудника", "счёт другого нашего юрлица"),
        ("390,00", "ждёт сотрудника", "закрыт", "20421"),
        ("2 500,00", "ждёт сотрудника", "организация"),
        ("700,00", "не учитывается", "исходящие"),
        ("550,00", "ждёт сотрудника", "дважды"),
    ):
        line = lines
        for word in words:
            line = line.filter(has_text=word)
        await expect(line, str(words)).to_have_count(1)
    wrongs = page.get_by_role("table", name="Замечания по файлу").locator("tbody tr")
    for words_of_it in ("0.00", "-888.00", "31.11.2026", "ещё не исполнил"):
        await expect(wrongs.filter(has_text=words_of_it).first).to_be_visible()
    assert await unmatched_payments(by=SYSTEM) == []
    await take(page, provider, watched=True)
    after = {n: (await read_account(n, by=SYSTEM)).balance for n in before}
    assert after == {**before, "20417": before["20417"] + 55000}
    assert len(await unmatched_payments(by=SYSTEM)) == 6
    await settle_one(page)
    await nothing_is_taken_twice(page, provider)


async def settle_one(page: Page) -> None:
    """One of them is matched by two keys; its slip of a digit is what the desk proposes."""
    await page.get_by_role("link", name="Разнести вручную").press("Enter")
    rows = page.locator("[data-rows] tbody tr")
    await expect(rows).to_have_count(6)
    await rows.filter(has_text="такого лицевого счёта нет").locator("th a").press("Enter")
    await page.wait_for_url("**/parked/*")
    await page.wait_for_selector("html[data-keys=bound]")
    proposed = page.locator(".proposal").filter(has_text="Кузнецова")
    key = await proposed.locator("input").get_attribute("data-key")
    assert key is not None
    await page.keyboard.press(key)
    await expect(proposed.locator("input")).to_be_checked()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-once]")).to_contain_text("зачислен")
    assert len(await unmatched_payments(by=SYSTEM)) == 5


async def nothing_is_taken_twice(page: Page, settings: Settings) -> None:
    """The very same file leads to what became of it; the same payments in another file are known."""
    await page.goto(page.url.partition("/parked")[0] + "/outside")
    await upload(page, troubled())
    await expect(page.locator("main")).to_contain_text("Зачислено")
    await expect(page.locator("[data-key=KeyT]")).to_have_count(0)
    again = client_bank(TRANSFERS[:7]).replace(b"22:00:00", b"23:00:00")
    entries = (await read_account("20417", by=SYSTEM)).balance
    await upload(page, again, "again.txt")
    known = page.get_by_role("table", name="Построчно").locator("tbody tr")
    await expect(known.filter(has_text="повторно не принимается")).to_have_count(7)
    await take(page, settings)
    assert (await read_account("20417", by=SYSTEM)).balance == entries
    assert len(await unmatched_payments(by=SYSTEM)) == 5
