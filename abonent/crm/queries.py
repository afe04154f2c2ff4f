"""Reads about people: whose an account is and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_FACE = """
SELECT a.account_id, a.number, a.flat, s.id AS subscriber, s.kind, s.name, s.tax_id, s.phone, s.email,
    c.number AS contract, c.signed_on, p.id AS place, p.district, p.street, p.house
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
JOIN billing_place p ON p.id = a.place_id
WHERE a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
"""
_NAMES = "SELECT number, name FROM crm_register WHERE number = ANY($1::text[])"


@dataclass(frozen=True, slots=True)
class Face:
    """Whose an account is, under which contract, and where it stands."""

    account_id: int
    number: str
    flat: str
    subscriber: int
    kind: str
    name: str
    tax_id: str
    phone: str
    email: str
    contract: str
    signed_on: date
    place: int
    district: str
    street: str
    house: str


async def face_of(number: str, *, by: Actor) -> Face | None:
    """The subscriber behind an account, None for an account nobody is named for."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = await connection.fetchrow(_FACE, number)
    return None if row is None else Face(**row)


async def names_by_number(numbers: Sequence[str], *, by: Actor) -> dict[str, str]:
    """Whose the accounts with these numbers are; those that nobody is named for are left out."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        rows = await connection.fetch(_NAMES, list(numbers))
    return {row["number"]: row["name"] for row in rows if row["name"]}
