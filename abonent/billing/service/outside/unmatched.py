"""What a person does with a payment that nobody could match: takes it, returns it, puts it aside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from abonent.billing.errors import AccountNotFound
from abonent.billing.queries.outside.matching import Reason, payer_key
from abonent.billing.rules.outside.incoming import known_by
from abonent.billing.service.payments import reverse_payment, take_payment
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed, NotFound, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.work import UnitOfWork

RIGHT = "billing.payment.settle"
LONGEST_REMARK = 1000

_ROW = """
SELECT p.id, p.source, p.external_id, p.account, p.amount, p.reason, p.paid_on, p.settled_at,
    p.aside_at, y.payer_account
FROM billing_parked_payment p LEFT JOIN billing_outside_payer y
    ON y.agreement_id = p.agreement_id AND y.external_id = p.external_id
WHERE p.id = $1 FOR UPDATE OF p
"""
_SETTLE = """
UPDATE billing_parked_payment SET settled_at = $2, settled_by = $3, outcome = $4, taken_on = $5
WHERE id = $1
"""
_ASIDE = "UPDATE billing_parked_payment SET aside_at = $2 WHERE id = $1"
_KNOWN = "SELECT 1 FROM billing_inbox WHERE source = $1 AND external_id = $2"
_TAKEN = """
SELECT k.entry_no, a.number FROM billing_inbox k JOIN billing_account a ON a.account_id = k.account_id
WHERE k.source = $1 AND k.external_id = $2 AND k.amount = $3
"""
_REMEMBER = """
INSERT INTO billing_payer_rule (payer_key, account_id, made_at, made_by)
SELECT $1, account_id, $3, $4 FROM billing_account_number WHERE number = $2
ON CONFLICT (payer_key) DO UPDATE SET account_id = excluded.account_id, made_at = excluded.made_at,
    made_by = excluded.made_by
RETURNING account_id
"""
_FORGET = "DELETE FROM billing_payer_rule WHERE payer_key = $1 RETURNING account_id"


async def settle_on_account(payment: int, number: str, *, by: Actor, remember: bool = False) -> int:
    """Take the payment to an account; answers its entry's number.

    With `remember`, later payments of the same bank account that name nobody go there too. Raises
    NotFound, AccountNotFound, Conflict when somebody settled it before, Refused for money that the
    bank took back or that was paid back.
    """
    async with _settling(payment, by=by) as (work, row):
        _refuse_what_went_back(row)
        # Known with other contents, or twice in a file: it needs a number of its own.
        known = await work.connection.fetchval(_KNOWN, row["source"], row["external_id"])
        own = known_by(row["external_id"], payment) if known else row["external_id"]
        taken = await take_payment(
            number, by=_taking(by), amount=row["amount"], source=row["source"], external_id=own,
            paid_on=row["paid_on"],
        )  # fmt: skip
        await _settle(work, row, "taken", number)
        if remember:
            await _remember(work, row, number)
    return taken.entry_no


async def return_to_payer(payment: int, *, by: Actor, remark: str) -> None:
    """Mark the payment as sent back to its payer: the transfer itself is the bank's.

    Raises Refused for money that the bank took back or that was paid back: nothing is left to send.
    """
    remark = _checked(remark)
    async with _settling(payment, by=by) as (work, row):
        _refuse_what_went_back(row)
        await _settle(work, row, "returned", None, remark)


def _refuse_what_went_back(row: Any) -> None:
    if row["reason"] == Reason.TAKEN_BACK:
        message = N_("This is money that the bank took back: void the payment or put it aside.")
        raise Refused("TAKEN_BACK", message)
    if row["reason"] == Reason.PART_REFUNDED:
        raise Refused("PAID_BACK", N_("This money went back to the payer: no account gets it."))


async def close_unmatched(payment: int, *, by: Actor, remark: str) -> None:
    """Take the payment off the list: no money is due to anybody."""
    remark = _checked(remark)
    async with _settling(payment, by=by) as (work, row):
        await _settle(work, row, "closed", None, remark)


async def void_taken_back(payment: int, *, by: Actor) -> str:
    """Void the payment that the bank took back; answers its account's number."""
    by.require("billing.payment.reverse")
    async with _settling(payment, by=by) as (work, row):
        if row["reason"] != Reason.TAKEN_BACK:
            raise Refused("NOT_TAKEN_BACK", N_("The bank did not take this payment back."))
        key = (row["source"], row["external_id"], row["amount"])
        taken = await work.connection.fetchrow(_TAKEN, *key)
        if taken is None:
            raise NotFound(
                "NOT_FOUND",
                N_("No payment has the number {value} and this amount."),
                field="external_id",
                value=row["external_id"],
            )
        number: str = taken["number"]
        await reverse_payment(number, taken["entry_no"], by=by, reason=row["external_id"])
        await _settle(work, row, "returned", number)
    return number


