"""Reads of the installation's own versions of scripts."""

from __future__ import annotations

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
