"""Workflows as tables: what is wrong in one is told at once, moves are made as the table says."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import speaking
from abonent.kernel.norms import Hours, Norm, Span, Unit
from abonent.kernel.workflow import (
    Move,
    MoveRefused,
    State,
    Stood,
    Ticking,
    Workflow,
    due_at,
    log_move,
    moves_of,
    said,
)

BEGIN = Move(name="begin", label="Begin", sources=("new",), target="work", right="a.b.do")
END = Move(
    name="end",
    label="End",
    sources=("work", "new"),
    target="done",
    right="a.b.end",
    reasons={"paid": "Paid"},
    note=True,
)
WAIT = Move(name="wait", label="Wait", sources=("work",), target="wait", right="a.b.wait")
FORGET = Move(
    name="forget", label="Forget", sources=("work",), target="new", right="a.b.do", by_itself=True
)
STATES = (
    State(code="new", label="new"),
    State(code="work", label="in work"),
    State(code="wait", label="waits for the client", ticking=Ticking.WAITS),
    State(code="done", label="quite done", ticking=Ticking.ENDED),
)


def made(**changes: Any) -> Workflow:
    given = {
        "room": "crm", "code": "test", "label": "Test", "begin": "new", "states": STATES,
        "moves": (BEGIN, END, WAIT, FORGET),
    }  # fmt: skip
    return Workflow(**(given | changes))


def test_one_may_make_the_moves_one_has_the_right_to() -> None:
    clerk = Actor("user", "1", "Clerk", frozenset({"a.b.do"}))
    assert [move.name for move in made().moves_from("new", by=clerk)] == ["begin"]
    assert [move.name for move in made().moves_from("work", by=clerk)] == []
    assert [move.name for move in made().moves_from("work", by=SYSTEM)] == ["end", "wait"]


def test_a_move_from_elsewhere_is_refused_and_says_where_it_stands() -> None:
    assert made().move("work", "forget") is FORGET
    with speaking("en"), pytest.raises(MoveRefused) as refused:
        made().move("done", "begin")
    assert "“Begin” cannot be done: it stands at “quite done”" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"states": (*STATES, State(code="new", label="again"))}, "two states new"),
        ({"moves": (BEGIN, BEGIN, END)}, "begin from new twice"),
        ({"states": STATES[:3]}, "end: no state done"),
        ({"moves": (BEGIN, WAIT)}, "done is never reached"),
    ],
)
def test_a_wrong_table_is_told_at_once(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        made(**changes)


def test_a_reason_must_be_one_of_the_table_and_words_must_be_there() -> None:
    assert said(BEGIN, reason="paid", note=" at noon\r\n") == ("", "at noon")
    assert said(END, reason="paid", note="in cash") == ("paid", "in cash")
    for reason, note, field in (
        ("", "x", "reason"),
        ("lost", "x", "reason"),
        ("paid", " ", "note"),
    ):
        with pytest.raises(Malformed) as wrong:
            said(END, reason=reason, note=note)
        assert [error.field for error in wrong.value.errors] == [field]
    with pytest.raises(Malformed):
        said(END, reason="paid", note="x" * 4001)


NINE_TO_SIX = {day: (Span(time(9), time(13)), Span(time(14), time(18))) for day in range(5)}
OFFICE = Hours(ZoneInfo("Europe/Moscow"), NINE_TO_SIX)
MONDAY = datetime(2026, 3, 23, 6, tzinfo=UTC)
"""Nine in the morning, in Moscow."""
lives = st.lists(
    st.tuples(st.sampled_from(["new", "work", "wait", "done"]), st.integers(1, 3000)), max_size=6
)


@settings(deadline=None)
@given(lives, st.integers(1, 2000), st.sampled_from(["new", "wait", "done"]))
def test_a_norm_runs_only_while_the_matter_is_with_us(
    life: list[tuple[str, int]], amount: int, last: str
) -> None:
    """Through waiting, ends and being taken up again: against a judge who counts each minute."""
    stood, at = [], MONDAY
    for state, minutes in life:
        stood.append(Stood(state, at, at + timedelta(minutes=minutes)))
        at = stood[-1].end or at
    stood.append(Stood(last, at, None))
    found = due_at(made(), MONDAY, Norm(amount, Unit.WORKING_MINUTES), OFFICE, stood)
    if last != "new":
        assert found is None
        return
    instant, left = MONDAY, amount
    while left:
        with_us = any(
            one.state in {"new", "work"}
            and one.begin <= instant
            and (not one.end or instant < one.end)
            for one in stood
        )
        local = OFFICE.local(instant)
        worked = any(span.opens <= local.time() < span.closes for span in OFFICE.of(local.date()))
        left -= 1 if with_us and worked else 0
        instant += timedelta(minutes=1)
    assert found == instant


async def test_each_move_is_written_down_with_who_and_why(db: Any) -> None:
    async with unit_of_work(SYSTEM) as work:
        await log_move(work, made(), 7, move=BEGIN, was="new")
        await log_move(work, made(), 7, move=END, was="work", reason="paid", note="in cash")
        await log_move(work, made(), 8, move=BEGIN, was="new")
    told = [
        (one.name, one.was, one.became, one.reason, one.note) for one in await moves_of(made(), 7)
    ]
    assert told == [("begin", "new", "work", "", ""), ("end", "work", "done", "paid", "in cash")]
    actions = await db.fetch("SELECT action FROM audit WHERE subject = 'test:7' ORDER BY id")
    assert [row["action"] for row in actions] == ["crm:test:begin", "crm:test:end"]
