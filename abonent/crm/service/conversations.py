"""Recording a conversation piece by piece, ending it, attaching one from a file or the exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from abonent.billing.queries.books import account_id
from abonent.crm.conversation_errors import CallKnown, NoConversation, NotRecording
from abonent.crm.queries.identity import actor_code
from abonent.crm.rules.conversations import kept_until, sound_media, wave_seconds, with_duration
from abonent.crm.rules.people import phone_digits
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.ids import new_id
from abonent.kernel.legal import legal_rule
from abonent.kernel.settings import Settings
from abonent.kernel.storage import Checked, Storage, check_file, key_of, storage_of
from abonent.kernel.work import UnitOfWork

MOST_SOUND = 60_000_000
"""The largest sound taken in, in bytes: an hour of a telephone exchange's WAV."""
MOST_PART = 1_000_000
MOST_PARTS = 20_000
LEFT_ALONE = timedelta(minutes=15)
"""A recording that has sent nothing for so long has lost its browser."""
RECORDS = "ru.230.records"
NO_SOUND = N_("This is no sound: WebM, Ogg, WAV, M4A or MP3 is taken.")

_BEGIN = """
INSERT INTO crm_conversation (id, account_id, kind, source, actor, state, notice_at, began_at,
    notice_id)
VALUES ($1, $2, $3, 'desk', $4, 'recording', $5, $5, $6)
"""
# One that was taken off while the conversation began was still the one that was played.
_NOTICE = """
SELECT sha256 FROM crm_recording_notice
WHERE id = $1 AND (taken_off_at IS NULL OR taken_off_at > $2)
"""
_MINE = """
SELECT account_id, began_at, state FROM crm_conversation WHERE id = $1 AND actor = $2 FOR UPDATE
"""
_ADD_PART = """
INSERT INTO crm_conversation_part (conversation_id, no, content, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (conversation_id, no) DO NOTHING
"""
_SIZE = """
SELECT coalesce(sum(octet_length(content)), 0) FROM crm_conversation_part WHERE conversation_id = $1
"""
_PARTS = """
SELECT no, content, at FROM crm_conversation_part WHERE conversation_id = $1 ORDER BY no
"""
_OPEN = """
SELECT c.id, c.actor, c.began_at FROM crm_conversation c
WHERE c.state = 'recording' AND c.began_at < $1 AND NOT EXISTS (
    SELECT FROM crm_conversation_part p WHERE p.conversation_id = c.id AND p.at >= $1)
"""
_KEEP = """
UPDATE crm_conversation SET state = 'kept', ended_at = $2, seconds = $3, broken = $4, media = $5,
    size = $6, stored_as = $7, keep_until = $8
WHERE id = $1 AND state IN ('recording', 'awaited') RETURNING account_id, source
"""
_EMPTY = """
UPDATE crm_conversation SET state = 'erased', ended_at = began_at, broken = true
WHERE id = $1 AND state = 'recording'
"""
_DROP_PARTS = "DELETE FROM crm_conversation_part WHERE conversation_id = $1"
_ATTACH = """
INSERT INTO crm_conversation (id, account_id, kind, direction, source, external_id, actor, phone,
    state, notice_at, began_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'awaited', $9, $10, $11)
ON CONFLICT (external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING id
"""
_BY_CALL = """
SELECT id, phone, began_at, ended_at, direction FROM crm_conversation WHERE external_id = $1
"""
_OF_PHONE = """
SELECT DISTINCT a.account_id FROM crm_contact x
JOIN crm_contract c ON c.subscriber_id = x.subscriber_id JOIN crm_account a ON a.contract_id = c.id
WHERE x.kind = 'phone' AND x.value = $1 AND x.removed_at IS NULL LIMIT 2
"""
_AWAITED = "SELECT id, state, began_at, ended_at, tie FROM crm_conversation WHERE id = $1"
_STILL_PLAYED = timedelta(minutes=10)
_DAYS = "SELECT keep_days FROM crm_conversation_rule"


