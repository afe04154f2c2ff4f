"""Reads of the subscriber's portal: whose a typed number is, the accounts of a contract, where codes go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.kernel.db import reading

# The number of an account names its contract; a contract's number does where no other has it.
_NAMED = """
SELECT c.id FROM crm_account a JOIN crm_contract c ON c.id = a.contract_id
WHERE a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
    AND c.state <> 'draft'
UNION
SELECT c.id FROM crm_contract c WHERE c.number = $1 AND c.state <> 'draft'
    AND NOT EXISTS (SELECT 1 FROM billing_account_number WHERE number = $1)
LIMIT 2
"""
_ACCOUNTS = """
SELECT a.account_id, a.number, p.street, p.house, a.flat
FROM crm_account a JOIN billing_place p ON p.id = a.place_id
WHERE a.contract_id = $1 ORDER BY a.account_id
"""
# While nothing is confirmed, the main ones of the card are what the contract was signed with.
_REACHED = """
SELECT k.id, k.kind, k.value, k.confirmed_at FROM crm_contract c
JOIN crm_contact k ON k.subscriber_id = c.subscriber_id
WHERE c.id = $1 AND k.kind = $2 AND k.removed_at IS NULL
    AND (k.confirmed_at IS NOT NULL OR (k.main AND NOT EXISTS (
        SELECT 1 FROM crm_contact o WHERE o.subscriber_id = c.subscriber_id
            AND o.removed_at IS NULL AND o.confirmed_at IS NOT NULL)))
ORDER BY k.main DESC, k.confirmed_at DESC NULLS LAST, k.id LIMIT 1
"""

_OWN_CONTACT = """
SELECT k.id, k.kind, k.value, k.confirmed_at FROM crm_contract c
JOIN crm_contact k ON k.subscriber_id = c.subscriber_id
WHERE c.id = $1 AND k.id = $2 AND k.removed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account of a contract and where it stands."""

    account_id: int
    number: str
    street: str
    house: str
    flat: str


@dataclass(frozen=True, slots=True)
class Reached:
    """The contact that a code goes to."""

    id: int
    kind: str
    value: str
    confirmed_at: datetime | None


async def contract_named(number: str) -> int | None:
    """The contract that a number of an account or of a contract names; None for no or several."""
    async with reading() as connection:
        rows = await connection.fetch(_NAMED, number)
    return int(rows[0]["id"]) if len(rows) == 1 else None


async def accounts_of_contract(contract: int) -> list[OwnAccount]:
    """The accounts of a contract, the oldest first."""
    async with reading() as connection:
        return [OwnAccount(**row) for row in await connection.fetch(_ACCOUNTS, contract)]


async def reached_by(contract: int, kind: str) -> Reached | None:
    """The contact of a kind ("phone" or "email") that a sign-in code may go to.

    It is the confirmed one, the main one first; where the subscriber has confirmed nothing yet, the
    main one of the card.
    """
    async with reading() as connection:
        row: Any = await connection.fetchrow(_REACHED, contract, kind)
    return None if row is None else Reached(**row)


async def own_contact(contract: int, contact: int) -> Reached | None:
    """A contact of the contract's subscriber by its id, None where it is gone or another's."""
    async with reading() as connection:
        row: Any = await connection.fetchrow(_OWN_CONTACT, contract, contact)
    return None if row is None else Reached(**row)
