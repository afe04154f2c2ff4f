"""Text messages to telephones: outbox rows, and the console that stands in for a provider of them.

Without a provider a message goes into a file under the installation's home, `sms/`, and where people
read the log it is written there too. So an installation without one can be tried out.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import structlog

from abonent.kernel import clock
from abonent.kernel.outbox import Delivery, Handler
from abonent.kernel.settings import Settings

KIND = "sms"

_log = structlog.get_logger(__name__)


def sms(to: str, *, text: str) -> dict[str, Any]:
    """Make the payload of an outbox row of kind "sms"; a telephone is digits with its country."""
    return {"to": to, "text": text}


def sms_handler(settings: Settings) -> Handler:
    """Answer the handler for outbox rows of kind "sms"."""
    folder = settings.home / "sms"
    # A log that is collected by machines is kept for long: what is said to one person stays out.
    aloud = settings.log_format == "console"

    async def deliver(delivery: Delivery) -> None:
        to, text = delivery.payload["to"], delivery.payload["text"]
        written = f"{clock.now().isoformat()}\n+{to}\n{text}\n"
        await asyncio.to_thread(_write, folder / f"{delivery.id}.txt", written)
        if aloud:
            _log.info("sms.console", to=f"+{to}", text=text)

    return deliver


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
