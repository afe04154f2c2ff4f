"""Money in and out: payments, reversals, refunds, fees, bonuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.errors import AlreadyReversed, NotOnAccount, PaymentDiffers
from abonent.billing.events import MoneyRefunded, PaymentReversed, PaymentTaken
from abonent.billing.queries.books import Loaded
from abonent.billing.queries.entries import entry_row
from abonent.billing.rules import changes
from abonent.billing.rules.book import Kind, Posting
from abonent.billing.service.books import acting, keep, open_account
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.work import UnitOfWork

LARGEST_PAYMENT = 10**12
"""Ten thousand million major units: anything larger is a slip of the hand."""

_KNOWN = """
SELECT account_id, amount, entry_no, day FROM billing_inbox WHERE source = $1 AND external_id = $2
"""
_INBOX = """
INSERT INTO billing_inbox (source, external_id, account_id, amount, day, entry_no, paid_on)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING entry_no
"""
_REVERSED = """
SELECT 1 FROM billing_entry
WHERE account_id = $1 AND day >= $2 AND corrects = $3 AND kind = 'reversal' LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment as it stands: its entry's number and the account after it."""

    entry_no: int
    loaded: Loaded
    repeated: bool = False


async def take_payment(
    number: str,
    *,
    by: Actor,
    amount: int,
    source: str,
    external_id: str,
    paid_on: date | None = None,
    settles: tuple[int, ...] = (),
) -> Taken:
    """Take a payment once: the same source and external id answers with the first result.

    Raises PaymentDiffers when that pair is known with another account or amount.
    """
    by.require("billing.payment.take")
    async with unit_of_work(by) as work:
        loaded = await open_account(work, number)
        posting = changes.pay(
            loaded.book,
            amount=amount,
            source=source,
            settles=settles,
            **_note(external_id, paid_on),
        )
        row = (source, external_id, loaded.book.account, amount, posting.day, posting.no, paid_on)
        if await work.connection.fetchval(_INBOX, *row) is None:
            known = await work.connection.fetchrow(_KNOWN, source, external_id)
            return await _repeated(work, known, number, external_id, amount)
        work.record(PaymentTaken(loaded.book.account, posting.no, amount, source))
        await keep(work, loaded)
    return Taken(posting.no, loaded)


def _note(external_id: str, paid_on: date | None) -> dict[str, object]:
    note: dict[str, object] = {"external_id": external_id}
    if paid_on:
        note["paid_on"] = paid_on
    return note


async def _repeated(
    work: UnitOfWork, known: Any, number: str, external_id: str, amount: int
) -> Taken:
    """The first result, from a book read anew: the one at hand holds the payment twice."""
    loaded = await open_account(work, number)
    if known["account_id"] != loaded.book.account or known["amount"] != amount:
        raise PaymentDiffers(external_id, known["amount"])
    return Taken(known["entry_no"], loaded, repeated=True)


async def reverse_payment(number: str, payment: int, *, by: Actor, reason: str) -> Taken:
    """Take a payment back by a correcting entry; who loses cover is cut off tomorrow."""
    async with acting(number, by=by, right="billing.payment.reverse") as (work, loaded):
        row = await entry_row(work.connection, loaded.book.account, payment)
        if row is None or row["kind"] != Kind.PAYMENT:
            raise NotOnAccount("payment", payment)
        if await work.connection.fetchval(_REVERSED, loaded.book.account, row["day"], payment):
            raise AlreadyReversed(str(payment))
        posting = changes.move_money(
            loaded.book,
            Kind.REVERSAL,
            -row["amount"],
            source=row["source"],
            corrects=payment,
            reason=reason,
        )
        account, source = loaded.book.account, row["source"] or ""
        work.record(PaymentReversed(account, posting.no, payment, row["amount"], source))
        await _audit(work, number, loaded, posting, reason)
    return Taken(posting.no, loaded)


async def refund(number: str, *, by: Actor, amount: int, method: str) -> Taken:
    """Pay the subscriber's own unspent money back; raises NotRefundable beyond it."""
    async with acting(number, by=by, right="billing.refund.give") as (work, loaded):
        posting = changes.refund(loaded.book, amount=amount, method=method)
        work.record(MoneyRefunded(loaded.book.account, posting.no, amount, method))
        await _audit(work, number, loaded, posting, method)
    return Taken(posting.no, loaded)


async def charge_fee(
    number: str, *, by: Actor, amount: int, kind: str, reason: str, into_debt: bool = False
) -> Taken:
    """Charge a one-off fee; raises NotEnoughFunds unless it may go into debt."""
    async with acting(number, by=by, right="billing.fee.charge") as (work, loaded):
        posting = changes.charge_fee(
            loaded.book, amount=amount, kind=kind, reason=reason, into_debt=into_debt
        )
        await _audit(work, number, loaded, posting, reason)
    return Taken(posting.no, loaded)


async def give_bonus(number: str, *, by: Actor, amount: int, reason: str) -> Taken:
    """Give bonus money: it is spent first and never refunded."""
    async with acting(number, by=by, right="billing.bonus.give") as (work, loaded):
        posting = changes.move_money(loaded.book, Kind.BONUS, amount, reason=reason)
        await _audit(work, number, loaded, posting, reason)
    return Taken(posting.no, loaded)


async def _audit(
    work: UnitOfWork, number: str, loaded: Loaded, posting: Posting, reason: str
) -> None:
    await work.audit(
        f"billing:{posting.kind.value}:posted",
        f"{number}-{posting.no}",
        account_id=loaded.book.account,
        after={"amount": posting.amount, "reason": reason},
    )
