"""Norms of time against a slow judge that walks through time minute by minute and day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.kernel.norms import Hours, Norm, Pause, Span, Unit, due

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 3, 23)
"""The week before clocks are put forward in Berlin."""
MINUTE = timedelta(minutes=1)
NINE_TO_SIX = {day: (Span(time(9), time(18)),) for day in range(5)}
OFFICE = Hours(MOSCOW, NINE_TO_SIX, {date(2026, 5, 1): False, date(2026, 5, 2): True})


def moscow(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=MOSCOW)


def test_a_letter_is_answered_until_the_same_hour_of_the_next_working_day() -> None:
    one = Norm(1, Unit.WORKING_DAYS)
    assert due(moscow(3, 25, 17, 50), one, OFFICE) == moscow(3, 26, 17, 50)
    assert due(moscow(3, 27, 17, 50), one, OFFICE) == moscow(3, 30, 17, 50)
    assert due(moscow(3, 28, 12), one, OFFICE) == moscow(3, 31, 9)
    assert due(moscow(4, 30, 10), one, OFFICE) == moscow(5, 2, 10)


def test_a_claim_is_registered_by_the_end_of_the_next_working_day() -> None:
    one = Norm(1, Unit.WORKING_DAYS_END)
    assert due(moscow(3, 25, 8), one, OFFICE) == moscow(3, 26, 18)
    assert due(moscow(3, 27, 23), one, OFFICE) == moscow(3, 30, 18)
    assert due(moscow(3, 28, 12), one, OFFICE) == moscow(3, 30, 18)


def test_thirty_days_end_at_the_midnight_after_the_thirtieth() -> None:
    assert due(moscow(4, 1, 15), Norm(30, Unit.DAYS_END), OFFICE) == moscow(5, 2, 0)


def test_working_minutes_stop_for_the_night() -> None:
    assert due(moscow(3, 25, 17, 30), Norm(60, Unit.WORKING_MINUTES), OFFICE) == moscow(
        3, 26, 9, 30
    )
    assert due(moscow(3, 25, 17), Norm(60, Unit.WORKING_MINUTES), OFFICE) == moscow(3, 25, 18)


def test_a_pause_that_begins_with_the_end_comes_too_late() -> None:
    ends = moscow(3, 25, 11)
    late = Pause(ends, moscow(3, 25, 12))
    for unit in (Unit.MINUTES, Unit.WORKING_MINUTES):
        assert due(moscow(3, 25, 10), Norm(60, unit), OFFICE, pauses=[late]) == ends


def test_a_calendar_without_work_is_a_fault() -> None:
    with pytest.raises(ValueError, match="no working"):
        due(moscow(3, 25, 9), Norm(1, Unit.WORKING_MINUTES), Hours(MOSCOW, {}))
    with pytest.raises(ValueError, match="no working"):
        due(moscow(3, 25, 9), Norm(1, Unit.WORKING_DAYS_END), Hours(MOSCOW, {}))


# The judge ------------------------------------------------------------------------------------

quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    marks = sorted(draw(st.sets(quarters, max_size=4)))
    return tuple(Span(a, b) for a, b in zip(marks[::2], marks[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    week = draw(st.dictionaries(st.integers(0, 6), spans(), max_size=7))
    weekday = draw(st.integers(0, 6))
    week[weekday] = (Span(time(9), time(18)),)  # some work there is
    days = st.integers(0, 20).map(lambda n: FIRST + timedelta(n))
    special = draw(st.dictionaries(days, st.booleans(), max_size=6))
    return Hours(draw(st.sampled_from([MOSCOW, BERLIN])), week, special)


instants = st.integers(0, 9 * 24 * 60).map(lambda n: datetime(2026, 3, 23, tzinfo=UTC) + n * MINUTE)


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    begin = draw(instants)
    return Pause(begin, begin + draw(st.integers(1, 5000)) * MINUTE)


def works(hours: Hours, instant: datetime) -> bool:
    local = instant.astimezone(hours.zone)
    return any(span.opens <= local.time() < span.closes for span in hours.of(local.date()))


def walked(begin: datetime, norm: Norm, hours: Hours, stood: list[Pause]) -> datetime:
    """Go from minute to minute, counting those in which the clock runs."""
    instant, minutes = begin, norm.amount
    while minutes:
        still = any(one.begin <= instant < one.end for one in stood)
        if not still and (norm.unit is Unit.MINUTES or works(hours, instant)):
            minutes -= 1
        instant += MINUTE
    return instant


# A judge that goes by minutes takes its time.
slowly = settings(deadline=None)
minutes = st.builds(
    Norm, st.integers(1, 1500), st.sampled_from([Unit.MINUTES, Unit.WORKING_MINUTES])
)


@slowly
@given(instants, minutes, calendars(), st.lists(pauses(), max_size=4))
def test_minutes_are_those_in_which_the_clock_runs(
    begin: datetime, norm: Norm, hours: Hours, stood: list[Pause]
) -> None:
    assert due(begin, norm, hours, pauses=stood) == walked(begin, norm, hours, stood)


@slowly
@given(instants, st.integers(1, 12), calendars())
def test_days_are_counted_one_by_one(begin: datetime, amount: int, hours: Hours) -> None:
    came = begin.astimezone(hours.zone).date()
    day, left = came, amount
    while left:
        day += timedelta(1)
        left -= 1 if hours.of(day) else 0
    closing = due(begin, Norm(amount, Unit.WORKING_DAYS_END), hours)
    rest = [closing + n * MINUTE for n in range(60 * 24)]
    assert (closing - MINUTE).astimezone(hours.zone).date() == day
    assert works(hours, closing - MINUTE)
    assert not any(works(hours, one) for one in rest if one.astimezone(hours.zone).date() == day)
    midnight = due(begin, Norm(amount, Unit.DAYS_END), hours).astimezone(hours.zone)
    assert (midnight.date() - came).days == amount + 1
    assert midnight.time() == time.min


@slowly
@given(instants, st.integers(1, 12), calendars(), st.lists(pauses(), max_size=4))
def test_what_the_clock_stood_comes_to_the_end_of_days_too(
    begin: datetime, amount: int, hours: Hours, stood: list[Pause]
) -> None:
    """From the end without pauses one walks on by the minutes that the clock stood before it."""
    norm = Norm(amount, Unit.WORKING_DAYS)
    end = due(begin, norm, hours)
    instant, owed = begin, 0
    while instant < end or owed:
        still = any(one.begin <= instant < one.end for one in stood)
        if works(hours, instant):
            owed += (1 if still else 0) if instant < end else (0 if still else -1)
        instant += MINUTE
    assert due(begin, norm, hours, pauses=stood) == max(instant, end)


@slowly
@given(instants, st.integers(1, 3), calendars())
def test_the_same_hour_is_kept_where_both_days_have_it(
    begin: datetime, amount: int, hours: Hours
) -> None:
    found = due(begin, Norm(amount, Unit.WORKING_DAYS), hours)
    same = found.astimezone(hours.zone).time() == begin.astimezone(hours.zone).time()
    day = found.astimezone(hours.zone).date()
    clock = begin.astimezone(hours.zone).time()
    if works(hours, begin) and any(span.opens <= clock < span.closes for span in hours.of(day)):
        assert same
