"""Scripts played and changed: every answer kept, going back, objections, results, own versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from abonent.crm.queries import script_results
from abonent.crm.queries.script_results import lately, results_of, shown_objections
from abonent.crm.queries.script_versions import draft_of, versions_of
from abonent.crm.queries.scripts import (
    open_runs,
    playable_script,
    playable_scripts,
    read_run,
    runs_of_account,
)
from abonent.crm.rules import scripts as rules
from abonent.crm.rules.scripts import (
    ABANDONED,
    BROKEN_OFF,
    Known,
    advance_sum,
    facts_of,
    in_order_of_use,
)
from abonent.crm.script_errors import (
    DraftChanged,
    DraftMissing,
    NotPlayable,
    RunEnded,
    RunNotFound,
    ScriptNotFound,
)
from abonent.crm.service import script_versions as editing
from abonent.crm.service import scripts as playing
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.content import load_content
from abonent.kernel.errors import Conflict, Forbidden, Malformed
from abonent.kernel.scripts import Answer, Script, Stage

SLUG = "advance-payment"
RIGHTS = frozenset({"crm.script.play", "crm.subscriber.view", "billing.account.view"})
CLERK = Actor("user", "5", "Анна", RIGHTS)
OTHER = Actor("user", "6", "Ольга", RIGHTS)
HEAD = Actor("user", "7", "Вера", RIGHTS | {"crm.script.view", "crm.script.edit"})
EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def _say(run: int, *answers: str, by: Actor = CLERK) -> None:
    """Answer the steps one after another by the words of the answers."""
    for text in answers:
        state = await read_run(run, by=by)
        step = state.script.steps[state.current.step]
        place = next(n for n, one in enumerate(step.answer) if one.text == text)
        await playing.answer_step(run, by=by, no=state.no, answer=place)


YEAR = (
    "Вопрос решён, долга нет",
    "Слушает, вопросов нет",
    "Забываю, потом отключают",
    "Один раз надолго",
    "Беру год",
    "Оплатил здесь",
    "Чек отдан, заплачено за год",
)


async def test_a_conversation_keeps_every_step_and_answer_to_its_end(card: str, db: Any) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    await _say(run, *YEAR)
    told = await read_run(run, by=CLERK)
    assert (told.outcome, told.kind) == ("A12", "good")
    assert [shown.step for shown in told.steps] == [
        "ready", "serve", "ask", "forgets", "benefit", "pay12", "paid_end",
    ]  # fmt: skip
    assert all(shown.answer is not None and shown.answered_at for shown in told.steps)
    assert told.ended_at is not None
    actions = await db.fetch(
        "SELECT action, after FROM audit WHERE subject = $1", f"script_run:{run}"
    )
    assert {row["action"] for row in actions} == {"crm:script:begun", "crm:script:ended"}
    with pytest.raises(RunEnded):
        await playing.answer_step(run, by=CLERK, no=told.no, answer=0)
    [line] = await runs_of_account(card, by=OTHER)
    assert (line.outcome, line.own) == ("A12", False)


async def test_who_leaves_and_comes_back_goes_on_where_it_was(card: str) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    await _say(run, *YEAR[:2])
    await playing.note_step(run, by=CLERK, no=3, note="  пенсия пятого числа ")
    assert await playing.begin_run(SLUG, by=CLERK, number=card) == run
    told = await read_run(run, by=CLERK)
    assert (told.current.step, told.current.note) == ("ask", "пенсия пятого числа")
    assert await playing.begin_run(SLUG, by=OTHER, number=card) != run


async def test_going_back_asks_again_and_keeps_what_was_noted(card: str) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    assert not (await read_run(run, by=CLERK)).can_go_back
    await playing.go_back(run, by=CLERK, no=1)
    await playing.answer_step(run, by=CLERK, no=1, answer=0, note="спешит")
    await playing.go_back(run, by=CLERK, no=2)
    told = await read_run(run, by=CLERK)
    assert (told.no, told.current.step, told.current.note) == (3, "ready", "спешит")
    assert [shown.undone for shown in told.steps] == [True, True, False]
    assert not told.can_go_back
    await _say(run, *YEAR)
    assert (await read_run(run, by=CLERK)).outcome == "A12"


async def test_an_answer_sent_twice_is_taken_once(card: str) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    await playing.answer_step(run, by=CLERK, no=1, answer=0)
    await playing.answer_step(run, by=CLERK, no=1, answer=4)
    told = await read_run(run, by=CLERK)
    assert (told.no, told.current.step) == (2, "serve")


async def test_nobody_leads_or_reads_the_conversation_of_another(card: str) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    with pytest.raises(RunNotFound):
        await playing.answer_step(run, by=OTHER, no=1, answer=0)
    with pytest.raises(RunNotFound):
        await read_run(run, by=OTHER)
    assert (await read_run(run, by=HEAD)).player == "user:5"
    with pytest.raises(Forbidden):
        await playing.begin_run(SLUG, by=Actor("user", "8", "Нет", frozenset()), number=card)


async def test_wrong_answers_ends_and_scripts_are_refused(card: str) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    for refused in (
        playing.answer_step(run, by=CLERK, no=1, answer=9),
        playing.answer_step(run, by=CLERK, no=1, answer=-1),
        playing.answer_step(run, by=CLERK, no=1, answer=0, note="я" * 2001),
        playing.end_run(run, by=CLERK, outcome="APP"),
    ):
        with pytest.raises(Malformed):
            await refused
    with pytest.raises(ScriptNotFound):
        await playing.begin_run("nothing", by=CLERK, number=card)
    with pytest.raises(ScriptNotFound):
        await playing.show_objection(run, by=CLERK, objection="nothing")
    assert (await read_run(run, by=CLERK)).no == 1


async def test_a_conversation_may_break_off_or_be_with_somebody_without_an_account(db: Any) -> None:
    run = await playing.begin_run("inbound-prospect", by=CLERK)
    assert await playing.begin_run("inbound-prospect", by=CLERK) != run
    assert len(await open_runs(by=CLERK, since=EARLY)) == 2
    await playing.end_run(run, by=CLERK, outcome=BROKEN_OFF.code, note="связь прервалась")
    told = await read_run(run, by=CLERK)
    assert (told.outcome, told.kind, told.note) == ("BROKEN_OFF", "neutral", "связь прервалась")
    assert len(await open_runs(by=CLERK, since=EARLY)) == 1


async def test_an_objection_wins_when_a_good_end_stays_possible(card: str) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    await _say(run, *YEAR[:4])
    for _twice in range(2):
        await playing.show_objection(run, by=CLERK, objection="money-will-vanish")
    await _say(run, "А если перееду или уйду?")
    await playing.show_objection(run, by=CLERK, objection="moving-soon")
    await _say(run, "Точно скоро уеду")
    assert await shown_objections(since=EARLY) == {
        "money-will-vanish": (1, 1),
        "moving-soon": (1, 0),
    }
    told = await read_run(run, by=CLERK)
    assert [shown.objections for shown in told.steps if shown.objections] == [
        ["money-will-vanish"],
        ["moving-soon"],
    ]


async def test_results_count_stages_steps_people_versions_and_ends(card: str) -> None:
    first = await playing.begin_run(SLUG, by=CLERK, number=card)
    await _say(first, *YEAR)
    second = await playing.begin_run(SLUG, by=OTHER, number=card)
    await _say(second, YEAR[0], YEAR[1], "Не хочу об этом говорить", by=OTHER)
    await playing.begin_run(SLUG, by=OTHER, number=card)
    playable = await playable_script(SLUG)
    stages = rules.stages_of(playable.script)
    found = await results_of(SLUG, stages, by=HEAD, since=EARLY, until=LATE)
    assert (found.total.runs, found.total.ended, found.total.good) == (2, 1, 1)
    came = {one.stage: (one.came, one.onward, one.good) for one in found.stages}
    assert came[Stage.PREPARE] == (2, 2, 1)
    assert came[Stage.NEED] == (2, 1, 1)
    assert came[Stage.PRESENT] == (1, 0, 1)
    assert found.outcomes == {"A12": 1}
    assert [(code, tally.runs) for code, _name, tally in found.people] == [
        ("user:5", 1),
        ("user:6", 1),
    ]
    assert [(text, no) for text, no, _since, _tally in found.versions] == [(playable.hash, None)]
    assert found.steps is not None
    assert found.steps["ask"] == {0: 1, 5: 1}
    assert found.steps["not_today"] == {None: 1}
    alone = await results_of(SLUG, stages, by=HEAD, since=EARLY, until=LATE, person="user:6")
    assert (alone.total.runs, alone.total.good) == (1, 0)
    assert await lately(by=HEAD, since=EARLY) == {SLUG: (2, 1)}
    with pytest.raises(Forbidden):
        await results_of(SLUG, stages, by=CLERK, since=EARLY, until=LATE)


async def test_what_was_begun_and_forgotten_is_ended_and_counts_as_no_conversation(
    card: str, db: Any
) -> None:
    begun = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)
    with clock.moved(begun):
        left = await playing.begin_run(SLUG, by=CLERK, number=card)
        lively = await playing.begin_run(SLUG, by=OTHER, number=card)
        ended = await playing.begin_run(SLUG, by=HEAD, number=card)
        await playing.end_run(ended, by=HEAD, outcome=BROKEN_OFF.code)
    with clock.moved(begun + timedelta(hours=2)):
        await _say(lively, YEAR[0], by=OTHER)
    with clock.moved(begun + timedelta(hours=3, minutes=59)):
        assert await playing.close_left_runs() == 0
    with clock.moved(begun + timedelta(hours=4, minutes=1)):
        assert await playing.close_left_runs() == 1
        assert await playing.close_left_runs() == 0
        told = await read_run(left, by=CLERK)
        assert (told.outcome, told.kind) == (ABANDONED.code, "neutral")
        assert (await read_run(lively, by=OTHER)).ended_at is None
        with pytest.raises(RunEnded):
            await playing.note_step(left, by=CLERK, no=1, note="Ещё раз")
        assert await playing.begin_run(SLUG, by=CLERK, number=card) != left
    stages = rules.stages_of((await playable_script(SLUG)).script)
    found = await results_of(SLUG, stages, by=HEAD, since=EARLY, until=LATE)
    assert (found.total.runs, found.total.ended, found.left) == (3, 1, 1)
    assert ABANDONED.code not in found.outcomes
    assert found.steps is not None
    assert found.steps["ready"].total() == 3
    assert await lately(by=HEAD, since=EARLY) == {SLUG: (3, 0)}
    who = await db.fetchval(
        "SELECT actor_kind FROM audit WHERE subject = $1 AND action = 'crm:script:ended'",
        f"script_run:{left}",
    )
    assert who == "system"


async def test_an_own_version_is_played_once_it_is_published(card: str, db: Any) -> None:
    before = await playing.begin_run(SLUG, by=CLERK, number=card)
    await editing.begin_draft(SLUG, by=HEAD)
    await editing.begin_draft(SLUG, by=HEAD)
    draft = await draft_of(SLUG, by=HEAD)
    step = draft.script.steps["ask"].model_copy(update={"say": "Как вам удобнее платить?"})
    await editing.change_step(SLUG, step, by=HEAD, seen=draft.version)
    with pytest.raises(DraftChanged):
        await editing.change_step(SLUG, step, by=HEAD, seen=draft.version)
    assert (await playable_script(SLUG)).no == 0
    seen = (await draft_of(SLUG, by=HEAD)).version
    assert await editing.publish_draft(SLUG, by=HEAD, seen=seen, note="проще") == 1
    played = await playable_script(SLUG)
    assert (played.no, played.script.steps["ask"].say) == (1, "Как вам удобнее платить?")
    run = await playing.begin_run(SLUG, by=OTHER, number=card)
    assert (await read_run(run, by=OTHER)).hash == played.hash
    # Whoever was speaking by the old text ends by it.
    assert (await read_run(before, by=CLERK)).script.steps["ask"].say.startswith("Скажите")
    for statement in (
        "UPDATE crm_script_version SET note = 'x' WHERE slug = $1",
        "DELETE FROM crm_script_version WHERE slug = $1",
        "UPDATE crm_script_text SET slug = slug WHERE slug = $1",
    ):
        with pytest.raises(asyncpg.RaiseError):
            async with db.transaction():
                await db.execute(statement, SLUG)
    await editing.begin_draft(SLUG, by=HEAD)
    seen = (await draft_of(SLUG, by=HEAD)).version
    with pytest.raises(Conflict, match="SAME_TEXT"):
        await editing.publish_draft(SLUG, by=HEAD, seen=seen, note="")
    assert [(line.no, line.state) for line in await versions_of(SLUG)] == [
        (2, "draft"),
        (1, "published"),
    ]
    await editing.drop_draft(SLUG, by=HEAD)
    with pytest.raises(DraftMissing):
        await draft_of(SLUG, by=HEAD)


async def test_a_draft_that_leads_nowhere_is_kept_and_not_published(db: Any) -> None:
    await editing.begin_draft(SLUG, by=HEAD)
    await editing.add_step(SLUG, "extra", by=HEAD, stage=Stage.CLOSE, say="Ещё вопрос?")
    draft = await draft_of(SLUG, by=HEAD)
    assert [mistake.step for mistake in draft.script.mistakes()] == ["extra", "extra", "extra"]
    with pytest.raises(NotPlayable, match="К шагу extra ничто не ведёт"):
        await editing.publish_draft(SLUG, by=HEAD, seen=draft.version, note="")
    with pytest.raises(Malformed):
        await editing.add_step(SLUG, "extra", by=HEAD, stage=Stage.CLOSE, say="Ещё?")
    with pytest.raises(Malformed):
        await editing.add_step(SLUG, "лишний", by=HEAD, stage=Stage.CLOSE, say="Ещё?")
    asked = draft.script.steps["ask"]
    onward = (*asked.answer[:5], Answer(text="Ещё", to="extra"))
    await editing.change_step(
        SLUG, asked.model_copy(update={"answer": onward}), by=HEAD, seen=draft.version
    )
    draft = await draft_of(SLUG, by=HEAD)
    assert [mistake.message for mistake in draft.script.mistakes() if mistake.step == "extra"] == [
        "Step {step}: no answer is always there.",
        "Step {step} leads to no end.",
    ]
    await editing.remove_step(SLUG, "extra", by=HEAD)
    told = [mistake.text("en") for mistake in (await draft_of(SLUG, by=HEAD)).script.mistakes()]
    assert told == ["Step ask, “Ещё”: there is no step extra."]
    await editing.describe_draft(SLUG, by=HEAD, title="Аванс", about="Когда", begin="serve")
    assert (await draft_of(SLUG, by=HEAD)).script.begin == "serve"


def test_conditions_are_asked_of_the_card() -> None:
    known = Known(
        owes=True, kinds=frozenset({"internet"}), promised=False, suspended=True, company=False,
        email=True, portal=False, rented_router=True, tenure_days=30,
    )  # fmt: skip
    assert facts_of(known) == {
        "debt", "no_tv", "suspended", "person", "no_portal", "rented_router", "newcomer",
    }  # fmt: skip


def test_a_year_at_once_costs_a_tenth_less() -> None:
    assert advance_sum(70000, 12, 1000) == 756000
    assert advance_sum(33333, 6, 500) == 189998


def test_a_good_end_is_ahead_of_steps_that_lead_to_it() -> None:
    script = load_content("scripts", Script, language="ru")[SLUG].value
    hopeful = rules.hopeful(script)
    assert {"ready", "no_money", "paid_end", "auto"} <= hopeful
    assert hopeful.isdisjoint({"not_today", "later_end"})


@pytest.mark.parametrize(
    ("shown", "order"),
    [
        ({}, ["a", "b", "c"]),
        ({"c": (10, 9), "a": (10, 1)}, ["c", "a", "b"]),
        ({"c": (2, 2), "a": (10, 1)}, ["a", "c", "b"]),
    ],
)
def test_objections_stand_by_what_worked(
    shown: dict[str, tuple[int, int]], order: Sequence[str]
) -> None:
    assert in_order_of_use(["a", "b", "c"], shown, least=5) == order


async def test_every_shipped_script_is_played_to_each_of_its_ends(db: Any) -> None:
    for slug, one in (await playable_scripts()).items():
        for outcome in one.script.outcomes:
            run = await playing.begin_run(slug, by=CLERK)
            await _play_to(run, one.script, outcome)
            assert (await read_run(run, by=CLERK)).outcome == outcome, (slug, outcome)


async def _play_to(run: int, script: Script, outcome: str) -> None:
    """Walk the shortest way to an end."""
    paths: dict[str, list[int]] = {script.begin: []}
    edge = [script.begin]
    while edge:
        code = edge.pop(0)
        for place, answer in enumerate(script.steps[code].answer):
            if answer.outcome == outcome:
                for no, chosen in enumerate([*paths[code], place], 1):
                    await playing.answer_step(run, by=CLERK, no=no, answer=chosen)
                return
            if answer.to and answer.to not in paths:
                paths[answer.to] = [*paths[code], place]
                edge.append(answer.to)


async def test_many_conversations_count_their_steps_only_when_asked(
    card: str, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await playing.begin_run(SLUG, by=CLERK, number=card)
    await _say(run, *YEAR)
    monkeypatch.setattr(script_results, "SOON", 0)
    asked: dict[str, Any] = {"by": HEAD, "since": EARLY, "until": LATE}
    assert (await results_of(SLUG, (), **asked)).steps is None
    assert (await results_of(SLUG, (), **asked, every_step=True)).steps
