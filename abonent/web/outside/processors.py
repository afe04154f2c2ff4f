"""Asking a card processor about a payment: what its messages say is never believed by itself."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from abonent.billing.queries.outside.agreements import Secret
from abonent.billing.rules.outside.agreement import Agreement
from abonent.billing.service.outside.cards import CardPayment, CardRefund
from abonent.kernel import clock
from abonent.kernel.money import installed_currency, parse_amount

SECONDS = 10.0
LONGEST_ANSWER = 1_000_000
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class ProcessorSilentError(Exception):
    """The processor did not answer, or not as expected: its message comes again later."""


class NotConfirmedError(Exception):
    """The processor does not confirm what its message says; the text says what differs."""


@dataclass(frozen=True, slots=True)
class Processor:
    """Where and as whom to ask; `zone` tells on which day a payment was made."""

    agreement: Agreement
    secrets: Mapping[str, Secret]
    zone: ZoneInfo

    async def payment(self, number: str) -> CardPayment:
        """A payment that has succeeded. Raises NotConfirmedError, ProcessorSilentError."""
        told = await self._read("payments", number)
        if told.get("status") != "succeeded" or told.get("paid") is not True:
            raise NotConfirmedError(f"status {told.get('status')!r}")
        metadata = told.get("metadata")
        account = metadata.get("account", "") if isinstance(metadata, dict) else ""
        day = self._day(told.get("captured_at") or told.get("created_at"))
        return CardPayment(number, amount_of(told), account_named(account), day)

    async def refund(self, number: str) -> CardRefund:
        """A refund that has succeeded. Raises NotConfirmedError, ProcessorSilentError."""
        told = await self._read("refunds", number)
        if told.get("status") != "succeeded":
            raise NotConfirmedError(f"status {told.get('status')!r}")
        payment = told.get("payment_id")
        if not isinstance(payment, str) or not _ID.fullmatch(payment):
            raise NotConfirmedError("payment_id")
        return CardRefund(number, payment, amount_of(told), self._day(told.get("created_at")))

    async def _read(self, kind: str, number: str) -> dict[str, Any]:
        if not _ID.fullmatch(number):
            raise NotConfirmedError("id")
        login, key = self.secrets.get("login"), self.secrets.get("key")
        if login is None or key is None:
            raise ProcessorSilentError("no login and key are set for this agreement")
        address = f"{self.agreement.terms.address.rstrip('/')}/{kind}/{number}"
        context = await asyncio.to_thread(ssl.create_default_context)
        try:
            async with httpx.AsyncClient(
                auth=(login.text, key.text), timeout=SECONDS, verify=context, trust_env=False
            ) as client:
                answer = await client.get(address)
        except httpx.HTTPError as error:
            raise ProcessorSilentError(type(error).__name__) from None
        return _told(answer, number)

    def _day(self, text: object) -> date:
        if not isinstance(text, str):
            return clock.now().astimezone(self.zone).date()
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise NotConfirmedError("time") from None
        return at.astimezone(self.zone).date() if at.tzinfo else at.date()


def _told(answer: httpx.Response, number: str) -> dict[str, Any]:
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NotConfirmedError("the processor does not know it")
    if answer.status_code != httpx.codes.OK or len(answer.content) > LONGEST_ANSWER:
        raise ProcessorSilentError(f"status {answer.status_code}")
    try:
        told = answer.json()
    except ValueError:
        raise ProcessorSilentError("the answer is no JSON") from None
    if not isinstance(told, dict) or told.get("id") != number:
        raise NotConfirmedError("another id")
    return told


def amount_of(told: Mapping[str, Any]) -> int:
    """The amount of a payment as the processor writes it: {"value": "550.00", "currency": "RUB"}."""
    amount = told.get("amount")
    if not isinstance(amount, dict) or amount.get("currency") != installed_currency().code:
        raise NotConfirmedError("currency")
    try:
        read = parse_amount(str(amount.get("value")), installed_currency().digits)
    except ValueError:
        raise NotConfirmedError("amount") from None
    if read <= 0:
        raise NotConfirmedError("amount")
    return read


def account_named(value: object) -> str:
    """An account number as a message names it; empty for what cannot be one."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    return text if text.isprintable() and len(text) <= 32 else ""
