"""Days off of a year: Saturdays and Sundays, and what is decreed; a list pasted as text is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from abonent.billing.rules.periods import days_between
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_

MOST_LINES = 400
_WORKING = {"working", "рабочий", "р", "w", "+"}
_OFF = {"", "off", "выходной", "праздник", "в", "-"}
_PARTS = 3
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that the calendar names: off, or worked though it is a Saturday or Sunday."""

    day: date
    working: bool
    note: str = ""


def weekend(day: date) -> bool:
    """Tell whether a day is a Saturday or a Sunday."""
    return day.weekday() > 4


def days_of_year(year: int) -> list[date]:
    """Every day of a year."""
    return days_between(date(year, 1, 1), date(year + 1, 1, 1))


def year_of_days(year: int, decreed: list[SpecialDay]) -> list[SpecialDay]:
    """Saturdays and Sundays off, and what is decreed in their place or beside them, by day."""
    named = {one.day: one for one in decreed}
    plain = [SpecialDay(day, working=False) for day in days_of_year(year) if weekend(day)]
    return sorted({**{one.day: one for one in plain}, **named}.values(), key=lambda one: one.day)


def read_days(text: str, year: int) -> list[SpecialDay]:
    """Read pasted lines: a day, then "working" or nothing, then a name, apart by ";".

    Days are written 2026-05-09, 09.05.2026 or 09.05, spans 01.01-08.01. Raises Malformed naming
    the first lines that cannot be read.
    """
    wrong: list[FieldError] = []
    found: dict[date, SpecialDay] = {}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        many = N_("{length} lines; a year needs at most {most}.")
        raise Malformed.of("days", text, many, length=len(lines), most=MOST_LINES)
    for number, line in enumerate(lines, 1):
        try:
            found.update((one.day, one) for one in _line(line, year))
        except ValueError:
            unread = N_("Line {number}, “{line}”: a day of {year} is expected, such as {like}.")
            given = {"number": number, "line": line[:60], "year": year, "like": f"09.05.{year}"}
            wrong.append(FieldError("days", line, unread, given))
    if wrong:
        raise Malformed(*wrong[:1])
    return sorted(found.values(), key=lambda one: one.day)


def _line(line: str, year: int) -> list[SpecialDay]:
    parts = [part.strip() for part in line.replace("\t", ";").split(";", _PARTS - 1)]
    parts += [""] * (_PARTS - len(parts))
    state, note = parts[1].lower(), parts[2]
    if state not in _WORKING | _OFF:
        state, note = "", f"{parts[1]} {note}".strip()
    first, _, last = _span(parts[0])
    start, end = _day(first, year), _day(last or first, year)
    if end < start or start.year != year or end.year != year:
        raise ValueError(line)
    days = days_between(start, end + timedelta(1))
    return [SpecialDay(day, state in _WORKING, note[:_LONGEST]) for day in days]


def _span(text: str) -> tuple[str, str, str]:
    """Two days apart by a dash; the dashes of 2026-05-09 are none."""
    for mark in ("–", "—", ".."):
        if mark in text:
            return text.partition(mark)
    return text.partition("-") if "." in text else (text, "", "")


def _day(text: str, year: int) -> date:
    text = text.strip()
    if "." not in text:
        return date.fromisoformat(text)
    parts = [int(part) for part in text.split(".") if part]
    if len(parts) == _PARTS - 1:
        parts.append(year)
    day, month, of = parts
    return date(of, month, day)
