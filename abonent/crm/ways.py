"""The ways to read a typed line: a statement each, the surest first.

What an earlier way finds, the later ones leave out, so that answers can be read page by page.
Every statement takes what was typed, the key and the account that the page before ended with, and
the most rows; then its own parameters; the districts to keep to, or null, come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from abonent.crm.typed import LEAST_WORD, Reading, Typed, like

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
FROM crm_contact f JOIN crm_register r ON r.subscriber_id = f.subscriber_id
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
_NAMES = """
SELECT r.*, s.name_key AS key FROM ({}) s JOIN crm_register r ON r.subscriber_id = s.id
WHERE s.name_key LIKE ALL($10::text[]) AND s.name_key ~ $6 AND s.name_key ~ $7 AND s.name_key ~ $8
    AND s.name_key NOT LIKE $1 AND NOT s.name_key LIKE ANY($9::text[])
    AND (s.name_key ~>~ $2 OR r.account_id > $3)
    AND ($12::text[] IS NULL OR r.district = ANY($12))
ORDER BY s.name_key USING ~<~, r.account_id LIMIT $4
"""
# Common words are soon met on a walk through the names in their order, and rare ones are few
# enough to be dug out by the trigrams and sorted. Left to itself, the planner, which takes words
# for independent, walks through a million names for what it thinks common.
STEPS = 40_000
_WALK = """
SELECT id, name_key FROM crm_subscriber
WHERE name_key LIKE $5 AND name_key ~>=~ $2 ORDER BY name_key USING ~<~, id LIMIT $11::integer
"""
_DIG = """
SELECT id, name_key FROM crm_subscriber
WHERE name_key LIKE $5 AND name_key ~>=~ $2 AND $11::integer IS NOT NULL
    AND name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8
    AND name_key NOT LIKE $1 AND NOT name_key LIKE ANY($9::text[])
ORDER BY (name_key || '') USING ~<~, id OFFSET 0
"""
FURTHER = """
SELECT EXISTS (SELECT FROM crm_subscriber WHERE name_key ~>=~ $1 AND name_key LIKE $2
    ORDER BY name_key USING ~<~, id OFFSET $3::integer LIMIT 1)
"""
"""Whether there are more names behind an edge than a walk goes by."""
_NAMES_WALKED, NAMES_DUG = _NAMES.format(_WALK), _NAMES.format(_DIG)
# Street and house in one: the houses first. No index of addresses is asked for the flats of a few.
_BY_HOUSE = """
SELECT *, address_order AS key FROM crm_register
WHERE house_key ~ $9 AND (address_key || '') ~ $5
    AND ($1 = '' OR NOT (name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8))
    AND address_order ~>=~ $2 AND (address_order ~>~ $2 OR account_id > $3)
    AND ($10::text[] IS NULL OR district = ANY($10))
ORDER BY (address_order || '') USING ~<~, account_id LIMIT $4
"""
# The street begins with the first word: read in the order of addresses, as far as the limit.
_BY_STREET = """
SELECT *, address_order AS key FROM crm_register
WHERE address_order LIKE $9 AND address_key ~ $5 AND NOT ($10 <> '' AND EXISTS ({}))
    AND ($1 = '' OR NOT (name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8))
    AND address_order ~>=~ $2 AND (address_order ~>~ $2 OR account_id > $3)
    AND ($11::text[] IS NULL OR district = ANY($11))
ORDER BY address_order USING ~<~, account_id LIMIT $4
"""
_BY_PLACE = """
SELECT *, address_order AS key FROM crm_register
WHERE address_key ~ $5 AND ($1 = '' OR NOT (name_key ~ $6 AND name_key ~ $7 AND name_key ~ $8))
    AND address_order NOT LIKE $9 AND NOT ($10 <> '' AND EXISTS ({}))
    AND address_order ~>=~ $2 AND (address_order ~>~ $2 OR account_id > $3)
    AND ($11::text[] IS NULL OR district = ANY($11))
