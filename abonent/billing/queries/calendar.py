"""The calendar of days off as it is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.billing.queries.books import installation
from abonent.billing.rules.calendar import SpecialDay
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_DAYS = "SELECT day, working, note FROM billing_calendar WHERE day >= $1 AND day < $2 ORDER BY day"
_NEXT = "SELECT EXISTS (SELECT FROM billing_calendar WHERE day >= $1 AND day < $2)"


@dataclass(frozen=True, slots=True)
class Year:
    """A year's named days; `missing` is this or the next year where it has no day yet."""

    year: int
    days: dict[date, SpecialDay]
    today: date
    quiet: bool
    missing: int | None


async def calendar_year(year: int | None, *, by: Actor) -> Year:
    """The named days of a year, the open day's without one."""
    by.require("billing.tariff.view")
    async with reading() as connection:
        here = await installation(connection)
        chosen = year or here.day.year
        rows = await connection.fetch(_DAYS, date(chosen, 1, 1), date(chosen + 1, 1, 1))
        missing = None
        for one in (here.day.year, here.day.year + 1):
            span = date(one, 1, 1), date(one + 1, 1, 1)
            if missing is None and not await connection.fetchval(_NEXT, *span):
                missing = one
    days = {row["day"]: SpecialDay(row["day"], row["working"], row["note"]) for row in rows}
    return Year(chosen, days, here.day, here.catalogue.policy.quiet_days, missing)
