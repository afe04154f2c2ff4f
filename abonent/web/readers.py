"""Who of the staff has read an article as it stands now, and what they missed in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from abonent.kernel.db import reading

_READERS = """
SELECT u.name, r.name AS role, d.read_at
FROM web_user u JOIN web_role r ON r.code = u.role
LEFT JOIN crm_article_reading d ON d.user_id = u.id AND (d.slug, d.hash) = ($1, $2)
WHERE u.active AND u.role = ANY($3::text[])
ORDER BY d.read_at IS NOT NULL, lower(u.name) LIMIT 200
"""
_NOTES = """
SELECT v.note, v.useful, v.voted_at, coalesce(u.name, '') AS name
FROM crm_article_vote v LEFT JOIN web_user u ON u.id = v.user_id
WHERE (v.slug, v.hash) = ($1, $2) AND v.note <> ''
ORDER BY v.voted_at DESC LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """An employee who must know an article; `read_at` is None until it was read."""

    name: str
    role: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """What an employee wrote with a vote."""

    note: str
    useful: bool
    voted_at: datetime
    name: str


async def readers_of(slug: str, version: str, roles: Collection[str]) -> list[Reader]:
    """The people of the roles, those first who have not read this version."""
    async with reading() as connection:
        rows = await connection.fetch(_READERS, slug, version, list(roles))
    return [Reader(**row) for row in rows]


async def notes_on(slug: str, version: str) -> list[Note]:
    """What was written with votes on this version, the latest first."""
    async with reading() as connection:
        rows = await connection.fetch(_NOTES, slug, version)
    return [Note(**row) for row in rows]
