"""The notice of the recording that is played: which is in use, which a conversation began with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from abonent.kernel.db import reading

_CURRENT = """
SELECT id, name, sha256, media, size, set_at, actor_name(set_by) AS who, stored_as
FROM crm_recording_notice WHERE taken_off_at IS NULL
"""
_PLAYED = """
SELECT n.id, n.name, n.sha256, n.media, n.size, n.set_at, actor_name(n.set_by) AS who, n.stored_as
FROM crm_conversation c JOIN crm_recording_notice n ON n.id = c.notice_id WHERE c.id = $1
"""
_ONE = """
SELECT id, name, sha256, media, size, set_at, actor_name(set_by) AS who, stored_as
FROM crm_recording_notice WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class RecordingNotice:
    """A notice as a sound; `sha256` names its very content."""

    id: int
    name: str
    sha256: str
    media: str
    size: int
    set_at: datetime
    who: str | None
    stored_as: str


async def current_notice() -> RecordingNotice | None:
    """The notice in use; None where employees say it themselves."""
    async with reading() as connection:
        row = await connection.fetchrow(_CURRENT)
    return RecordingNotice(**dict(row)) if row else None


async def notice_played(conversation: int) -> RecordingNotice | None:
    """The notice that was played before a conversation; None where an employee said it."""
    async with reading() as connection:
        row = await connection.fetchrow(_PLAYED, conversation)
    return RecordingNotice(**dict(row)) if row else None


async def notice_of(notice: int) -> RecordingNotice | None:
    """A notice by its id, in use or not any more."""
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, notice)
    return RecordingNotice(**dict(row)) if row else None
