"""Making sure of who asks: levels as content, what is confirmed, what is done below its level."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from abonent.crm.identity_levels import Levels, identity_levels
from abonent.crm.queries.identity import standing_of
from abonent.crm.rules.identity import Mode, Verdict, verdict
from abonent.crm.rules.people import read_address
from abonent.crm.service.identity import (
    check_identity,
    confirm_identity,
    end_identity,
    set_identity_rule,
)
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import load_content
from abonent.kernel.errors import Forbidden, Malformed

CLERK = Actor("user", "5", "Анна", frozenset({"crm.identity.confirm", "crm.subscriber.view"}))
OTHER = Actor("user", "6", "Ольга", CLERK.rights)


async def _lapses(db: Any) -> list[tuple[str, int, int]]:
    rows = await db.fetch("SELECT action, needed, had FROM crm_identity_lapse ORDER BY id")
    return [tuple(row.values()) for row in rows]


def test_both_languages_know_the_same_levels_ways_and_actions() -> None:
    found = [load_content("identity", Levels, language=one)["levels"].value for one in ("ru", "en")]
    shapes = [
        (
            [(one.code, one.level, one.who) for one in levels.action],
            [(one.level, [way.code for way in one.ways]) for one in levels.level],
        )
        for levels in found
    ]
    assert shapes[0] == shapes[1]
    assert len(found[0].action) == 33


def test_a_table_with_a_level_that_nothing_reaches_is_refused() -> None:
    whole = load_content("identity", Levels, language="ru")["levels"].value.model_dump()
    whole["level"][2]["ways"] = ()
    with pytest.raises(ValidationError, match="one at least"):
        Levels.model_validate(whole)


@pytest.mark.parametrize(
    ("mode", "needed", "confirmed", "comes"),
    [
        (Mode.OFF, 2, 0, Verdict.DONE),
        (Mode.REMIND, 2, 2, Verdict.DONE),
        (Mode.REMIND, 1, 2, Verdict.DONE),
        (Mode.REMIND, 2, 1, Verdict.LAPSE),
        (Mode.REQUIRE, 1, 0, Verdict.REFUSED),
        (Mode.REQUIRE, 2, 2, Verdict.DONE),
    ],
)
def test_what_becomes_of_an_action(mode: Mode, needed: int, confirmed: int, comes: Verdict) -> None:
    assert verdict(mode, needed=needed, confirmed=confirmed) is comes


async def test_what_one_confirmed_holds_for_oneself_until_the_conversation_is_over(
    card: str,
) -> None:
    assert await confirm_identity(card, by=CLERK, way="told") == 1
    assert await confirm_identity(card, by=CLERK, way="passport") == 2
    standing = await standing_of(card, by=CLERK)
    assert (standing.level, standing.way) == (2, "passport")
    assert (await standing_of(card, by=OTHER)).level == 0
    await end_identity(card, by=CLERK)
    assert (await standing_of(card, by=CLERK)).level == 0


async def test_what_is_confirmed_holds_for_the_minutes_of_the_rule(card: str, db: Any) -> None:
    await set_identity_rule(by=SYSTEM, mode="remind", minutes=20)
    await confirm_identity(card, by=CLERK, way="told")
    standing = await standing_of(card, by=CLERK)
    assert standing.until is not None
    assert standing.at is not None
    assert standing.until - standing.at == timedelta(minutes=20)
    await db.execute(
        "UPDATE crm_identity_check SET at = at - interval '1 hour', until = $1", clock.now()
    )
    assert (await standing_of(card, by=CLERK)).level == 0


@pytest.fixture
async def neighbour(card: str) -> str:
    person = NewSubscriber("Орлова Ирина Олеговна", phone="8 916 111-22-33")
    address = read_address("Центр, Мира, 8, кв. 13")
    await open_subscriber_account(
        "20418", by=SYSTEM, billing_day=1, subscriber=person, address=address
    )
    return "20418"


async def test_going_over_to_another_subscriber_ends_what_was_confirmed(
    card: str, neighbour: str
) -> None:
    await confirm_identity(card, by=CLERK, way="passport")
    await confirm_identity(card, by=OTHER, way="passport")
    await confirm_identity(neighbour, by=CLERK, way="told")
    assert (await standing_of(card, by=CLERK)).level == 0
    assert (await standing_of(card, by=OTHER)).level == 2
    assert (await standing_of(neighbour, by=CLERK)).level == 1


async def test_an_action_below_its_level_is_written_down_and_one_at_its_level_is_not(
    card: str, db: Any
) -> None:
    await check_identity(card, by=CLERK, action="promise")
    await confirm_identity(card, by=CLERK, way="told")
    await check_identity(card, by=CLERK, action="promise")
    await check_identity(card, by=CLERK, action="tariff")
    await check_identity(card, by=CLERK, action="tariff", way="passport")
    assert await _lapses(db) == [("promise", 1, 0), ("tariff", 2, 1)]


async def test_where_it_is_required_nothing_is_done_below_its_level(card: str, db: Any) -> None:
    await set_identity_rule(by=SYSTEM, mode="require", minutes=30)
    with pytest.raises(Malformed):
        await check_identity(card, by=CLERK, action="freeze")
    with pytest.raises(Malformed):
        await check_identity(card, by=CLERK, action="freeze", way="told")
    assert (await standing_of(card, by=CLERK)).level == 0
    await check_identity(card, by=CLERK, action="freeze", way="portal")
    assert (await standing_of(card, by=CLERK)).level == 2
    assert await _lapses(db) == []


async def test_who_may_not_confirm_confirms_nothing(card: str) -> None:
    nobody = Actor("user", "7", "Иван", frozenset({"crm.subscriber.view"}))
    with pytest.raises(Forbidden):
        await confirm_identity(card, by=nobody, way="told")
    await check_identity(card, by=nobody, action="promise", way="told")
    assert (await standing_of(card, by=nobody)).level == 0


async def test_an_unknown_way_confirms_nothing(card: str) -> None:
    with pytest.raises(Malformed):
        await confirm_identity(card, by=CLERK, way="guessed")
    assert (await identity_levels()).level_of_way("guessed") is None
