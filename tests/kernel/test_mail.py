from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Any

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from abonent.kernel.mail import mail, mail_handler
from abonent.kernel.outbox import Delivery, UndeliverableError
from abonent.kernel.settings import Settings

LETTER = mail(
    "ivanova@example.org", subject="Счёт за март", text="К оплате 500,00 ₽", html="<b>500</b>"
)


class Postman:
    """A real SMTP server's answers, by receiver."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's
        if address.startswith("unknown"):
            return "550 no such user"
        if address.startswith("busy"):
            return "451 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
async def port(postman) -> AsyncIterator[int]:
    def check(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"abonent", b"p@ss")
        return AuthResult(success=right, handled=right)

    def talk() -> SMTP:
        return SMTP(postman, authenticator=check, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def settings(port, tmp_path) -> Settings:
    return Settings(
        home=tmp_path,
        smtp_url=f"smtp://abonent:p%40ss@127.0.0.1:{port}",
        mail_from="Provider <post@example.org>",
    )


async def test_a_letter_arrives_in_russian_with_text_and_html(settings, postman):
    await mail_handler(settings)(Delivery(77, "mail", LETTER, 1))
    (letter,) = postman.letters
    assert letter["Subject"] == "Счёт за март"
    assert letter["Message-ID"] == "<77@example.org>"
    assert letter.get_body(("plain",)).get_content().strip() == "К оплате 500,00 ₽"
    assert "<b>500</b>" in letter.get_body(("html",)).get_content()


async def test_an_unknown_receiver_is_given_up_and_a_busy_one_is_tried_again(settings):
    handler = mail_handler(settings)
    with pytest.raises(UndeliverableError, match="550 no such user"):
        await handler(Delivery(1, "mail", LETTER | {"to": ["unknown@example.org"]}, 1))
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await handler(Delivery(1, "mail", LETTER | {"to": ["busy@example.org"]}, 1))


async def test_a_subject_cannot_smuggle_headers(settings):
    with pytest.raises(UndeliverableError):
        await mail_handler(settings)(
            Delivery(1, "mail", LETTER | {"subject": "x\nBcc: all@example.org"}, 1)
        )


async def test_without_a_server_letters_are_files(tmp_path):
    handler = mail_handler(Settings(home=tmp_path))
    await handler(Delivery(5, "mail", LETTER, 1))
    await handler(Delivery(5, "mail", LETTER, 2))
    (path,) = (tmp_path / "mail").iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (path.name, letter["To"]) == ("5.eml", "ivanova@example.org")
