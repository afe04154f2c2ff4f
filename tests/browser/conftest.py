"""A real Chromium against a real server: skipped by name where there is no browser.

`looked(...)` visits an address in every appearance and finds what a person or a screen reader would
stumble over. With ABONENT_LOOKED set to a folder, it leaves a picture of each.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright
from starlette.applications import Starlette

from abonent.kernel.actor import Actor
from abonent.kernel.settings import Settings
from abonent.web.app import create_app
from abonent.web.middleware.identity import COOKIE
from abonent.web.service import add_user, sign_in
from tests.browser.stylebook import ROUTES

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
# The same program without its windows: half the work. It asks nobody for a microphone.
WINDOWLESS = Path("/usr/bin/chromium-headless-shell")
SEEN_IN = WINDOWLESS if WINDOWLESS.exists() else CHROMIUM
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PICTURES = os.environ.get("ABONENT_LOOKED", "")
PASSWORD = "correct horse battery"
VIEWPORTS = {1366: 850, 390: 844}
EVERY_APPEARANCE = [
    (theme, language, width)
    for theme in ("light", "dark")
    for language in ("ru", "en")
    for width in VIEWPORTS
]
# Two that differ in everything, all when pictures are left (`make looked`).
APPEARANCES = EVERY_APPEARANCE if PICTURES else [("light", "ru", 1366), ("dark", "en", 390)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Each context would start pages for the suggestions of an address line that nobody sees, which take
# half a core while they live. The last list counts, so Playwright's own is said again.
_SWITCHED_OFF = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,AimEnabled,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
    "ThirdPartyStoragePartitioning,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch"
)
# A microphone that beeps: it is heard only where a test grants it.
_MICROPHONE = "--use-fake-device-for-media-stream"
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", _MICROPHONE, f"--disable-features={_SWITCHED_OFF}",
]  # fmt: skip

# Runs before the page's own scripts: nothing that the policy blocked goes unnoticed.
_LISTEN = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
_CHECK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]}))
  .violations.map((found) => `${found.id}: ${found.nodes.length} × ${found.nodes[0].html}
    ${found.nodes[0].failureSummary}`)"""


@dataclass
class Trouble:
    """What went wrong on a page: its own messages, its policy and its addresses."""

    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    transferred: int = 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))


@pytest.fixture
def no_blocking_calls() -> None:
    """Playwright itself reads files in this loop."""


@pytest.fixture(scope="session")
def application(database: Settings, web_home: Path) -> Starlette:
    """One application for all: its templates are compiled once."""
    return create_app(database.having(home=web_home), routes=ROUTES, own_database=False)


