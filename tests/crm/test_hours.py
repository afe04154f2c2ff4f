"""The hours of the department: read, set, and counted in by norms."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from abonent.crm.queries.hours import working_hours
from abonent.crm.service.hours import read_spans, set_hours
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.norms import Norm, Span, Unit, due

WEEK = dict.fromkeys(range(5), "9:00–18:00") | {5: "", 6: ""}


def test_hours_are_read_as_people_write_them() -> None:
    assert read_spans("d", "9-13, 14.30 — 24") == [
        Span(time(9), time(13)),
        Span(time(14, 30), time(23, 59)),
    ]
    assert read_spans("d", " ") == []
    for wrong in ("9", "18-9", "9-13, 12-18", "25-26", "с девяти"):
        with pytest.raises(Malformed):
            read_spans("d", wrong)


async def test_norms_are_counted_in_the_hours_that_are_set(db: Any) -> None:
    await set_hours(WEEK | {5: "10–12"}, by=SYSTEM)
    friday = datetime(2026, 4, 3, 14, 0, tzinfo=UTC)  # five in the afternoon in Moscow
    norm = Norm(120, Unit.WORKING_MINUTES)
    assert due(friday, norm, await working_hours()) == datetime(2026, 4, 4, 8, 0, tzinfo=UTC)
    await set_hours(WEEK, by=SYSTEM)
    assert due(friday, norm, await working_hours()) == datetime(2026, 4, 6, 7, 0, tzinfo=UTC)


async def test_a_holiday_stops_work_even_on_a_saturday_that_is_worked(db: Any) -> None:
    await set_hours(WEEK | {5: "10–12"}, by=SYSTEM)
    for day, note in (("2026-04-04", ""), ("2026-04-11", "Праздник")):
        await db.execute(
            "INSERT INTO billing_calendar (day, working, note) VALUES ($1::text::date, false, $2)"
            " ON CONFLICT (day) DO UPDATE SET note = excluded.note, working = false",
            day,
            note,
        )
    hours = await working_hours()
    assert hours.of(datetime(2026, 4, 4, tzinfo=UTC).date())
    assert not hours.of(datetime(2026, 4, 11, tzinfo=UTC).date())


async def test_what_is_wrong_is_named_by_its_day_and_nothing_is_set(db: Any) -> None:
    with pytest.raises(Malformed) as wrong:
        await set_hours(WEEK | {1: "никогда", 2: "18–9"}, by=SYSTEM)
    assert [error.field for error in wrong.value.errors] == ["day1", "day2"]
    with pytest.raises(Malformed):
        await set_hours(dict.fromkeys(range(7), ""), by=SYSTEM)
    nobody = Actor("user", "1", "Кто-то", frozenset())
    with pytest.raises(Forbidden):
        await set_hours(WEEK, by=nobody)
