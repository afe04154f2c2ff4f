"""Recorded conversations: piece by piece, from the exchange, their term, who listened."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from abonent.crm.conversation_errors import CallKnown, NoConversation, NoSound, NotRecording
from abonent.crm.queries.conversations import (
    conversation_of,
    conversations_of,
    listened_to,
)
from abonent.crm.rules.conversations import kept_until, sound_media, with_duration
from abonent.crm.service import conversations as recording
from abonent.crm.service.conversations import NewCall, add_part, begin_recording, end_recording
from abonent.crm.service.conversations_kept import (
    DELETE,
    conversation_handler,
    erase_what_is_over,
    hear,
    put_on_account,
    tie_conversation,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.outbox import Delivery
from abonent.kernel.settings import Settings
from abonent.kernel.storage import FileLost, FileRefused, storage_of

RIGHTS = frozenset({"crm.conversation.record", "crm.conversation.view"})
CLERK = Actor("user", "5", "Анна", RIGHTS)
OTHER = Actor("user", "6", "Ольга", RIGHTS)
HEAD = Actor("user", "9", "Мария", frozenset({"crm.*"}))
EXCHANGE = Actor("token", "1", "АТС", frozenset({"crm.conversation.attach"}))

# What a browser writes first: EBML header, an open segment, its description, the first cluster.
EBML = b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01"
INFO = b"\x2a\xd7\xb1\x83\x0f\x42\x40\x4d\x80\x86Chrome"
WEBM = (
    EBML + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
    + b"\x15\x49\xa9\x66" + bytes([0x80 | len(INFO)]) + INFO
    + b"\x16\x54\xae\x6b\x80" + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff"
)  # fmt: skip


def wave(seconds: int) -> bytes:
    """A silent WAV of a telephone exchange: 8000 samples a second, one byte each."""
    size = 8000 * seconds
    head = struct.pack("<4sI8sIHHIIHH", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, 8000, 8000, 1, 8)
    return head + struct.pack("<4sI", b"data", size) + b"\x80" * size


@pytest.fixture
def settings(tmp_path: Path, database: Settings) -> Settings:
    return database.having(home=tmp_path)


async def _recorded(card: str, settings: Settings, by: Actor = CLERK) -> int:
    made = await begin_recording(card, by=by, kind="visit", told=True)
    for no, piece in enumerate((WEBM, b"\xa3" * 500, b"\xa3" * 300)):
        await add_part(made, no, piece, by=by)
    await end_recording(made, by=by, settings=settings)
    return made


async def test_a_recorder_that_was_left_on_keeps_what_fits_and_takes_no_more(
    card: str, settings: Settings, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the whole of it would be refused at the end, and nothing kept."""
    monkeypatch.setattr(recording, "MOST_SOUND", 2_000)
    made = await begin_recording(card, by=CLERK, kind="call", told=True)
    await add_part(made, 0, WEBM, by=CLERK)
    await add_part(made, 1, b"\xa3" * 1_000, by=CLERK)
    with pytest.raises(Malformed):
        await add_part(made, 2, b"\xa3" * 1_000, by=CLERK)
    await end_recording(made, by=CLERK, settings=settings)
    assert await db.fetchval("SELECT state FROM crm_conversation WHERE id = $1", made) == "kept"


