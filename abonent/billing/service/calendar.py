"""Setting days off: a year at once, or one day."""

from __future__ import annotations

from datetime import date

from abonent.billing.errors import TooEarly
from abonent.billing.rules.calendar import SpecialDay, year_of_days
from abonent.billing.service.tariffs import change_catalogue
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work

_FORGET = "DELETE FROM billing_calendar WHERE day >= $1 AND day < $2 AND day >= $3"
_KEEP = """
INSERT INTO billing_calendar (day, working, note)
SELECT * FROM unnest($1::date[], $2::boolean[], $3::text[])
ON CONFLICT (day) DO NOTHING
"""
_SET = """
INSERT INTO billing_calendar (day, working, note) VALUES ($1, $2, $3)
ON CONFLICT (day) DO UPDATE SET working = excluded.working, note = excluded.note
"""
_CLEAR = "DELETE FROM billing_calendar WHERE day = $1"
_ONE = "SELECT working, note FROM billing_calendar WHERE day = $1"


async def set_year(year: int, decreed: list[SpecialDay], *, by: Actor) -> int:
    """Set a year: Saturdays and Sundays off, and what is decreed; answers how many days are off.

    Days before the open one stay as they were known: what was done on them was done by them.
    """
    by.require("billing.calendar.edit")
    days = year_of_days(year, decreed)
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        span = date(year, 1, 1), date(year + 1, 1, 1)
        await work.connection.execute(_FORGET, *span, here.day)
        columns = [
            list(column) for column in zip(*((d.day, d.working, d.note) for d in days), strict=True)
        ]
        await work.connection.execute(_KEEP, *columns)
        off = sum(not one.working for one in days)
        await work.audit("billing:calendar:set", str(year), after={"off": off})
        await change_catalogue(work)
    return off


async def set_day(day: date, *, by: Actor, working: bool | None, note: str = "") -> None:
    """Name one day off or working, or with None take it out of the calendar. Raises TooEarly."""
    by.require("billing.calendar.edit")
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        if day < here.day:
            raise TooEarly("day", day, here.day)
        row = await work.connection.fetchrow(_ONE, day)
        if working is None:
            await work.connection.execute(_CLEAR, day)
        else:
            await work.connection.execute(_SET, day, working, note)
        await work.audit(
            "billing:calendar:day_set",
            day.isoformat(),
            before={"working": row["working"]} if row else None,
            after={"working": working},
        )
        await change_catalogue(work)
