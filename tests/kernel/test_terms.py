"""Terms as people read them: one until midnight is over with the day before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from abonent.kernel.i18n import last_moment, time_zone, use_time_zone, written_term

MIDNIGHT = datetime(2026, 12, 3, 21, tzinfo=UTC)
"""Of the fourth of December in Moscow."""


@pytest.fixture(autouse=True)
def moscow() -> Iterator[None]:
    before = time_zone()
    use_time_zone(ZoneInfo("Europe/Moscow"))
    yield
    use_time_zone(before)


@pytest.mark.parametrize(
    ("language", "midnight", "hour"),
    [
        ("ru", "конца 03.12.2026", "04.12.2026 17:30"),
        ("en", "the end of 3 Dec 2026", "4 Dec 2026, 17:30"),
    ],
)
def test_a_term_until_midnight_is_told_by_the_day_before(
    language: str, midnight: str, hour: str
) -> None:
    assert written_term(MIDNIGHT, language) == midnight
    assert written_term(MIDNIGHT.replace(day=4, hour=14, minute=30), language) == hour


def test_its_last_moment_is_that_of_the_day_before() -> None:
    assert f"{last_moment(MIDNIGHT):%d.%m %H:%M:%S}" == "03.12 23:59:59"
    assert last_moment(MIDNIGHT.replace(hour=20)) == MIDNIGHT.replace(hour=20)


def test_a_day_that_begins_at_one_begins_with_its_first_hour() -> None:
    """In Cairo clocks are put forward at the midnight of the 24th of April."""
    cairo = ZoneInfo("Africa/Cairo")
    use_time_zone(cairo)
    for day in (24, 25):
        at = datetime(2026, 4, day, tzinfo=cairo).astimezone(UTC)
        assert written_term(at, "en") == f"the end of {day - 1} Apr 2026"
    assert written_term(datetime(2026, 4, 25, 1, tzinfo=cairo), "en") == "25 Apr 2026, 01:00"
