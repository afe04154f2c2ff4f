"""Reads of the installation's own versions of scripts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from abonent.crm.queries.scripts import parsed
from abonent.crm.script_errors import DraftMissing
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.scripts import Draft

EDIT = "crm.script.edit"

_DRAFT = """
SELECT no, version, draft, made_at, coalesce(actor_name(made_by), made_by) AS author
FROM crm_script_version WHERE slug = $1 AND state = 'draft'
"""
_VERSIONS = """
SELECT no, state, hash, made_at, coalesce(actor_name(made_by), made_by) AS author, published_at,
    coalesce(actor_name(published_by), published_by) AS publisher, note
FROM crm_script_version WHERE slug = $1 ORDER BY no DESC LIMIT 50
"""
_NEVER_PLAYED = """
SELECT d.slug, d.draft ->> 'title' AS title, d.made_at,
    coalesce(actor_name(d.made_by), d.made_by) AS author
FROM crm_script_version d
WHERE d.state = 'draft' AND NOT EXISTS (
    SELECT FROM crm_script_version p WHERE p.slug = d.slug AND p.state = 'published')
ORDER BY d.made_at DESC LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class NewScript:
    """A script in the making that nobody has played yet."""

    slug: str
    title: str
    made_at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class DraftVersion:
    """A draft: its number among the versions, and its state for whoever changes it."""

    slug: str
    no: int
    version: int
    script: Draft
    made_at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list of them."""

    no: int
    state: str
    hash: str | None
    made_at: datetime
    author: str
    published_at: datetime | None
    publisher: str | None
    note: str


async def draft_of(slug: str, *, by: Actor) -> DraftVersion:
    """The draft of a script. Raises DraftMissing."""
    by.require(EDIT)
    async with reading() as connection:
        row = await connection.fetchrow(_DRAFT, slug)
    if row is None:
        raise DraftMissing(slug)
    fields = dict(row)
    return DraftVersion(slug=slug, script=parsed(fields.pop("draft")), **fields)


async def versions_of(slug: str) -> list[VersionLine]:
    """The installation's own versions of a script, the latest first."""
    async with reading() as connection:
        return [VersionLine(**row) for row in await connection.fetch(_VERSIONS, slug)]


async def new_scripts(known: Collection[str], *, by: Actor) -> list[NewScript]:
    """Drafts of scripts that have never been published, the latest first.

    `known` are the slugs that are played: a draft of one of these only changes it.
    """
    by.require(EDIT)
    async with reading() as connection:
        rows = await connection.fetch(_NEVER_PLAYED)
    return [NewScript(**row) for row in rows if row["slug"] not in known]