async def put_aside(payment: int, *, by: Actor, remark: str) -> None:
    """Put the payment aside with a word; it stays on the list of what was put aside."""
    remark = _checked(remark)
    async with _settling(payment, by=by) as (work, row):
        await work.connection.execute(_ASIDE, payment, clock.now())
        await _audit(work, row, "billing:parked:put_aside", personal={"remark": remark})


async def take_up_again(payment: int, *, by: Actor) -> None:
    """Put a payment that was put aside among those that wait."""
    async with _settling(payment, by=by) as (work, row):
        await work.connection.execute(_ASIDE, payment, None)
        await _audit(work, row, "billing:parked:taken_up")


async def forget_payer(payment: int, *, by: Actor) -> None:
    """Undo the rule for the payer of this payment; what was taken by it stays."""
    by.require(RIGHT)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_ROW, payment)
        key = payer_key(row["payer_account"] or "") if row else None
        account = await work.connection.fetchval(_FORGET, key) if key else None
        if account is None:
            raise NotFound("NOT_FOUND", N_("Nothing is remembered of this payer."))
        await work.audit("billing:payer_rule:forgotten", str(payment), account_id=account)


@asynccontextmanager
async def _settling(payment: int, *, by: Actor) -> AsyncIterator[tuple[UnitOfWork, Any]]:
    """The payment under its lock, still waiting."""
    by.require(RIGHT)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_ROW, payment)
        if row is None:
            raise NotFound("NOT_FOUND", N_("There is no such payment."), value=payment)
        if row["settled_at"] is not None:
            raise Conflict(
                "SETTLED", N_("Somebody settled this payment at {at}."), at=row["settled_at"]
            )
        yield work, row


async def _settle(
    work: UnitOfWork, row: Any, outcome: str, number: str | None, remark: str = ""
) -> None:
    by = f"{work.by.kind}:{work.by.id}"
    await work.connection.execute(_SETTLE, row["id"], clock.now(), by, outcome, number)
    after = {"outcome": outcome} | ({"number": number} if number else {})
    personal = {"remark": remark} if remark else None
    await _audit(work, row, "billing:parked:settled", after=after, personal=personal)


async def _audit(work: UnitOfWork, row: Any, action: str, **more: Any) -> None:
    before = {name: row[name] for name in ("source", "external_id", "account", "amount")}
    await work.audit(action, str(row["id"]), before=before, **more)


async def _remember(work: UnitOfWork, row: Any, number: str) -> None:
    key = payer_key(row["payer_account"] or "")
    if key is None:
        message = N_("The payer's bank account is not known, or is the bank's own.")
        raise Malformed.of("remember", "", message)
    by = f"{work.by.kind}:{work.by.id}"
    values = (key, number, clock.now(), by)
    account = await work.connection.fetchval(_REMEMBER, *values)
    if account is None:
        raise AccountNotFound(number)
    await work.audit("billing:payer_rule:made", str(row["id"]), account_id=account)


def _checked(remark: str) -> str:
    remark = remark.strip()
    if not remark or len(remark) > LONGEST_REMARK:
        raise Malformed.of("remark", remark, N_("Say in a few words what was found and done."))
    return remark


def _taking(by: Actor) -> Actor:
    """Whoever may match payments takes them to accounts."""
    return replace(by, rights=by.rights | {"billing.payment.take"})
