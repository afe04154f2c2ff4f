"""The queue as it stands: offices, windows, lines, and what a window has before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.crm.queries.hours import working_hours
from abonent.crm.queue_errors import NoQueueHere, TicketNotFound
from abonent.crm.rules.queue import VIEW, Place, expected_minutes, free_slots, slots_of
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.norms import Hours, Span

_OFFICES = """
SELECT q.office_id AS id, o.code, o.name, o.address, q.target_minutes, q.hard_minutes,
    q.slot_minutes, q.ahead_days, q.active AND o.active AS active
FROM crm_queue_office q JOIN office o ON o.id = q.office_id ORDER BY o.code
"""
_SERVICES = """
SELECT id, letter, name, hint, minutes, bookable, position, active FROM crm_queue_service
WHERE active OR $1 ORDER BY position, letter, id
"""
# The address of a window's client is shown by whoever may see the account.
_WINDOWS = """
SELECT w.id, w.office_id, w.number, w.active, w.user_id, w.user_name, w.paused_at,
    ARRAY(SELECT service_id FROM crm_queue_window_service s WHERE s.window_id = w.id) AS services,
    t.id AS ticket_id, t.number AS ticket, t.state, t.called_at
FROM crm_queue_window w
LEFT JOIN crm_queue_ticket t ON t.window_id = w.id AND t.state IN ('called', 'serving')
WHERE w.active OR w.user_id IS NOT NULL OR $1 ORDER BY w.office_id, w.number
"""
_LINES = """
SELECT office_id, service_id, count(*) AS waiting,
    min(greatest(waiting_since, booked_for)) AS since
FROM crm_queue_ticket WHERE state = 'arrived' AND day = $1 GROUP BY office_id, service_id
"""
_TICKET = """
SELECT t.id, t.office_id, t.service_id, s.name AS service, t.day, t.number, t.state, t.account_id,
    b.number AS account, p.district, t.code, t.booked_for, t.arrived_at, t.called_at, t.started_at,
    t.ended_at, t.window_id, w.number AS window, t.calls, t.outcome,
    greatest(t.waiting_since, t.booked_for) AS since
FROM crm_queue_ticket t
JOIN crm_queue_service s ON s.id = t.service_id
LEFT JOIN crm_queue_window w ON w.id = t.window_id
LEFT JOIN billing_account b ON b.account_id = t.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
"""
_BY_ID = _TICKET + "WHERE t.id = $1"
_AT_WINDOW = _TICKET + "WHERE t.window_id = $1 AND t.state IN ('called', 'serving')"
_BOOKING = _TICKET + "WHERE b.number = $1 AND t.state = 'booked'"
_AHEAD = """
SELECT count(*) FROM crm_queue_ticket t JOIN crm_queue_ticket own ON own.id = $1
WHERE t.office_id = own.office_id AND t.day = own.day AND t.state = 'arrived'
    AND t.service_id = own.service_id AND t.id <> own.id
    AND greatest(t.waiting_since, t.booked_for) <= greatest(own.waiting_since, own.booked_for)
"""
_BOOKABLE = """
SELECT EXISTS (SELECT FROM crm_queue_office q JOIN office o ON o.id = q.office_id
    WHERE q.active AND o.active AND q.ahead_days > 0
        AND EXISTS (SELECT FROM crm_queue_window w WHERE w.office_id = q.office_id AND w.active))