async def begin_recording(
    number: str, *, by: Actor, kind: str, told: bool, notice: int | None = None
) -> int:
    """Begin to record a call or visit; `told`: the subscriber has been told of it, as it must be.

    `notice` is the one that was played just now; without it the employee said so. Raises Malformed.
    """
    by.require("crm.conversation.record")
    if kind not in {"call", "visit"}:
        raise Malformed.of("kind", kind, N_("Choose one of those offered."))
    if not told:
        raise Malformed.of("told", "", N_("Tell the subscriber first that it is recorded."))
    async with unit_of_work(by) as work:
        account, made = await account_id(work.connection, number), new_id()
        played = await _played(work, notice)
        row = (made, account, kind, actor_code(by), clock.now(), notice)
        await work.connection.execute(_BEGIN, *row)
        after = {"kind": kind, "told": True, "notice": played}
        subject = f"conversation:{made}"
        await work.audit("crm:conversation:begun", subject, account_id=account, after=after)
    return made


async def _played(work: UnitOfWork, notice: int | None) -> str | None:
    """The hash of the notice that was played, None where an employee said it. Raises Malformed."""
    if notice is None:
        return None
    found: str | None = await work.connection.fetchval(_NOTICE, notice, clock.now() - _STILL_PLAYED)
    if found is None:
        raise Malformed.of("notice", notice, N_("Choose one of those offered."))
    return found


async def add_part(conversation: int, no: int, content: bytes, *, by: Actor) -> None:
    """Keep the next piece of the sound; one that came already is kept once.

    Raises NotRecording for who does not record it, or once it has ended; Malformed for what would
    make the whole larger than a sound that is kept.
    """
    by.require("crm.conversation.record")
    if not 0 < len(content) <= MOST_PART or not 0 <= no < MOST_PARTS:
        raise Malformed.of("part", no, N_("The piece is empty or too large."))
    if no == 0 and sound_media(content) is None:
        raise Malformed.of("part", no, NO_SOUND)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_MINE, conversation, actor_code(by))
        if row is None or row["state"] != "recording":
            raise NotRecording(conversation)
        if await work.connection.fetchval(_SIZE, conversation) + len(content) > MOST_SOUND:
            raise Malformed.of("part", no, N_("The piece is empty or too large."))
        await work.connection.execute(_ADD_PART, conversation, no, content, clock.now())


async def end_recording(conversation: int, *, by: Actor, settings: Settings) -> None:
    """Put the pieces together and keep the sound; ended twice it is kept once."""
    by.require("crm.conversation.record")
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_MINE, conversation, actor_code(by))
    if row is None:
        raise NotRecording(conversation)
    if row["state"] == "recording":
        await _gather(conversation, row["began_at"], clock.now(), by=by, settings=settings)


async def end_lost_recordings(*, settings: Settings) -> int:
    """Keep what browsers sent that are gone; answers how many."""
    async with reading() as connection:
        rows = await connection.fetch(_OPEN, clock.now() - LEFT_ALONE)
    ended = 0
    for row in rows:
        try:
            await _gather(row["id"], row["began_at"], None, by=SYSTEM, settings=settings)
            ended += 1
        except (DomainError, OSError) as error:  # one that waits for its storage holds up no other
            _log.warning("conversations.not_ended", conversation=row["id"], error=str(error))
    return ended


async def _gather(
    conversation: int, began: datetime, ended: datetime | None, *, by: Actor, settings: Settings
) -> None:
    """Keep the pieces as one sound; without an end it ended with the last piece that came.

    Pieces of which no sound comes, the first one lost, end as a recording that holds nothing.
    """
    async with reading() as connection:
        parts = await connection.fetch(_PARTS, conversation)
    if not parts or sound_media(bytes(parts[0]["content"])) is None:
        await _end_empty(conversation, by=by)
        return
    gap = [part["no"] for part in parts] != list(range(len(parts)))
    end = ended or parts[-1]["at"]
    seconds = max(1, round((end - began).total_seconds()))
    content = with_duration(b"".join(part["content"] for part in parts), seconds)
    checked = await check_sound(content, settings=settings)
    await keep_sound(
        conversation, checked, by=by, storage=storage_of(settings), ended=end, seconds=seconds,
        tie="", broken=gap or ended is None,
    )  # fmt: skip


async def _end_empty(conversation: int, *, by: Actor) -> None:
    async with unit_of_work(by) as work:
        await work.connection.execute(_EMPTY, conversation)
        await work.connection.execute(_DROP_PARTS, conversation)
        await work.audit("crm:conversation:empty", f"conversation:{conversation}")


