"""Finding accounts by whatever was typed; each answer says why it matched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import asyncpg

from abonent.crm.typed import LEAST_WORD, Reading, Typed, as_name, like, read_typed
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
# Begins with one of the words and has the others: the index begins at the right letter.
_BY_FIRST = """
SELECT *, name_key AS key FROM crm_register
WHERE name_key LIKE $5 AND name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8
    AND name_key NOT LIKE $1 AND NOT name_key LIKE ANY($9::text[])
    AND name_key ~>=~ $2 AND (name_key ~>~ $2 OR account_id > $3)
    AND ($10::text[] IS NULL OR district = ANY($10))
ORDER BY name_key USING ~<~, account_id LIMIT $4
"""
_BY_WORDS = """
SELECT *, name_key AS key FROM crm_register
WHERE name_key ~ $5 AND name_key ~ $6 AND name_key ~ $7
    AND name_key NOT LIKE $1 AND NOT name_key LIKE ANY($8::text[])
    AND name_key ~>=~ $2 AND (name_key ~>~ $2 OR account_id > $3)
    AND ($9::text[] IS NULL OR district = ANY($9))
ORDER BY name_key USING ~<~, account_id LIMIT $4
"""
# The street begins with the first word: read in the order of addresses, as far as the limit.
_BY_STREET = """
SELECT *, address_order AS key FROM crm_register
WHERE address_order LIKE $9 AND address_key ~ $5
    AND NOT (name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8) AND $1 <> ''
    AND address_order ~>=~ $2 AND (address_order ~>~ $2 OR account_id > $3)
    AND ($10::text[] IS NULL OR district = ANY($10))
ORDER BY address_order USING ~<~, account_id LIMIT $4
"""
_BY_PLACE = """
SELECT *, address_order AS key FROM crm_register
WHERE address_key ~ $5 AND NOT (name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8) AND $1 <> ''
    AND address_order NOT LIKE $9
    AND address_order ~>=~ $2 AND (address_order ~>~ $2 OR account_id > $3)
    AND ($10::text[] IS NULL OR district = ANY($10))
ORDER BY address_order USING ~<~, account_id LIMIT $4
"""
_LOOSER = "SET LOCAL pg_trgm.similarity_threshold = 0.25"
_KNOWN_WORD = "SELECT EXISTS (SELECT FROM crm_name_word WHERE word LIKE $1)"
_ALIKE_WORDS = """
SELECT word FROM crm_name_word WHERE word % $1 AND word <> $1
ORDER BY similarity(word, $1) DESC, word LIMIT $2
"""
_NO_LONGER = "SET LOCAL statement_timeout = 1000"
_CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
_BY_IDS = """
SELECT b.account_id, b.number, r.contract, r.name, r.phone, r.street, r.house, r.flat,
    b.number AS key
FROM billing_account b LEFT JOIN crm_register r USING (account_id)
WHERE b.account_id = ANY($1::bigint[])
    AND ($2::text[] IS NULL OR r.district = ANY($2))
"""
_MATCHES_NOTHING = "^$."
ALIKE = 10
MEANT = 4
"""So many words are tried in the place of one that no name has."""
LEAST_MENDED = 4


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
    """A page of answers and the cursor of the next one, None on the last.

    `cut` says that looking took too long, and more may match.
    """

    found: list[Hit]
    next: str | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to read the query: its statement, its first and its further parameters."""

    why: Why
    statement: str
    first: str
    rest: tuple[Any, ...] = ()


async def find_accounts(text: str, *, by: Actor, after: str | None = None, limit: int = 25) -> Hits:
    """Find by account or contract number, phone, name or address, the surest reading first.

    `after` is the `next` of the page before. Names that are only alike are looked for when nothing
    else is found.
    """
    by.require("crm.subscriber.view")
    looking = _Looking(read_typed(text[:200]), by, limit)
    try:
        async with transaction() as connection:
            # The plan depends on the pattern: a surname and a single letter want different ones.
            await connection.execute(_CUSTOM_PLANS)
            await connection.execute(_NO_LONGER)
            following = await looking.read_ways(connection, after)
            if not looking.found and after is None:
                await looking.mend_slip(connection)
    except asyncpg.QueryCanceledError:
        return Hits(looking.found[:limit], None, cut=True)
    return Hits(looking.found[:limit], following)


