"""Reads of who a subscriber is: particulars, the masked identity document, contacts and consents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from abonent.crm.masking import masked_contact, masked_text
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_PERSON = """
SELECT s.id, s.kind, s.name, s.tax_id, s.kpp, s.ogrn, s.bank_bic, s.bank_account, s.legal_address,
    s.signatory, s.signs_by, s.born_on, s.version, i.kind AS identity_kind,
    i.number AS identity_number, i.version AS identity_version
FROM crm_subscriber s LEFT JOIN crm_identity i ON i.subscriber_id = s.id
WHERE s.id = $1
"""
_CONTACTS = """
SELECT id, kind, value, label, main, confirmed_at, version FROM crm_contact
WHERE subscriber_id = $1 AND removed_at IS NULL
ORDER BY array_position(ARRAY['phone', 'email', 'messenger'], kind), main DESC, id
"""
_CONSENTS = """
SELECT id, purpose, channel, proof, since, till, withdrawn_at, withdrawal, version
FROM crm_consent WHERE subscriber_id = $1
ORDER BY withdrawn_at IS NOT NULL, purpose, since DESC, id DESC LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who a subscriber is. Of the identity document only its kind and last digits are here."""

    id: int
    kind: str
    name: str
    tax_id: str
    kpp: str
    ogrn: str
    bank_bic: str
    bank_account: str
    legal_address: str
    signatory: str
    signs_by: str
    born_on: date | None
    version: int
    identity_kind: str | None
    identity_shown: str
    identity_version: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach a subscriber; `shown` is masked: the whole one is revealed by a use case."""

    id: int
    kind: str
    shown: str
    label: str
    main: bool
    confirmed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Consent:
    """What a subscriber agreed to; `holds` tells whether it does at this instant."""

    id: int
    purpose: str
    channel: str
    proof: str
    since: datetime
    till: datetime | None
    withdrawn_at: datetime | None
    withdrawal: str
    version: int
    holds: bool


async def person_of(subscriber: int, *, by: Actor) -> Person:
    """The particulars of a subscriber; birth date and requisites only for who may see documents."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = dict(await connection.fetchrow(_PERSON, subscriber))
    shown = masked_text(row.pop("identity_number") or "")
    row["identity_version"] = row["identity_version"] or 0
    if not by.may("crm.document.view"):
        row |= {"born_on": None, "bank_account": masked_text(row["bank_account"])}
        row["tax_id"] = row["tax_id"] if row["kind"] == "company" else masked_text(row["tax_id"])
    return Person(**row, identity_shown=shown)


async def contacts_of(subscriber: int, *, by: Actor) -> list[Contact]:
    """The contacts of a subscriber, masked, phones first and the main ones before the others."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        rows = [dict(row) for row in await connection.fetch(_CONTACTS, subscriber)]
    for row in rows:
        row["shown"] = masked_contact(row["kind"], row.pop("value"))
    return [Contact(**row) for row in rows]


async def consents_of(subscriber: int, *, by: Actor) -> list[Consent]:
    """The consents of a subscriber, those that hold first."""
    by.require("crm.subscriber.view")
    now = clock.now()
    async with reading() as connection:
        rows = await connection.fetch(_CONSENTS, subscriber)
    return [Consent(**row, holds=_holds(row["since"], row["till"], now)) for row in rows]


def _holds(since: datetime, till: datetime | None, now: datetime) -> bool:
    return since <= now and (till is None or now < till)
