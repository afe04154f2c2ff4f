"""The chat between two people: a visitor of the provider's own site and a clerk at the desk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from abonent.crm.service.requests.client import CLIENT
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.db import reading, transaction
from abonent.kernel.settings import Settings
from tests.browser.conftest import Desk, Hire
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]
PAGE = """<!doctype html><html lang="ru"><title>Провайдер</title><h1>Интернет у вас дома</h1>
<script src="{home}/chat.js" defer></script>"""


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


@pytest.fixture
async def site(desk: Desk, application: Starlette) -> AsyncIterator[str]:
    """The provider's own site at another origin, which the operator has named."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = PAGE.format(home=desk.address).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    here = application.state.desk
    application.state.desk = replace(here, settings=here.settings.having(chat_sites=address))
    async with server:
        yield address


async def test_the_pages(provider: None, looked: Looked) -> None:
    await looked("/chats", "chats-none")
    new = NewRequest(channel="chat", text="Второй день нет интернета", who="Пётр")
    number = (await take_request(new, by=CLIENT)).number
    async with reading() as connection:
        token = await connection.fetchval("SELECT token FROM crm_request")
    await looked(f"/chats?chat={number}", "chats")
    await looked("/all-chats", "chats-all")
    await looked("/chats/site", "chats-site")
    await looked("/my/chat", "chat-begin", signed_in=False)
    await looked(f"/my/chat/{token}", "chat-talk", signed_in=False)


async def test_a_visitor_of_the_site_and_a_clerk_talk(
    provider: None, site: str, browser: Browser, hire: Hire
) -> None:
    clerk, _by = await hire("office", "Лебедева Ольга Ивановна")
    await clerk.goto(f"{clerk.url.rstrip('/')}/chats")
    await expect(clerk.locator("main")).to_contain_text("Сейчас никто не пишет")
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="ru-RU")
    visitor = await context.new_page()
    trouble: list[Any] = []
    visitor.on("pageerror", lambda error: trouble.append(error))  # noqa: PLW0108  wants a function
    await visitor.goto(site)
    await visitor.get_by_role("button", name="Написать нам").click()
    chat = visitor.frame_locator("iframe")
    await chat.locator("[name=text]").fill("Подключаете ли вы дом на Луговой, 5?")
    await chat.locator("[name=who]").fill("Иван")
    await chat.get_by_role("button", name="Начать").click()
    await expect(chat.locator("[data-said]")).to_contain_text("Луговой")
    # The clerk sees it without doing anything, opens it and answers by keys alone.
    await expect(clerk.locator("ul.callers")).to_contain_text("Луговой", timeout=15_000)
    await expect(clerk).to_have_title(re.compile(r"^\(1\)"))
    await clerk.get_by_role("link", name="Луговой").click()
    await clerk.wait_for_url("**/chats?chat=*")
    await clerk.wait_for_selector("html[data-keys=bound]")
    await expect(clerk.locator("#chat-text")).to_be_focused()
    await clerk.keyboard.type("Здравствуйте! Подключаем, ")
    await clerk.reload()
    await expect(clerk.locator("#chat-text")).to_have_value("Здравствуйте! Подключаем, ")
    await clerk.locator("#chat-text").press("End")
    await clerk.keyboard.type("завтра есть время.")
    await clerk.wait_for_selector("html[data-keys=bound]")
    await clerk.keyboard.press("Control+Enter")
    await expect(clerk.locator("#said")).to_contain_text("завтра есть время")
    await expect(chat.locator("[data-said]")).to_contain_text("завтра есть время", timeout=15_000)
    await chat.locator("[name=text]").fill("Отлично, в десять?")
    await chat.locator("[name=text]").press("Enter")
    await expect(clerk.locator("#said")).to_contain_text("в десять", timeout=15_000)
    # The window that is opened again goes on where it was left.
    await visitor.reload()
    await visitor.get_by_role("button", name="Написать нам").click()
    await expect(chat.locator("[data-said]")).to_contain_text("в десять")
    await ends(clerk)
    await chat.get_by_role("button", name="5").click(timeout=20_000)
    await expect(chat.locator("main")).to_contain_text("Ваша оценка: 5 из 5")
    assert trouble == []
    await context.close()


async def test_on_a_site_nobody_named_there_is_no_button(
    provider: None, site: str, application: Starlette, browser: Browser
) -> None:
    told: list[str] = []
    here = application.state.desk
    for sites, there in (
        ("https://other.example", 0),
        (f"{site},https://other.example", 1),
        ("http://*.0.0.1:" + site.rpartition(":")[2], 1),
        ("http://*.0.0.2:" + site.rpartition(":")[2], 0),
    ):
        application.state.desk = replace(here, settings=here.settings.having(chat_sites=sites))
        fresh = await browser.new_context(locale="ru-RU")
        visitor = await fresh.new_page()
        visitor.on("console", lambda said: told.append(said.text))
        await visitor.goto(site)
        await visitor.wait_for_load_state()
        await expect(visitor.get_by_role("button", name="Написать нам")).to_have_count(there)
        await fresh.close()
    application.state.desk = here
    assert len([line for line in told if site in line and "ABONENT_CHAT_SITES" in line]) == 2


async def ends(clerk: Page) -> None:
    """The last answer is that of any request."""
    await clerk.locator("h1").click()
    await clerk.keyboard.press("a")
    dialog = clerk.locator("dialog[open]")
    await dialog.locator("[name=text]").fill("Записали вас на завтра, десять часов.")
    await clerk.keyboard.press("Control+Enter")
    await clerk.wait_for_url(re.compile(r"done=(told|answer)"))
