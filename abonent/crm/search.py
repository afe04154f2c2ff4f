"""Finding accounts by whatever was typed; each answer says why it matched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from abonent.crm.typed import Typed, like, read_typed
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction

_EXACT = """
SELECT n.account_id, b.number, r.contract, r.name, r.phone, r.street, r.house, r.flat,
    n.number AS key
FROM billing_account_number n JOIN billing_account b USING (account_id)
LEFT JOIN crm_register r USING (account_id)
WHERE n.number = $1 AND $2 = '' AND $3 = 0::bigint AND $4 > 0
    AND ($5::text[] IS NULL OR r.district = ANY($5))
"""
_BY_NUMBER = """
SELECT *, number AS key FROM crm_register
WHERE number LIKE $5 AND number <> $1
    AND number ~>=~ $2 AND (number ~>~ $2 OR account_id > $3)
    AND ($6::text[] IS NULL OR district = ANY($6))
ORDER BY number USING ~<~, account_id LIMIT $4
"""
_BY_CONTRACT = """
SELECT *, contract AS key FROM crm_register
WHERE contract LIKE $5 AND number NOT LIKE $5 AND $1 <> ''
    AND contract ~>=~ $2 AND (contract ~>~ $2 OR account_id > $3)
    AND ($6::text[] IS NULL OR district = ANY($6))
ORDER BY contract USING ~<~, account_id LIMIT $4
"""
# By any phone of the subscriber; of several that match, the first one speaks for the account.
_BY_PHONE = """
SELECT r.account_id, r.number, r.contract, r.name, f.value AS phone, r.street, r.house, r.flat,
    f.value AS key
FROM crm_contact f
JOIN crm_contract c ON c.subscriber_id = f.subscriber_id
JOIN crm_account a ON a.contract_id = c.id
JOIN crm_register r ON r.account_id = a.account_id
WHERE f.kind = 'phone' AND f.removed_at IS NULL AND (f.value LIKE $5 OR f.value LIKE $6)
    AND r.number NOT LIKE $1 AND r.contract NOT LIKE $1
    AND f.value ~>=~ $2 AND (f.value ~>~ $2 OR r.account_id > $3)
    AND ($7::text[] IS NULL OR r.district = ANY($7))
    AND NOT EXISTS (SELECT 1 FROM crm_contact o WHERE o.subscriber_id = f.subscriber_id
        AND o.kind = 'phone' AND o.removed_at IS NULL AND o.value ~<~ f.value
        AND (o.value LIKE $5 OR o.value LIKE $6))
ORDER BY f.value USING ~<~, r.account_id LIMIT $4
"""
_BY_NAME = """
SELECT *, name_key AS key FROM crm_register
WHERE name_key LIKE $1 AND name_key ~>=~ $2 AND (name_key ~>~ $2 OR account_id > $3)
    AND ($5::text[] IS NULL OR district = ANY($5))
ORDER BY name_key USING ~<~, account_id LIMIT $4
"""
_BY_WORDS = """
SELECT *, name_key AS key FROM crm_register
WHERE name_key ~ $5 AND name_key ~ $6 AND name_key ~ $7 AND name_key NOT LIKE $1
    AND name_key ~>=~ $2 AND (name_key ~>~ $2 OR account_id > $3)
    AND ($8::text[] IS NULL OR district = ANY($8))
ORDER BY name_key USING ~<~, account_id LIMIT $4
"""
_BY_PLACE = """
SELECT *, address_order AS key FROM crm_register
WHERE address_key ~ $5 AND NOT (name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8) AND $1 <> ''
    AND address_order ~>=~ $2 AND (address_order ~>~ $2 OR account_id > $3)
    AND ($9::text[] IS NULL OR district = ANY($9))
ORDER BY address_order USING ~<~, account_id LIMIT $4
"""
_ALIKE = """
SELECT *, name_key AS key FROM crm_register
WHERE $1 <% name_key AND $2 = '' AND $3 = 0::bigint
    AND ($5::text[] IS NULL OR district = ANY($5))
ORDER BY word_similarity($1, name_key) DESC, account_id LIMIT $4
"""
_LOOSER = "SET LOCAL pg_trgm.word_similarity_threshold = 0.4"
_CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
_BY_IDS = """
SELECT b.account_id, b.number, r.contract, r.name, r.phone, r.street, r.house, r.flat,
    b.number AS key
FROM billing_account b LEFT JOIN crm_register r USING (account_id)
WHERE b.account_id = ANY($1::bigint[])
    AND ($2::text[] IS NULL OR r.district = ANY($2))
