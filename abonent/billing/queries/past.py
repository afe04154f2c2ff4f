"""What an account has behind it: promises, freezes, and payments that came before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import is_reached
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_PROMISES = """
SELECT p.no, coalesce(o.name, '') AS offer, p.amount, p.fee, p.granted_on, p.ends_on, p.state,
    p.automatic, p.channel
FROM billing_promise p LEFT JOIN billing_offer o ON o.code = p.offer
WHERE p.account_id = $1 ORDER BY p.no DESC
"""
_FREEZES = """
SELECT no, starts_on, ends_on, reason FROM billing_freeze
WHERE account_id = $1 ORDER BY starts_on DESC, no DESC
"""
_KNOWN = """
SELECT n.number, i.entry_no AS no, i.amount, e.actor, e.created_at
FROM billing_inbox i
JOIN billing_account n ON n.account_id = i.account_id
JOIN billing_entry e ON e.account_id = i.account_id AND e.day = i.day AND e.no = i.entry_no
WHERE i.source = $1 AND i.external_id = $2
"""
_LATELY = """
SELECT n.number, e.no, e.amount, e.actor, e.created_at
FROM billing_entry e JOIN billing_account n ON n.account_id = e.account_id
WHERE e.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
    AND e.day = (SELECT day FROM billing_installation)
    AND e.kind = 'payment' AND e.amount = $2 AND e.created_at > $3
ORDER BY e.no DESC LIMIT 1
"""
_AFTER = """
SELECT n.number, e.no, e.amount, e.actor, e.created_at
FROM billing_entry e JOIN billing_account n ON n.account_id = e.account_id
WHERE e.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
    AND e.day = (SELECT day FROM billing_installation) AND e.kind = 'payment' AND e.no > $2
ORDER BY e.no DESC LIMIT 5
"""
_LAST = """
SELECT coalesce(max(no), 0) FROM billing_entry
WHERE account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
    AND day = (SELECT day FROM billing_installation)
"""


@dataclass(frozen=True, slots=True)
class PastPromise:
    """A promised payment as it was given and what became of it; `until` ends it by its opening."""

    no: int
    offer: str
    amount: int
    fee: int
    granted_on: date
    ends_on: date
    state: str
    automatic: bool
    channel: str


@dataclass(frozen=True, slots=True)
class PastFreeze:
    """A freeze on [starts_on, ends_on); one taken back before its start holds no day."""

    no: int
    starts_on: date
    ends_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class PastPayment:
    """A payment that was taken: on which account, as which entry, by whom and when."""

    number: str
    no: int
    amount: int
    actor: str
    created_at: datetime


async def past_of(number: str, *, by: Actor) -> tuple[list[PastPromise], list[PastFreeze]]:
    """All promises and freezes of an account, the latest first."""
    by.require("billing.account.view")
    async with reading() as connection:
        account = await account_id(connection, number)
        promises = [PastPromise(**row) for row in await connection.fetch(_PROMISES, account)]
        freezes = [PastFreeze(**row) for row in await connection.fetch(_FREEZES, account)]
    return promises, freezes


async def payment_known(source: str, external_id: str, *, by: Actor) -> PastPayment | None:
    """The payment that a source has sent under an id before, on an account that exists for the actor."""
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_KNOWN, source, external_id)
    if row is None or not await is_reached(row["number"], by=by):
        return None
    return PastPayment(**row)


async def same_payment(
    number: str, *, by: Actor, amount: int, since: datetime
) -> PastPayment | None:
    """The latest payment of just this amount that the account got since an instant."""
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_LATELY, number, amount, since)
    return None if row is None else PastPayment(**row)


async def payments_after(number: str, no: int, *, by: Actor) -> list[PastPayment]:
    """The payments that the account got today after an entry, the latest first, five at most."""
    by.require("billing.account.view")
    async with reading() as connection:
        return [PastPayment(**row) for row in await connection.fetch(_AFTER, number, no)]


async def last_entry_today(number: str, *, by: Actor) -> int:
    """The number of the account's last entry of the open day; 0 before the first one."""
    by.require("billing.account.view")
    async with reading() as connection:
        return int(await connection.fetchval(_LAST, number))