"""
_WEEK = "SELECT weekday, opens, closes FROM crm_queue_hours WHERE office_id = $1 ORDER BY 1, 2"
_TAKEN = """
SELECT booked_for, service_id, count(*) AS people FROM crm_queue_ticket
WHERE office_id = $1 AND booked_for >= $2 AND state NOT IN ('cancelled', 'no_show')
GROUP BY booked_for, service_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOffice:
    """An office that has a queue, with its limits in minutes and what may be booked."""

    id: int
    code: str
    name: str
    address: str
    target_minutes: int
    hard_minutes: int
    slot_minutes: int
    ahead_days: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What one comes to an office for; `minutes` is what one client takes as a rule."""

    id: int
    letter: str
    name: str
    hint: str
    minutes: int
    bookable: bool
    position: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window: what it takes, who sits there, and the ticket it has before it."""

    id: int
    office_id: int
    number: int
    active: bool
    user_id: int | None
    user_name: str | None
    paused_at: datetime | None
    services: frozenset[int]
    ticket_id: int | None
    ticket: str | None
    state: str | None
    called_at: datetime | None

    @property
    def works(self) -> bool:
        """Tell whether somebody sits there and is not on a break."""
        return self.user_id is not None and self.paused_at is None

    @property
    def place(self) -> Place:
        """The same as the rules see it."""
        return Place(self.id, self.services, self.works, self.ticket_id is not None)


