"""Payments that wait for a person: what came, from whom, and what the payer paid for before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.queries.outside.matching import Reason, payer_key
from abonent.billing.rules.outside.purpose import Recognition
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json

RIGHT = "billing.payment.settle"
EARLIER = 5

_COLUMNS = """
SELECT p.id, p.source, p.external_id, p.account, p.amount, p.reason, p.paid_on, p.received_at,
    p.settled_at, p.outcome, p.taken_on, p.aside_at, g.code AS agreement, g.name AS agreement_name,
    g.recognition, coalesce(y.payer, '') AS payer, coalesce(y.payer_account, '') AS payer_account,
    coalesce(y.payer_tax_id, '') AS payer_tax_id, coalesce(y.purpose, '') AS purpose,
    k.amount AS known_amount, k.day AS known_day, k.entry_no AS known_entry, a.number AS known_account
FROM billing_parked_payment p
LEFT JOIN billing_agreement g ON g.id = p.agreement_id
LEFT JOIN billing_outside_payer y ON y.agreement_id = p.agreement_id AND y.external_id = p.external_id
LEFT JOIN billing_inbox k ON k.source = p.source AND k.external_id = p.external_id
LEFT JOIN billing_account a ON a.account_id = k.account_id
"""
_ONE = _COLUMNS + "WHERE p.id = $1"
_WAITING = (
    _COLUMNS
    + """
WHERE p.settled_at IS NULL AND (p.aside_at IS NOT NULL) = $3 AND p.id > $1
    AND ($4 = '' OR g.code = $4) ORDER BY p.id LIMIT $2
"""
)
_NEXT = """
SELECT id FROM billing_parked_payment
WHERE settled_at IS NULL AND aside_at IS NULL AND id <> $1 ORDER BY id <= $1, id LIMIT 1
"""
_COUNTS = """
SELECT (aside_at IS NOT NULL) AS aside, count(*) AS count, sum(amount)::bigint AS amount
FROM billing_parked_payment WHERE settled_at IS NULL GROUP BY 1
"""
_BEFORE = """
SELECT a.number, r.paid_on, r.amount FROM billing_outside_row r
JOIN billing_agreement g ON g.id = r.agreement_id
JOIN billing_inbox k ON k.source = g.source AND k.external_id = r.external_id
JOIN billing_account a ON a.account_id = k.account_id
WHERE r.payer_key = $1 ORDER BY r.paid_on DESC, r.external_id LIMIT $2
"""
_RULE = """
SELECT a.number, r.made_at, r.made_by FROM billing_payer_rule r
JOIN billing_account a ON a.account_id = r.account_id WHERE r.payer_key = $1
"""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A payment that waits for a person; `known_…` is the one it contradicts, where it does.

    `account` is what it names, right or wrong. The payer's fields are empty where nothing was told,
    or where they were erased.
    """

    id: int
    source: str
    external_id: str
    account: str
    amount: int
    reason: Reason
    paid_on: date | None
    received_at: datetime
    settled_at: datetime | None
    outcome: str | None
    taken_on: str | None
    aside_at: datetime | None
    agreement: str | None
    agreement_name: str | None
    recognition: Recognition
    payer: str
    payer_account: str
    payer_tax_id: str
    purpose: str
    known_amount: int | None
    known_day: date | None
    known_entry: int | None
    known_account: str | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier payment from the same bank account."""

    number: str
    paid_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class PayerRule:
    """That a bank account's payments are for an account, as somebody decided."""

    number: str
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait and how many were put aside, with their money."""

    count: int = 0
    amount: int = 0
    aside: int = 0
    aside_amount: int = 0


async def unmatched_payments(
    *, by: Actor, after: int = 0, limit: int = 50, aside: bool = False, agreement: str = ""
) -> list[Unmatched]:
    """What waits for a person, in the order it came, following `after`."""
    by.require(RIGHT)
    async with reading() as connection:
        rows = await connection.fetch(_WAITING, after, limit, aside, agreement)
    return [_unmatched(row) for row in rows]


async def unmatched_payment(payment: int, *, by: Actor) -> Unmatched:
    """One of them, settled or not; raises NotFound."""
    by.require(RIGHT)
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, payment)
    if row is None:
        raise NotFound("NOT_FOUND", N_("There is no such payment."), value=payment)
    return _unmatched(row)


async def next_unmatched(payment: int, *, by: Actor) -> int | None:
    """The payment after this one that waits; None when nothing does."""
    by.require(RIGHT)
    async with reading() as connection:
        found: int | None = await connection.fetchval(_NEXT, payment)
    return found


async def waiting_sum(*, by: Actor) -> Waiting:
    """How much waits for a person."""
    by.require(RIGHT)
    async with reading() as connection:
        rows = {row["aside"]: row for row in await connection.fetch(_COUNTS)}
    one, other = rows.get(False), rows.get(True)
    return Waiting(
        one["count"] if one else 0,
        one["amount"] if one else 0,
        other["count"] if other else 0,
        other["amount"] if other else 0,
    )


async def earlier_payments(payment: Unmatched, *, by: Actor) -> list[Earlier]:
    """What the same bank account paid for before, the latest first."""
    by.require(RIGHT)
    async with reading() as connection:
        return await _earlier(connection, payment)


async def payer_rule(payment: Unmatched, *, by: Actor) -> PayerRule | None:
    """The account that payments of this bank account are for by rule, if any."""
    by.require(RIGHT)
    key = payer_key(payment.payer_account)
    if key is None:
        return None
    async with reading() as connection:
        row = await connection.fetchrow(_RULE, key)
    return PayerRule(**row) if row else None


async def payer_accounts(connection: Any, payment: Unmatched) -> list[str]:
    """The accounts that this payer paid for before."""
    return [earlier.number for earlier in await _earlier(connection, payment)]


async def _earlier(connection: Any, payment: Unmatched) -> list[Earlier]:
    key = payer_key(payment.payer_account)
    if key is None:
        return []
    return [Earlier(**row) for row in await connection.fetch(_BEFORE, key, EARLIER)]


def _unmatched(row: Any) -> Unmatched:
    values = dict(row)
    words = values["recognition"]
    values["recognition"] = Recognition.model_validate(from_json(words)) if words else Recognition()
    values["reason"] = Reason(values["reason"])
    return Unmatched(**values)
