"""Norms of time: by when something must be done, counted in the hours in which work is done.

A clock may stand still (while the client is waited for, while the matter is closed): what it stood
is added to the end. Nothing here reads the clock or the database; instants are aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

FURTHEST = 4000
"""Days looked ahead for working time: a calendar without any is a fault, not a long wait."""
_DAY = timedelta(days=1)
_NONE = timedelta(0)


class Unit(StrEnum):
    """What a norm is counted in."""

    MINUTES = "minutes"
    WORKING_MINUTES = "working_minutes"
    WORKING_DAYS = "working_days"
    """To the same hour of the nth working day: a letter of 17:50 until 17:50 of the next one."""
    WORKING_DAYS_END = "working_days_end"
    """To the end of work on the nth working day after the one on which it began."""
    DAYS_END = "days_end"
    """To the end of the nth calendar day after the one on which it began."""


@dataclass(frozen=True, slots=True)
class Norm:
    """So much time, such as 4 working minutes or 1 working day."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError(f"a norm of {self.amount} {self.unit}")


@dataclass(frozen=True, slots=True)
class Span:
    """Time of one day in which work is done, from `opens` until before `closes`, by local clocks."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError(f"work from {self.opens} to {self.closes}")


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock stood still, from `begin` until before `end`."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Hours:
    """When work is done: spans by weekday (Monday is 0), in order, and the days that differ.

    `special` names days decreed off (False) or worked (True); a worked day whose weekday has no
    hours has those of the first weekday that has some.
    """

    zone: tzinfo
    week: Mapping[int, Sequence[Span]]
    special: Mapping[date, bool] = field(default_factory=dict)

    def of(self, day: date) -> Sequence[Span]:
        """The spans of a day; none on a day off."""
        worked = self.special.get(day)
        if worked is False:
            return ()
        own = self.week.get(day.weekday(), ())
        if own or not worked:
            return own
        return next((self.week[one] for one in sorted(self.week) if self.week[one]), ())

    def local(self, instant: datetime) -> datetime:
        """An instant by local clocks."""
        return instant.astimezone(self.zone)

    def at(self, day: date, clock: time) -> datetime:
        """The instant of an hour of a day; one that local clocks skip is the one after them."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def midnight(self, day: date) -> datetime:
        """The instant at which a day begins."""
        return self.at(day, time.min)

    def spans_from(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working time from an instant on, the rest of the span it lies in first.

        Raises ValueError where a calendar has no working time any more.
        """
        day, idle = self.local(instant).date(), 0
        while idle < FURTHEST:
            spans = self.of(day)
            idle = 0 if spans else idle + 1
            for span in spans:
                begin, end = self.at(day, span.opens), self.at(day, span.closes)
                if end > instant:
                    yield max(begin, instant), end
            day += _DAY
        raise ValueError("the calendar has no working time")


def working_time(hours: Hours, begin: datetime, end: datetime) -> timedelta:
    """How much of the time from `begin` until `end` is working time."""
    total = _NONE
    if end <= begin:
        return total
    for start, stop in hours.spans_from(begin):
        if start >= end:
            break
        total += min(stop, end) - start
    return total


def after_working(hours: Hours, begin: datetime, amount: timedelta) -> datetime:
    """The first instant at which so much working time has gone by; `begin` for none."""
    if amount <= _NONE:
        return begin
    left = amount
    for start, stop in hours.spans_from(begin):
        if stop - start >= left:
            return start + left
        left -= stop - start
    raise AssertionError("spans do not end")


def due(begin: datetime, norm: Norm, hours: Hours, *, pauses: Iterable[Pause] = ()) -> datetime:
    """By when what began must be done; what its clock stood still before that is added.

    Pauses may overlap and come in any order; what lies before the beginning does not count.
    """
    end = _unpaused(begin, norm, hours)
    counts_all = norm.unit in {Unit.MINUTES, Unit.DAYS_END}
    for pause in merged(pauses, since=begin):
        if pause.begin >= end:
            break
        if counts_all:
            end += pause.end - pause.begin
        else:
            end = after_working(hours, end, working_time(hours, pause.begin, pause.end))
    return end


def merged(pauses: Iterable[Pause], *, since: datetime) -> list[Pause]:
    """Pauses in order, those that touch or overlap as one, cut to what comes after `since`."""
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda one: one.begin):
        begin = max(pause.begin, since)
        if pause.end <= begin:
            continue
        if found and begin <= found[-1].end:
            found[-1] = Pause(found[-1].begin, max(found[-1].end, pause.end))
        else:
            found.append(Pause(begin, pause.end))
    return found


def _unpaused(begin: datetime, norm: Norm, hours: Hours) -> datetime:
    amount = timedelta(minutes=norm.amount)
    if norm.unit is Unit.MINUTES:
        return begin + amount
    if norm.unit is Unit.WORKING_MINUTES:
        return after_working(hours, begin, amount)
    if norm.unit is Unit.DAYS_END:
        return hours.midnight(hours.local(begin).date() + timedelta(days=norm.amount + 1))
    return _working_days(begin, norm, hours)


def _working_days(begin: datetime, norm: Norm, hours: Hours) -> datetime:
    if norm.unit is Unit.WORKING_DAYS_END:
        day = _worked_day(hours, hours.local(begin).date(), norm.amount)
        return hours.at(day, hours.of(day)[-1].closes)
    # Counted from working time on: what comes at night comes in the morning.
    first = next(hours.spans_from(begin))[0]
    day = _worked_day(hours, hours.local(first).date(), norm.amount)
    clock, closes = hours.local(first).time(), hours.of(day)[-1].closes
    if clock >= closes:
        return hours.at(day, closes)
    return next(hours.spans_from(hours.at(day, clock)))[0]


def _worked_day(hours: Hours, day: date, amount: int) -> date:
    """The nth working day after a day."""
    idle = 0
    while amount:
        day += _DAY
        if hours.of(day):
            amount, idle = amount - 1, 0
        elif (idle := idle + 1) > FURTHEST:
            raise ValueError("the calendar has no working day")
    return day
