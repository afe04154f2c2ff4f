"""Whether a person may be turned to: the order of the rules, and counters against a slow oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.crm.rules.contacting import (
    DAY,
    MONTH,
    WEEK,
    Attempt,
    Frame,
    Limit,
    Person,
    Purpose,
    Question,
    Way,
    Window,
    decide,
    exceeded,
    hours_of,
    next_free,
)
from abonent.kernel.norms import Span

MOSCOW = ZoneInfo("Europe/Moscow")
HOLIDAY = date(2026, 5, 1)
LIMITS = (Limit(DAY, 2), Limit(WEEK, 4), Limit(MONTH, 16))
FRAME = Frame(
    {Way.MESSAGE: LIMITS, Way.CALL: (Limit(DAY, 1), Limit(WEEK, 2), Limit(MONTH, 8))},
    hours_of("08:00-22:00"),
    hours_of("09:00-20:00"),
    Span(time(9), time(21)),
    5,
    lambda day: day.weekday() < 5 and day != HOLIDAY,
    MOSCOW,
)
NOON = datetime(2026, 4, 1, 12, tzinfo=MOSCOW)


def _at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=MOSCOW)


def _debt(at: datetime, way: Way = Way.MESSAGE) -> Question:
    return Question(way, Purpose.DEBT, at, Window.DEBT)


def _told(*before: timedelta, way: Way = Way.MESSAGE) -> list[Attempt]:
    return [Attempt(NOON - one, way, Purpose.DEBT) for one in before]


def test_a_held_person_is_refused_before_anything_else_is_asked() -> None:
    verdict = decide(_debt(NOON), Person(holds=["refusal"], attempts=_told(*[DAY / 4] * 9)), FRAME)
    assert (verdict.allowed, verdict.code, verdict.at) == (False, "REFUSAL", None)


def test_a_hold_about_debts_lets_other_messages_pass() -> None:
    asked = Question(Way.MESSAGE, Purpose.SERVICE, NOON, Window.DAY)
    assert decide(asked, Person(holds=["bankruptcy"]), FRAME).allowed


def test_silence_holds_back_all_but_answers_that_were_asked_for() -> None:
    person = Person(holds=["silence"])
    notice = Question(Way.MESSAGE, Purpose.SERVICE, NOON, Window.DAY)
    code = Question(Way.MESSAGE, Purpose.SERVICE, NOON, Window.ANY, capped=False)
    assert decide(notice, person, FRAME).code == "SILENCE"
    assert decide(code, person, FRAME).allowed


def test_advertising_needs_a_consent() -> None:
    asked = Question(Way.MESSAGE, Purpose.AD, NOON, Window.DAY)
    assert decide(asked, Person(), FRAME).code == "NO_CONSENT"
    assert decide(asked, Person(consents=True), FRAME).allowed


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (_at(2026, 4, 1, 7, 59), _at(2026, 4, 1, 8)),
        (_at(2026, 4, 1, 8), _at(2026, 4, 1, 8)),
        (_at(2026, 4, 1, 21, 59), _at(2026, 4, 1, 21, 59)),
        (_at(2026, 4, 1, 22), _at(2026, 4, 2, 8)),
        (_at(2026, 4, 3, 22), _at(2026, 4, 4, 9)),
        (_at(2026, 4, 4, 20), _at(2026, 4, 5, 9)),
        (_at(2026, 4, 30, 23), _at(2026, 5, 1, 9)),
    ],
)
def test_debts_are_spoken_of_in_the_hours_of_the_law(asked: datetime, sent: datetime) -> None:
    verdict = decide(_debt(asked), Person(), FRAME)
    assert verdict.allowed
    assert verdict.at == sent
    assert verdict.code == ("" if asked == sent else "LATER")


def test_the_third_message_of_a_day_waits_until_the_first_is_a_day_old() -> None:
    person = Person(attempts=_told(timedelta(hours=3), timedelta(hours=1)))
    verdict = decide(_debt(NOON), person, FRAME)
    assert (verdict.code, verdict.params) == ("TOO_MANY", {"most": 2, "days": 1})
    assert verdict.at == NOON + timedelta(hours=21)
    assert decide(_debt(verdict.at), person, FRAME).allowed


def test_calls_and_messages_are_counted_apart() -> None:
    person = Person(attempts=_told(timedelta(hours=1), way=Way.CALL))
    assert decide(_debt(NOON), person, FRAME).allowed
    assert decide(_debt(NOON, Way.CALL), person, FRAME).code == "TOO_MANY"


def test_what_waits_for_the_morning_counts_already() -> None:
    waiting = [Attempt(NOON + timedelta(hours=20), Way.MESSAGE, Purpose.DEBT)] * 2
    assert decide(_debt(NOON), Person(attempts=waiting), FRAME).code == "TOO_MANY"


def test_a_company_is_no_debtor_in_the_sense_of_the_law() -> None:
    person = Person(company=True, attempts=_told(*[timedelta(hours=1)] * 9))
    assert decide(_debt(NOON), person, FRAME).allowed


def test_one_template_has_a_cap_of_its_own_and_the_day_one_for_all() -> None:
    asked = Question(Way.MESSAGE, Purpose.SERVICE, NOON, Window.DAY, "nps", 1)
    one = Attempt(NOON - timedelta(hours=1), Way.MESSAGE, Purpose.SERVICE, "nps")
    other = Attempt(NOON - timedelta(hours=1), Way.MESSAGE, Purpose.SERVICE, "visit")
    assert decide(asked, Person(attempts=[one]), FRAME).code == "CAP"
    assert decide(asked, Person(attempts=[other] * 4), FRAME).allowed
    full = decide(asked, Person(attempts=[other] * 5), FRAME)
    assert (full.code, full.at) == ("DAY_FULL", datetime(2026, 4, 2, 9, tzinfo=MOSCOW))


def test_a_message_of_the_day_that_comes_at_night_waits_for_the_morning() -> None:
    night = datetime(2026, 4, 1, 23, tzinfo=MOSCOW)
    asked = Question(Way.MESSAGE, Purpose.SERVICE, night, Window.DAY)
    assert decide(asked, Person(), FRAME).at == datetime(2026, 4, 2, 9, tzinfo=MOSCOW)


MINUTES = st.integers(0, 45 * 24 * 60)


def _too_many(told: list[datetime]) -> bool:
    """Look at every stretch that ends with one of them, counting each anew."""
    for limit in LIMITS:
        for end in told:
            inside = [one for one in told if end - limit.within < one <= end]
            if len(inside) > limit.most:
                return True
    return False


@settings(max_examples=300, deadline=None)
@given(st.lists(MINUTES, max_size=40), MINUTES)
def test_one_more_is_refused_exactly_where_a_stretch_would_hold_too_many(
    minutes: list[int], asked: int
) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    told: list[datetime] = []
    for minute in minutes:  # only what the law lets through is ever there
        one = start + timedelta(minutes=minute)
        if not _too_many([*told, one]):
            told.append(one)
    at = start + timedelta(minutes=asked)
    assert (exceeded(at, told, LIMITS) is not None) == _too_many([*told, at])
    if exceeded(at, told, LIMITS):
        free = next_free(at, told, LIMITS, FRAME)
        assert free > at
        assert not _too_many([*told, free])
        assert 8 <= free.astimezone(MOSCOW).hour < 22
