"""Text messages to telephones: what a gateway must do, and the choice of one by the settings.

`parts` of one message are named each by the gateway; receipts and what people write come back over
`listen`, or over HTTP, where the web passes them on.
"""

from __future__ import annotations

from typing import Any

from abonent.kernel.outbox import Delivery, Handler, UndeliverableError
from abonent.kernel.sending import NotSentError, RefusedError
from abonent.kernel.sms.gateway import Gateway, Sms

KIND = "sms"
"""Outbox rows that are sent and forgotten: codes, which no log may keep."""


def sms(to: str, *, text: str) -> dict[str, Any]:
    """Make the payload of an outbox row of kind "sms"; a telephone is digits with its country."""
    return {"to": to, "text": text}


def sms_handler(gateway: Gateway) -> Handler:
    """Answer the handler for outbox rows of kind "sms"."""

    async def deliver(delivery: Delivery) -> None:
        to, text = delivery.payload["to"], delivery.payload["text"]
        try:
            await gateway.send(Sms(delivery.id, to, text), _forget)
        except RefusedError as error:
            raise UndeliverableError(error.code) from error
        except NotSentError:
            raise
        # What is uncertain is raised as well: a second code does no harm, none at all does.

    return deliver


async def _forget(part: int, provider_id: str) -> None:
    del part, provider_id
