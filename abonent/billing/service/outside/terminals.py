"""Payments of terminals: whether an account can be paid, and paying it once per number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.billing.errors import PaymentDiffers
from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.outside.matching import Reason
from abonent.billing.rules.outside.agreement import Agreement
from abonent.billing.rules.outside.osmp import Asked, AskedWrong, Result
from abonent.billing.service.outside.parking import ToPark, park_all
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

_ACCOUNT = """
SELECT a.state, a.legal_entity_id FROM billing_account_number n
JOIN billing_account a ON a.account_id = n.account_id WHERE n.number = $1
"""
_BEFORE = """
SELECT a.number, k.amount, t.prv_txn FROM billing_inbox k
JOIN billing_account a ON a.account_id = k.account_id
LEFT JOIN billing_terminal_payment t ON t.agreement_id = $3 AND t.txn_id = k.external_id
WHERE k.source = $1 AND k.external_id = $2
"""
_RECEIPT = """
INSERT INTO billing_terminal_payment (agreement_id, txn_id, prv_txn, txn_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING prv_txn
"""
_GIVEN = "SELECT prv_txn FROM billing_terminal_payment WHERE agreement_id = $1 AND txn_id = $2"


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that was taken: our number of it and its amount."""

    prv_txn: int
    amount: int


def speaking_for(agreement: Agreement) -> Actor:
    """The one for whom an agreement's payments are taken."""
    rights = frozenset({"billing.payment.take", "billing.payment.reverse"})
    return Actor("import", f"agreement:{agreement.code}", agreement.terms.name, rights)


async def check_account(agreement: Agreement, asked: Asked) -> int:
    """Say whether an account can be paid; answers its balance. Raises AskedWrong with the code."""
    await _check(agreement, asked)
    return (await read_account(asked.account, by=SYSTEM)).balance


async def pay_from_terminal(agreement: Agreement, asked: Asked) -> Paid:
    """Take a payment once: the same `txn_id` again answers with the same number.

    Raises AskedWrong: 300 for a `txn_id` known with another account or sum, which is kept for a
    person; the protocol's other codes for what cannot be paid.
    """
    before = await _before(agreement, asked)
    if before is not None:
        if (before["number"], before["amount"]) != (asked.account, asked.amount):
            raise await _contradicted(agreement, asked)
        if before["prv_txn"] is not None:
            return Paid(before["prv_txn"], asked.amount)
    else:
        # What was taken once is answered so for ever, whatever became of the account.
        await _check(agreement, asked)
    paid_on = asked.at.date() if asked.at else None
    try:
        async with unit_of_work(speaking_for(agreement)) as work:
            await take_payment(
                asked.account, by=work.by, amount=asked.amount, source=agreement.source,
                external_id=asked.txn_id, paid_on=paid_on,
            )  # fmt: skip
            number = await _receipt(work, agreement, asked.txn_id, asked.at)
    except PaymentDiffers:
        raise await _contradicted(agreement, asked) from None
    return Paid(number, asked.amount)


async def _before(agreement: Agreement, asked: Asked) -> Any:
    async with reading() as connection:
        return await connection.fetchrow(_BEFORE, agreement.source, asked.txn_id, agreement.id)


async def _check(agreement: Agreement, asked: Asked) -> None:
    """Whether the account may be paid that amount; a check without a sum asks for the account alone."""
    terms = agreement.terms
    if not terms.active:
        raise AskedWrong(Result.FORBIDDEN, "agreement not in force")
    async with reading() as connection:
        row = await connection.fetchrow(_ACCOUNT, asked.account)
    if row is None:
        raise AskedWrong(Result.ACCOUNT_NOT_FOUND, "account not found")
    if row["legal_entity_id"] != agreement.legal_entity_id:
        raise AskedWrong(Result.FORBIDDEN, "account of another company")
    if row["state"] == "ended":
        raise AskedWrong(Result.ACCOUNT_INACTIVE, "account ended")
    if asked.amount and asked.amount < terms.least:
        raise AskedWrong(Result.TOO_SMALL, "sum too small")
    if asked.amount > terms.most:
        raise AskedWrong(Result.TOO_LARGE, "sum too large")


async def _receipt(work: UnitOfWork, agreement: Agreement, txn_id: str, at: datetime | None) -> int:
    values = (agreement.id, txn_id, new_id(), at)
    made: int | None = await work.connection.fetchval(_RECEIPT, *values)
    if made is not None:
        return made
    given: int = await work.connection.fetchval(_GIVEN, agreement.id, txn_id)
    return given


async def _contradicted(agreement: Agreement, asked: Asked) -> AskedWrong:
    """Keep a contradiction for a person and sound the alarm; nothing is paid."""
    paid_on = asked.at.date() if asked.at else None
    async with unit_of_work(speaking_for(agreement)) as work:
        parked = ToPark(asked.txn_id, asked.account, asked.amount, Reason.DIFFERS, paid_on)
        await park_all(work, agreement.source, [parked])
        await work.audit(
            "billing:terminal:contradicted", f"{agreement.code}:{asked.txn_id}",
            after={"account": asked.account, "amount": asked.amount},
        )  # fmt: skip
    return AskedWrong(Result.OTHER, "txn_id known with another account or sum")
