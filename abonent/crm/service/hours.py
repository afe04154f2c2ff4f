"""When the department works: set by the week, counted in by every norm from then on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time

from abonent.crm.queries.hours import week_of_work
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.norms import Span

EDIT = "crm.hours.edit"
_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d\d))?")
_CLEAR = "DELETE FROM crm_working_hours"
_ADD = "INSERT INTO crm_working_hours (weekday, opens, closes) VALUES ($1, $2, $3)"
_WRONG = N_("“{given}” is not hours such as 9:00–18:00 or 9–13, 14–18.")


def read_spans(field: str, text: str) -> list[Span]:
    """Read the hours of a day; nothing is a day off. Raises Malformed.

    >>> read_spans("d0", "9-13, 14:00–18:00")[1].closes
    datetime.time(18, 0)
    """
    spans: list[Span] = []
    for part in (one.strip() for one in text.split(",") if one.strip()):
        span = _span(part)
        if span is None:
            raise Malformed.of(field, text, _WRONG, given=part)
        if spans and span.opens < spans[-1].closes:
            raise Malformed.of(field, text, N_("These hours overlap: {given}."), given=text)
        spans.append(span)
    return spans


def _span(text: str) -> Span | None:
    """One span of hours; None for what is none."""
    found = _SPAN.fullmatch(text)
    try:
        return Span(_clock(found[1], found[2]), _clock(found[3], found[4])) if found else None
    except ValueError:
        return None


def _clock(hours: str, minutes: str | None) -> time:
    """An hour of a day; 24 is the last minute of it."""
    return time(23, 59) if hours == "24" else time(int(hours), int(minutes or 0))


async def set_hours(texts: Mapping[int, str], *, by: Actor) -> None:
    """Set the hours of each weekday (Monday is 0). Raises Malformed naming every wrong day."""
    by.require(EDIT)
    week: dict[int, list[Span]] = {}
    wrong: list[FieldError] = []
    for day, text in texts.items():
        try:
            week[day] = read_spans(f"day{day}", text)
        except Malformed as error:
            wrong += error.errors
    if not wrong and not any(week.values()):
        wrong.append(FieldError("day0", "", N_("At least one day must be a working one.")))
    if wrong:
        raise Malformed(*wrong)
    async with unit_of_work(by) as work:
        before = _told(await week_of_work(work.connection))
        await work.connection.execute(_CLEAR)
        rows = [(day, span.opens, span.closes) for day, spans in week.items() for span in spans]
        await work.connection.executemany(_ADD, rows)
        await work.audit("crm:hours:set", "hours:week", before=before, after=_told(week))


def spans_text(spans: object) -> str:
    """The hours of a day as they are typed."""
    if not isinstance(spans, (list, tuple)):
        return ""
    return ", ".join(f"{one.opens:%H:%M}–{one.closes:%H:%M}" for one in spans)


def _told(week: Mapping[int, object]) -> dict[str, str]:
    return {str(day): spans_text(spans) for day, spans in sorted(week.items()) if spans}
