"""Looking articles up by the words of a question, and what became of one: votes, readings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from abonent.crm.articles import OnShelf
from abonent.crm.rules.knowledge import LEAST_MENDED, Hit, ranked, words_asked
from abonent.crm.topics import Topic
from abonent.crm.typed import other_layout
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

VIEW = "crm.knowledge.view"
Shelf = Mapping[str, OnShelf]
"""The articles of the reader's language, by their slug."""

# Weights of D, C, B and A: the answer, what staff read, what it is asked with, the title.
_HITS = """
SELECT w.word, numnode(w.query) AS nodes, a.slug,
    ts_rank('{0.12, 0.12, 0.8, 1.0}', a.words, w.query) AS weight
FROM (
    SELECT word, to_tsquery('russian',
        word || ':' || CASE WHEN word = $2 THEN '*' ELSE '' END || $3) AS query
    FROM unnest($1::text[]) AS given (word)
) w
LEFT JOIN crm_article a ON a.words @@ w.query AND a.shown AND (a.slug, a.hash) IN (
    SELECT * FROM unnest($4::text[], $5::text[]))
"""
_MEANT = """
SELECT given.word, alike.word AS meant, alike.likeness
FROM unnest($1::text[]) AS given (word)
CROSS JOIN LATERAL (
    SELECT k.word, similarity(k.word, given.word) AS likeness
    FROM crm_article_word k WHERE k.word % given.word
    ORDER BY 2 DESC, 1 LIMIT 4
) alike
"""
_STANDING = """
SELECT count(*) FILTER (WHERE v.useful) AS yes, count(*) FILTER (WHERE NOT v.useful) AS no,
    (SELECT useful FROM crm_article_vote WHERE (slug, hash, user_id) = ($1, $2, $3)) AS mine,
    (SELECT note FROM crm_article_vote WHERE (slug, hash, user_id) = ($1, $2, $3)) AS note,
    (SELECT read_at FROM crm_article_reading WHERE (slug, hash, user_id) = ($1, $2, $3)) AS read_at,
    (SELECT max(until) FROM crm_article_review WHERE (slug, hash) = ($1, $2)) AS until
FROM crm_article_vote v WHERE (v.slug, v.hash) = ($1, $2)
"""
_READ = """
SELECT slug, hash FROM crm_article_reading WHERE user_id = $1 AND (slug, hash) IN (
    SELECT * FROM unnest($2::text[], $3::text[]))
"""
_REVIEWED = """
SELECT slug, max(until) AS until FROM crm_article_review
WHERE (slug, hash) IN (SELECT * FROM unnest($1::text[], $2::text[])) GROUP BY slug
"""
_ALL_PARTS, _PUBLIC_PARTS = "ABCD", "ABD"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was found, the best first.

    `unknown` are words that no article has, `meant` those that were looked for in their place.
    """

    slugs: Sequence[str]
    scores: Mapping[str, float] = field(default_factory=dict)
    unknown: Sequence[str] = ()
    meant: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What people said of one version of an article, and until when it is relied on."""

    yes: int
    no: int
    mine: bool | None
    note: str
    read_at: datetime | None
    until: date | None


async def find_articles(text: str, *, shelf: Shelf, by: Actor) -> Answers:
    """Find the articles that answer a question of staff."""
    by.require(VIEW)
    return await _find(text, shelf, _ALL_PARTS)


async def find_public_articles(text: str, *, shelf: Shelf) -> Answers:
    """Find among those that stand on the portal, by what is told there."""
    public = {slug: one for slug, one in shelf.items() if one.value.public}
    return await _find(text, public, _PUBLIC_PARTS)


async def _find(text: str, shelf: Shelf, parts: str) -> Answers:
    """Look for the line as typed; where no word of it is known, as the other keyboard types it."""
    words = words_asked(text)
    if not words or not shelf:
        return Answers(())
    looking = _Looking(shelf, parts)
    async with reading() as connection:
        hits, unknown = await looking.hits(connection, words)
        if not hits and (swapped := words_asked(other_layout(text.lower()))) != words:
            other, other_unknown = await looking.hits(connection, swapped)
            if other:
                hits, unknown = other, other_unknown
        meant = await looking.meant(connection, unknown)
        hits += await looking.mended(connection, meant)
    scores = dict(ranked(hits, articles=len(shelf)))
    told = {word: [other for other, _like in others] for word, others in meant.items()}
    return Answers(list(scores), scores, unknown, told)