ORDER BY address_order USING ~<~, account_id LIMIT $4
"""
# Where the house exists, nobody meant a flat of that number on the whole street.
_SUCH_HOUSE = """
SELECT FROM billing_place WHERE replace(lower(street || ' ' || house), 'ё', 'е') ~ $10
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
class Way:
    """One way to read the query: its statement, its first and its further parameters.

    `words` are those that some name must begin a word with for the way to be worth going. Where a
    walk may stop short, `further` are the pattern and the steps that tell so (`FURTHER`), and
    `NAMES_DUG` finds the same without walking.
    """

    why: Why
    statement: str
    first: str
    rest: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    further: tuple[str, int] | None = None


def ways_of(typed: Typed, unknown: AbstractSet[str] = frozenset()) -> Iterator[Way]:
    """The readings in the order of their certainty; what an earlier one finds, later ones omit.

    `unknown` are words that no name has: where there is one, no name is to be left out.
    """
    if typed.number:
        prefix = f"{like(typed.number)}%"
        yield Way(Why.NUMBER, _EXACT, typed.number)
        yield Way(Why.NUMBER, _BY_NUMBER, typed.number, (prefix,))
        yield Way(Why.CONTRACT, _BY_CONTRACT, typed.number, (prefix,))
    if typed.phones:
        not_number = f"{like(typed.number)}%" if typed.number else ""
        yield Way(Why.PHONE, _BY_PHONE, not_number, (typed.phones[0], typed.phones[-1]))
    yield from ways_of_names(typed.readings)
    for reading in typed.readings:
        if reading.place:
            named = bool(reading.words) and unknown.isdisjoint(known_words(reading))
            yield from _ways_of_place(reading, typed.text if named else "")


def ways_of_names(readings: Sequence[Reading]) -> Iterator[Way]:
    """The readings as names; what begins with the whole line or one of its words comes first."""
    for reading in readings:
        yield Way(Why.NAME, _BY_NAME, f"{like(reading.name)}%", words=known_words(reading))
    for reading in readings:
        whole, begun = f"{like(reading.name)}%", [f"{like(word)}%" for word in reading.firsts]
        for place, begins in enumerate(begun):
            yield _by_words(reading, whole, begins, begun[:place])
        if reading.words:
            yield _by_words(reading, whole, "%", begun)


def _by_words(reading: Reading, whole: str, begins: str, but: list[str]) -> Way:
    """Names that begin so and have all the words, other than those that begin otherwise."""
    known = known_words(reading)
    rest = (begins, *reading.words, but, reading.contains)
    if any(map(str.isdigit, reading.name)):  # rare in names: nothing to meet on a walk
        return Way(Why.NAME, NAMES_DUG, whole, (*rest, STEPS), known)
    if all(begins == f"{like(word)}%" for word in known):  # and nothing to dig by
        return Way(Why.NAME, _NAMES_WALKED, whole, (*rest, None), known)
    return Way(Why.NAME, _NAMES_WALKED, whole, (*rest, STEPS), known, (begins, STEPS))


def known_words(reading: Reading) -> tuple[str, ...]:
    """The words that some name must have for the reading to be one."""
    return tuple(word for word in reading.name.split() if is_word(word))


def is_word(text: str) -> bool:
    """Tell whether it is what the words of names are kept as."""
    return len(text) >= LEAST_WORD and text.isalpha()


def ways_of_payer(readings: Iterable[Reading]) -> Iterator[Way]:
    """The readings as names, in the order of a passport first; two statements each."""
    for reading in readings:
        if reading.words:
            yield _by_words(reading, "", f"{like(reading.name.split()[0])}%", [])
            yield Way(Why.NAME, NAMES_DUG, "", ("%", *reading.words, [], reading.contains, STEPS))


def _ways_of_place(reading: Reading, named_so: str) -> Iterator[Way]:
    """Addresses of who is not named so."""
    named = reading.words or (_MATCHES_NOTHING,) * 3
    street = f"{like(reading.street)}%" if reading.street else ""
    if reading.house:
        yield Way(Why.ADDRESS, _BY_HOUSE, named_so, (reading.place, *named, reading.house))
    rest = (reading.place, *named, street, reading.house)
    if street:
        yield Way(Why.ADDRESS, _BY_STREET.format(_SUCH_HOUSE), named_so, rest)
    yield Way(Why.ADDRESS, _BY_PLACE.format(_SUCH_HOUSE), named_so, rest)
