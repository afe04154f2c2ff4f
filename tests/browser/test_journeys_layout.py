"""The Russian layout: the place of a key decides what it does, and words typed in the wrong one are found."""

from __future__ import annotations

import pytest
from playwright.async_api import CDPSession, Page, expect

from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.entities import set_requisites
from abonent.billing.service.outside import files
from abonent.billing.service.outside.agreements import make_agreement
from abonent.crm.service.companies import issue_for_account
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.billing.test_cash import make_desks
from tests.browser.conftest import Hire
from tests.outside.statements import OURS, Transfer, client_bank
from tests.web.seed import OPEN_DAY, small_provider
from tests.web.test_companies import SELLER, mend

CODES = {
    sign: f"Key{latin}"
    for sign, latin in zip("йцукенгшщзфывапролдячсмить", "QWERTYUIOPASDFGHJKLZXCVBNM", strict=True)
} | {"х": "BracketLeft", "ъ": "BracketRight", ".": "Slash", ",": "Slash"}
SHIFT, CTRL = 8, 2


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    await make_desks()
    await set_requisites("main", by=SYSTEM, requisites=SELLER)
    await mend()
    await issue_for_account("20420", by=SYSTEM, language="ru")
    terms = AgreementTerms(
        code="sber", name="Сбербанк", kind=AgreementKind.BANK_FILE, legal_entity="main",
        bank_account=OURS, source="bank",
    )  # fmt: skip
    await make_agreement(terms, by=SYSTEM)
    content = client_bank([Transfer("2", 125000, "Связь, л/с 2042", day=OPEN_DAY)])
    file = await files.receive_file(
        "sber", name="a.txt", content=content, contracts=accounts_of_contracts, by=SYSTEM
    )
    await files.let_be_taken(file, by=SYSTEM)
    await files.take_file(file, contracts=accounts_of_contracts, by=SYSTEM)


class Russian:
    """A keyboard in the Russian layout: the browser itself is told the sign and the key's place."""

    def __init__(self, page: Page, wire: CDPSession) -> None:
        self.page, self.wire = page, wire

    async def press(self, *signs: str, held: int = 0) -> None:
        for sign in signs:
            stroke = {"key": sign, "code": CODES[sign], "modifiers": held}
            text = {} if held == CTRL else {"text": sign}
            await self.wire.send("Input.dispatchKeyEvent", {"type": "keyDown", **stroke, **text})
            await self.wire.send("Input.dispatchKeyEvent", {"type": "keyUp", **stroke})

    async def opens(self, sign: str) -> None:
        """The key opens the dialog of its button; Escape closes it."""
        await self.press(sign)
        await expect(self.page.locator("dialog[open] form"), sign).to_be_visible()
        await self.page.keyboard.press("Escape")
        await expect(self.page.locator("dialog[open]")).to_have_count(0)
        await expect(self.page.locator(f"[data-key={CODES[sign]}]")).to_be_focused()

    async def goes(self, sign: str, path: str) -> None:
        await self.press("п", sign)
        await self.page.wait_for_url(f"**{path}")
        await self.page.wait_for_selector("html[data-keys=bound]")


async def test_every_page_is_worked_in_the_russian_layout(provider: None, hire: Hire) -> None:
    page, _by = await hire("head", "Громов Павел")
    keys = Russian(page, await page.context.new_cdp_session(page))
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.press(",", held=SHIFT)
    await expect(page.locator("#keys-sheet")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys-sheet")).to_be_hidden()
    await by_the_wrong_layout(page, keys)
    await expect(page).to_have_title("Семёнов Пётр Ильич · Abonent")
    for sign in "щзеят":
        await keys.opens(sign)
    await keys.press("ъ")
    await page.wait_for_url("**/money")
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.press("х")
    await page.wait_for_url("**/accounts/20418")
    await page.wait_for_selector("html[data-keys=bound]")
    await at_the_cash_desk(page, keys)
    await in_the_registers(page, keys)
    await at_the_unmatched(page, keys)
    await with_the_letters_off(page, keys)


async def by_the_wrong_layout(page: Page, keys: Russian) -> None:
    """The slash key stands where the point is; "ctv" is "сем" in the other layout."""
    await keys.press(".")
    await expect(page.locator("#omnibox")).to_be_focused()
    await page.keyboard.type("ctv")
    await expect(page.locator("#found [aria-selected=true]")).to_contain_text("Семёнов")
    await page.locator("#omnibox").fill("")
    await page.keyboard.type("rfccf")
    await expect(page.locator("#found [aria-selected=true]")).to_contain_text("Касса")
    await page.locator("#omnibox").fill("")
    await page.keyboard.type("ctvtyjd")
    await expect(page.locator("#found [aria-selected=true]")).to_contain_text("Семёнов")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/accounts/20418")
    await page.wait_for_selector("html[data-keys=bound]")


async def at_the_cash_desk(page: Page, keys: Russian) -> None:
    await keys.goes("л", "/cash")
    await keys.opens("щ")
    await keys.press("щ")
    await page.wait_for_selector("dialog[open] form")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("[data-key=KeyM]")
    await page.wait_for_selector("html[data-keys=bound]")
    for sign in "ьс":
        await keys.opens(sign)
    await keys.press("в")
    await page.wait_for_url("**/cash/day")
    await page.wait_for_selector("html[data-keys=bound]")


async def in_the_registers(page: Page, keys: Russian) -> None:
    await keys.goes("ш", "/documents")
    await page.keyboard.press("Escape")
    await keys.press("о", "о", "л")
    await expect(page.locator("#answers tbody tr").first.locator("a").first).to_be_focused()
    await keys.press("ч")
    await expect(page.locator("[data-pick]:checked")).to_have_count(1)
    await keys.press("и")
    await page.wait_for_url("**/bulk/**")
    await page.wait_for_selector("html[data-keys=bound]")
    await keys.goes("з", "/subscribers")
    await page.keyboard.press("Escape")
    await keys.press("а")
    await expect(page.locator("#filter-fields [name=tariff]").first).to_be_visible()
    await keys.press("у", held=CTRL)
    await page.wait_for_url("**/tasks*")
    await page.wait_for_selector("html[data-keys=bound]")


async def at_the_unmatched(page: Page, keys: Russian) -> None:
    await keys.goes("т", "/parked")
    await page.keyboard.press("Escape")
    await keys.press("о")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("[data-key=Digit1]")
    await page.wait_for_selector("html[data-keys=bound]")
    for sign in "мтф":
        await keys.opens(sign)
    await page.keyboard.press("1")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-once]")).to_contain_text("больше ничего не ждёт")


async def with_the_letters_off(page: Page, keys: Russian) -> None:
    """Whoever has switched the letters off in the profile presses none by mistake; chords stay."""
    address = page.url.partition("/outside")[0]
    await page.goto(f"{address}/profile")
    await page.locator("[name=single_keys]").uncheck()
    await page.locator("form:has([name=single_keys]) button").click()
    await page.wait_for_selector("html[data-keys=off]")
    await page.goto(f"{address}/accounts/20418")
    await page.wait_for_selector("html[data-keys=off]")
    await page.locator("#omnibox[aria-expanded]").wait_for()
    await keys.press("щ", "п", "л")
    await page.keyboard.press("Control+KeyK")
    await expect(page.locator("#omnibox")).to_be_focused()
    await expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url.endswith("/accounts/20418")
