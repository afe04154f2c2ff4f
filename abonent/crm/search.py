"""Finding accounts by whatever was typed; each answer says why it matched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from abonent.crm.rules.people import name_key
from abonent.crm.typed import Typed, as_name, read_typed
from abonent.crm.ways import (
    FURTHER,
    NAMES_DUG,
    Way,
    Why,
    is_word,
    known_words,
    ways_of,
    ways_of_names,
    ways_of_payer,
)
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction

_LOOSER = "SET LOCAL pg_trgm.similarity_threshold = 0.25"
_UNKNOWN_WORDS = """
SELECT word FROM unnest($1::text[]) word
WHERE NOT EXISTS (SELECT FROM crm_name_word k
    WHERE k.word ~>=~ word.word AND k.word ~<~ (word.word || chr(1114111)))
"""
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
_BETWEEN = re.compile(r"[\W_]+")
ALIKE = 10
MEANT = 4
"""So many words are tried in the place of one that no name has."""
LEAST_MENDED = 4


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
    unknown: frozenset[str] = frozenset()
    """Words that no name has."""

    async def read_ways(self, connection: Any, after: str | None) -> str | None:
        """Add what is found in any way of reading; return the cursor of what follows the limit."""
        start, key, account = _cursor(after)
        await self.learn_unknown(
            connection, [word for reading in self.typed.readings for word in known_words(reading)]
        )
        for place, way in enumerate(ways_of(self.typed, self.unknown)):
            if place < start or self.unknown.intersection(way.words):
                continue
            rows = await self.rows(connection, way, self.limit + 1, (key, account))
            self.found += [_hit(row, way.why, self.by) for row in rows]
            if len(self.found) > self.limit:
                kept = self.limit - len(self.found) + len(rows)
                return _edge(place, rows[kept - 1] if kept else None)
            key, account = "", 0
        return None

    async def learn_unknown(self, connection: Any, words: Sequence[str]) -> None:
        """Find out which of the words no name begins with."""
        if asked := sorted({word for word in words if is_word(word)}):
            rows = await connection.fetch(_UNKNOWN_WORDS, asked)
            self.unknown = frozenset(row["word"] for row in rows)

    async def mend_slip(self, connection: Any) -> None:
        """Add whom the line would find without a slip of the hand, the likeliest first."""
        await connection.execute(_LOOSER)
        most = min(self.limit, ALIKE)
        meant = [await self.meant(connection, reading.name) for reading in self.typed.readings]
        for way in ways_of_names([as_name(name) for names in meant for name in names]):
            if len(self.found) < most:
                rows = await self.rows(connection, way, most, ("", 0))
                seen = {hit.account_id for hit in self.found}
                new = [_hit(row, Why.ALIKE, self.by) for row in rows]
                self.found += [hit for hit in new if hit.account_id not in seen]

    async def rows(self, connection: Any, way: Way, most: int, edge: tuple[str, int]) -> list[Any]:
        """What one way finds behind an edge, while there is room."""
        room = most - len(self.found)
        known = (way.first, *edge, room, *way.rest, _districts(self.by))
        rows: list[Any] = await connection.fetch(way.statement, *known)
        if not way.further or len(rows) == room:
            return rows
        if await connection.fetchval(FURTHER, edge[0], *way.further):
            rows = await connection.fetch(NAMES_DUG, *known)
        return rows

    async def meant(self, connection: Any, name: str) -> list[str]:
        """The line with its first unknown word replaced by known ones that are like it."""
        words = name.split()
        for place, word in enumerate(words):
            if len(word) >= LEAST_MENDED and word in self.unknown:
                rows = await connection.fetch(_ALIKE_WORDS, word, MEANT)
                return [" ".join((*words[:place], r["word"], *words[place + 1 :])) for r in rows]
        return []


async def accounts_named(name: str, *, most: int) -> list[str]:
    """Return the numbers of accounts whose subscriber is named so, or nearly so.

    Words are compared from their beginnings, whatever stands between them: “Petrov A.B.” is
    anybody whose other names begin with these letters. The caller has checked its right.
    """
    words = _BETWEEN.sub(" ", name_key(name)).split()
    looking = _Looking(read_typed(" ".join(words)), SYSTEM, most)
    async with transaction() as connection:
        await connection.execute(_CUSTOM_PLANS)
        await looking.learn_unknown(connection, words)
        if looking.unknown:
            await connection.execute(_LOOSER)
            meant = await looking.meant(connection, " ".join(words))
            words = meant[0].split() if meant else words
        short = [*words[:1], *(word[:1] for word in words[1:])]
        for way in ways_of_payer(as_name(" ".join(line)) for line in (words, short) if line):
            if rows := await looking.rows(connection, way, most, ("", 0)):
                return [row["number"] for row in rows]
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
