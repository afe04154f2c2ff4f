"""Messages of card processors about payments and refunds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from abonent.billing.queries.outside.agreements import Secret
from abonent.billing.rules.outside.agreement import Agreement, AgreementKind
from abonent.billing.rules.outside.guards import signed_by
from abonent.billing.service.outside.cards import (
    CardPayment,
    CardRefund,
    give_back_card_payment,
    take_card_payment,
)
from abonent.kernel import clock
from abonent.kernel.money import installed_currency
from abonent.kernel.sealing import Unsealable
from abonent.web.outside.guard import admitted, count_wrong_signature
from abonent.web.outside.processors import (
    NotConfirmedError,
    Processor,
    ProcessorSilentError,
    account_named,
)
from abonent.web.render import desk_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger("abonent.web.outside")


async def hear_processor(request: Request) -> Response:
    """Take a message: 200 when it is settled for good, 503 when it must come again."""
    agreement, secrets = await admitted(request, AgreementKind.CARD)
    body = await request.body()
    zone = ZoneInfo(desk_of(request).settings.timezone)
    if not agreement.terms.active:
        raise HTTPException(403)
    try:
        if agreement.terms.processor == "stripe":
            await _check_signature(request, body, secrets)
            await _signed(agreement, _object(body), zone)
        else:
            await _confirmed(Processor(agreement, secrets, zone), _object(body))
    except NotConfirmedError as error:
        # It will be no truer when it comes again.
        _log.warning("card.not_confirmed", agreement=agreement.code, why=str(error))
    except ProcessorSilentError as error:
        _log.warning("card.processor_silent", agreement=agreement.code, why=str(error))
        raise HTTPException(503) from None
    except Unsealable as error:
        _log.exception("card.key_unreadable", agreement=agreement.code, why=str(error))
        raise HTTPException(503) from None
    return PlainTextResponse("OK")


async def _confirmed(processor: Processor, message: dict[str, Any]) -> None:
    """Only the kind of the event and the id are read from a message; the rest is asked for."""
    told = message.get("object")
    number = told.get("id") if isinstance(told, dict) else None
    if not isinstance(number, str):
        raise NotConfirmedError("no id")
    if message.get("event") == "payment.succeeded":
        await take_card_payment(processor.agreement, await processor.payment(number))
    elif message.get("event") == "refund.succeeded":
        await give_back_card_payment(processor.agreement, await processor.refund(number))


async def _check_signature(request: Request, body: bytes, secrets: dict[str, Secret]) -> None:
    key, header = secrets.get("key"), request.headers.get("stripe-signature", "")
    now = int(clock.now().timestamp())
    if key is None or not signed_by(key.text, header=header, body=body, now=now):
        await count_wrong_signature(request)
        raise HTTPException(400)


async def _signed(agreement: Agreement, message: dict[str, Any], zone: ZoneInfo) -> None:
    """A signed message is the processor's own word."""
    data = message.get("data")
    told = data.get("object") if isinstance(data, dict) else None
    if not isinstance(told, dict):
        raise NotConfirmedError("no object")
    kind, day = message.get("type"), _day(told.get("created"), zone)
    if kind == "payment_intent.succeeded":
        metadata = told.get("metadata")
        account = metadata.get("account", "") if isinstance(metadata, dict) else ""
        number, amount = _text(told, "id"), _amount(told, "amount_received")
        await take_card_payment(agreement, CardPayment(number, amount, account_named(account), day))
    elif kind == "charge.refunded":
        total = _amount(told, "amount_refunded")
        number = f"{_text(told, 'id')}:{total}"
        amount = total - _before(data, total)
        refund = CardRefund(number, _text(told, "payment_intent"), amount, day)
        await give_back_card_payment(agreement, refund)


def _before(data: Any, total: int) -> int:
    """What had gone back before this refund: the charge itself tells all of it together."""
    before = data.get("previous_attributes")
    amount = before.get("amount_refunded", 0) if isinstance(before, dict) else 0
    if type(amount) is not int or not 0 <= amount < total:
        raise NotConfirmedError("previous_attributes.amount_refunded")
    return amount


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(told, dict):
        raise HTTPException(400)
    return told


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise NotConfirmedError(name)
    return value


def _amount(told: dict[str, Any], name: str) -> int:
    value, currency = told.get(name), str(told.get("currency", "")).upper()
    if type(value) is not int or not 0 < value < 10**12 or currency != installed_currency().code:
        raise NotConfirmedError(name)
    return value


def _day(value: object, zone: ZoneInfo) -> date:
    if type(value) is int and 0 < value < 10**11:
        return (_EPOCH + timedelta(seconds=value)).astimezone(zone).date()
    return clock.now().astimezone(zone).date()
