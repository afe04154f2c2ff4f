"""The notice of the recording as a sound: set, taken off, handed out to be played."""

from __future__ import annotations

from abonent.crm.queries.recording_notice import RecordingNotice, notice_of
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed, NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.storage import Checked, Storage, key_of

EDIT = "crm.conversation.edit"
MOST_NOTICE = 5_000_000
"""A notice of half a minute has a tenth of it."""
LONGEST_NAME = 120

_ADD = """
INSERT INTO crm_recording_notice (id, name, sha256, media, size, stored_as, set_at, set_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_OFF = "UPDATE crm_recording_notice SET taken_off_at = $1 WHERE taken_off_at IS NULL RETURNING id"
_LOCK = "LOCK TABLE crm_recording_notice IN SHARE ROW EXCLUSIVE MODE"


async def set_notice(checked: Checked, *, name: str, by: Actor, storage: Storage) -> int:
    """Put a checked sound into use as the notice; the one before stays known. Answers its id."""
    by.require(EDIT)
    if len(checked.content) > MOST_NOTICE:
        large = N_("The notice has more than {limit} MB: it is too long to be played.")
        raise Malformed.of("file", name, large, limit=MOST_NOTICE // 1_000_000)
    made = new_id()
    key = key_of("notices", made, checked)
    await storage.keep(key, checked.content, checked.media)
    title = " ".join(name.split())[:LONGEST_NAME] or checked.ending
    now = clock.now()
    async with unit_of_work(by) as work:
        await work.connection.execute(_LOCK)
        await work.connection.fetchval(_OFF, now)
        row = (made, title, checked.sha256, checked.media, len(checked.content), key, now)
        await work.connection.execute(_ADD, *row, f"{by.kind}:{by.id}")
        after = {"notice": made, "sha256": checked.sha256}
        await work.audit("crm:conversation:notice", "conversation:notice", after=after)
    return made


async def take_notice_off(*, by: Actor) -> None:
    """Take the notice out of use: employees say it themselves. Raises Conflict where none is."""
    by.require(EDIT)
    async with unit_of_work(by) as work:
        await work.connection.execute(_LOCK)
        was = await work.connection.fetchval(_OFF, clock.now())
        if was is None:
            raise Conflict("NO_NOTICE", N_("No notice is in use."))
        before = {"notice": was}
        await work.audit("crm:conversation:notice_off", "conversation:notice", before=before)


async def sound_of_notice(
    notice: int, *, by: Actor, storage: Storage
) -> tuple[RecordingNotice, bytes]:
    """Answer a notice with its sound. Raises NotFound for one that never was."""
    if not by.may(EDIT):
        by.require("crm.conversation.record")
    found = await notice_of(notice)
    if found is None:
        raise NotFound("NO_SUCH_NOTICE", N_("There is no such notice."), value=notice)
    return found, await storage.fetch(found.stored_as)
