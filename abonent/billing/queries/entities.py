"""The provider's legal entities with their requisites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abonent.billing.errors import LegalEntityNotFound
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.requisites import Requisites

_ALL = "SELECT * FROM billing_legal_entity ORDER BY id"
_ONE = "SELECT * FROM billing_legal_entity WHERE code = $1"
_OF_ACCOUNT = """
SELECT e.* FROM billing_legal_entity e JOIN billing_account a ON a.legal_entity_id = e.id
WHERE a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
"""


@dataclass(frozen=True, slots=True)
class Entity:
    """A company of the provider; `tax_code` names the tax inside what it takes in advance."""

    id: int
    code: str
    requisites: Requisites
    tax_code: str


async def legal_entities(*, by: Actor) -> list[Entity]:
    """Return every legal entity in the order they were made."""
    by.require("billing.account.view")
    async with reading() as connection:
        rows = await connection.fetch(_ALL)
    return [entity_of_row(row) for row in rows]


async def legal_entity(code: str, *, by: Actor) -> Entity:
    """Return one by its code. Raises LegalEntityNotFound."""
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, code)
    if row is None:
        raise LegalEntityNotFound(code)
    return entity_of_row(row)


async def legal_entity_of(number: str, *, by: Actor) -> Entity:
    """Return the one an account belongs to, by the account's number. Raises LegalEntityNotFound."""
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_OF_ACCOUNT, number)
    if row is None:
        raise LegalEntityNotFound(number)
    return entity_of_row(row)


def entity_of_row(row: Any) -> Entity:
    """Return what a row of billing_legal_entity says."""
    texts = {name: row[name] for name in Requisites.__dataclass_fields__}
    return Entity(row["id"], row["code"], Requisites(**texts), row["tax_code"])
