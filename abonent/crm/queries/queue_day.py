"""How the queue went: waiting and service times of a day, checklists, devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from abonent.crm.checklists import office_checklists
from abonent.crm.rules.queue import EDIT, VIEW, WORK
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.money import half_up

OPENING, CLOSING = "office-opening", "office-closing"

# Who was called has waited; who still waits is counted with the time so far, so that a long wait
# does not look short while it lasts. Who left without being called counts as not come alone.
_FACTS = """
SELECT t.office_id, t.service_id, t.window_id, w.number AS window, t.served_by, t.state,
    t.booked_for IS NOT NULL AS booked,
    extract(hour FROM t.arrived_at AT TIME ZONE $4)::integer AS hour,
    extract(epoch FROM coalesce(t.first_called_at, CASE WHEN t.state = 'arrived' THEN $3::timestamptz END)
        - greatest(t.arrived_at, CASE WHEN t.booked_for < coalesce(t.first_called_at, $3)
            THEN t.booked_for END))::integer AS waited,
    CASE WHEN t.state = 'done'
        THEN extract(epoch FROM t.ended_at - t.started_at)::integer END AS served
FROM crm_queue_ticket t LEFT JOIN crm_queue_window w ON w.id = t.window_id
WHERE t.day = $1 AND ($2::integer IS NULL OR t.office_id = $2)
    AND (t.number <> '' OR t.state = 'no_show')
