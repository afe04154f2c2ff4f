"""Reads of the installation's own versions of articles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from abonent.crm.articles import Article, ArticleDraft, OnShelf
from abonent.crm.knowledge_errors import ArticleNotFound
from abonent.crm.queries.knowledge import Shelf
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.jsontext import from_json

EDIT = "crm.knowledge.edit"
Keys: TypeAlias = set[tuple[str, str]]

# One question for both: every search asks it.
_SHELF = """
SELECT * FROM (SELECT DISTINCT ON (slug) slug, no, state, hash, content FROM crm_article_version
    WHERE language = $1 AND state <> 'draft' ORDER BY slug, no DESC) own
UNION ALL SELECT slug, 0, 'found', hash, NULL FROM crm_article WHERE shown AND language = $1
"""
_VERSIONS = """
SELECT no, state, content, version, made_at, coalesce(actor_name(made_by), made_by) AS author,
    decided_at, coalesce(actor_name(decided_by), decided_by) AS decider, note
FROM crm_article_version WHERE (language, slug) = ($1, $2) ORDER BY no DESC LIMIT 50
"""
_LISTED = """
SELECT v.slug, v.content ->> 'title' AS title, v.state,
    (SELECT d.state FROM crm_article_version d
        WHERE (d.language, d.slug) = (v.language, v.slug) AND d.state <> 'draft'
        ORDER BY d.no DESC LIMIT 1) AS shown_as,
    coalesce(v.decided_at, v.made_at) AS at,
    coalesce(actor_name(v.decided_by), actor_name(v.made_by), v.made_by) AS who, v.note
FROM (SELECT DISTINCT ON (slug) * FROM crm_article_version
    WHERE language = $1 ORDER BY slug, no DESC) v
ORDER BY at DESC, v.slug LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """A version in the list of them."""

    no: int
    state: str
    author: str
    made_at: datetime
    decided_at: datetime | None
    decider: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Writing:
    """An article as it is written on: its draft, or what was shown last.

    `seen` names the state that whoever writes has seen; `withdrawn` tells that it is not shown.
    """

    slug: str
    article: ArticleDraft
    seen: str
    drafted: bool
    withdrawn: bool
    shown: bool
    versions: list[ArticleVersion]


@dataclass(frozen=True, slots=True)
class OwnLine:
    """An article of which there are own versions; `shown_as` is the state without the draft."""

    slug: str
    title: str
    state: str
    shown_as: str | None
    at: datetime
    who: str
    note: str


async def overlaid(connection: Any, files: Shelf, language: str) -> tuple[Shelf, Keys]:
    """The articles of the files with the installation's own versions in their places.

    And the keys (slug and hash) of those that are found now.
    """
    shelf, found = dict(files), set[tuple[str, str]]()
    for row in await connection.fetch(_SHELF, language):
        slug = row["slug"]
        if row["state"] == "found":
            found.add((slug, row["hash"]))
        elif row["state"] == "withdrawn":
            shelf.pop(slug, None)
        else:
            value = _article(row["content"])
            shelf[slug] = OnShelf(slug, row["hash"], language, value, row["no"], slug not in files)
    return shelf, found


@lru_cache(maxsize=1024)
def _article(content: str) -> Article:
    return Article.model_validate(from_json(content))


async def writing_of(slug: str, *, files: Shelf, language: str, by: Actor) -> Writing:
    """An article with its draft and versions. Raises ArticleNotFound."""
    by.require(EDIT)
    async with reading() as connection:
        return await writing_on(connection, slug, files=files, language=language)


async def writing_on(connection: Any, slug: str, *, files: Shelf, language: str) -> Writing:
    """The same on an open connection."""
    rows = await connection.fetch(_VERSIONS, language, slug)
    decided = next((row for row in rows if row["state"] != "draft"), None)
    if rows:
        article = ArticleDraft.model_validate(from_json(rows[0]["content"]))
    elif slug in files:
        article = ArticleDraft.model_validate(files[slug].value.model_dump())
    else:
        raise ArticleNotFound(slug)
    withdrawn = decided is not None and decided["state"] == "withdrawn"
    return Writing(
        slug=slug,
        article=article,
        seen=f"{rows[0]['no']}.{rows[0]['version']}" if rows else "0",
        drafted=bool(rows) and rows[0]["state"] == "draft",
        withdrawn=withdrawn,
        shown=not withdrawn and (decided is not None or slug in files),
        versions=[
            ArticleVersion(**{k: v for k, v in row.items() if k not in {"content", "version"}})
            for row in rows
        ],
    )


async def own_articles(language: str, *, by: Actor) -> list[OwnLine]:
    """The articles that the installation has own versions of, the latest change first."""
    by.require(EDIT)
    async with reading() as connection:
        return [OwnLine(**row) for row in await connection.fetch(_LISTED, language)]
