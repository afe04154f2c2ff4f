"""Payments by card begun on the portal: asked of the processor once, and looked after until they come.

The processor is asked under the intent's own key, so asking again begins no second payment. Whether
money came is told by the books alone.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog

from abonent.billing.queries.books import account_id
from abonent.billing.queries.outside.agreements import (
    agreement_by_id,
    card_agreement_of,
    secrets_of,
)
from abonent.billing.queries.past import payment_known
from abonent.billing.rules.outside.agreement import Agreement
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed, NotFound, Refused
from abonent.kernel.i18n import N_, _
from abonent.kernel.ids import new_id
from abonent.kernel.money import installed_currency, plain_amount
from abonent.kernel.sealing import Unsealable

SECONDS = 10.0
LONGEST_ADDRESS = 2000

_ADD = """
INSERT INTO portal_intent (account_id, id, agreement_id, amount, created_at)
VALUES ($1, $2, $3, $4, $5)
"""
_ONE = "SELECT * FROM portal_intent WHERE account_id = $1 AND id = $2"
_MOVE = """
UPDATE portal_intent SET state = $3, payment = $4, address = $5
WHERE account_id = $1 AND id = $2 AND state IN ('begun', 'silent')
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment begun: `address` is the processor's page, `entry` our entry once the money is here."""

    id: int
    number: str
    amount: int
    state: str
    payment: str | None
    address: str | None
    created_at: datetime
    agreement: Agreement
    entry: int | None

    @property
    def reference(self) -> str:
        """What a person tells the office."""
        return f"{self.number}-{self.id}"


class NoCards(Refused):
    """The provider takes no cards for this account."""

    def __init__(self) -> None:
        super().__init__(
            "NO_CARDS", N_("Payment by card is not possible here. Pay by the code."), field="amount"
        )


async def begin_intent(number: str, *, by: Actor, amount: int) -> int:
    """Write down that a payment is to be begun. Raises NoCards, Malformed beyond the bounds."""
    agreement = await card_agreement_of(number, by=by)
    if agreement is None:
        raise NoCards
    least, most = agreement.terms.least, agreement.terms.most
    if not least <= amount <= most:
        wrong = N_("By card from {least:money} to {most:money}.")
        raise Malformed.of("amount", amount, wrong, least=least, most=most)
    made = new_id()
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        row = (account, made, agreement.id, amount, clock.now())
        await work.connection.execute(_ADD, *row)
        after = {"intent": made, "amount": amount, "agreement": agreement.code}
        await work.audit("portal:payment:begun", number, account_id=account, after=after)
    return made


async def intent_of(number: str, intent: int, *, by: Actor) -> Intent:
    """A payment begun on an account, with the entry of its money. Raises NotFound."""
    async with reading() as connection:
        account = await account_id(connection, number)
        row: Any = await connection.fetchrow(_ONE, account, intent)
        if row is None:
            raise NotFound("NOT_FOUND", N_("There is no such payment."), value=intent)
        agreement = await agreement_by_id(connection, row["agreement_id"])
    paid = None
    if row["payment"] is not None:
        paid = await payment_known(agreement.source, row["payment"], by=by)
    return Intent(
        id=row["id"],
        number=number,
        amount=row["amount"],
        state=row["state"],
        payment=row["payment"],
        address=row["address"],
        created_at=row["created_at"],
        agreement=agreement,
        entry=paid.no if paid else None,
    )


async def ask_processor(intent: Intent, *, back: str, by: Actor) -> None:
    """Ask the processor to begin the payment and keep what it says; asking again is harmless.

    `back` is where the processor leads the payer afterwards.
    """
    state, payment, address = await _asked(intent, back)
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, intent.number)
        await work.connection.execute(_MOVE, account, intent.id, state, payment, address)


async def _asked(intent: Intent, back: str) -> tuple[str, str | None, str | None]:
    secrets = await secrets_of(intent.agreement)
    try:
        signed = (secrets["login"].text, secrets["key"].text)
    except Unsealable as error:
        _log.exception("portal.key_unreadable", intent=intent.id, why=str(error))
        return "silent", None, None
    context = await asyncio.to_thread(ssl.create_default_context)
    try:
        async with httpx.AsyncClient(
            auth=signed,
            timeout=SECONDS,
            verify=context,
            trust_env=False,
        ) as client:
            answer = await client.post(
                f"{intent.agreement.terms.address.rstrip('/')}/payments",
                json=_request(intent, back),
                headers={"Idempotence-Key": str(intent.id)},
            )
    except httpx.HTTPError as error:
        _log.warning("portal.processor_silent", intent=intent.id, why=type(error).__name__)
        return "silent", None, None
    if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        _log.warning("portal.processor_refused", intent=intent.id, status=answer.status_code)
        return "refused", None, None
    return _told(intent, answer)


def _request(intent: Intent, back: str) -> dict[str, Any]:
    value = plain_amount(intent.amount)
    return {
        "amount": {"value": value, "currency": installed_currency().code},
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": back},
        "description": _("Account {number}", number=intent.number),
        "metadata": {"account": intent.number, "intent": str(intent.id)},
    }


def _told(intent: Intent, answer: httpx.Response) -> tuple[str, str | None, str | None]:
    try:
        told = answer.json()
        payment, address = told["id"], told["confirmation"]["confirmation_url"]
    except (ValueError, KeyError, TypeError):
        payment = address = None
    right = (
        answer.is_success
        and isinstance(payment, str)
        and 0 < len(payment) <= 64
        and isinstance(address, str)
        and address.startswith(("https://", "http://"))
        and len(address) <= LONGEST_ADDRESS
    )
    if not right:
        _log.warning("portal.processor_unclear", intent=intent.id, status=answer.status_code)
        return "silent", None, None
    return "open", payment, address
