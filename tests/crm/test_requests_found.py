"""Finding requests: by words that few say and that many say, by who owns them, by being late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.queries import requests_found
from abonent.crm.queries.requests_found import found_requests
from abonent.crm.registers.claims import CLAIMS
from abonent.crm.registers.letters import LETTERS
from abonent.crm.registers.requests import ALL_REQUESTS, REQUESTS
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import take_to_work
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.declaration import Register
from abonent.kernel.registers.reading import read_page, read_totals
from abonent.web.service import add_user

MONDAY = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)


async def taken(text: str) -> int:
    made = await take_request(NewRequest(channel="call", text=text), by=SYSTEM)
    return made.number


async def found(text: str) -> list[int]:
    """The numbers of what the register finds, in its order."""
    return await shown(ALL_REQUESTS, ("q", text))


async def shown(register: Register, *pairs: tuple[str, str]) -> list[int]:
    asked = await read_asked(register, pairs, by=SYSTEM)
    return [row["number"] for row in (await read_page(register, asked, by=SYSTEM)).rows]


@pytest.mark.parametrize("few", [5_000, 4, 2])
async def test_words_find_the_latest_requests_however_many_say_them(
    card: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests_found, "_FEW", few)
    monkeypatch.setattr(requests_found, "FOUND", 3)
    numbers = [await taken(f"Роутер мигает {n}") for n in range(5)]
    await taken("Нет квитанции")
    await taken("Где квитанция")
    assert card
    assert await found("роутера мигают") == numbers[:1:-1]
    assert await found("бегемот") == []


async def test_nothing_that_is_typed_breaks_the_search(card: str) -> None:
    await taken("Роутер мигает")
    for typed in (card, "№ 99999999999999999999999", "'", '"роутер', "роутер -", "%", "\\"):
        await found_requests(typed, SYSTEM)


async def test_late_is_what_is_late_by_the_programs_clock(card: str) -> None:
    assert card
    with clock.moved(MONDAY):
        number = await taken("Не приходит счёт")
        assert await shown(REQUESTS, ("late", "on")) == []
    with clock.moved(MONDAY + timedelta(days=40)):
        assert await shown(REQUESTS, ("late", "on")) == [number]
        asked = await read_asked(REQUESTS, [("late", "on")], by=SYSTEM)
        totals = await read_totals(REQUESTS, asked, by=SYSTEM)
    assert totals is not None
    assert totals.rows == 1
    asked = await read_asked(CLAIMS, [("late", "on")], by=SYSTEM)
    assert (await read_page(CLAIMS, asked, by=SYSTEM)).rows == []


async def test_requests_are_listed_by_their_owner_and_those_of_nobody(card: str) -> None:
    assert card
    user = await add_user("anna", name="Анна", role="office", password="correct horse battery")
    mine, free = await taken("Первое"), await taken("Второе")
    await take_to_work(mine, by=Actor("user", str(user), "Анна", frozenset({"crm.request.*"})))
    assert await shown(ALL_REQUESTS, ("owner", str(user))) == [mine]
    assert await shown(ALL_REQUESTS, ("owner", "0")) == [free]
    assert await shown(ALL_REQUESTS, ("owner", str(user)), ("owner", "0")) == [free, mine]
    for typed in ("99999999999999999999", "anna", "-1", "1e3"):
        assert await shown(ALL_REQUESTS, ("owner", typed)) == []


async def test_the_last_day_of_a_span_belongs_to_it(db: Any) -> None:
    with clock.moved(MONDAY):
        number = await taken("Нет связи")
        await db.execute(
            "INSERT INTO crm_mail_taken (message_id, at, kind, sender, subject, error)"
            " VALUES ('a@x', $1, 'failed', 'a@x.example', 'Письмо', 'TOO_LARGE')",
            MONDAY,
        )
    for day, there in (("2026-04-05", False), ("2026-04-06", True)):
        assert (number in await shown(ALL_REQUESTS, ("received.to", day))) is there
        asked = await read_asked(LETTERS, [("at.to", day)], by=SYSTEM)
        assert bool((await read_page(LETTERS, asked, by=SYSTEM)).rows) is there
