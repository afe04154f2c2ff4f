"""Reads about people: whose an account is and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from abonent.crm.queries.identity import STANDING, actor_code, standing_from
from abonent.crm.rules.identity import Standing
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_FACE = """
SELECT a.account_id, a.number, a.flat, a.entrance, a.floor, a.version, s.id AS subscriber, s.kind,
    s.name, s.tax_id, s.phone, s.email, c.number AS contract, c.signed_on, c.state AS contract_state,
    c.ends_on AS contract_ends_on, p.id AS place, p.district, p.street, p.house
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
JOIN billing_place p ON p.id = a.place_id
WHERE a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
"""
_HEAD = """
SELECT a.account_id, a.number, a.flat, a.entrance, a.floor, a.version, s.id AS subscriber, s.kind,
    s.name, s.tax_id, s.phone, s.email, c.number AS contract, c.signed_on, c.state AS contract_state,
    c.ends_on AS contract_ends_on, p.id AS place, p.district, p.street, p.house,
    ARRAY(SELECT text FROM crm_note WHERE account_id = n.account_id AND pinned
        AND removed_at IS NULL ORDER BY id DESC LIMIT 3) AS notes,
    (SELECT count(*) FROM billing_parked_payment WHERE account = $1 AND settled_at IS NULL)
        AS unmatched,
    (SELECT CASE WHEN state = 'broken' THEN ends_on END FROM billing_promise
        WHERE account_id = n.account_id AND state <> 'replaced' AND NOT automatic
        ORDER BY no DESC LIMIT 1) AS broken_on,
    r.identity_mode AS mode, r.identity_minutes AS minutes, k.level, k.way, k.at, k.until
FROM billing_account_number n CROSS JOIN crm_conversation_rule r
LEFT JOIN crm_account a ON a.account_id = n.account_id
LEFT JOIN crm_contract c ON c.id = a.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
LEFT JOIN billing_place p ON p.id = a.place_id
LEFT JOIN LATERAL (
    SELECT level, way, at, until FROM crm_identity_check
    WHERE actor = $2 AND until > $3 AND account_id = n.account_id
    ORDER BY level DESC, id DESC LIMIT 1
) k ON true
WHERE n.number = $1
"""
_NAMES = "SELECT number, name FROM crm_register WHERE number = ANY($1::text[])"
_SHARING = """
SELECT a.number, p.street, p.house, a.flat, c.number AS contract
FROM crm_contract c JOIN crm_account a ON a.contract_id = c.id
JOIN billing_place p ON p.id = a.place_id
WHERE c.subscriber_id = $1 AND a.number <> $2 AND ($3::text[] IS NULL OR p.district = ANY($3))
ORDER BY a.number LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Face:
    """Whose an account is, under which contract, and where it stands.

    `version` is that of the flat. `phone` and `email` are whole: pages show contacts as
    `contacts_of` gives them.
    """

    account_id: int
    number: str
    flat: str
    entrance: int | None
    floor: int | None
    version: int
    subscriber: int
    kind: str
    name: str
    tax_id: str
    phone: str
    email: str
    contract: str
    signed_on: date
    contract_state: str
    contract_ends_on: date | None
    place: int
    district: str
    street: str
    house: str


@dataclass(frozen=True, slots=True)
class Openings:
    """What the head of a card must not let anybody forget.

    Pinned notes, payments that wait for a person, the day the latest promise was broken on, and how
    sure the reader is of who asks.
    """

    notes: tuple[str, ...] = ()
    unmatched: int = 0
    broken_on: date | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another account of the same subscriber."""

    number: str
    street: str
    house: str
    flat: str
    contract: str


async def face_of(number: str, *, by: Actor) -> Face | None:
    """The subscriber behind an account, None for an account nobody is named for.

    Outside the actor's districts nobody is.
    """
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = await connection.fetchrow(_FACE, number)
    return None if row is None or not by.sees(row["district"]) else Face(**row)


async def head_of(number: str, *, by: Actor) -> tuple[Face | None, Openings]:
    """The subscriber behind an account and what is open on it."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = await connection.fetchrow(_HEAD, number, actor_code(by), clock.now())
    if row is None:
        return None, Openings()
    values = dict(row)
    opened = {name: values.pop(name) for name in ("notes", "unmatched", "broken_on")}
    standing = standing_from({name: values.pop(name) for name in STANDING})
    face = Face(**values) if values["account_id"] is not None else None
    opened["notes"] = tuple(opened["notes"])
    return face, Openings(**opened, standing=standing)


async def names_by_number(numbers: Sequence[str], *, by: Actor) -> dict[str, str]:
    """Whose the accounts with these numbers are; those that nobody is named for are left out."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        rows = await connection.fetch(_NAMES, list(numbers))
    return {row["number"]: row["name"] for row in rows if row["name"]}


async def siblings_of(face: Face, *, by: Actor) -> list[Sibling]:
    """The other accounts of an account's subscriber in the actor's districts, at most twenty."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        own = None if by.districts is None else sorted(by.districts)
        rows = await connection.fetch(_SHARING, face.subscriber, face.number, own)
    return [Sibling(**row) for row in rows]
