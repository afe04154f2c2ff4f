"""What gateways of text messages call: receipts and what people write. The key names the gateway.

Whatever cannot be kept now is answered with an error, so that the gateway tells it again.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from abonent.crm.service.receipts import take_inbound, take_receipt
from abonent.kernel.settings import secret_key
from abonent.kernel.sms.choosing import hook_key
from abonent.kernel.sms.gateway import Inbound, Receipt
from abonent.web.forms import form_of
from abonent.web.render import desk_of

_KANNEL = {"1": "delivered", "2": "undelivered", "16": "rejected"}
"""Kannel's %d: 4 buffered and 8 taken by the centre are no ends."""
_SMSC = {"1": "delivered", "2": "delivered", "3": "expired", "20": "undelivered", "22": "rejected",
         "23": "rejected", "24": "rejected", "25": "undelivered"}  # fmt: skip

_log = structlog.get_logger("abonent.web.outside")


async def hear(request: Request) -> Response:
    """Take what a gateway tells; an unknown key and an unknown gateway do not exist."""
    given = request.path_params
    own = await asyncio.to_thread(secret_key, desk_of(request).settings)
    if not hmac.compare_digest(given["key"].encode(), hook_key(own).encode()):
        raise HTTPException(404)
    values: Mapping[str, str] = dict(request.query_params)
    if request.method == "POST":
        values = {**values, **await form_of(request)}
    heard = {
        ("kannel", "receipt"): _kannel_receipt,
        ("kannel", "inbound"): _kannel_inbound,
        ("smsc", "receipt"): _smsc,
        ("smsc", "inbound"): _smsc,
    }.get((given["gateway"], given["what"]))
    if heard is None or request.method == "HEAD":
        raise HTTPException(404)
    await heard(values)
    # Kannel sends what stands in an answer to the person who wrote: nothing must stand there.
    return PlainTextResponse("" if given["gateway"] == "kannel" else "OK")


async def _kannel_receipt(values: Mapping[str, str]) -> None:
    state = _KANNEL.get(values.get("state", ""))
    if state and values.get("id"):
        answer = values.get("answer", "")[:200]
        await take_receipt(Receipt("kannel", values["id"], state, answer))


async def _kannel_inbound(values: Mapping[str, str]) -> None:
    await _inbound("kannel", values.get("from", ""), values.get("to", ""), values)


async def _smsc(values: Mapping[str, str]) -> None:
    """One address serves both: what a person wrote has a text, a receipt a state."""
    if values.get("mes"):
        told = {**values, "text": values["mes"]}
        await _inbound("smsc", values.get("phone", ""), values.get("to", ""), told)
        return
    state = _SMSC.get(values.get("status", ""))
    if state and values.get("id"):
        await take_receipt(Receipt("smsc", values["id"], state, values.get("err", "")[:200]))


async def _inbound(gateway: str, sender: str, recipient: str, values: Mapping[str, str]) -> None:
    numbers = ("".join(x for x in one if x.isdigit())[:20] for one in (sender, recipient))
    who, to = numbers
    if who:
        text = values.get("text", "")
        await take_inbound(Inbound(gateway, who, text, to, values.get("id", "")[:100]))