def test_a_conversation_tied_to_a_debt_or_a_claim_is_kept_for_years() -> None:
    ended = date(2026, 3, 1)
    assert kept_until(ended, "", days=180, years=3) == date(2026, 8, 28)
    assert kept_until(ended, "complaint", days=180, years=3) == date(2026, 8, 28)
    assert kept_until(ended, "claim", days=180, years=3) == date(2029, 3, 1)
    assert kept_until(date(2028, 2, 29), "debt", days=180, years=3) == date(2031, 2, 28)
    assert kept_until(ended, "debt", days=3000, years=3) == ended + timedelta(3000)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (WEBM, "audio/webm"),
        (wave(1), "audio/wav"),
        (b"OggS....", "audio/ogg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_a_sound_is_known_by_its_first_bytes(content: bytes, media: str | None) -> None:
    assert sound_media(content) == media


def test_the_length_is_written_into_what_a_browser_recorded() -> None:
    long = with_duration(WEBM, 125)
    place = long.index(b"\x44\x89\x88")
    assert struct.unpack(">d", long[place + 3 : place + 11]) == (125_000.0,)
    assert long.endswith(WEBM[WEBM.index(b"\x16\x54\xae\x6b") :])
    (size,) = struct.unpack(">Q", long[long.index(b"\x15\x49\xa9\x66") + 4 :][:8])
    assert size & (1 << 56) - 1 == len(INFO) + 11
    assert with_duration(long, 7) == long
    for other in (wave(1), b"", WEBM[:25], WEBM.replace(b"\x01\xff\xff\xff", b"\x01\x00\x00\x00")):
        assert with_duration(other, 7) == other


async def test_a_conversation_is_recorded_only_after_the_notice(card: str, db: Any) -> None:
    with pytest.raises(Malformed):
        await begin_recording(card, by=CLERK, kind="visit", told=False)
    made = await begin_recording(card, by=CLERK, kind="call", told=True)
    assert (await conversation_of(made, by=CLERK)).notice_at is not None
    seen = await db.fetchval("SELECT after FROM audit WHERE action = 'crm:conversation:begun'")
    assert '"told":true' in seen.replace(" ", "")


async def test_pieces_make_one_sound_on_the_account(card: str, db: Any, settings: Settings) -> None:
    made = await begin_recording(card, by=CLERK, kind="visit", told=True)
    await add_part(made, 0, WEBM, by=CLERK)
    await add_part(made, 1, b"one", by=CLERK)
    await add_part(made, 1, b"sent twice", by=CLERK)
    await add_part(made, 2, b"two", by=CLERK)
    for _again in range(2):
        await end_recording(made, by=CLERK, settings=settings)
    [found] = await conversations_of(card, by=CLERK)
    assert (found.state, found.media, found.broken) == ("kept", "audio/webm", False)
    _row, content = await hear(made, by=CLERK, storage=storage_of(settings))
    assert content.endswith(b"onetwo")
    assert await db.fetchval("SELECT count(*) FROM crm_conversation_part") == 0
    with pytest.raises(NotRecording):
        await add_part(made, 3, b"late", by=CLERK)


async def test_only_who_records_a_conversation_sends_its_pieces(card: str) -> None:
    made = await begin_recording(card, by=CLERK, kind="visit", told=True)
    with pytest.raises(NotRecording):
        await add_part(made, 0, WEBM, by=OTHER)
    with pytest.raises(Malformed):
        await add_part(made, 0, b"", by=CLERK)


async def test_what_a_lost_browser_sent_is_kept(card: str, db: Any, settings: Settings) -> None:
    made = await begin_recording(card, by=CLERK, kind="visit", told=True)
    await add_part(made, 0, WEBM, by=CLERK)
    await add_part(made, 2, b"after a hole", by=CLERK)
    silent = await begin_recording(card, by=CLERK, kind="visit", told=True)
    assert await recording.end_lost_recordings(settings=settings) == 0
    await db.execute("UPDATE crm_conversation SET began_at = began_at - interval '1 hour'")
    await db.execute("UPDATE crm_conversation_part SET at = at - interval '20 minutes'")
    assert await recording.end_lost_recordings(settings=settings) == 2
    found = await conversation_of(made, by=CLERK)
    assert (found.state, found.broken) == ("kept", True)
    assert found.seconds == pytest.approx(2400, abs=5)
    assert (await conversation_of(silent, by=CLERK)).state == "erased"


async def test_one_bad_recording_holds_up_no_other(card: str, db: Any, settings: Settings) -> None:
    bad, good = [
        await begin_recording(card, by=CLERK, kind="visit", told=True) for _one in range(2)
    ]
    with pytest.raises(Malformed):
        await add_part(bad, 0, b"no sound at all", by=CLERK)
    await add_part(bad, 1, b"the first piece was lost", by=CLERK)
    await add_part(good, 0, WEBM, by=CLERK)
    await db.execute("UPDATE crm_conversation SET began_at = began_at - interval '1 hour'")
    await db.execute("UPDATE crm_conversation_part SET at = at - interval '20 minutes'")
    assert await recording.end_lost_recordings(settings=settings) == 2
    assert (await conversation_of(good, by=CLERK)).state == "kept"
    assert (await conversation_of(bad, by=CLERK)).state == "erased"
    assert await recording.end_lost_recordings(settings=settings) == 0


async def test_who_listened_is_kept_once_a_hearing(card: str, settings: Settings) -> None:
    made = await _recorded(card, settings)
    storage = storage_of(settings)
    with pytest.raises(Forbidden):
        await hear(made, by=OTHER, storage=storage)
    for by in (CLERK, HEAD, HEAD):
        await hear(made, by=by, storage=storage)
    assert [one.actor for one in await listened_to(made, by=HEAD)] == ["user:9", "user:5"]


async def test_a_tie_keeps_longer_and_its_end_shorter(card: str, settings: Settings) -> None:
    made = await _recorded(card, settings)
    today = clock.now().date()
    for tie, days in (("claim", 3 * 365), ("", 180)):
        await tie_conversation(made, by=HEAD, tie=tie, about="claim:7")
        kept = (await conversation_of(made, by=HEAD)).keep_until
        assert kept is not None
        assert abs((kept - today).days - days) <= 2


async def test_a_sound_is_deleted_when_its_term_is_over(
    card: str, db: Any, settings: Settings
) -> None:
    made = await _recorded(card, settings)
    key = (await conversation_of(made, by=HEAD)).stored_as
    assert key is not None
    assert await erase_what_is_over(by=SYSTEM) == 0
    await db.execute("UPDATE crm_conversation SET keep_until = current_date - 2")
    assert await erase_what_is_over(by=SYSTEM) == 1
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE kind = $1", DELETE) == 1
    await conversation_handler(settings)(Delivery(1, DELETE, {"key": key}, 1))
    storage = storage_of(settings)
    with pytest.raises(FileLost):
        await storage.fetch(key)
    with pytest.raises(NoSound):
        await hear(made, by=HEAD, storage=storage)


BEGAN = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)