"""
_CHECKED = """
SELECT office_id, list, item, at, actor_name(by) AS who FROM crm_queue_checked WHERE day = $1
"""
# Who waits, and lists that are due and not ticked whole: of opening once the office has opened, of
# closing when the day is over. One statement, for the start page asks it.
_NOW = """
WITH waiting AS (
    SELECT count(*) AS people,
        extract(epoch FROM $2 - min(greatest(t.waiting_since, t.booked_for)))::integer AS longest,
        count(*) FILTER (WHERE $2 - greatest(t.waiting_since, t.booked_for)
            > o.hard_minutes * interval '1 minute') AS late
    FROM crm_queue_ticket t JOIN crm_queue_office o ON o.office_id = t.office_id
    WHERE t.state = 'arrived' AND t.day = $1
), due AS (
    SELECT DISTINCT h.office_id, x.list FROM
        (VALUES ($6, $1::date, $4::integer), ($7, $1::date - 1, $5)) AS x (list, day, items)
    JOIN crm_queue_hours h ON h.weekday = extract(isodow FROM x.day) - 1
    JOIN crm_queue_office q ON q.office_id = h.office_id AND q.active
    WHERE (x.day < $1 OR h.opens <= $3::time)
        AND NOT EXISTS (SELECT FROM billing_calendar c
            WHERE c.day = x.day AND NOT c.working AND c.note <> '')
        AND x.items > (SELECT count(*) FROM crm_queue_checked k
            WHERE k.office_id = h.office_id AND k.day = x.day AND k.list = x.list)
)
SELECT *, (SELECT count(*) FROM due) AS missing FROM waiting
"""
_DEVICES = """
SELECT id, office_id, kind, name, created_at FROM crm_queue_device
WHERE office_id = $1 AND revoked_at IS NULL ORDER BY kind, name, id
"""


@dataclass(frozen=True, slots=True)
class Times:
    """What came of some tickets: counts, and times in seconds."""

    people: int
    waited: int
    longest: int
    within_target: int
    within_hard: int
    called: int
    done: int
    served: int
    no_shows: int

    @property
    def share_target(self) -> int:
        """Who was called within the target, in hundredths of a percent, to a whole one."""
        return 100 * half_up(self.within_target * 100, self.called) if self.called else 0

    @property
    def share_hard(self) -> int:
        """Who was called within the limit, in hundredths of a percent, to a whole one."""
        return 100 * half_up(self.within_hard * 100, self.called) if self.called else 0


@dataclass(frozen=True, slots=True)
class _Fact:
    office_id: int
    service_id: int
    window_id: int | None
    window: int | None
    served_by: str
    state: str
    booked: bool
    hour: int | None
    waited: int | None
    served: int | None


@dataclass(frozen=True, slots=True)
class QueueDay:
    """A day of an office, or of all: in all, by hour, by window and by service."""

    total: Times
    hours: list[tuple[int, Times]]
    windows: list[tuple[int, Times]]
    services: list[tuple[int, Times]]


async def queue_day(
    day: date, *, by: Actor, office: int | None, target: int, hard: int
) -> QueueDay:
    """How the queue went on a day; `target` and `hard` are the limits in minutes."""
    by.require(VIEW)
    async with reading() as connection:
        rows = await connection.fetch(_FACTS, day, office, clock.now(), str(time_zone()))
    facts = [_Fact(**row) for row in rows]

    def times(found: Sequence[_Fact]) -> Times:
        return _times(found, target=target * 60, hard=hard * 60)

    hours = sorted({fact.hour for fact in facts if fact.hour is not None})
    windows = sorted({fact.window for fact in facts if fact.window is not None})
    services = sorted({fact.service_id for fact in facts})
    return QueueDay(
        times(facts),
        [(hour, times([f for f in facts if f.hour == hour])) for hour in hours],
        [(number, times([f for f in facts if f.window == number])) for number in windows],
        [(one, times([f for f in facts if f.service_id == one])) for one in services],
    )


def _times(facts: Sequence[_Fact], *, target: int, hard: int) -> Times:
    waits = [max(0, fact.waited) for fact in facts if fact.waited is not None]
    served = [fact.served for fact in facts if fact.served is not None]
    return Times(
        people=len(facts),
        waited=half_up(sum(waits), len(waits)) if waits else 0,
        longest=max(waits, default=0),
        within_target=sum(wait <= target for wait in waits),
        within_hard=sum(wait <= hard for wait in waits),
        called=len(waits),
        done=sum(fact.state == "done" for fact in facts),
        served=half_up(sum(served), len(served)) if served else 0,
        no_shows=sum(fact.state == "no_show" for fact in facts),
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """An item of a list; `at` and `who` tell of its tick, None while it has none."""

    code: str
    text: str
    at: datetime | None
    who: str | None


@dataclass(frozen=True, slots=True)
class ListOfDay:
    """A checklist of an office on a day."""

    office_id: int
    slug: str
    title: str
    marks: list[Checked]

    @property
    def ticked(self) -> int:
        """How many items are ticked."""
        return sum(item.at is not None for item in self.marks)


async def checklists_of(day: date, *, by: Actor, offices: Sequence[int]) -> list[ListOfDay]:
    """The checklists of offices on a day, with who ticked what."""
    if not by.may(VIEW):
        by.require(WORK)
    documents = await office_checklists()
    async with reading() as connection:
        rows = await connection.fetch(_CHECKED, day)
    done = {(r["office_id"], r["list"], r["item"]): (r["at"], r["who"]) for r in rows}
    return [
        ListOfDay(
            office,
            document.slug,
            document.value.title,
            [
                Checked(
                    item.code,
                    item.text,
                    *done.get((office, document.slug, item.code), (None, None)),
                )
                for item in document.value.items
            ],
        )
        for office in offices
        for document in documents
    ]


@dataclass(frozen=True, slots=True)
class Now:
    """Who waits in all offices together, for how many minutes the first one, how many too long.

    `missing` lists are due by now and not ticked.
    """

    people: int
    longest: int
    late: int
    missing: int


async def queue_now(*, by: Actor) -> Now:
    """How the queue stands now, in all offices together."""
    by.require(VIEW)
    sizes = {one.slug: len(one.value.items) for one in await office_checklists()}
    now = clock.now()
    local = now.astimezone(time_zone())
    items = sizes.get(OPENING, 0), sizes.get(CLOSING, 0)
    async with reading() as connection:
        row = await connection.fetchrow(
            _NOW, local.date(), now, local.time(), *items, OPENING, CLOSING
        )
    longest = max(0, row["longest"] or 0) // 60
    return Now(row["people"], longest, row["late"], row["missing"])


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A terminal or display in use."""

    id: int
    office_id: int
    kind: str
    name: str
    created_at: datetime


async def devices_of(office: int, *, by: Actor) -> list[DeviceLine]:
    """The addresses of an office that are in use."""
    by.require(EDIT)
    async with reading() as connection:
        return [DeviceLine(**row) for row in await connection.fetch(_DEVICES, office)]
