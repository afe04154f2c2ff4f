"""When the subscriber department works: the hours of the week and the days that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from abonent.billing.rules.calendar import weekend
from abonent.kernel import clock
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.norms import Hours, Span

BACK, AHEAD = timedelta(days=400), timedelta(days=800)
"""How far around today decreed days are read; norms and pauses end well within."""

_WEEK = "SELECT weekday, opens, closes FROM crm_working_hours ORDER BY weekday, opens"
_SPECIAL = "SELECT day, working, note FROM billing_calendar WHERE day BETWEEN $1 AND $2"


async def working_hours(connection: Any = None) -> Hours:
    """The department's hours with the calendar's days off and working Saturdays."""
    if connection is not None:
        return await _read(connection)
    async with reading() as own:
        return await _read(own)


async def next_opening() -> datetime | None:
    """When the department works again; None while it works."""
    now = clock.now()
    begins, _ends = next(iter((await working_hours()).spans_from(now)))
    return begins if begins > now else None


async def week_of_work(connection: Any) -> Mapping[int, Sequence[Span]]:
    """The spans of work by weekday (Monday is 0); days off are left out."""
    week: dict[int, list[Span]] = {}
    for row in await connection.fetch(_WEEK):
        week.setdefault(row["weekday"], []).append(Span(row["opens"], row["closes"]))
    return week


async def _read(connection: Any) -> Hours:
    today = clock.now().date()
    week = await week_of_work(connection)
    rows = await connection.fetch(_SPECIAL, today - BACK, today + AHEAD)
    # The calendar names every Saturday and Sunday as off: who works on them is stopped by those
    # alone that have a name.
    special = {
        row["day"]: row["working"]
        for row in rows
        if row["working"] or row["note"] or not weekend(row["day"])
    }
    return Hours(time_zone(), week, special)