@dataclass(slots=True)
class _Looking:
    """One look for what was typed, and what it has found."""

    typed: Typed
    by: Actor
    limit: int
    found: list[Hit] = field(default_factory=list)

    async def read_ways(self, connection: Any, after: str | None) -> str | None:
        """Add what is found in any way of reading; return the cursor of what follows the limit."""
        start, key, account = _cursor(after)
        for place, way in enumerate(_ways(self.typed)):
            if place < start:
                continue
            rows = await self._rows(connection, way, self.limit + 1, (key, account))
            self.found += [_hit(row, way.why, self.by) for row in rows]
            if len(self.found) > self.limit:
                kept = self.limit - len(self.found) + len(rows)
                return _edge(place, rows[kept - 1] if kept else None)
            key, account = "", 0
        return None

    async def mend_slip(self, connection: Any) -> None:
        """Add whom the line would find without a slip of the hand, the likeliest first."""
        await connection.execute(_LOOSER)
        most = min(self.limit, ALIKE)
        meant = [await _meant(connection, reading.name) for reading in self.typed.readings]
        for way in _named([as_name(name) for names in meant for name in names]):
            if len(self.found) < most:
                rows = await self._rows(connection, way, most, ("", 0))
                seen = {hit.account_id for hit in self.found}
                new = [_hit(row, Why.ALIKE, self.by) for row in rows]
                self.found += [hit for hit in new if hit.account_id not in seen]

    async def _rows(
        self, connection: Any, way: _Way, most: int, edge: tuple[str, int]
    ) -> list[Any]:
        """What one way finds behind an edge, while there is room."""
        known = (way.first, *edge, most - len(self.found), *way.rest, _districts(self.by))
        rows: list[Any] = await connection.fetch(way.statement, *known)
        return rows


async def _meant(connection: Any, name: str) -> list[str]:
    """The line with its first unknown word replaced by known ones that are like it."""
    words = name.split()
    for place, word in enumerate(words):
        if len(word) < LEAST_MENDED or not word.isalpha():
            continue
        if not await connection.fetchval(_KNOWN_WORD, f"{like(word)}%"):
            rows = await connection.fetch(_ALIKE_WORDS, word, MEANT)
            return [" ".join((*words[:place], row["word"], *words[place + 1 :])) for row in rows]
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
    yield from _named(typed.readings)
    for reading in typed.readings:
        if reading.place:
            named = reading.words or (_MATCHES_NOTHING,) * 3
            street = f"{like(reading.street)}%" if reading.street else ""
            rest = (reading.place, *named, street)
            if street:
                yield _Way(Why.ADDRESS, _BY_STREET, typed.text, rest)
            yield _Way(Why.ADDRESS, _BY_PLACE, typed.text, rest)


def _named(readings: Sequence[Reading]) -> Iterator[_Way]:
    """The readings as names; what begins with the whole line or one of its words comes first."""
    for reading in readings:
        yield _Way(Why.NAME, _BY_NAME, f"{like(reading.name)}%")
    for reading in readings:
        whole, begun = f"{like(reading.name)}%", [f"{like(word)}%" for word in reading.firsts]
        for place, begins in enumerate(begun):
            yield _Way(Why.NAME, _BY_FIRST, whole, (begins, *reading.words, begun[:place]))
        # While the last of several words is being begun, names that begin otherwise can wait.
        if reading.words and not (begun and len(reading.name.split()[-1]) < LEAST_WORD):
            yield _Way(Why.NAME, _BY_WORDS, whole, (*reading.words, begun))


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
