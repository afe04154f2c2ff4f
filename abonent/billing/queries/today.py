"""The few numbers that say how the open day goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_

_TAKEN = """
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount
FROM billing_inbox WHERE day = (SELECT day FROM billing_installation)
"""
_PARKED = """
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount
FROM billing_parked_payment WHERE settled_at IS NULL
"""
_PARKED_ROW = """
SELECT p.id, p.source, p.external_id, p.account, p.amount, p.reason, p.received_at,
    k.amount AS known_amount, k.day AS known_day, k.entry_no AS known_entry,
    a.number AS known_account
FROM billing_parked_payment p
LEFT JOIN billing_inbox k ON k.source = p.source AND k.external_id = p.external_id
LEFT JOIN billing_account a ON a.account_id = k.account_id
"""
_WAITING = _PARKED_ROW + "WHERE p.settled_at IS NULL AND p.id > $1 ORDER BY p.id LIMIT $2"
_ONE = _PARKED_ROW + "WHERE p.id = $1"


@dataclass(frozen=True, slots=True)
class Sum:
    """How many, and their money in minor units."""

    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A payment that waits for a person, and the one it differs from ("known")."""

    id: int
    source: str
    external_id: str
    account: str
    amount: int
    reason: str
    received_at: datetime
    known_account: str | None
    known_amount: int | None
    known_day: date | None
    known_entry: int | None


async def taken_today(*, by: Actor) -> Sum:
    """The payments taken on the open day, whatever their source."""
    by.require("billing.payment.take")
    async with reading() as connection:
        return Sum(**await connection.fetchrow(_TAKEN))


async def parked_sum(*, by: Actor) -> Sum:
    """The payments that wait for a person."""
    by.require("billing.payment.take")
    async with reading() as connection:
        return Sum(**await connection.fetchrow(_PARKED))


async def parked_payments(*, by: Actor, after: int = 0, limit: int = 50) -> list[Parked]:
    """The payments that wait for a person, in the order they came, following `after`."""
    by.require("billing.payment.take")
    async with reading() as connection:
        return [Parked(**row) for row in await connection.fetch(_WAITING, after, limit)]


async def parked_payment(parked: int, *, by: Actor) -> Parked:
    """One of them, settled or not; raises NotFound."""
    by.require("billing.payment.take")
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, parked)
    if row is None:
        raise NotFound("NOT_FOUND", N_("There is no such disputed payment."), value=parked)
    return Parked(**row)
