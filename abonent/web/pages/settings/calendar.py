"""The calendar of a year: days off and worked Saturdays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.calendar import calendar_year
from abonent.billing.rules.calendar import read_days
from abonent.billing.service.calendar import set_day, set_year
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import page, signed_in, written_day

_RIGHT = "billing.calendar.edit"
_FIRST, _LAST = 2000, 2100
_WEEK = 7
_DONE = {"year": N_("The year is kept"), "day": N_("The day is kept")}
_STATES = (
    ("off", N_("day off")),
    ("working", N_("working day")),
    ("plain", N_("as the weekday is")),
)


async def show_calendar(request: Request) -> Response:
    """Show a year, months side by side."""
    text = request.query_params.get("year", "")
    chosen = _year(text) if text else None
    year = await calendar_year(chosen, by=signed_in(request).actor)
    days = year.days.values()
    context = {
        "year": year,
        "months": [_weeks(year.year, month) for month in range(1, 13)],
        "off": sum(not one.working for one in days),
        "named": [one for one in days if one.note],
        "weekdays": [date(2024, 1, 1) + timedelta(n) for n in range(_WEEK)],
        "done": _DONE.get(request.query_params.get("done", "")),
        "least": _FIRST,
        "most": _LAST,
    }
    return page(request, "settings/calendar.html", context)


def _year(text: str) -> int:
    if not text.isdecimal() or len(text) > 4 or not _FIRST <= int(text) <= _LAST:
        raise HTTPException(404)
    return int(text)


def _weeks(year: int, month: int) -> dict[str, Any]:
    """A month by weeks from Monday; None outside the month."""
    first = date(year, month, 1)
    cells: list[date | None] = [None] * first.weekday()
    day = first
    while day.month == month:
        cells.append(day)
        day += timedelta(1)
    cells += [None] * (-len(cells) % _WEEK)
    return {"first": first, "weeks": [cells[n : n + _WEEK] for n in range(0, len(cells), _WEEK)]}


async def _year_opened(request: Request) -> Opened:
    year = await calendar_year(_year(str(request.path_params["year"])), by=signed_in(request).actor)
    kept = [one for one in year.days.values() if one.note or one.working]
    lines = [
        f"{d.day:%d.%m.%Y};{'рабочий' if d.working else ''};{d.note}".rstrip(";") for d in kept
    ]
    back = f"/calendar?year={year.year}"
    return Opened(back=back, about=str(year.year), given={"days": "\n".join(lines)})


async def _set_year(request: Request, values: Values) -> str:
    year = _year(str(request.path_params["year"]))
    await set_year(year, read_days(values["days"], year), by=signed_in(request).actor)
    return f"/calendar?year={year}&done=year"


YEAR = Dialog(
    path="/calendar/{year:int}/fill",
    right=_RIGHT,
    title=N_("Days off of the year"),
    commit=N_("Keep the year"),
    fields=(
        Field(
            name="days",
            label=N_("Decreed days, one a line"),
            kind=Kind.AREA,
            required=False,
            longest=40_000,
            hint=N_(
                "01.01-08.01;;Holidays — a day off; 28.02;working — a worked Saturday. Saturdays and"
                " Sundays are days off by themselves."
            ),
            attributes={"rows": 12},
        ),
    ),
    opened=_year_opened,
    do=_set_year,
    below="settings/year_hint.html",
)


def _day(request: Request) -> date:
    try:
        return date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404) from None


async def _day_opened(request: Request) -> Opened:
    day = _day(request)
    year = await calendar_year(_year(str(day.year)), by=signed_in(request).actor)
    one = year.days.get(day)
    state = "plain" if one is None else "working" if one.working else "off"
    return Opened(
        back=f"/calendar?year={day.year}",
        about=written_day(day),
        given={"state": state, "note": one.note if one else ""},
    )


async def _set_day(request: Request, values: Values) -> str:
    day, working = _day(request), {"off": False, "working": True}.get(values["state"])
    await set_day(day, by=signed_in(request).actor, working=working, note=values["note"])
    return f"/calendar?year={day.year}&done=day"


DAY = Dialog(
    path="/calendar/day/{day:str}",
    right=_RIGHT,
    title=N_("A day"),
    commit=N_("Keep"),
    fields=(
        Field(name="state", label=N_("What it is"), kind=Kind.SEGMENTS, choices=_STATES),
        Field(name="note", label=N_("Name"), required=False, longest=100),
    ),
    opened=_day_opened,
    do=_set_day,
    names={"day": "state"},
)
