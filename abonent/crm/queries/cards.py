"""Reads of an account's card: contract, equipment, scans, notes, what is open, its building."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_CONTRACT = """
SELECT c.id, c.number, c.signed_on, c.state, c.ends_on, c.border, c.border_text, c.version,
    e.name AS entity, e.code AS entity_code
FROM crm_contract c JOIN billing_legal_entity e ON e.id = c.legal_entity_id
WHERE c.id = (SELECT contract_id FROM crm_account WHERE account_id = $1)
"""
_OWNERS = """
SELECT o.no, o.day, o.balance, o.debt_taken, o.act, f.number AS from_number, t.number AS to_number,
    fs.name AS from_name, ts.name AS to_name
FROM crm_owner_change o
JOIN crm_contract f ON f.id = o.from_contract JOIN crm_subscriber fs ON fs.id = f.subscriber_id
JOIN crm_contract t ON t.id = o.to_contract JOIN crm_subscriber ts ON ts.id = t.subscriber_id
WHERE o.account_id = $1 ORDER BY o.no DESC
"""
_EQUIPMENT = """
SELECT id, kind, model, serial, mac, owner, given_on, returned_on, state, deposit, comment, version
FROM crm_equipment WHERE account_id = $1 ORDER BY returned_on IS NOT NULL, given_on DESC, id DESC
"""
_SCANS = """
SELECT id, kind, name, media, size, dated_on, added_at, added_by, removed_at, removed_by, removal
FROM crm_scan WHERE account_id = $1 ORDER BY removed_at IS NOT NULL, added_at DESC, id DESC
"""
_NOTES = """
SELECT id, text, pinned, added_at, added_by, version FROM crm_note
WHERE account_id = $1 AND removed_at IS NULL ORDER BY pinned DESC, id DESC LIMIT 50
"""
_PINNED = """
SELECT id, text, pinned, added_at, added_by, version FROM crm_note
WHERE account_id = $1 AND pinned AND removed_at IS NULL ORDER BY id DESC LIMIT 3
"""

_PLAN = """
SELECT n.pattern, n.version FROM crm_number_plan n
JOIN billing_legal_entity e ON e.id = n.legal_entity_id WHERE e.code = $1 AND n.kind = $2
"""


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract of an account."""

    id: int
    number: str
    signed_on: date
    state: str
    ends_on: date | None
    border: str
    border_text: str
    version: int
    entity: str
    entity_code: str


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A change of owner that an account went through."""

    no: int
    day: date
    balance: int
    debt_taken: bool
    act: str
    from_number: str
    to_number: str
    from_name: str
    to_name: str


@dataclass(frozen=True, slots=True)
class Equipment:
    """A device on an account, given out or taken back."""

    id: int
    kind: str
    model: str
    serial: str
    mac: str
    owner: str
    given_on: date
    returned_on: date | None
    state: str
    deposit: int
    comment: str
    version: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A paper's picture; of a removed one only the row is left."""

    id: int
    kind: str
    name: str
    media: str
    size: int
    dated_on: date | None
    added_at: datetime
    added_by: str
    removed_at: datetime | None
    removed_by: str
    removal: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note on an account."""

    id: int
    text: str
    pinned: bool
    added_at: datetime
    added_by: str
    version: int


async def contract_of(account: int, *, by: Actor) -> Contract | None:
    """The contract of an account, None where nobody is named for it."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = await connection.fetchrow(_CONTRACT, account)
    return None if row is None else Contract(**row)


async def owner_changes_of(account: int, *, by: Actor) -> list[OwnerChange]:
    """The owners an account had, the latest change first."""
    return [OwnerChange(**row) for row in await _rows(_OWNERS, account, by)]


async def equipment_of(account: int, *, by: Actor) -> list[Equipment]:
    """The devices of an account, those given out first."""
    return [Equipment(**row) for row in await _rows(_EQUIPMENT, account, by)]


async def scans_of(account: int, *, by: Actor) -> list[Scan]:
    """The scans of an account, the latest first; needs the right to see documents."""
    by.require("crm.document.view")
    return [Scan(**row) for row in await _rows(_SCANS, account, by)]


async def notes_of(account: int, *, by: Actor) -> list[Note]:
    """The notes on an account, pinned ones first, at most fifty."""
    return [Note(**row) for row in await _rows(_NOTES, account, by)]


async def pinned_notes(account: int, *, by: Actor) -> list[Note]:
    """The three latest pinned notes: they stand in the head of the card."""
    return [Note(**row) for row in await _rows(_PINNED, account, by)]


async def _rows(statement: str, account: int, by: Actor) -> list[Any]:
    by.require("crm.subscriber.view")
    async with reading() as connection:
        rows: list[Any] = await connection.fetch(statement, account)
    return rows


async def number_plan_of(entity: str, kind: str, *, by: Actor) -> tuple[str, int]:
    """The pattern that a legal entity numbers by and its version; nothing and 0 without a plan."""
    by.require("crm.plan.edit")
    async with reading() as connection:
        row = await connection.fetchrow(_PLAN, entity, kind)
    return (row["pattern"], row["version"]) if row else ("", 0)
