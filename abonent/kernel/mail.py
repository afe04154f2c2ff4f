"""E-mail: through the operator's server, or into files while none is set."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from abonent.kernel import clock
from abonent.kernel.outbox import Delivery, Handler, UndeliverableError
from abonent.kernel.sending import NotSentError, RefusedError, SendingError, UncertainError
from abonent.kernel.settings import Settings

KIND = "mail"
PERMANENT = 500
"""SMTP answers from here on mean that trying again cannot help."""
SECONDS = 30
"""How long the server may keep silent."""


def mail(
    to: str | Sequence[str], *, subject: str, text: str, html: str | None = None
) -> dict[str, Any]:
    """Make the payload of an outbox row of kind "mail"."""
    receivers = [to] if isinstance(to, str) else list(to)
    payload: dict[str, Any] = {"to": receivers, "subject": subject, "text": text}
    return payload if html is None else payload | {"html": html}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media: str
    content: bytes


def mail_handler(settings: Settings) -> Handler:
    """Answer the handler for outbox rows of kind "mail", chosen by ABONENT_SMTP_URL."""
    if settings.smtp_url is None:
        return _file_handler(settings)
    return _smtp_handler(settings, settings.smtp_url.get_secret_value())


def message_of(delivery: Delivery, sender: str) -> EmailMessage:
    """Build the message; every attempt at one row has the same Message-ID.

    `attachments` are made anew for each attempt, so they never lie in the outbox.
    """
    payload = delivery.payload
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = ", ".join(payload["to"])
        message["Subject"] = payload["subject"]
    except (ValueError, IndexError) as error:
        raise UndeliverableError(f"not an address or a subject: {error}") from error
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{delivery.id}@{sender.rpartition('@')[2].strip('>') or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(payload["text"])
    if html := payload.get("html"):
        message.add_alternative(html, subtype="html")
    for file in payload.get("attachments", ()):
        maintype, _slash, subtype = file.media.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    return message


class Mailer:
    """The operator's mail server, or a folder of files while none is set."""

    def __init__(self, settings: Settings) -> None:
        self.sender = settings.mail_from
        self._folder = settings.home / "mail"
        self._server = _server(settings.smtp_url.get_secret_value()) if settings.smtp_url else None

    async def send(self, message: EmailMessage, *, name: str) -> None:
        """Send a message; without a server it becomes the file `name`.eml.

        Raises NotSentError, RefusedError, and UncertainError where the server went silent after it
        had been given the message.
        """
        if self._server is None:
            await asyncio.to_thread(_write, self._folder / f"{name}.eml", bytes(message))
            return
        client = aiosmtplib.SMTP(**self._server)
        await _begin(client, message)
        try:
            await client.data(message.as_bytes(policy=policy.SMTP))
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error) from error
        except (OSError, aiosmtplib.SMTPException) as error:
            raise UncertainError(f"no answer: {type(error).__name__}") from error
        else:
            with suppress(OSError, aiosmtplib.SMTPException):
                await client.quit()
        finally:
            client.close()


_FAILURES = (OSError, aiosmtplib.SMTPException)


async def _begin(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    """Connect and name sender and receivers: whatever fails here, nothing has gone out."""
    try:
        await client.connect()
    except _FAILURES as error:
        client.close()
        # A wrong password is a matter of the settings, not of this letter.
        raise NotSentError(f"no connection: {error}"[:200]) from error
    try:
        await client.mail(parseaddr(message["From"])[1])
        for _name, address in getaddresses([message["To"]]):
            await client.rcpt(address)
    except _FAILURES as error:
        client.close()
        raise _judged(error) from error


def _judged(error: BaseException) -> SendingError:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        told = f"{error.code} {error.message}"
        return (RefusedError if error.code >= PERMANENT else NotSentError)(told)
    return NotSentError(f"unreachable: {type(error).__name__}")


def _server(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    implicit = parts.scheme == "smtps"
    return {
        "hostname": parts.hostname,
        "port": parts.port or (465 if implicit else 587),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": implicit,
        "timeout": SECONDS,
    }


def _smtp_handler(settings: Settings, url: str) -> Handler:
    arguments = _server(url)

    async def deliver(delivery: Delivery) -> None:
        message = message_of(delivery, settings.mail_from)
        try:
            await aiosmtplib.send(message, **arguments)
        except aiosmtplib.SMTPRecipientsRefused as error:
            answers = [f"{refused.code} {refused.message}" for refused in error.recipients]
            if all(refused.code >= PERMANENT for refused in error.recipients):
                raise UndeliverableError("; ".join(answers)) from error
            raise
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            if error.code >= PERMANENT:
                raise UndeliverableError(f"{error.code} {error.message}") from error
            raise

    return deliver


def _file_handler(settings: Settings) -> Handler:
    folder = settings.home / "mail"

    async def deliver(delivery: Delivery) -> None:
        message = message_of(delivery, settings.mail_from)
        await asyncio.to_thread(_write, folder / f"{delivery.id}.eml", bytes(message))

    return deliver


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