@dataclass(frozen=True, slots=True)
class Line:
    """Those who wait for a service: how many, and since when the first of them does."""

    waiting: int
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Hall:
    """An office as it is now. `services` are those that its windows take, in their order."""

    office: QueueOffice
    windows: list[Window]
    services: list[Service]
    lines: Mapping[int, Line]
    now: datetime

    @property
    def waiting(self) -> int:
        """How many wait in all."""
        return sum(line.waiting for line in self.lines.values())

    @property
    def longest(self) -> int:
        """How many minutes the first of those who wait has waited."""
        since = min((line.since for line in self.lines.values() if line.since), default=None)
        return max(0, int((self.now - since).total_seconds())) // 60 if since else 0

    @property
    def at_work(self) -> int:
        """At how many windows somebody works now."""
        return sum(window.works for window in self.windows)

    def minutes_of(self, service: int) -> int | None:
        """How long who takes a ticket for a service now is likely to wait, in minutes."""
        return expected_minutes(
            service,
            {at: line.waiting for at, line in self.lines.items()},
            {one.id: one.minutes for one in self.services}
            | dict.fromkeys(self.lines.keys() - {one.id for one in self.services}, 0),
            [window.place for window in self.windows],
        )

    def window_of(self, user: int) -> Window | None:
        """The window at which a user sits in this office."""
        return next((one for one in self.windows if one.user_id == user), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket; `account` is the number of the account it is about, where that is known."""

    id: int
    office_id: int
    service_id: int
    service: str
    day: date
    number: str
    state: str
    account_id: int | None
    account: str | None
    district: str | None = field(repr=False)
    code: str
    booked_for: datetime | None
    arrived_at: datetime | None
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    window_id: int | None
    window: int | None
    calls: int
    outcome: str
    since: datetime | None

    def seen_by(self, by: Actor) -> Ticket:
        """The same ticket without an account that does not exist for the actor."""
        if self.account is None or by.districts is None or by.sees(self.district or ""):
            return self
        return replace(self, account_id=None, account=None)


def today() -> date:
    """The calendar day by the company's clock."""
    return clock.now().astimezone(time_zone()).date()


async def halls(*, every: bool = False) -> list[Hall]:
    """Every office with a queue as it is now; with `every` also what is out of use."""
    async with reading() as connection:
        offices = [QueueOffice(**row) for row in await connection.fetch(_OFFICES)]
        services = [Service(**row) for row in await connection.fetch(_SERVICES, every)]
        windows = [
            Window(**{**row, "services": frozenset(row["services"])})
            for row in await connection.fetch(_WINDOWS, every)
        ]
        lines = await connection.fetch(_LINES, today())
    now = clock.now()
    return [
        _hall(office, windows, services, lines, now, every=every)
        for office in offices
        if office.active or every
    ]


def _hall(
    office: QueueOffice,
    windows: Collection[Window],
    services: Collection[Service],
    lines: Collection[Any],
    now: datetime,
    *,
    every: bool,
) -> Hall:
    own = [window for window in windows if window.office_id == office.id]
    taken = {at for window in own if window.active for at in window.services}
    return Hall(
        office=office,
        windows=own,
        services=[one for one in services if one.id in taken or every],
        lines={
            row["service_id"]: Line(row["waiting"], row["since"])
            for row in lines
            if row["office_id"] == office.id
        },
        now=now,
    )


async def hall_of(office: int | str) -> Hall:
    """The office of an id or code as it is now. Raises NoQueueHere."""
    for hall in await halls():
        if office in (hall.office.id, hall.office.code):
            return hall
    raise NoQueueHere(office)


async def queue_services(*, every: bool = False) -> list[Service]:
    """What one may come for; with `every` also what is out of use."""
    async with reading() as connection:
        return [Service(**row) for row in await connection.fetch(_SERVICES, every)]


async def ticket_of(ticket: int, *, by: Actor) -> Ticket:
    """A ticket. Raises TicketNotFound, also for one of another office than a device's own."""
    async with reading() as connection:
        row = await connection.fetchrow(_BY_ID, ticket)
    if row is None or (not by.may(VIEW) and by.office not in (None, row["office_id"])):
        raise TicketNotFound(ticket)
    return Ticket(**row).seen_by(by)


async def ticket_at(window: int, *, by: Actor) -> Ticket | None:
    """The ticket that a window has called or serves; a conversation record begins with it."""
    async with reading() as connection:
        row = await connection.fetchrow(_AT_WINDOW, window)
    return Ticket(**row).seen_by(by) if row else None


async def ahead_of(ticket: int) -> int:
    """How many wait before a ticket for the same service."""
    async with reading() as connection:
        count: int = await connection.fetchval(_AHEAD, ticket)
    return count


async def booking_of(account: str, *, by: Actor) -> Ticket | None:
    """The booking of an account, where it has one."""
    if not by.reaches(account):
        return None
    async with reading() as connection:
        row = await connection.fetchrow(_BOOKING, account)
    return Ticket(**row) if row else None


async def may_book() -> bool:
    """Tell whether any office takes bookings."""
    async with reading() as connection:
        found: bool = await connection.fetchval(_BOOKABLE)
    return found


async def open_slots(hall: Hall, service: int) -> list[tuple[date, list[datetime]]]:
    """The times that one may book for a service of an office, by day; full days are left out."""
    now, office = clock.now(), hall.office
    async with reading() as connection:
        hours = await office_hours(office.id, connection)
        taken = await booked_slots(connection, office.id, now)
    places = [window.place for window in hall.windows if window.active]
    found = []
    for day in days_ahead(hours, office):
        slots = [at for at in slots_of(hours, day, minutes=office.slot_minutes) if at > now]
        if free := free_slots(slots, taken, service, places):
            found.append((day, free))
    return found


async def office_hours(office: int, connection: Any) -> Hours:
    """When an office is open; days off and working Saturdays are the company's."""
    week: dict[int, list[Span]] = {}
    for row in await connection.fetch(_WEEK, office):
        week.setdefault(row["weekday"], []).append(Span(row["opens"], row["closes"]))
    return replace(await working_hours(connection), week=week)


async def week_of(office: int) -> dict[int, tuple[time, time]]:
    """The hours of an office by weekday, as its settings show them."""
    async with reading() as connection:
        rows = await connection.fetch(_WEEK, office)
    return {row["weekday"]: (row["opens"], row["closes"]) for row in rows}


async def booked_slots(
    connection: Any, office: int, since: datetime
) -> Mapping[datetime, Mapping[int, int]]:
    """How many booked each slot from an instant on, by service."""
    taken: dict[datetime, dict[int, int]] = {}
    for row in await connection.fetch(_TAKEN, office, since):
        taken.setdefault(row["booked_for"], {})[row["service_id"]] = row["people"]
    return taken


def days_ahead(hours: Hours, office: QueueOffice) -> list[date]:
    """The days of an office that may be booked now, today among them."""
    first = today()
    days = (first + timedelta(at) for at in range(office.ahead_days + 1))
    return [day for day in days if hours.of(day)] if office.ahead_days else []
