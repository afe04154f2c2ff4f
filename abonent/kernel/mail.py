"""E-mail: through the operator's server, or into files while none is set."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from abonent.kernel import clock
from abonent.kernel.outbox import Delivery, Handler, UndeliverableError
from abonent.kernel.settings import Settings

KIND = "mail"
PERMANENT = 500
"""SMTP answers from here on mean that trying again cannot help."""


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


def _smtp_handler(settings: Settings, url: str) -> Handler:
    parts = urlsplit(url)
    implicit = parts.scheme == "smtps"
    arguments: dict[str, Any] = {
        "hostname": parts.hostname,
        "port": parts.port or (465 if implicit else 587),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": implicit,
        "timeout": 30,
    }

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
