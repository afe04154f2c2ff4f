"""Retakes the pictures of docs/ from the demo provider, which must be running.

    python scripts/pictures.py http://127.0.0.1:8000 ~/.local/share/abonent [NAME ...]

Every picture is of what a role sees: signed in, one address opened, some keys pressed.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

FOLDER = Path(__file__).parent.parent / "docs" / "images"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PASSWORD = "abonent-demo"  # of the demo
SPEAK = """language => fetch("/display", {method: "POST", headers:
    {"Content-Type": "application/x-www-form-urlencoded"}, body: `language=${language}&next=/`})"""
DIALOG = "dialog[open]"
WIDE, PHONE = (1366, 850), (390, 844)


@dataclass(frozen=True)
class Picture:
    """A picture: whose, of which address, after which keys, with what in sight before it is taken.

    `part` is the one thing to be seen; without it the whole window is.
    """

    name: str
    login: str
    path: str
    keys: tuple[str, ...] = ()
    shows: str = "main"
    part: str = ""


SCREENS = (
    Picture("start", "head", "/"),
    Picture("search", "office", "/", ("/", "type:назар"), "#found [aria-selected=true]"),
    Picture("card", "office", "/accounts/100001"),
    Picture("payment", "cash", "/accounts/100001", ("o",), "dialog[open] .outcome"),
    Picture("register", "head", "/subscribers?state=suspended", (), "tbody tr"),
    Picture("cash", "cash", "/cash"),
    Picture("unmatched", "head", "/parked", ("first",), ".proposals, .settle-two"),
    Picture("companies", "head", "/documents", (), "tbody tr"),
    Picture("analysis", "head", "/tariffs/analysis", (), "tbody tr"),
    Picture("requests", "office", "/requests", (), "tbody tr"),
    Picture("request", "office", "/requests", ("first",), ".facts"),
    Picture("script", "office", "/accounts/100001/scripts", ("1",), "#player"),
    Picture("knowledge", "office", "/knowledge?q=роутер+мигает", (), "main"),
    Picture("claims", "head", "/all-claims", (), "tbody tr"),
    Picture("campaign", "head", "/campaigns?state=ended", ("first",), ".facts"),
    Picture("loyalty", "head", "/surveys/report"),
    Picture("quality", "head", "/quality"),
)
PARTS = (
    Picture("card", "office", "/accounts/100001"),
    Picture("payment", "head", "/accounts/100001", ("o",), "dialog[open] .outcome", DIALOG),
    Picture("tariff", "office", "/accounts/100001", ("t",), "dialog[open] form", DIALOG),
    Picture("turnover", "head", "/turnover", (), "tbody tr"),
    Picture("day-close", "head", "/day", ("c",), "dialog[open] form", DIALOG),
)


@dataclass(frozen=True)
class Studio:
    """Where the pictures are taken: the browser, the demo's address and the folder of its data."""

    browser: Browser
    address: str
    home: Path

    @asynccontextmanager
    async def page(self, language: str, size: tuple[int, int]) -> AsyncIterator[Page]:
        """Give an empty page in a browser of its own."""
        context = await self.browser.new_context(
            base_url=self.address,
            viewport={"width": size[0], "height": size[1]},
            locale={"ru": "ru-RU", "en": "en-GB"}[language],
            reduced_motion="reduce",
        )
        yield await context.new_page()
        await context.close()

    async def desk(self, one: Picture, language: str, size: tuple[int, int], name: str) -> None:
        """Sign in, open the address, press the keys and take the picture."""
        async with self.page(language, size) as page:
            await sign_in(page, one.login)
            await page.evaluate(SPEAK, language)
            await page.goto(one.path)
            for key in one.keys:
                await press(page, key)
            await page.wait_for_selector(one.shows)
            seen = page.locator(one.part).first if one.part else page
            await seen.screenshot(path=FOLDER / f"{name}.png")

    async def open_shift(self) -> None:
        """Open the cashier's shift, unless it is open: the desk is shown at work."""
        async with self.page("ru", WIDE) as page:
            await sign_in(page, "cash")
            await page.goto("/cash")
            if await page.locator("a[href='/cash/open']").count():
                await page.keyboard.press("o")
                await page.wait_for_selector("dialog[open] form")
                await page.keyboard.press("Control+Enter")
                await page.wait_for_selector("[data-once]")

    async def portal(self, size: tuple[int, int], name: str) -> None:
        """Sign a subscriber in by the code that the demo writes down instead of sending it."""
        async with self.page("ru", size) as page:
            known = set((self.home / "sms").glob("*.txt"))
            await page.goto("/my/sign-in")
            await page.fill("[name=number]", "100001")
            await page.click("button.main")
            await page.wait_for_selector("[name=code]")
            while not (new := set((self.home / "sms").glob("*.txt")) - known):
                await asyncio.sleep(0.2)
            found = re.search(r"(\d{6}) —", new.pop().read_text("utf-8"))
            await page.fill("[name=code]", found[1] if found else "")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/my/100001")
            await page.screenshot(path=FOLDER / f"{name}.png")


async def sign_in(page: Page, login: str) -> None:
    """Sign one of the demo's staff in."""
    await page.goto("/sign-in")
    await page.fill("[name=login]", login)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_selector("#omnibox")


async def press(page: Page, key: str) -> None:
    """Press a key, type a text, or open the first row."""
    if key == "first":
        await page.click("tbody tr th a")
    elif key.startswith("type:"):
        await page.keyboard.press("Control+A")
        await page.keyboard.type(key.removeprefix("type:"))
    else:
        await page.keyboard.press(key)
        await page.wait_for_selector("dialog[open], #omnibox:focus, main")


async def main(address: str, home: Path, names: list[str]) -> None:
    """Take those that are named, or all."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-lcd-text"]
        )
        studio = Studio(browser, address, home)

        def named(pictures: tuple[Picture, ...]) -> list[Picture]:
            return [one for one in pictures if not names or one.name in names]

        await studio.open_shift()
        for kind, size in (("wide", WIDE), ("phone", PHONE)):
            for one in named(SCREENS):
                await studio.desk(one, "ru", size, f"screens/{one.name}-{kind}")
            if not names or "portal" in names:
                await studio.portal(size, f"screens/portal-{kind}")
        for one in named(PARTS):
            for language in ("ru", "en"):
                await studio.desk(one, language, WIDE, f"{one.name}-{language}")
        await browser.close()


asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