@dataclass(slots=True)
class _Looking:
    """One look among certain versions of articles, in certain parts of them."""

    shelf: Shelf
    parts: str

    async def hits(self, connection: Any, words: Sequence[str]) -> tuple[list[Hit], list[str]]:
        """Where the words stand, and those that stand nowhere; the last may be half typed."""
        rows = await self._rows(connection, words, words[-1])
        hits = [Hit(row["word"], row["slug"], row["weight"]) for row in rows if row["slug"]]
        known = {hit.word for hit in hits}
        empty = {row["word"] for row in rows if not row["nodes"]}
        return hits, [word for word in words if word not in known | empty]

    async def meant(
        self, connection: Any, unknown: Iterable[str]
    ) -> dict[str, list[tuple[str, float]]]:
        """The words of articles that are like the unknown ones."""
        asked = [word for word in unknown if len(word) >= LEAST_MENDED]
        found: dict[str, list[tuple[str, float]]] = {}
        for row in await connection.fetch(_MEANT, asked) if asked else ():
            found.setdefault(row["word"], []).append((row["meant"], row["likeness"]))
        return found

    async def mended(
        self, connection: Any, meant: Mapping[str, Sequence[tuple[str, float]]]
    ) -> list[Hit]:
        """Where the words stand that may have been meant."""
        others = {other for near in meant.values() for other, _like in near}
        if not others:
            return []
        rows = [row for row in await self._rows(connection, sorted(others), "") if row["slug"]]
        return [
            Hit(word, row["slug"], row["weight"], likeness)
            for word, near in meant.items()
            for other, likeness in near
            for row in rows
            if row["word"] == other
        ]

    async def _rows(self, connection: Any, words: Sequence[str], half: str) -> list[Any]:
        slugs, hashes = keys_of(self.shelf)
        rows: list[Any] = await connection.fetch(_HITS, words, half, self.parts, slugs, hashes)
        return rows


def keys_of(shelf: Shelf) -> tuple[list[str], list[str]]:
    """The slugs and the hashes of the versions on a shelf, as two columns."""
    return list(shelf), [one.hash for one in shelf.values()]


def articles_on(topic: Topic, shelf: Shelf) -> list[tuple[str, str]]:
    """The articles that answer requests of a topic, with their titles: its own one first."""
    slugs = [slug for slug, one in shelf.items() if topic.code in one.value.topics]
    first = [topic.article] if topic.article in shelf else []
    return [(s, shelf[s].value.title) for s in dict.fromkeys((*first, *slugs))]


def linking_to(slug: str, shelf: Shelf) -> list[str]:
    """The titles of articles whose answers have a link to this one."""
    return [one.value.title for one in shelf.values() if f"]({slug})" in one.value.body]


async def standing_of(found: OnShelf, *, by: Actor) -> Standing:
    """What people said of the version that is shown, and the actor among them."""
    by.require(VIEW)
    user = int(by.id) if by.kind == "user" else 0
    async with reading() as connection:
        row = await connection.fetchrow(_STANDING, found.slug, found.hash, user)
    values = {**row, "note": row["note"] or ""}
    return Standing(**values)


async def unread_of(shelf: Shelf, *, role: str, by: Actor) -> frozenset[str]:
    """The articles that a role must know and the actor has not read as they stand now."""
    by.require(VIEW)
    if by.kind != "user":
        return frozenset()
    async with reading() as connection:
        rows = await connection.fetch(_READ, int(by.id), *keys_of(shelf))
    read = {(row["slug"], row["hash"]) for row in rows}
    return frozenset(
        slug
        for slug, one in shelf.items()
        if role in one.value.roles and (slug, one.hash) not in read
    )


async def reviewed_until(shelf: Shelf, slugs: Collection[str], *, by: Actor) -> dict[str, date]:
    """Until when each article is relied on: as its text says, or as somebody found it later."""
    by.require(VIEW)
    known = {slug: shelf[slug] for slug in slugs}
    async with reading() as connection:
        rows = await connection.fetch(_REVIEWED, *keys_of(known))
    later = {row["slug"]: row["until"] for row in rows}
    own = {slug: one.value.review_on for slug, one in known.items()}
    return {slug: max(day, later.get(slug, day)) for slug, day in own.items()}
