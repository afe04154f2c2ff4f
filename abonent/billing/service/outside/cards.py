"""Payments by card on the Internet, as the processor itself confirms them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.errors import AccountNotFound, AlreadyReversed, PaymentDiffers
from abonent.billing.queries.outside.matching import Reason
from abonent.billing.rules.outside.agreement import Agreement
from abonent.billing.service.outside.parking import ToPark, park_all
from abonent.billing.service.outside.terminals import speaking_for
from abonent.billing.service.payments import reverse_payment, take_payment
from abonent.kernel.db import reading, unit_of_work

_ACCOUNT = """
SELECT a.state, a.legal_entity_id FROM billing_account_number n
JOIN billing_account a ON a.account_id = n.account_id WHERE n.number = $1
"""
_PAID = """
SELECT a.number, k.amount, k.entry_no FROM billing_inbox k
JOIN billing_account a ON a.account_id = k.account_id WHERE k.source = $1 AND k.external_id = $2
"""


@dataclass(frozen=True, slots=True)
class CardPayment:
    """A payment that the processor confirms; `account` is what its metadata names."""

    id: str
    amount: int
    account: str
    paid_on: date


@dataclass(frozen=True, slots=True)
class CardRefund:
    """Money that the processor gave back, of a payment."""

    id: str
    payment: str
    amount: int
    day: date


async def take_card_payment(agreement: Agreement, payment: CardPayment) -> bool:
    """Take a payment once; what cannot be taken waits for a person. Tell whether it is taken."""
    reason = await _hindrance(agreement, payment)
    if reason is None:
        try:
            await take_payment(
                payment.account, by=speaking_for(agreement), amount=payment.amount,
                source=agreement.source, external_id=payment.id, paid_on=payment.paid_on,
            )  # fmt: skip
        except PaymentDiffers:
            reason = Reason.DIFFERS
        except AccountNotFound:
            reason = Reason.NO_ACCOUNT
        else:
            return True
    parked = ToPark(payment.id, payment.account, payment.amount, reason, payment.paid_on)
    async with unit_of_work(speaking_for(agreement)) as work:
        await park_all(work, agreement.source, [parked])
    return False


async def give_back_card_payment(agreement: Agreement, refund: CardRefund) -> None:
    """Void the payment that was given back whole; one given back in part waits for a person.

    The same refund again changes nothing.
    """
    by = speaking_for(agreement)
    paid = await _paid(agreement, refund.payment)
    if paid is not None and paid["amount"] == refund.amount:
        try:
            await reverse_payment(paid["number"], paid["entry_no"], by=by, reason=refund.id)
        except AlreadyReversed:
            return
        return
    reason = Reason.PART_REFUNDED if paid else Reason.TAKEN_BACK
    number = paid["number"] if paid else ""
    parked = ToPark(refund.id, number, refund.amount, reason, refund.day)
    async with unit_of_work(by) as work:
        await park_all(work, agreement.source, [parked])


async def _hindrance(agreement: Agreement, payment: CardPayment) -> Reason | None:
    """Why a payment is for a person to decide; None when it is not. One taken before is not."""
    if await _paid(agreement, payment.id) is not None:
        return None
    if not payment.account:
        return Reason.NOBODY
    async with reading() as connection:
        row = await connection.fetchrow(_ACCOUNT, payment.account)
    if row is None:
        return Reason.NO_ACCOUNT
    if row["legal_entity_id"] != agreement.legal_entity_id:
        return Reason.OTHER_ENTITY
    return Reason.ENDED if row["state"] == "ended" else None


async def _paid(agreement: Agreement, number: str) -> Any:
    async with reading() as connection:
        return await connection.fetchrow(_PAID, agreement.source, number)
