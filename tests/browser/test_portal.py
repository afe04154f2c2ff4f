"""The portal as subscribers see it: on a telephone first, in every appearance, light and without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Response, expect

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.freezes import freeze_account
from abonent.crm.service.claims.answering import answer_claim
from abonent.crm.service.claims.deciding import decide_claim
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.claims.working import investigate_claim
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from tests.browser.conftest import APPEARANCES, VIEWPORTS, Desk, check, picture, watch
from tests.crm.queue_office import make_queue
from tests.web.portal.conftest import NUMBER, TODAY, fill, last_code

BASE = f"/my/{NUMBER}"
PAGES = {
    "home": BASE,
    "history": f"{BASE}/history",
    "entry": f"{BASE}/entries/1",
    "pay": f"{BASE}/pay",
    "promise": f"{BASE}/promise",
    "promise-outcome": f"{BASE}/promise?offer=short",
    "tariff": f"{BASE}/tariff",
    "tariff-outcome": f"{BASE}/tariff?service=1&tariff=opt50&on=next-period",
    "tariff-missing": f"{BASE}/tariff?service=1&tariff=opt50",
    "freeze": f"{BASE}/freeze?from=2026-11-05&to=2026-11-30",
    "freeze-wrong": f"{BASE}/freeze?from=2026-11-20&to=2026-11-10",
    "profile": f"{BASE}/profile",
    "visit": f"{BASE}/visit",
    "visit-times": f"{BASE}/visit?office=lenina&service=1",
    "requests": f"{BASE}/requests",
    "request-answered": f"{BASE}/requests/{{request}}",
    "claims": f"{BASE}/claims",
    "claim": f"{BASE}/claims/{{claim}}",
    "documents": f"{BASE}/documents",
    "help": "/my/help",
    "ask": "/my/ask",
    "nothing": "/my/999999",
}
FIRST_VISIT_BYTES, FIRST_VISIT_REQUESTS = 60_000, 6
_SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary, label.pick")]
  .filter((it) => !it.closest(".skip, .quiet") && !it.classList.contains("skip"))
  .filter((it) => it.type !== "hidden" && it.type !== "radio" && it.getClientRects().length)
  .map((it) => [it, it.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([it, box]) => `${it.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""


@pytest.fixture
async def portal(desk: Desk) -> Desk:
    """The provider of the portal's other tests behind the running desk."""
    async with transaction() as connection:
        await fill(connection)
    await make_queue()
    return desk


@pytest.fixture
async def pages(portal: Desk) -> dict[str, str]:
    """Every page of the subscriber's, with a request that was answered and a claim that was."""
    asked = NewRequest(channel="portal", text="Где мой платёж?", account=NUMBER, reply_by="portal")
    request = (await take_request(asked, by=SYSTEM)).number
    await answer_request(request, by=SYSTEM, text="Нашли и зачислили.")
    claimed = NewClaim(
        account=NUMBER, channel="portal", reply_by="portal", subject="quality", demand=10050,
        asked="Вернуть за три дня", text="Не было связи.",
    )  # fmt: skip
    claim = await take_claim(claimed, by=SYSTEM)
    await investigate_claim(claim, by=SYSTEM)
    await decide_claim(
        claim, by=SYSTEM, decision="deny", grounds="Связь была.", cause="none", remedy=Remedy()
    )
    await answer_claim(claim, by=SYSTEM, text="Связь в эти дни была.")
    return {name: path.format(request=request, claim=claim) for name, path in PAGES.items()}


@asynccontextmanager
async def _phone(
    browser: Browser, portal: Desk, *, theme: str = "light", language: str = "ru", width: int = 390,
    scripts: bool = True,
) -> AsyncIterator[BrowserContext]:  # fmt: skip
    context = await browser.new_context(
        viewport={"width": width, "height": VIEWPORTS.get(width, 700)},
        locale={"ru": "ru-RU", "en": "en-GB"}[language],
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        has_touch=width < 600,
        java_script_enabled=scripts,
    )
    await context.add_init_script(
        """window.__violations = []; document.addEventListener("securitypolicyviolation",
           (event) => window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`));"""
    )
    cookie = {"name": "abonent_language", "value": language, "url": portal.address}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    yield context
    await context.close()


async def _sign_in(page: Page, portal: Desk) -> None:
    await page.goto(f"{portal.address}/my/sign-in")
    await page.fill("[name=number]", NUMBER)
    await page.click("button.main")
    async with reading() as connection:
        code = await last_code(connection)
    await page.fill("[name=code]", code)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{BASE}")