"""
_MATCHES_NOTHING = "^$."


class Why(StrEnum):
    """Why an account is among the answers."""

    NUMBER = "number"
    CONTRACT = "contract"
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"
    ALIKE = "alike"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Hit:
    """One account that was found; name and place are empty where nobody is named for it.

    `phone` is empty for who may not see phones.
    """

    account_id: int
    number: str
    contract: str
    name: str
    phone: str
    street: str
    house: str
    flat: str
    why: Why


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of answers and the cursor of the next one, None on the last."""

    found: list[Hit]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to read the query: its statement, its first and its further parameters."""

    why: Why
    statement: str
    first: str
    rest: tuple[str, ...] = ()


async def find_accounts(text: str, *, by: Actor, after: str | None = None, limit: int = 25) -> Hits:
    """Find by account or contract number, phone, name or address, the surest reading first.

    `after` is the `next` of the page before. Names that are only alike are looked for when nothing
    else is found.
    """
    by.require("crm.subscriber.view")
    typed = read_typed(text[:200])
    start, key, account = _cursor(after)
    found: list[Hit] = []
    async with transaction() as connection:
        # The plan depends on the pattern: a surname and a single letter want different ones.
        await connection.execute(_CUSTOM_PLANS)
        for place, way in enumerate(_ways(typed)):
            if place < start or len(found) > limit:
                continue
            known = (way.first, key, account, limit + 1 - len(found), *way.rest, _districts(by))
            rows = await connection.fetch(way.statement, *known)
            found += [_hit(row, way.why, by) for row in rows]
            if len(found) > limit:
                kept = limit - len(found) + len(rows)
                edge = (place, rows[kept - 1]) if kept else (place, None)
                return Hits(found[:limit], _edge(*edge))
            key, account = "", 0
        if not found and after is None and typed.readings:
            found = await _alike(connection, typed, limit, by)
    return Hits(found, None)


async def _alike(connection: Any, typed: Typed, limit: int, by: Actor) -> list[Hit]:
    await connection.execute(_LOOSER)
    for reading in typed.readings:
        rows = await connection.fetch(_ALIKE, reading.name, "", 0, min(limit, 10), _districts(by))
        if rows:
            return [_hit(row, Why.ALIKE, by) for row in rows]
    return []


async def hits_of(accounts: list[int], *, by: Actor) -> list[Hit]:
    """The given accounts as answers, in the order given."""
    by.require("crm.subscriber.view")
    async with transaction() as connection:
        rows = await connection.fetch(_BY_IDS, accounts, _districts(by))
    known = {row["account_id"]: _hit(row, Why.RECENT, by) for row in rows}
    return [known[account] for account in accounts if account in known]


def _districts(by: Actor) -> list[str] | None:
    """The last parameter of every statement: where to look, None for everywhere."""
    return None if by.districts is None else sorted(by.districts)


def _ways(typed: Typed) -> Iterator[_Way]:
    """The readings in the order of their certainty; what an earlier one finds, later ones omit."""
    if typed.number:
        prefix = f"{like(typed.number)}%"
        yield _Way(Why.NUMBER, _EXACT, typed.number)
        yield _Way(Why.NUMBER, _BY_NUMBER, typed.number, (prefix,))
        yield _Way(Why.CONTRACT, _BY_CONTRACT, typed.number, (prefix,))
    if typed.phones:
        not_number = f"{like(typed.number)}%" if typed.number else ""
        yield _Way(Why.PHONE, _BY_PHONE, not_number, (typed.phones[0], typed.phones[-1]))
    for reading in typed.readings:
        yield _Way(Why.NAME, _BY_NAME, f"{like(reading.name)}%")
    for reading in typed.readings:
        if reading.words:
            # A name that begins with the query was an answer of the way before.
            yield _Way(Why.NAME, _BY_WORDS, f"{like(reading.name)}%", reading.words)
    for reading in typed.readings:
        if reading.place:
            named = reading.words or (_MATCHES_NOTHING,) * 3
            yield _Way(Why.ADDRESS, _BY_PLACE, typed.text, (reading.place, *named))


def _hit(row: Any, why: Why, by: Actor) -> Hit:
    parts = ("contract", "name", "phone", "street", "house", "flat")
    texts = {part: row[part] or "" for part in parts}
    if not by.may("crm.contact.view"):
        texts["phone"] = ""
    return Hit(row["account_id"], row["number"], **texts, why=why)


def _edge(place: int, row: Any) -> str:
    """The cursor behind a row of a way; before its first row when there is none."""
    if row is None:
        return f"{place}.0."
    return f"{place}.{row['account_id']}.{row['key']}"


def _cursor(after: str | None) -> tuple[int, str, int]:
    place, _, rest = (after or "").partition(".")
    account, _, key = rest.partition(".")
    if not (place.isdecimal() and account.isdecimal()):
        return 0, "", 0
    return int(place), key, int(account)
