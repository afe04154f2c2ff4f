"""A telephone exchange registers its calls and sends their sound."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.crm.queries.conversations import conversation_of
from abonent.kernel.actor import SYSTEM
from tests.crm.test_conversations import wave
from tests.web.api.conftest import Caller

CALL = {
    "call_id": "pbx-1",
    "phone": "+7 912 345-67-89",
    "began_at": "2026-06-01T10:00:00+03:00",
    "ended_at": "2026-06-01T10:00:03+03:00",
}
PERSON = {"name": "Семёнов Пётр Ильич", "kind": "person", "phone": "8 912 345-67-89"}


async def _account(api: Caller) -> None:
    await api.begin(date(2026, 6, 1))
    await api.account("1", subscriber=PERSON)


async def test_a_call_finds_its_account_by_the_phone_and_gets_its_sound(api: Caller) -> None:
    await _account(api)
    made = await api.post("conversations", **CALL)
    assert made["account"] == "1"
    assert await api.post("conversations", **CALL) == made
    for _again in range(2):
        sent = await api.client.put(made["sound"].removeprefix("/api/v1/"), content=wave(3))
        assert sent.status_code == 200, sent.text
    found = await conversation_of(int(made["id"]), by=SYSTEM)
    assert (found.state, found.seconds, found.media) == ("kept", 3, "audio/wav")


async def test_an_unknown_phone_leaves_the_call_to_a_person(api: Caller) -> None:
    await _account(api)
    made = await api.post("conversations", **CALL | {"phone": "+7 800 555-35-35"})
    assert made["account"] is None


async def test_the_same_id_with_another_call_is_a_conflict(api: Caller) -> None:
    await _account(api)
    await api.post("conversations", **CALL)
    other = CALL | {"phone": "+7 800 555-35-35"}
    assert (await api.refused(409, "conversations", **other))["code"] == "CONFLICT"


async def test_what_is_wrong_is_named(api: Caller, db: Any) -> None:
    await _account(api)
    told = await api.refused(400, "conversations", **CALL | {"employee": "nobody"})
    assert told["errors"][0]["field"] == "employee"
    before = CALL | {"ended_at": "2026-06-01T09:00:00+03:00"}
    assert (await api.refused(400, "conversations", **before))["errors"][0]["field"] == "ended_at"
    assert (await api.refused(404, "conversations", **CALL | {"account": "404"}))["code"]
    assert await db.fetchval("SELECT count(*) FROM crm_conversation") == 0
    for at in ("404", "x", "9" * 30):
        assert (
            await api.client.put(f"conversations/{at}/sound", content=wave(1))
        ).status_code == 404
    made = await api.post("conversations", **CALL)
    refused = await api.client.put(made["sound"].removeprefix("/api/v1/"), content=b"%PDF-1.7")
    assert (refused.status_code, refused.json()["code"]) == (422, "FILE_KIND")


async def test_a_token_without_the_right_sends_nothing(api: Caller, caller: Any) -> None:
    poor = await caller("desk.open")
    assert (await poor.client.put("conversations/1/sound", content=wave(1))).status_code == 403
