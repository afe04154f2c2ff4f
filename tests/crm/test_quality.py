"""Quality of conversations: points, samples, appeals, results."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from abonent.crm.conversation_errors import (
    JudgedAlready,
    NoConversation,
    NotOwnWork,
    OwnCard,
)
from abonent.crm.quality_form import QualityForm
from abonent.crm.queries.quality import (
    Result,
    bars_own_card,
    lines_met,
    quality_card,
    results,
    to_judge,
    weeks,
)
from abonent.crm.queries.quality_appeals import appeals_for, deciders_of
from abonent.crm.rules.quality import APPEAL, Candidate, Line, draw, score_of, week_of
from abonent.crm.service import conversations as recording
from abonent.crm.service.conversations import NewCall
from abonent.crm.service.conversations_kept import mark_example, tie_conversation
from abonent.crm.service.quality import draw_last_week, draw_sample, judge, judge_anew, move_card
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import load_content
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.i18n import time_zone
from abonent.kernel.settings import Settings
from abonent.kernel.storage import storage_of
from abonent.kernel.workflow import MoveRefused, moves_of
from abonent.web.service import add_user
from tests.crm.test_conversations import wave

HEAD = Actor("user", "9", "Мария", frozenset({"crm.*", "desk.open"}))
SHIFT = Actor(
    "user", "8", "Ирина", frozenset({"crm.quality.judge", "crm.quality.view", "desk.open"})
)
ANNA = Actor("user", "5", "Анна", frozenset({"crm.conversation.view", "desk.open"}))
FORM = load_content("quality", QualityForm, language="ru")["card"].value
WHOLE = {line.code: 100 for line in FORM.criterion}
CALLS = iter(range(10_000))


@pytest.fixture
def settings(tmp_path: Path, database: Settings) -> Settings:
    return database.having(home=tmp_path)


async def talk(
    card: str, settings: Settings, *, actor: str = "user:5", began: datetime | None = None
) -> int:
    """A kept call of an employee."""
    call = NewCall(
        number=card, kind="call", direction="in", source="exchange", call=f"c{next(CALLS)}",
        actor=actor, phone="", told=True, began=began or clock.now() - timedelta(minutes=5),
        ended=None,
    )  # fmt: skip
    made = await recording.register_call(call, by=SYSTEM)
    checked = await recording.check_sound(wave(1), settings=settings)
    await recording.give_sound(made, checked, by=SYSTEM, storage=storage_of(settings))
    return made


def test_the_card_makes_a_hundred_points_in_both_languages() -> None:
    shapes = [
        [(one.code, one.points, one.critical) for one in form.criterion]
        for form in (
            load_content("quality", QualityForm, language=x)["card"].value for x in ("ru", "en")
        )
    ]
    assert shapes[0] == shapes[1]
    assert score_of(FORM.lines, WHOLE).points == 100
    assert [code for code, _points, critical in shapes[0] if critical] == [
        "identification",
        "accuracy",
    ]


def test_a_card_that_does_not_make_a_hundred_is_refused() -> None:
    whole = FORM.model_dump()
    whole["criterion"][0]["points"] = 6
    with pytest.raises(ValidationError, match="make 100"):
        QualityForm.model_validate(whole)


def test_one_critical_line_not_met_makes_the_whole_nothing() -> None:
    assert score_of(FORM.lines, WHOLE | {"tone": 0, "greeting": 50}).points == 88
    assert score_of(FORM.lines, WHOLE | {"accuracy": 50}).points == 88
    failed = score_of(FORM.lines, WHOLE | {"accuracy": 0})
    assert (failed.points, failed.critical) == (0, ("accuracy",))


@given(st.lists(st.sampled_from([0, 50, 100]), min_size=8, max_size=8))
def test_points_lie_between_nothing_and_a_hundred_and_grow_with_what_was_met(
    shares: list[int],
) -> None:
    given_shares = dict(zip((line.code for line in FORM.lines), shares, strict=True))
    score = score_of(FORM.lines, given_shares)
    assert 0 <= score.points <= 100
    better = {code: min(100, share + 50) for code, share in given_shares.items()}
    assert score_of(FORM.lines, better).points >= score.points


WEEK = date(2026, 3, 2)


@given(
    st.lists(
        st.builds(
            Candidate,
            id=st.integers(1, 10_000),
            actor=st.sampled_from(["user:1", "user:2", "user:3"]),
            complaint=st.booleans(),
        ),
        unique_by=lambda one: one.id,
        max_size=60,
    )
)
def test_a_sample_has_every_complaint_and_five_of_each_where_there_are_five(
    candidates: list[Candidate],
) -> None:
    chosen = draw(WEEK, candidates, size=5)
    assert chosen == draw(WEEK, list(reversed(candidates)), size=5)
    for actor in {one.actor for one in candidates}:
        own = [one for one in candidates if one.actor == actor]
        complaints = [one for one in own if one.complaint]
        assert all(chosen[one.id] == "complaint" for one in complaints)
        taken = [one for one in own if one.id in chosen]
        assert len(taken) == max(len(complaints), min(5, len(own)))


def test_another_week_draws_others() -> None:
    candidates = [Candidate(number, "user:1", complaint=False) for number in range(200)]
    first, second = (draw(WEEK + timedelta(days), candidates, size=5) for days in (0, 7))
    assert set(first) != set(second)
    assert score_of([Line("a", 100, False)], {"a": 50}).points == 50


async def test_a_drawn_sample_waits_to_be_judged(card: str, settings: Settings) -> None:
    monday = week_of(clock.now().astimezone(time_zone()).date()) - timedelta(7)
    began = datetime.combine(monday, time(12), time_zone())
    made = [await talk(card, settings, began=began + timedelta(hours=n)) for n in range(7)]
    await talk(card, settings, actor="", began=began)
    await talk(card, settings, began=began + timedelta(days=14))
    await tie_conversation(made[6], by=HEAD, tie="complaint", about="")
    assert await draw_last_week(by=HEAD) == 5
    assert await draw_sample(monday, by=HEAD) == 5
    waiting = await to_judge(monday, by=HEAD)
    assert len(waiting) == 5
    assert [one.why for one in waiting if one.id == made[6]] == ["complaint"]
    await judge(waiting[0].id, by=SHIFT, shares=WHOLE, notes={})
    assert len(await to_judge(monday, by=HEAD)) == 4
    with pytest.raises(Malformed):
        await draw_sample(monday + timedelta(1), by=HEAD)


async def test_a_conversation_is_judged_once_and_never_by_who_talked(
    card: str, settings: Settings
) -> None:
    made = await talk(card, settings)
    judging_anna = Actor("user", "5", "Анна", SHIFT.rights)
    with pytest.raises(NotOwnWork):
        await judge(made, by=judging_anna, shares=WHOLE, notes={})
    with pytest.raises(Malformed) as wrong:
        await judge(made, by=SHIFT, shares={"tone": 70, "accuracy": 0}, notes={})
    fields = [error.field for error in wrong.value.errors]
    assert "tone" in fields
    assert "accuracy_note" in fields
    assert "greeting" in fields
    shares = WHOLE | {"accuracy": 0}
    done = await judge(made, by=SHIFT, shares=shares, notes={"accuracy": "Срок не назван"})
    found = await quality_card(done, by=ANNA)
    assert (found.score, list(found.critical), found.state) == (0, ["accuracy"], "given")
    assert found.notes["accuracy"] == "Срок не назван"
    with pytest.raises(JudgedAlready):
        await judge(made, by=HEAD, shares=WHOLE, notes={})
    stranger = Actor("user", "77", "Олег", ANNA.rights)
    with pytest.raises(NoConversation):
        await quality_card(done, by=stranger)


async def test_an_appeal_is_made_by_whose_work_it_is_and_decided_by_somebody_else(
    card: str, settings: Settings
) -> None:
    done = await judge(await talk(card, settings), by=SHIFT, shares=WHOLE | {"tone": 0}, notes={})
    with pytest.raises(Forbidden):
        await move_card(done, "appeal", by=HEAD, note="за Анну")
    with pytest.raises(Malformed):
        await move_card(done, "appeal", by=ANNA)
    await move_card(done, "appeal", by=ANNA, note="Клиент кричал первым")
    with pytest.raises(MoveRefused):
        await move_card(done, "agree", by=ANNA)
    with pytest.raises(Forbidden):
        await move_card(done, "uphold", by=SHIFT, note="нет")
    await judge_anew(done, by=HEAD, shares=WHOLE | {"tone": 50}, notes={}, note="Прослушали вместе")
    found = await quality_card(done, by=ANNA)
    assert (found.score, found.state, found.shares["tone"]) == (95, "changed", 50)
    log = await moves_of(APPEAL, done)
    assert [(move.name, move.by) for move in log] == [("appeal", "user:5"), ("change", "user:9")]


async def test_who_gave_the_card_decides_only_where_nobody_else_may(
    card: str, settings: Settings
) -> None:
    async def appealed() -> int:
        shares = WHOLE | {"tone": 0}
        done = await judge(await talk(card, settings), by=HEAD, shares=shares, notes={})
        await move_card(done, "appeal", by=ANNA, note="Клиент кричал первым")
        return done

    alone = await appealed()
    assert not await bars_own_card(await quality_card(alone, by=HEAD), by=HEAD)
    await move_card(alone, "uphold", by=HEAD, note="Прослушали вместе")
    strange = {"role": "head", "password": "correct horse battery"}
    await add_user("far", name="Зоя", districts=("Дальний",), **strange)
    assert not await bars_own_card(await quality_card(await appealed(), by=HEAD), by=HEAD)
    second = await add_user("second", name="Вера", role="head", password="correct horse battery")
    done = await appealed()
    assert await bars_own_card(await quality_card(done, by=HEAD), by=HEAD)
    with pytest.raises(OwnCard):
        await move_card(done, "uphold", by=HEAD, note="Прослушал сам")
    with pytest.raises(OwnCard):
        await judge_anew(done, by=HEAD, shares=WHOLE, notes={}, note="Прослушал сам")
    await move_card(done, "uphold", by=Actor("user", str(second), "Вера", HEAD.rights), note="Да")
    assert (await quality_card(done, by=HEAD)).state == "upheld"


async def test_an_appeal_waits_for_those_who_may_decide_it_and_for_nobody_else(
    card: str, settings: Settings
) -> None:
    password = "correct horse battery"

    async def head(login: str, name: str, *districts: str) -> Actor:
        user = await add_user(
            login, name=name, role="head", password=password, districts=districts or None
        )
        districted = frozenset(districts) if districts else None
        return Actor("user", str(user), name, HEAD.rights, districted)

    first, far = await head("first", "Вера"), await head("far", "Зоя", "Дальний")
    done = await judge(await talk(card, settings), by=first, shares=WHOLE | {"tone": 0}, notes={})
    assert await appeals_for(by=first) == []
    await move_card(done, "appeal", by=ANNA, note="Клиент кричал первым")
    assert await deciders_of(done) == ["Вера"]
    [waiting] = await appeals_for(by=first)
    assert (waiting.id, waiting.score, waiting.note) == (done, 90, "Клиент кричал первым")
    assert await appeals_for(by=far) == []
    second = await head("second", "Алла")
    assert await deciders_of(done) == ["Алла"]
    assert await appeals_for(by=first) == []
    assert [one.id for one in await appeals_for(by=second)] == [done]
    with pytest.raises(Forbidden):
        await appeals_for(by=ANNA)
    own = await judge(
        await talk(card, settings, actor=f"user:{second.id}"), by=SHIFT, shares=WHOLE, notes={}
    )
    await move_card(own, "appeal", by=second, note="Не так")
    assert await deciders_of(own) == ["Вера"]
    assert [one.id for one in await appeals_for(by=second)] == [done]
    await move_card(done, "uphold", by=second, note="Прослушали вместе")
    assert await appeals_for(by=second) == []


async def test_results_are_of_a_period_and_ones_own_for_who_may_not_see_all(
    card: str, settings: Settings
) -> None:
    for actor, shares in (
        ("user:5", WHOLE),
        ("user:5", WHOLE | {"tone": 0, "offer": 0}),
        ("user:6", WHOLE | {"accuracy": 0}),
    ):
        made = await talk(card, settings, actor=actor)
        await judge(made, by=SHIFT, shares=shares, notes={"accuracy": "неверно"})
    begin, end = clock.now() - timedelta(1), clock.now() + timedelta(1)
    found = {one.actor: one for one in await results(begin, end, by=HEAD, target=85)}
    assert (found["user:5"].cards, found["user:5"].mean, found["user:5"].reached) == (2, 88, 1)
    assert (found["user:6"].mean, found["user:6"].critical) == (0, 1)
    assert found["user:5"].reached_share == 5_000
    assert Result("user:5", "Анна", 11, 900, 9, 0, 0).reached_share == 8_182
    own = await results(begin, end, by=ANNA, target=85)
    assert [one.actor for one in own] == ["user:5"]
    by_week = await weeks(begin, end, by=ANNA, zone="Europe/Moscow")
    assert list(by_week.values()) == [(2, 88)]
    assert (await lines_met(begin, end, by=HEAD))["tone"] == 6_667


async def test_an_example_says_what_of(card: str, db: Any, settings: Settings) -> None:
    made = await talk(card, settings)
    with pytest.raises(Malformed):
        await mark_example(made, by=HEAD, example="good", note=" ")
    await mark_example(made, by=HEAD, example="good", note="Спокойный разговор о долге")
    row = await db.fetchrow("SELECT example, example_of FROM crm_conversation WHERE id = $1", made)
    assert tuple(row.values()) == ("good", "Спокойный разговор о долге")
    await mark_example(made, by=HEAD, example="", note="")
    assert await db.fetchval("SELECT example_of FROM crm_conversation WHERE id = $1", made) == ""