@asynccontextmanager
async def _serving(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """Serve on a free port in this loop, over the database that the test has opened."""
    app.state.desk = replace(app.state.desk, settings=settings)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@dataclass(frozen=True)
class Desk:
    """A running desk: its address and an open session per language."""

    address: str
    secrets: dict[str, str]


@pytest.fixture(scope="session")
def web_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: styles and scripts are compressed once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
async def desk(
    fresh_database: Settings, web_home: Path, application: Starlette
) -> AsyncIterator[Desk]:
    """Serves the product with a signed-in user of each language."""
    secrets = {}
    for language, name in (("ru", "Мария Петрова"), ("en", "Mary Peterson")):
        login = f"head-{language}"
        await add_user(login, name=name, role="admin", password=PASSWORD, language=language)
        secrets[language] = (await sign_in(login, password=PASSWORD)).secret
    async with _serving(application, fresh_database.having(home=web_home)) as address:
        yield Desk(address, secrets)


@pytest.fixture(scope="session")
async def browser() -> Any:
    """One Chromium for all: each test has contexts of its own."""
    async with chromium(SEEN_IN) as running:
        yield running


@asynccontextmanager
async def chromium(program: Path) -> AsyncIterator[Browser]:
    """A running Chromium."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield running
        await running.close()


async def _context(
    browser: Browser, *, theme: str = "light", language: str = "ru", width: int = 1366,
    scripts: bool = True,
) -> BrowserContext:  # fmt: skip
    context = await browser.new_context(
        viewport={"width": width, "height": VIEWPORTS[width]},
        locale={"ru": "ru-RU", "en": "en-GB"}[language],
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        has_touch=width < 600,
        java_script_enabled=scripts,
    )
    await context.add_init_script(_LISTEN)
    return context


async def _sign_in(context: BrowserContext, desk: Desk, language: str) -> None:
    """Give the browser the session of a user; the sign-in form has tests of its own."""
    await context.add_cookies(
        [{"name": COOKIE, "value": desk.secrets[language], "url": desk.address}]
    )


def _expected(line: ConsoleMessage) -> bool:
    answered = "the server responded with a status of"
    failing = line.location["url"].endswith("/stylebook/failure")
    return f"{answered} 4" in line.text or (failing and answered in line.text)


def watch(page: Page, address: str) -> Trouble:
    """Notes console errors, failures of scripts and requests that leave the house."""
    trouble = Trouble()

    def note(text: str) -> None:
        trouble.console.append(text)

    # The browser itself logs an answer such as 422 as an error; the test of it looks at the answer.
    # A failure of the program is an error, except on the page that exists to fail.
    page.on(
        "console",
        lambda line: note(line.text) if line.type == "error" and not _expected(line) else None,
    )
    page.on("pageerror", lambda error: note(str(error)))
    page.on(
        "request",
        lambda request: (
            trouble.foreign.append(request.url)
            if not request.url.startswith((address, "data:", "blob:"))
            else None
        ),
    )
    return trouble


async def check(page: Page, trouble: Trouble, where: str) -> None:
    """Fails when the page breaks a rule of accessibility, its policy or its own scripts."""
    if await page.evaluate("typeof axe === 'undefined'"):
        await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate(_CHECK, TAGS)
    assert found == [], f"{where}: " + "\n".join(found)
    assert await page.evaluate("window.__violations") == [], where
    assert trouble.console == [], where
    assert trouble.foreign == [], where
    wide = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0, f"{where}: the page scrolls sideways by {wide}px"


async def picture(page: Page, name: str) -> None:
    """Leaves a picture when ABONENT_LOOKED names a folder."""
    if PICTURES:
        await page.evaluate("scrollTo(0, 0)")
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


Step = Callable[[Page], Awaitable[None]]
Looked = Callable[..., Awaitable[None]]


def opening(selector: str) -> Step:
    """A step that opens a dialog by what a person clicks."""

    async def open_dialog(page: Page) -> None:
        await page.locator(selector).first.click()
        await page.wait_for_selector("dialog[open] form")

    return open_dialog


@pytest.fixture
async def looked(desk: Desk, browser: Browser) -> AsyncIterator[Looked]:
    """Visits an address in the appearances of theme, language and width, and checks each.

    A test keeps one tab for each appearance, so that it loads what pages share once.
    """
    kept: dict[tuple[str, str, int, bool], tuple[Page, Trouble]] = {}

    async def tab_of(
        theme: str, language: str, width: int, *, signed_in: bool
    ) -> tuple[Page, Trouble]:
        kind = theme, language, width, signed_in
        if kind not in kept:
            context = await _context(browser, theme=theme, language=language, width=width)
            cookie = {"name": "abonent_language", "value": language, "url": desk.address}
            await context.add_cookies([cookie])  # type: ignore[list-item]
            # Half a megabyte of it is sent once so, not with each page.
            await context.add_init_script(path=AXE)
            if signed_in:
                await _sign_in(context, desk, language)
            page = await context.new_page()
            kept[kind] = page, watch(page, desk.address)
        return kept[kind]

    async def looked(
        path: str, name: str, *, then: Step | None = None, signed_in: bool = True
    ) -> None:
        for theme, language, width in APPEARANCES:
            page, trouble = await tab_of(theme, language, width, signed_in=signed_in)
            await page.goto(desk.address + path)
            if then is not None:
                await then(page)
            where = f"{name}-{theme}-{language}-{width}"
            await picture(page, where)
            await check(page, trouble, where)

    yield looked
    for page, _trouble in kept.values():
        await page.context.close()


HEARS = 'html[data-keys], html:not(:has(script[src*="/static/desk."]))'
"""A page whose keys are bound, or one that has none."""


def patient(page: Page) -> Page:
    """A page on which a key is pressed as a person would: once the page has shown itself.

    A program presses it between the page's first sight and its scripts, where it does nothing.
    """
    press = page.keyboard.press

    async def press_when_bound(key: str, **more: Any) -> None:
        await page.wait_for_selector(HEARS, state="attached")
        await press(key, **more)

    page.keyboard.press = press_when_bound  # type: ignore[method-assign]
    return page


@pytest.fixture
async def seat(desk: Desk, browser: Browser) -> Any:
    """One signed-in seat at the desk, in Russian, on the start page."""
    context = await _context(browser)
    page = patient(await context.new_page())
    await _sign_in(context, desk, "ru")
    await page.goto(desk.address)
    trouble = watch(page, desk.address)
    yield page
    assert trouble.console == []
    await context.close()


Hire = Callable[..., Awaitable[tuple[Page, Actor]]]


@pytest.fixture
async def hire(desk: Desk, browser: Browser) -> AsyncIterator[Hire]:
    """Signs somebody of a role in, in a browser of their own, on the start page."""
    hired: list[tuple[BrowserContext, Trouble, bool]] = []

    async def hire(
        role: str, name: str, *, scripts: bool = True, failing: bool = False
    ) -> tuple[Page, Actor]:
        login = f"{role}-{len(hired)}"
        user = await add_user(login, name=name, role=role, password=PASSWORD, language="ru")
        context = await _context(browser, scripts=scripts)
        secret = (await sign_in(login, password=PASSWORD)).secret
        await context.add_cookies([{"name": COOKIE, "value": secret, "url": desk.address}])
        page = await context.new_page()
        if scripts:
            patient(page)
        hired.append((context, watch(page, desk.address), failing))
        await page.goto(desk.address)
        return page, Actor("user", str(user), name, frozenset({"*"}))

    yield hire
    for context, trouble, failing in hired:
        # Where the connection is made to fail, the browser says so itself.
        told = [line for line in trouble.console if not (failing and "Failed to" in line)]
        assert told == []
        assert trouble.foreign == []
        await context.close()
