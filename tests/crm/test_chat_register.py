"""The register of chats: chats alone, by state, owner, day, rating and how soon the first word came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.registers.chats import ALL_CHATS
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.chatting import say_in_chat
from abonent.crm.service.requests.client import CLIENT, rate_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.declaration import Kind
from abonent.kernel.registers.reading import read_page
from abonent.web.service import add_user

MONDAY = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)
RIGHTS = frozenset({"crm.request.view", "crm.request.work"})


async def taken(channel: str) -> int:
    new = NewRequest(channel=channel, text="Нет интернета", who="Пётр")
    return (await take_request(new, by=CLIENT)).number


async def shown(*pairs: tuple[str, str]) -> list[int]:
    asked = await read_asked(ALL_CHATS, pairs, by=SYSTEM)
    return [row["number"] for row in (await read_page(ALL_CHATS, asked, by=SYSTEM)).rows]


@pytest.fixture
async def anna(db: Any) -> Actor:
    user = await add_user("anna", name="Иванова Анна", role="office", password="correct horse 9")
    return Actor("user", str(user), "Иванова Анна", RIGHTS)


async def test_chats_are_found_by_all_that_is_asked_about_them(anna: Actor) -> None:
    with clock.moved(MONDAY):
        await taken("call")
        soon, late = await taken("chat"), await taken("chat")
        await say_in_chat(soon, by=anna, text="Смотрю")
    with clock.moved(MONDAY + timedelta(minutes=2)):
        await say_in_chat(late, by=SYSTEM, text="Простите, что ждали")
        await answer_request(soon, by=anna, text="Связь есть.")
        await rate_request(soon, rating=4)
    with clock.moved(MONDAY + timedelta(days=1)):
        new = await taken("chat")
        assert await shown() == [new, late, soon]
        assert await shown(("first_word", "soon")) == [soon]
        assert await shown(("first_word", "late")) == [late]
        assert await shown(("first_word", "none")) == [new]
        assert await shown(("state", "rated")) == [soon]
        assert await shown(("owner", anna.id)) == [soon]
        assert await shown(("rating", "4")) == [soon]
        assert await shown(("received.from", "2026-04-07")) == [new]


def test_it_fits_an_office_screen_and_opens_the_talk() -> None:
    columns = {one.name: one for one in ALL_CHATS.columns}
    assert len([one for one in columns.values() if one.shown]) == 8
    assert columns["owner"].kind is Kind.STAFF
    assert columns["number"].link == columns["title"].link == "/requests/{number}"
