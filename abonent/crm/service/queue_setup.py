"""Setting up queues: services, offices with their hours and limits, windows, devices."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time

import asyncpg

from abonent.crm.queries.hours import week_of_work
from abonent.crm.queue_errors import (
    ClientAtWindow,
    DeviceNotFound,
    LetterTaken,
    NoQueueHere,
    NumberTaken,
    ServiceNotFound,
    WindowNotFound,
)
from abonent.crm.rules.queue import EDIT, TAKE
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.work import UnitOfWork

TOKEN_BYTES = 24
_LETTER = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯABCDEFGHIJKLMNOPQRSTUVWXYZ"

_NEW_SERVICE = """
INSERT INTO crm_queue_service (letter, name, hint, minutes, bookable, position, active)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
_SET_SERVICE = """
UPDATE crm_queue_service SET letter = $2, name = $3, hint = $4, minutes = $5, bookable = $6,
    position = $7, active = $8
WHERE id = $1 RETURNING id
"""
_OFFICE = "SELECT id FROM office WHERE code = $1"
_SET_OFFICE = """
INSERT INTO crm_queue_office (office_id, target_minutes, hard_minutes, slot_minutes, ahead_days,
    active)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (office_id) DO UPDATE SET target_minutes = excluded.target_minutes,
    hard_minutes = excluded.hard_minutes, slot_minutes = excluded.slot_minutes,
    ahead_days = excluded.ahead_days, active = excluded.active
"""
_HAS_HOURS = "SELECT EXISTS (SELECT FROM crm_queue_hours WHERE office_id = $1)"
_NO_HOURS = "DELETE FROM crm_queue_hours WHERE office_id = $1"
_HOURS = """
INSERT INTO crm_queue_hours (office_id, weekday, opens, closes) VALUES ($1, $2, $3, $4)
"""
_HAS_QUEUE = "SELECT office_id FROM crm_queue_office WHERE office_id = $1"
_NEW_WINDOW = """
INSERT INTO crm_queue_window (office_id, number, active) VALUES ($1, $2, $3) RETURNING id
"""
_SET_WINDOW = """
UPDATE crm_queue_window SET number = $2, active = $3 WHERE id = $1 RETURNING id
"""
_AT_WINDOW = """
SELECT number FROM crm_queue_ticket WHERE window_id = $1 AND state IN ('called', 'serving')
"""
_NO_SERVICES = "DELETE FROM crm_queue_window_service WHERE window_id = $1"
_SERVES = """
INSERT INTO crm_queue_window_service (window_id, service_id)
SELECT $1, id FROM crm_queue_service WHERE id = ANY($2::integer[])
"""
_NEW_DEVICE = """
INSERT INTO crm_queue_device (office_id, kind, name, token_hash, created_at)
VALUES ($1, $2, $3, sha256(convert_to($4, 'UTF8')), $5) RETURNING id
"""
_REVOKE = """
UPDATE crm_queue_device SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id
"""
_DEVICE = """
SELECT id, office_id, kind, name FROM crm_queue_device
WHERE token_hash = sha256(convert_to($1, 'UTF8')) AND kind = $2 AND revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """What is set of a service."""

    letter: str
    name: str
    minutes: int
    hint: str = ""
    bookable: bool = True
    position: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTerms:
    """What is set of an office's queue; `hours` by weekday, None keeps those it has."""

    target_minutes: int = 15
    hard_minutes: int = 30
    slot_minutes: int = 15
    ahead_days: int = 7
    active: bool = True
    hours: Mapping[int, tuple[time, time]] | None = None


async def set_service(terms: ServiceTerms, *, by: Actor, service: int | None = None) -> int:
    """Make a service or change one; answers its id. Raises LetterTaken, ServiceNotFound."""
    by.require(EDIT)
    letter = terms.letter.strip().upper()
    if len(letter) != 1 or letter not in _LETTER:
        raise Malformed.of("letter", terms.letter, N_("One capital letter is expected, such as А."))
    if not terms.name.strip():
        raise Malformed.of("name", terms.name, N_("Fill this in."))
    row = (
        letter, terms.name.strip(), terms.hint.strip(), terms.minutes, terms.bookable,
        terms.position, terms.active,
    )  # fmt: skip
    try:
        async with unit_of_work(by) as work:
            ask = work.connection
            made: int | None = await (
                ask.fetchval(_NEW_SERVICE, *row)
                if service is None
                else ask.fetchval(_SET_SERVICE, service, *row)
            )
            if made is None:
                raise ServiceNotFound(service)
            after = {"letter": letter, "minutes": terms.minutes, "active": terms.active}
            await work.audit("crm:queue_service:set", f"queue_service:{made}", after=after)
    except asyncpg.UniqueViolationError:
        raise LetterTaken(letter) from None
    return made


