"""The notice that is played before a recording: one in use, each conversation knows which it was."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from abonent.crm.queries.recording_notice import current_notice, notice_played
from abonent.crm.service.conversations import begin_recording, check_sound
from abonent.crm.service.recording_notice import (
    MOST_NOTICE,
    set_notice,
    sound_of_notice,
    take_notice_off,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Conflict, Forbidden, Malformed, NotFound
from abonent.kernel.settings import Settings
from abonent.kernel.storage import storage_of
from tests.crm.test_conversations import wave

CLERK = Actor("user", "5", "Анна", frozenset({"crm.conversation.record"}))


@pytest.fixture
def settings(tmp_path: Path, database: Settings) -> Settings:
    return database.having(home=tmp_path)


async def _set(settings: Settings, seconds: int = 1) -> int:
    checked = await check_sound(wave(seconds), settings=settings)
    return await set_notice(
        checked, name="  Уведомление  2026.wav ", by=SYSTEM, storage=storage_of(settings)
    )


async def test_one_is_in_use_and_those_that_were_stay_known(db: Any, settings: Settings) -> None:
    assert await current_notice() is None
    first, second = await _set(settings, 1), await _set(settings, 2)
    found = await current_notice()
    assert found is not None
    assert (found.id, found.name) == (second, "Уведомление 2026.wav")
    assert found.sha256 == hashlib.sha256(wave(2)).hexdigest()
    _was, content = await sound_of_notice(first, by=CLERK, storage=storage_of(settings))
    assert content == wave(1)
    await take_notice_off(by=SYSTEM)
    assert await current_notice() is None
    with pytest.raises(Conflict):
        await take_notice_off(by=SYSTEM)


async def test_a_conversation_knows_the_notice_that_was_played(
    card: str, db: Any, settings: Settings
) -> None:
    notice = await _set(settings)
    made = await begin_recording(card, by=CLERK, kind="visit", told=True, notice=notice)
    said = await begin_recording(card, by=CLERK, kind="visit", told=True)
    await _set(settings, 3)
    found = await notice_played(made)
    assert found is not None
    assert found.id == notice
    assert await notice_played(said) is None
    told = await db.fetchval(
        "SELECT after ->> 'notice' FROM audit WHERE subject = $1", f"conversation:{made}"
    )
    assert told == found.sha256


async def test_a_notice_of_long_ago_was_not_played_just_now(card: str, settings: Settings) -> None:
    notice = await _set(settings)
    await take_notice_off(by=SYSTEM)
    assert await begin_recording(card, by=CLERK, kind="visit", told=True, notice=notice)
    with clock.moved(clock.now() + timedelta(minutes=11)), pytest.raises(Malformed):
        await begin_recording(card, by=CLERK, kind="visit", told=True, notice=notice)


async def test_what_cannot_be_is_refused(card: str, settings: Settings) -> None:
    with pytest.raises(Malformed):
        await begin_recording(card, by=CLERK, kind="visit", told=True, notice=7)
    with pytest.raises(NotFound):
        await sound_of_notice(7, by=CLERK, storage=storage_of(settings))
    checked = await check_sound(wave(1) + bytes(MOST_NOTICE), settings=settings)
    with pytest.raises(Malformed):
        await set_notice(checked, name="x", by=SYSTEM, storage=storage_of(settings))
    small = await check_sound(wave(1), settings=settings)
    with pytest.raises(Forbidden):
        await set_notice(small, name="x", by=CLERK, storage=storage_of(settings))