@pytest.mark.parametrize("appearance", APPEARANCES)
async def test_every_page_in_an_appearance(
    portal: Desk, pages: dict[str, str], browser: Browser, appearance: tuple[str, str, int]
) -> None:
    theme, language, width = appearance
    look = {"theme": theme, "language": language, "width": width}
    async with _phone(browser, portal, **look) as context:  # type: ignore[arg-type]
        page = await context.new_page()
        trouble = watch(page, portal.address)
        for name, path in (("sign-in", "/my/sign-in"), ("password", "/my/sign-in/password")):
            await page.goto(portal.address + path)
            await _seen(page, trouble, f"portal-{name}-{theme}-{language}-{width}")
        await _sign_in(page, portal)
        for name, path in pages.items():
            await page.goto(portal.address + path)
            for summary in await page.query_selector_all("details:first-of-type summary"):
                await summary.click()
            await _seen(page, trouble, f"portal-{name}-{theme}-{language}-{width}")


async def _seen(page: Page, trouble: Any, where: str) -> None:
    await picture(page, where)
    await check(page, trouble, where)
    assert await page.evaluate(_SMALL) == [], where


async def test_nothing_scrolls_sideways_on_the_narrowest_telephone(
    portal: Desk, pages: dict[str, str], browser: Browser
) -> None:
    async with _phone(browser, portal, width=320) as context:
        page = await context.new_page()
        await _sign_in(page, portal)
        for name, path in pages.items():
            await page.goto(portal.address + path)
            wide = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            await picture(page, f"portal-{name}-320")
            assert wide <= 0, f"{name}: {wide}px"


async def test_the_first_visit_is_light(portal: Desk, browser: Browser) -> None:
    async with _phone(browser, portal) as context:
        page = await context.new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  wants a function
        await page.goto(f"{portal.address}/my")
        await page.wait_for_load_state("networkidle")
        own = [answer for answer in answers if answer.url.startswith(portal.address)]
        sizes = [await answer.request.sizes() for answer in own]
        total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
        print(f"first visit: {len(own)} requests, {total} bytes")
        assert len(own) <= FIRST_VISIT_REQUESTS
        assert total <= FIRST_VISIT_BYTES
        answers.clear()
        await _sign_in(page, portal)
        answers.clear()
        await page.goto(f"{portal.address}{BASE}/pay")
        sizes = [await answer.request.sizes() for answer in answers if "data:" not in answer.url]
        total = sum(size["responseBodySize"] for size in sizes)
        print(f"the page of paying: {len(sizes)} requests, {total} bytes")
        assert total <= 20_000


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_promise_from_a_telephone_from_signing_in_to_done(
    portal: Desk, browser: Browser, *, scripts: bool
) -> None:
    async with _phone(browser, portal, scripts=scripts) as context:
        page = await context.new_page()
        await _sign_in(page, portal)
        await page.get_by_role("link", name="Обещанный платёж").tap()
        await page.get_by_role("link", name="На 5 дней").tap()
        await expect(page.get_by_text("Станет")).to_be_visible()
        await page.get_by_role("button", name="Обещаю внести").tap()
        await expect(page.get_by_role("status")).to_contain_text("Обещанный платёж предоставлен")
        await expect(page.locator("main")).to_contain_text("работает")
        view = await read_account(NUMBER, by=SYSTEM)
        assert view.promise is not None
        assert view.services[0].state == "served"


async def test_a_freeze_is_ended_with_the_keyboard(portal: Desk, browser: Browser) -> None:
    await freeze_account(NUMBER, by=SYSTEM, start=TODAY.replace(day=10), end=TODAY.replace(day=30))
    async with _phone(browser, portal, width=1366) as context:
        page = await context.new_page()
        await _sign_in(page, portal)
        await page.get_by_role("link", name="Закончить раньше").focus()
        await page.keyboard.press("Enter")
        await page.fill("[name=on]", "2026-11-20")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/end?on=2026-11-20")
        await page.locator("form[method=post] button.main").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**?done=freeze-end")
        view = await read_account(NUMBER, by=SYSTEM)
        assert view.freezes[0][2] == TODAY.replace(day=20)


async def test_signing_out_leaves_no_link_of_a_talk_behind(portal: Desk, browser: Browser) -> None:
    kept = "localStorage.getItem('abonent-chat')"
    async with _phone(browser, portal) as context:
        page = await context.new_page()
        await _sign_in(page, portal)
        await page.goto(f"{portal.address}/my/chat")
        await page.fill("[name=text]", "Где мой платёж?")
        await page.get_by_role("button", name="Начать").tap()
        await page.wait_for_url("**/my/chat/*")
        assert str(await page.evaluate(kept)).startswith("/my/chat/")
        await page.goto(f"{portal.address}/my")
        await page.get_by_role("button", name="Выйти").tap()
        await page.wait_for_url("**/my/sign-in")
        assert await page.evaluate(kept) is None
