"""Before a norm is broken the head hears of a request that nobody deals with, once in its term."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.queries.requests import waiting_requests, whole_request
from abonent.crm.service.requests.alarming import name_alarm_addresses
from abonent.crm.service.requests.client import CLIENT, say_more
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.warning import escalate_requests, warn_requests
from abonent.crm.service.requests.working import (
    classify_request,
    note_request,
    pass_request,
    take_to_work,
    wait_for,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden
from abonent.kernel.jsontext import from_json
from abonent.web.service import add_user, set_absence

MONDAY = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)
HEADS_ADDRESS = "head@provider.example"


def of(user: int) -> Actor:
    return Actor("user", str(user), "X", frozenset({"crm.request.*"}))


async def staff(role: str, name: str) -> int:
    return await add_user(name.lower(), name=name, role=role, password="correct horse battery")


async def asked() -> int:
    """The number of a request of the office's, taken in on Monday morning."""
    with clock.moved(MONDAY):
        new = NewRequest(channel="email", text="Как платить?", topic="payment-ways", who="Пётр")
        return (await take_request(new, by=SYSTEM)).number


async def part(number: int, percent: int) -> datetime:
    """The instant when so many percent of what is left after the warning have gone by."""
    found = (await whole_request(number, by=SYSTEM)).request
    assert found.due_at
    assert found.warn_at
    return found.warn_at + (found.due_at - found.warn_at) * percent / 100


async def cron() -> int:
    await warn_requests()
    return await escalate_requests()


async def notes(number: int) -> list[str]:
    return [
        one.text for one in (await whole_request(number, by=SYSTEM)).lines if one.kind == "note"
    ]


@pytest.fixture
async def people(db: Any) -> dict[str, int]:
    return {
        "anna": await staff("office", "Анна"),
        "olga": await staff("office", "Ольга"),
        "shift": await staff("shift", "Сергей"),
        "head": await staff("head", "Павел"),
    }


async def owned(user: int) -> int:
    number = await asked()
    with clock.moved(MONDAY):
        await pass_request(number, by=SYSTEM, team="office", owner=user, note="")
    return number


async def test_what_nobody_took_is_told_at_the_warning_once(people: dict[str, int]) -> None:
    number = await asked()
    with clock.moved(await part(number, -10)):
        assert await cron() == 0
    with clock.moved(await part(number, 1)):
        assert await cron() == 1
        assert await cron() == 0
    (note,) = await notes(number)
    assert "Сергей" in note
    assert "Павел" not in note


async def test_the_owner_has_half_of_what_is_left(people: dict[str, int]) -> None:
    number = await owned(people["anna"])
    with clock.moved(await part(number, 1)):
        assert await cron() == 0
    with clock.moved(await part(number, 49)):
        assert await cron() == 0
    with clock.moved(await part(number, 52)):
        assert await cron() == 1
    assert "Анна" in (await notes(number))[0]


async def test_an_owner_who_does_something_is_left_in_peace(people: dict[str, int]) -> None:
    number = await owned(people["anna"])
    with clock.moved(await part(number, 1)):
        await cron()
        await note_request(number, by=of(people["anna"]), text="Звоню в банк.")
    with clock.moved(await part(number, 90)):
        assert await cron() == 0


async def test_what_the_client_says_is_no_work_of_the_owners(people: dict[str, int]) -> None:
    number = await owned(people["anna"])
    with clock.moved(await part(number, 1)):
        await cron()
        await say_more(number, text="Где ответ?", by=CLIENT, channel="email")
    with clock.moved(await part(number, 60)):
        assert await cron() == 1


async def test_a_clock_that_stands_is_told_to_nobody(people: dict[str, int]) -> None:
    number, anna = await owned(people["anna"]), of(people["anna"])
    due = await part(number, 90)
    with clock.moved(MONDAY):
        await take_to_work(number, by=anna)
        await wait_for(number, by=anna, whom="client", reason="word")
    with clock.moved(due):
        assert await cron() == 0


async def test_a_new_term_is_told_of_anew(people: dict[str, int]) -> None:
    number = await asked()
    with clock.moved(await part(number, 1)):
        assert await cron() == 1
        await classify_request(number, by=of(people["shift"]), topic="refund")
    with clock.moved(await part(number, -5)):
        assert await cron() == 0
    with clock.moved(await part(number, 1)):
        assert await cron() == 1