def _call(call: str = "a1", *, phone: str = "+7 912 345-67-89", number: str = "") -> NewCall:
    return NewCall(
        number=number, kind="call", direction="in", source="exchange", call=call, actor="user:5",
        phone=phone, told=True, began=BEGAN, ended=None,
    )  # fmt: skip


async def test_a_call_of_the_exchange_goes_to_the_account_of_its_phone(
    card: str, settings: Settings
) -> None:
    made = await recording.register_call(_call(), by=EXCHANGE)
    assert await recording.register_call(_call(), by=EXCHANGE) == made
    with pytest.raises(CallKnown):
        await recording.register_call(_call(phone="8 912 000-00-00"), by=EXCHANGE)
    checked = await recording.check_sound(wave(3), settings=settings)
    for _again in range(2):
        await recording.give_sound(made, checked, by=EXCHANGE, storage=storage_of(settings))
    [found] = await conversations_of(card, by=CLERK)
    assert (found.state, found.seconds, found.ended_at) == ("kept", 3, BEGAN + timedelta(seconds=3))


async def test_a_call_of_an_unknown_phone_waits_for_a_person(card: str) -> None:
    made = await recording.register_call(_call(phone="8 800 555-35-35"), by=EXCHANGE)
    assert (await conversation_of(made, by=HEAD)).number is None
    confined = Actor("user", "8", "Окраина", frozenset({"crm.*"}), districts=frozenset({"Центр"}))
    with pytest.raises(NoConversation):
        await conversation_of(made, by=confined)
    await put_on_account(made, card, by=HEAD)
    assert (await conversation_of(made, by=confined)).number == card


async def test_a_call_without_an_account_is_shown_to_who_talked_or_sorts_them(card: str) -> None:
    unknown = replace(_call(phone="+7 900 000-00-00"), actor="user:5")
    made = await recording.register_call(unknown, by=EXCHANGE)
    looking = frozenset({"crm.conversation.view"})
    for rights in ({"crm.conversation.listen"}, {"crm.conversation.attach"}):
        sorter = Actor("user", "8", "Ирина", looking | rights)
        assert (await conversation_of(made, by=sorter)).id == made
    anna = Actor("user", "5", "Анна", looking, districts=frozenset({"Центр"}))
    assert (await conversation_of(made, by=anna)).id == made
    with pytest.raises(NoConversation):
        await conversation_of(made, by=Actor("user", "6", "Ольга", looking))


async def test_what_is_no_sound_is_not_taken(settings: Settings) -> None:
    with pytest.raises(FileRefused):
        await recording.check_sound(b"%PDF-1.7 no sound", settings=settings)