async def check_sound(content: bytes, *, settings: Settings) -> Checked:
    """Check a sound by its size and content. Raises FileRefused."""
    return await check_file(
        content, settings=settings, most=MOST_SOUND, kind_of=sound_media, wrong=NO_SOUND
    )


async def keep_sound(
    conversation: int,
    checked: Checked,
    *,
    by: Actor,
    storage: Storage,
    ended: datetime,
    seconds: int,
    tie: str,
    broken: bool = False,
) -> None:
    """Put a checked sound into the storage, then say so in the conversation's row."""
    key = key_of("sounds", conversation, checked)
    await storage.keep(key, checked.content, checked.media)
    last = await last_day(ended, tie)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(
            _KEEP, conversation, ended, seconds, broken, checked.media, len(checked.content), key,
            last,
        )  # fmt: skip
        if row is None:
            return
        await work.connection.execute(_DROP_PARTS, conversation)
        await work.audit(
            "crm:conversation:kept",
            f"conversation:{conversation}",
            account_id=row["account_id"],
            after={"source": row["source"], "seconds": seconds, "sha256": checked.sha256},
        )


async def last_day(ended: datetime, tie: str) -> date:
    """The last day a conversation is kept that ended at an instant."""
    day = ended.astimezone(time_zone()).date()
    rule = await legal_rule(RECORDS, day, checked=False)
    async with reading() as connection:
        days = await connection.fetchval(_DAYS)
    return kept_until(day, tie, days=days, years=rule.number)


_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call or visit recorded elsewhere.

    `number` is the account, empty where only the phone is known; `actor` who talked ("user:5"),
    `call` the id that the telephone exchange gives it, empty for a file brought by hand.
    """

    number: str
    kind: str
    direction: str
    source: str
    call: str
    actor: str
    phone: str
    told: bool
    began: datetime
    ended: datetime | None


async def register_call(call: NewCall, *, by: Actor) -> int:
    """Register a conversation whose sound comes next; the same call sent again is the same one.

    Without an account it is looked for by the phone: one that is known for a single account goes to
    it, any other waits for a person. Raises CallKnown where the same id tells of another call.
    """
    by.require("crm.conversation.attach")
    if call.ended is not None and call.ended < call.began:
        raise Malformed.of("ended_at", call.ended, N_("It ended before it began."))
    phone = phone_digits(call.phone)
    async with unit_of_work(by) as work:
        account = await _account_of(work, call.number, phone)
        made = await work.connection.fetchval(
            _ATTACH, new_id(), account, call.kind, call.direction, call.source, call.call or None,
            call.actor, phone, call.began if call.told else None, call.began, call.ended,
        )  # fmt: skip
        if made is None:
            known = await work.connection.fetchrow(_BY_CALL, call.call)
            same = (known["phone"], known["began_at"], known["direction"])
            if same != (phone, call.began, call.direction):
                raise CallKnown(call.call)
            return int(known["id"])
        after = {"source": call.source, "kind": call.kind}
        subject = f"conversation:{made}"
        await work.audit("crm:conversation:registered", subject, account_id=account, after=after)
    return int(made)


async def _account_of(work: UnitOfWork, number: str, phone: str) -> int | None:
    if number:
        return await account_id(work.connection, number)
    rows = await work.connection.fetch(_OF_PHONE, phone) if phone else []
    return rows[0]["account_id"] if len(rows) == 1 else None


async def give_sound(conversation: int, checked: Checked, *, by: Actor, storage: Storage) -> None:
    """Give a registered conversation its sound; sent again it stays. Raises NoConversation."""
    by.require("crm.conversation.attach")
    async with reading() as connection:
        row = await connection.fetchrow(_AWAITED, conversation)
    if row is None:
        raise NoConversation(conversation)
    if row["state"] != "awaited":
        return
    seconds = _length(checked, row)
    ended = row["ended_at"] or row["began_at"] + timedelta(seconds=seconds)
    await keep_sound(
        conversation, checked, by=by, storage=storage, ended=ended, seconds=seconds, tie=row["tie"]
    )


def _length(checked: Checked, row: Any) -> int:
    told = wave_seconds(checked.content) if checked.media == "audio/wav" else 0
    if told or row["ended_at"] is None:
        return told
    length: timedelta = row["ended_at"] - row["began_at"]
    return round(length.total_seconds())