async def set_queue_office(office: str, terms: OfficeTerms, *, by: Actor) -> int:
    """Give an office a queue or change what is set of it; answers the office's id.

    A new one keeps the department's hours until its own are given. Raises NoQueueHere, Malformed.
    """
    by.require(EDIT)
    if terms.target_minutes > terms.hard_minutes:
        above = N_("The limit lies below the target of {target} minutes.")
        given = terms.hard_minutes
        raise Malformed.of("hard_minutes", given, above, target=terms.target_minutes)
    async with unit_of_work(by) as work:
        found: int | None = await work.connection.fetchval(_OFFICE, office)
        if found is None:
            raise NoQueueHere(office)
        row = (
            found, terms.target_minutes, terms.hard_minutes, terms.slot_minutes, terms.ahead_days,
            terms.active,
        )  # fmt: skip
        await work.connection.execute(_SET_OFFICE, *row)
        await _set_hours(work, found, terms.hours)
        after = {"target": terms.target_minutes, "hard": terms.hard_minutes}
        after |= {"slot": terms.slot_minutes, "ahead": terms.ahead_days, "active": terms.active}
        await work.audit("crm:queue_office:set", office, after=after)
    return found


async def _set_hours(
    work: UnitOfWork, office: int, hours: Mapping[int, tuple[time, time]] | None
) -> None:
    ask = work.connection
    if hours is None:
        if await ask.fetchval(_HAS_HOURS, office):
            return
        week = await week_of_work(ask)
        hours = {day: (spans[0].opens, spans[-1].closes) for day, spans in week.items() if spans}
    for opens, closes in hours.values():
        if opens >= closes:
            wrong = N_("It closes at {closes}, before it opens at {opens}.")
            given = f"{opens:%H:%M}-{closes:%H:%M}"
            raise Malformed.of(
                "hours", given, wrong, opens=f"{opens:%H:%M}", closes=f"{closes:%H:%M}"
            )
    await ask.execute(_NO_HOURS, office)
    await ask.executemany(_HOURS, [(office, day, *span) for day, span in sorted(hours.items())])


async def set_window(
    number: int,
    services: Collection[int],
    *,
    by: Actor,
    office: int,
    window: int | None = None,
    active: bool = True,
) -> int:
    """Make a window of an office or change it; answers its id.

    Raises NumberTaken, WindowNotFound, NoQueueHere, ClientAtWindow when it is to go out of use.
    """
    by.require(EDIT)
    if not services:
        raise Malformed.of("services", "", N_("Choose at least one service."))
    try:
        async with unit_of_work(by) as work:
            ask = work.connection
            if await ask.fetchval(_HAS_QUEUE, office) is None:
                raise NoQueueHere(office)
            if window is None:
                made = await ask.fetchval(_NEW_WINDOW, office, number, active)
            else:
                ticket = await ask.fetchval(_AT_WINDOW, window)
                if ticket is not None and not active:
                    raise ClientAtWindow(ticket)
                made = await ask.fetchval(_SET_WINDOW, window, number, active)
            if made is None:
                raise WindowNotFound(window)
            await ask.execute(_NO_SERVICES, made)
            await ask.execute(_SERVES, made, sorted(services))
            after = {"number": number, "services": sorted(services), "active": active}
            await work.audit("crm:queue_window:set", f"window:{made}", after=after)
    except asyncpg.UniqueViolationError:
        raise NumberTaken(number) from None
    window_id: int = made
    return window_id


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal or a display that opened its address."""

    id: int
    office_id: int
    kind: str
    name: str

    @property
    def actor(self) -> Actor:
        """Whom it acts as: it gives tickets of its own office and nothing else."""
        name = f"queue-device-{self.id}"
        return Actor("system", name, self.name, frozenset({TAKE}), office=self.office_id)


async def add_device(office: int, *, by: Actor, kind: str, name: str) -> str:
    """Make an address for a terminal or display; answers its secret, which is not kept."""
    by.require(EDIT)
    if kind not in ("terminal", "display"):
        raise Malformed.of("kind", kind, N_("Choose one of those offered."))
    if not name.strip():
        raise Malformed.of("name", name, N_("Fill this in."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with unit_of_work(by) as work:
        if await work.connection.fetchval(_HAS_QUEUE, office) is None:
            raise NoQueueHere(office)
        row = (office, kind, name.strip(), token, clock.now())
        made = await work.connection.fetchval(_NEW_DEVICE, *row)
        await work.audit("crm:queue_device:added", f"queue_device:{made}", after={"kind": kind})
    return token


async def revoke_device(device: int, *, by: Actor) -> None:
    """Take an address out of use: who opens it finds nothing. Raises DeviceNotFound."""
    by.require(EDIT)
    async with unit_of_work(by) as work:
        found = await work.connection.fetchval(_REVOKE, device, clock.now())
        if found is None:
            raise DeviceNotFound
        await work.audit("crm:queue_device:revoked", f"queue_device:{device}")


async def device_by(token: str, kind: str) -> Device:
    """The device of a kind whose address holds the secret. Raises DeviceNotFound."""
    async with reading() as connection:
        row = await connection.fetchrow(_DEVICE, token, kind)
    if row is None:
        raise DeviceNotFound
    return Device(**row)
