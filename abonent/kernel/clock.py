"""The only place that reads the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta())


def now() -> datetime:
    """Answer the present instant, aware, in UTC."""
    return datetime.now(UTC) + _shift.get()  # noqa: TID251  the one permitted reading


@cache
def zone(name: str) -> ZoneInfo:
    """Answer a time zone, read from disk once; raises ValueError or KeyError for an unknown one."""
    return ZoneInfo(name)


def calendar_day(zone_name: str) -> date:
    """Answer today's date by the wall calendar of the given time zone."""
    return now().astimezone(zone(zone_name)).date()


def milliseconds() -> int:
    """Answer real milliseconds since 1970, whatever `moved` says: ids must keep growing."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Answer seconds of a clock that never goes back, for measuring how long work took."""
    return time.monotonic()


@contextmanager
def moved(to: datetime) -> Iterator[None]:
    """Let the current task live at another instant; time goes on from there."""
    if to.tzinfo is None:
        raise ValueError("the clock moves only to an aware instant")
    token = _shift.set(to - (now() - _shift.get()))
    try:
        yield
    finally:
        _shift.reset(token)
