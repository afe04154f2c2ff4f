"""Letters through a real SMTP server with every fault: each is sent once or reported."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from abonent.crm.service.delivering import message_handler
from abonent.kernel import mail
from abonent.kernel.outbox import Handler
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from tests.outside.sending import queue, run_outbox, states


class Postman:
    """A server's answers by the receiver's name; `letters` counts what it took."""

    def __init__(self) -> None:
        self.letters: Counter[str] = Counter()
        self.seen: list[Any] = []
        self.tries: Counter[str] = Counter()
        self.over = asyncio.Event()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's
        self.tries[address] += 1
        if address.startswith("unknown"):
            return "550 5.1.1 no such user"
        if address.startswith("busy") and self.tries[address] < 3:
            return "451 4.3.0 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802  aiosmtpd's
        (address,) = envelope.rcpt_tos
        if address.startswith("spam"):
            return "554 5.7.1 not wanted here"
        if address.startswith("full") and self.tries[address] < 3:
            return "452 4.2.2 mailbox full"
        self.letters[address] += 1
        self.seen.append(message_from_bytes(envelope.content, policy=policy.default))
        if address.startswith("cut"):  # taken, and gone before it could say so
            server.transport.abort()
        if address.startswith("silent"):
            await self.over.wait()
        return "250 OK"


@pytest.fixture
async def postman() -> Postman:
    return Postman()


@pytest.fixture
async def handler(
    fresh_database: Settings, postman: Postman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Handler]:
    monkeypatch.setattr(mail, "SECONDS", 1)
    loop = asyncio.get_running_loop()
    talks: list[SMTP] = []

    def talk() -> SMTP:
        talks.append(SMTP(postman))
        return talks[-1]

    server = await loop.create_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = fresh_database.having(
            home=tmp_path,
            smtp_url=f"smtp://127.0.0.1:{port}",
            mail_from="Provider <post@isp.example>",
        )
        yield message_handler(settings, FileGateway(tmp_path / "sms", aloud=False))
        postman.over.set()
        for one in talks:
            if one.transport is not None:
                one.transport.abort()
        for _turn in range(5):  # what was aborted is closed in the loop's next turns
            await asyncio.sleep(0)


async def test_each_letter_is_sent_once_or_reported_whatever_the_server_does(
    handler: Handler, postman: Postman
) -> None:
    kinds = ["anna", "unknown", "busy", "spam", "full", "cut", "silent"]
    addresses = [f"{kind}{number}@example.org" for kind in kinds for number in range(6)]
    await queue(addresses, channel="email", text="Ответ готов")
    await run_outbox(handler)
    became = await states()
    print(Counter((address.rstrip("0123456789@exampl.org"), s) for address, s in became.items()))
    wanted = {"unknown": "rejected", "spam": "rejected", "cut": "unknown", "silent": "unknown"}
    for address, state in became.items():
        kind = address.partition("@")[0].rstrip("0123456789")
        assert state == wanted.get(kind, "sent"), address
        assert postman.letters[address] == (0 if state == "rejected" else 1), address


async def test_an_answer_stands_in_its_thread_under_one_message_id(
    handler: Handler, postman: Postman
) -> None:
    await queue(["busy1@example.org"], channel="email", text="Ответ готов")
    await run_outbox(handler)
    (letter,) = postman.seen
    assert letter["Message-ID"].startswith("<m0.")
    assert letter["Message-ID"].endswith("@isp.example>")
    assert letter.get_content().strip() == "Ответ готов"


async def test_a_server_that_is_away_gives_the_message_back(
    fresh_database: Settings, tmp_path: Path
) -> None:
    settings = fresh_database.having(home=tmp_path, smtp_url="smtp://127.0.0.1:9")
    handler = message_handler(settings, FileGateway(tmp_path / "sms", aloud=False))
    await queue(["a@example.org"], channel="email", text="Ответ готов")
    await run_outbox(handler)
    assert await states() == {"a@example.org": "rejected"}  # reported after the last attempt