async def test_the_tile_is_the_supervisors_until_somebody_does_something(
    people: dict[str, int],
) -> None:
    number = await asked()
    with clock.moved(await part(number, 1)):
        await cron()
        assert (await waiting_requests(people["shift"])).unheeded == 1
        assert (await waiting_requests(people["head"])).unheeded == 0
        assert (await waiting_requests(people["anna"])).unheeded == 0
        await take_to_work(number, by=of(people["anna"]))
        assert (await waiting_requests(people["shift"])).unheeded == 0


async def test_where_the_supervisor_is_away_the_head_is_told(people: dict[str, int]) -> None:
    number = await asked()
    at = await part(number, 1)
    days = {"first": MONDAY.date(), "last": MONDAY.date() + timedelta(9)}
    with clock.moved(MONDAY):
        await set_absence(people["shift"], **days, reason="illness", substitute=None, by=SYSTEM)
    with clock.moved(at):
        assert await cron() == 1
        assert (await waiting_requests(people["head"])).unheeded == 1
    assert "Павел" in (await notes(number))[0]


async def test_an_absent_owner_without_a_substitute_is_told_of_at_once(
    people: dict[str, int],
) -> None:
    number = await owned(people["anna"])
    days = {"first": MONDAY.date(), "last": MONDAY.date() + timedelta(9)}
    with clock.moved(MONDAY):
        await set_absence(people["anna"], **days, reason="illness", substitute=None, by=SYSTEM)
    with clock.moved(await part(number, 1)):
        assert await cron() == 1


async def test_the_substitute_has_their_half_too(people: dict[str, int]) -> None:
    number = await owned(people["anna"])
    days = {"first": MONDAY.date(), "last": MONDAY.date() + timedelta(9)}
    with clock.moved(MONDAY):
        await set_absence(
            people["anna"], **days, reason="holiday", substitute=people["olga"], by=SYSTEM
        )
    with clock.moved(await part(number, 1)):
        assert await cron() == 0
    with clock.moved(await part(number, 60)):
        assert await cron() == 1
    assert "Ольга" in (await notes(number))[0]


async def letters(db: Any) -> dict[str, str]:
    """The text of each alarm by its address."""
    rows = await db.fetch("SELECT payload FROM outbox WHERE kind = 'mail' ORDER BY id")
    written = [from_json(row["payload"]) for row in rows]
    assert len({one["to"][0] for one in written}) == len(written)
    return {one["to"][0]: one["text"] for one in written}


async def test_the_head_gets_one_letter_about_all_of_them(people: dict[str, int], db: Any) -> None:
    await name_alarm_addresses({"": HEADS_ADDRESS, "cash": ""}, by=SYSTEM)
    await db.execute("UPDATE crm_claim_policy SET head_email = 'claims@provider.example'")
    numbers = [await asked(), await owned(people["anna"])]
    with clock.moved(await part(numbers[0], 60)):
        await warn_requests()
    with clock.moved(await part(numbers[0], 90)):
        assert await cron() == 2
    written = await letters(db)
    assert list(written) == [HEADS_ADDRESS]
    assert all(f"/requests/{number}" in written[HEADS_ADDRESS] for number in numbers)


async def test_a_team_with_an_address_of_its_own_hears_of_its_own(
    people: dict[str, int], db: Any
) -> None:
    given = {"": HEADS_ADDRESS, "cash": " cash@provider.example ", "nobody": "x@provider.example"}
    await name_alarm_addresses(given, by=SYSTEM)
    office, cash = await asked(), await asked()
    with clock.moved(MONDAY):
        await pass_request(cash, by=SYSTEM, team="cash", owner=None, note="")
    with clock.moved(await part(office, 90)):
        assert await cron() == 2
    written = await letters(db)
    assert set(written) == {HEADS_ADDRESS, "cash@provider.example"}
    assert f"/requests/{cash}" in written["cash@provider.example"]
    assert f"/requests/{cash}" not in written[HEADS_ADDRESS]
    assert f"/requests/{office}" in written[HEADS_ADDRESS]


async def test_where_no_address_is_set_nobody_is_written_to(
    people: dict[str, int], db: Any
) -> None:
    await name_alarm_addresses({"cash": "cash@provider.example"}, by=SYSTEM)
    number = await asked()
    with clock.moved(await part(number, 90)):
        assert await cron() == 1
    assert await letters(db) == {}
    with pytest.raises(Forbidden):
        await name_alarm_addresses({}, by=of(people["anna"]))
