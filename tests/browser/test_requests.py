"""Requests as people see and use them: a letter comes in, a clerk answers it, the client rates it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from playwright.async_api import Browser, Page, expect

from abonent.crm.service.delivering import message_handler
from abonent.crm.service.mailbox import read_mailbox
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import note_request, take_to_work, wait_for
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from abonent.kernel.site import whole_link
from abonent.kernel.sms.files import FileGateway
from tests.outside.imap import MailboxServer
from tests.outside.sending import run_outbox
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def _asked(text: str, **more: Any) -> int:
    new = NewRequest(channel=more.pop("channel", "email"), text=text, **more)
    return (await take_request(new, by=SYSTEM)).number


async def test_the_pages(provider: None, looked: Looked) -> None:
    await looked("/requests", "requests-none")
    number = await _asked("Второй день нет интернета, роутер мигает красным", account="20417")
    await take_to_work(number, by=SYSTEM)
    await note_request(number, by=SYSTEM, text="Сосед жаловался тоже.")
    await wait_for(number, by=SYSTEM, whom="client", reason="access")
    done = await _asked("Где мой платёж?", account="20418", reply_by="portal")
    await answer_request(done, by=SYSTEM, text="Нашли и зачислили.")
    await _asked("Подключите нас", channel="site", who="Пётр", reply_to="8 912 345-67-89")
    await looked("/requests", "requests")
    await looked("/all-requests", "requests-all")
    await looked(f"/requests/{number}", "request")
    await looked(f"/requests/{done}", "request-answered")
    await looked(f"/requests/{number}/answer?template=outage-wait", "request-answer")
    await looked(f"/requests/{number}/pass", "request-pass")
    await looked("/requests/bulk/pass?all=1", "requests-pass")
    await looked("/accounts/20417/requests", "requests-tab")
    await looked("/accounts/20417/requests/new", "request-new")
    await looked("/requests/report", "requests-report")
    await looked("/requests/alarms", "requests-alarms")
    await looked("/morning", "morning")
    await looked("/letters-not-taken", "letters-not-taken")
    await looked("/hours", "hours")


class Office:
    """The mail servers of the provider: a mailbox that is read, a server that takes letters."""

    def __init__(self) -> None:
        self.mailbox = MailboxServer()
        self.sent: list[Any] = []
        self.mailbox_url = self.smtp_url = ""

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's
        self.sent.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def write(self, subject: str, text: str) -> None:
        """Put a letter of the subscriber's into the mailbox."""
        letter = EmailMessage()
        letter["From"], letter["Subject"] = "Орлова <post@mail.example>", subject
        letter["Message-ID"] = f"<{len(self.mailbox.letters)}@mail.example>"
        letter.set_content(text)
        self.mailbox.put(bytes(letter))


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    found = Office()
    imap = await asyncio.start_server(found.mailbox.serve, "127.0.0.1", 0)
    talks: list[SMTP] = []

    def talk() -> SMTP:
        talks.append(SMTP(found))
        return talks[-1]

    smtp = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    async with imap, smtp:
        found.mailbox_url = (
            f"imap://office:p%20ass@127.0.0.1:{imap.sockets[0].getsockname()[1]}/INBOX"
        )
        found.smtp_url = f"smtp://127.0.0.1:{smtp.sockets[0].getsockname()[1]}"
        yield found
        for one in talks:
            if one.transport is not None:
                one.transport.abort()


@pytest.fixture
async def settings(
    provider: None, office: Office, fresh_database: Settings, tmp_path: Path
) -> Settings:
    """The provider's, with its mail server."""
    sender = "Provider <post@isp.example>"
    return fresh_database.having(home=tmp_path, smtp_url=office.smtp_url, mail_from=sender)


async def test_a_letter_is_answered_by_a_letter_and_rated_by_its_link(
    office: Office, seat: Page, browser: Browser, settings: Settings
) -> None:
    home = seat.url.rstrip("/")
    # All five of the provider share one address; here it is of one subscriber alone.
    async with transaction() as connection:
        await connection.execute(
            "DELETE FROM crm_contact k USING crm_subscriber s WHERE s.id = k.subscriber_id"
            " AND k.kind = 'email' AND s.name NOT LIKE 'Орлова%'"
        )
    await read_mailbox(office.mailbox_url, settings=settings)
    office.write("Деньги не пришли", "Здравствуйте! Платила в субботу, деньги не пришли.")
    assert (await read_mailbox(office.mailbox_url, settings=settings))["letter"] == 1
    await seat.goto(f"{home}/requests")
    await seat.wait_for_selector("html[data-keys=bound]")
    await expect(seat.locator("#answers")).to_contain_text("Орлова Ирина Олеговна")
    await seat.locator("#answers").get_by_role("link", name="Деньги не пришли").click()
    await seat.wait_for_selector("html[data-keys=bound]")
    await seat.keyboard.press("t")
    await expect(seat.locator("main")).to_contain_text("в работе")
    await seat.wait_for_selector("html[data-keys=bound]")
    await seat.keyboard.press("a")
    dialog = seat.locator("dialog[open]")
    await dialog.locator("[name=text]").fill("Нашли ваш платёж и зачислили его.")
    await seat.keyboard.press("Control+Enter")
    await seat.wait_for_url(re.compile("done=answer"))
    gateway = FileGateway(settings.home / "sms", aloud=False)
    await run_outbox(message_handler(settings, gateway))
    (letter,) = office.sent
    assert letter["To"] == "post@mail.example"
    assert letter["In-Reply-To"] == "<0@mail.example>"
    text = letter.get_content()
    assert "Нашли ваш платёж" in text
    link = re.search(r"\S+(/my/r/\S+)", text)
    assert link
    assert link[0] == whole_link(link[1])
    context = await browser.new_context(locale="ru-RU", viewport={"width": 390, "height": 844})
    client = await context.new_page()
    await client.goto(home + link[1])
    await client.get_by_text("5", exact=True).click()
    await client.get_by_role("button", name="Оценить").click()
    await expect(client.locator("main")).to_contain_text("Спасибо за оценку")
    await client.locator("[name=text]").fill("Чек так и не пришёл")
    await client.get_by_role("button", name="Отправить").click()
    await expect(client.locator("main")).to_contain_text("возобновлено")
    await context.close()
    await seat.goto(f"{home}/requests")
    await expect(seat.locator("#answers")).to_contain_text("возобновлено")
    await seat.locator("#answers").get_by_role("link", name="Деньги не пришли").click()
    await expect(seat.locator("main")).to_contain_text("5 из 5")
    await expect(seat.locator("main")).to_contain_text("Чек так и не пришёл")
