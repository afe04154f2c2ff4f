"""Tickets of the queue: taken at the terminal, booked on the portal, ended with the day."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from abonent.billing.errors import AccountNotFound
from abonent.crm.queries.queue import (
    Ticket,
    booked_slots,
    days_ahead,
    hall_of,
    office_hours,
    ticket_of,
    today,
)
from abonent.crm.queue_errors import (
    BookedAlready,
    CodeUnknown,
    NotOffered,
    OfficeClosed,
    ServiceNotFound,
    SlotTaken,
    TicketNotFound,
    TooManyTickets,
)
from abonent.crm.rules.people import phone_digits
from abonent.crm.rules.queue import (
    BOOK,
    LATE,
    QUEUE,
    TAKE,
    UNFINISHED,
    WORK,
    TicketState,
    free_slots,
    is_open,
    number_of,
    slots_of,
)
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move

PER_MINUTE = 20
"""How many tickets one terminal gives in a minute at most: a child may play with it."""
CODE_DIGITS = 4
_TRIES = 20

_SERVICE = "SELECT id, letter, name, bookable FROM crm_queue_service WHERE id = $1 AND active"
_OFFERED = """
SELECT EXISTS (SELECT FROM crm_queue_window_service s JOIN crm_queue_window w ON w.id = s.window_id
    WHERE w.office_id = $1 AND w.active AND s.service_id = $2)
"""
_NUMBER = """
INSERT INTO crm_queue_counter (office_id, day, letter, last) VALUES ($1, $2, $3, 1)
ON CONFLICT (office_id, day, letter) DO UPDATE SET last = crm_queue_counter.last + 1
RETURNING last
"""
_INSERT = """
INSERT INTO crm_queue_ticket (id, office_id, service_id, day, number, state, account_id, created_at,
    arrived_at, waiting_since)
VALUES ($1, $2, $3, $4, $5, 'arrived', $6, $7, $7, $7)
"""
_RECENT = """
SELECT count(*) FROM crm_queue_ticket
WHERE office_id = $1 AND day = $2 AND created_at > $3 AND booked_for IS NULL
"""
_BOOK = """
INSERT INTO crm_queue_ticket (id, office_id, service_id, day, state, account_id, code, booked_for,
    created_at)
VALUES ($1, $2, $3, $4, 'booked', $5, $6, $7, $8)
"""
_LOCK_OFFICE = "SELECT 1 FROM crm_queue_office WHERE office_id = $1 FOR UPDATE"
_BOOKED = "SELECT booked_for FROM crm_queue_ticket WHERE account_id = $1 AND state = 'booked'"
_CODES = "SELECT code FROM crm_queue_ticket WHERE office_id = $1 AND day = $2 AND state = 'booked'"
_BY_CODE = """
SELECT t.id, s.letter FROM crm_queue_ticket t JOIN crm_queue_service s ON s.id = t.service_id
WHERE t.office_id = $1 AND t.day = $2 AND t.code = $3 AND t.state = 'booked' FOR UPDATE OF t
"""
_ARRIVE = """
UPDATE crm_queue_ticket SET state = 'arrived', number = $2, arrived_at = $3, waiting_since = $3
WHERE id = $1
"""
_LOCK_BOOKING = """
SELECT account_id FROM crm_queue_ticket WHERE id = $1 AND state = 'booked' FOR UPDATE
"""
_CANCEL = "UPDATE crm_queue_ticket SET state = 'cancelled', ended_at = $2 WHERE id = $1"
_ACCOUNT = """
SELECT a.account_id, a.number FROM billing_account_number n
JOIN billing_account a ON a.account_id = n.account_id WHERE n.number = $1
"""
# A phone that several accounts have says of none whose it is.
_BY_PHONE = """
SELECT min(a.account_id) FROM crm_contact k
JOIN crm_contract c ON c.subscriber_id = k.subscriber_id JOIN crm_account a ON a.contract_id = c.id
WHERE k.kind = 'phone' AND k.removed_at IS NULL AND k.value LIKE $1
HAVING count(DISTINCT a.account_id) = 1
"""
_OVER = """
SELECT id, state, account_id FROM crm_queue_ticket
WHERE state IN ('booked', 'arrived', 'called', 'serving')
    AND (day < $1 OR (state = 'booked' AND booked_for < $2))
ORDER BY id FOR UPDATE SKIP LOCKED
"""
_EXPIRE = "UPDATE crm_queue_ticket SET state = 'no_show', ended_at = $2 WHERE id = $1"
_END = "UPDATE crm_queue_ticket SET state = 'done', outcome = $3, ended_at = $2 WHERE id = $1"


async def take_ticket(office: int, service: int, *, by: Actor, typed: str = "") -> Ticket:
    """Give a ticket; `typed` is an account's number or a phone, of use only where it is known.

    It never says whether it is: a terminal is no place to try numbers at. Raises NotOffered,
    OfficeClosed for a terminal out of hours, TooManyTickets.
    """
    by.require(TAKE)
    hall = await hall_of(office)
    async with unit_of_work(by) as work:
        letter = await _offered(work, hall.office.id, service)
        if not by.may(WORK):
            await _check_terminal(work, hall.office.id)
        account = await _account_typed(work, typed)
        ticket, now = new_id(), clock.now()
        number = await _next_number(work, hall.office.id, letter)
        row = (ticket, hall.office.id, service, today(), number, account, now)
        await work.connection.execute(_INSERT, *row)
        arrive = QUEUE.move(TicketState.BOOKED, "arrive")
        await log_move(work, QUEUE, ticket, move=arrive, was="", account_id=account)
        return await ticket_of(ticket, by=by)


async def _offered(work: UnitOfWork, office: int, service: int) -> str:
    """The letter of a service that some window of the office takes."""
    found = await work.connection.fetchrow(_SERVICE, service)
    if found is None:
        raise ServiceNotFound(service)
    if not await work.connection.fetchval(_OFFERED, office, service):
        raise NotOffered(found["name"])
    letter: str = found["letter"]
    return letter


async def _check_terminal(work: UnitOfWork, office: int) -> None:
    now = clock.now()
    if not is_open(await office_hours(office, work.connection), now):
        raise OfficeClosed
    since = now - timedelta(minutes=1)
    if await work.connection.fetchval(_RECENT, office, today(), since) >= PER_MINUTE:
        raise TooManyTickets


async def _next_number(work: UnitOfWork, office: int, letter: str) -> str:
    """The next number of the day; others wait for it until this ticket stands or falls."""
    return number_of(letter, await work.connection.fetchval(_NUMBER, office, today(), letter))


async def _account_typed(work: UnitOfWork, typed: str) -> int | None:
    digits = "".join(letter for letter in typed if letter.isdecimal())
    if not digits:
        return None
    found = await work.connection.fetchrow(_ACCOUNT, digits)
    if found is not None:
        exact: int = found["account_id"]
        return exact
    phone = phone_digits(digits)
    if len(phone) < 10:
        return None
    account: int | None = await work.connection.fetchval(_BY_PHONE, phone)
    return account


async def book_ticket(
    account: str, *, by: Actor, office: str, service: int, at: datetime
) -> Ticket:
    """Book a time for an account; answers the ticket with the code to say on coming.

    Raises AccountNotFound, NotOffered, SlotTaken, BookedAlready.
    """
    by.require(BOOK)
    if not by.reaches(account):
        raise AccountNotFound(account)
    hall = await hall_of(office)
    async with unit_of_work(by) as work:
        ask = work.connection
        await ask.execute(_LOCK_OFFICE, hall.office.id)
        found = await ask.fetchrow(_ACCOUNT, account)
        if found is None:
            raise AccountNotFound(account)
        await _offered(work, hall.office.id, service)
        earlier = await ask.fetchval(_BOOKED, found["account_id"])
        if earlier is not None:
            raise BookedAlready(earlier)
        hours = await office_hours(hall.office.id, ask)
        day = hours.local(at).date()
        slots = list(slots_of(hours, day, minutes=hall.office.slot_minutes))
        taken = await booked_slots(ask, hall.office.id, at)
        places = [w.place for w in hall.windows if w.active]
        may = at > clock.now() and day in days_ahead(hours, hall.office) and at in slots
        offers = next((one for one in hall.services if one.id == service), None)
        if not may or not free_slots([at], taken, service, places):
            raise SlotTaken(at.isoformat())
        if offers is None or not offers.bookable:
            raise NotOffered(offers.name if offers else str(service))
        ticket, code = new_id(), await _new_code(work, hall.office.id, day)
        row = (ticket, hall.office.id, service, day, found["account_id"], code, at, clock.now())
        try:
            await ask.execute(_BOOK, *row)
        except asyncpg.UniqueViolationError:  # the same account, booking in another office
            raise BookedAlready(at) from None
        subject, after = f"queue:{ticket}", {"office": hall.office.code, "service": service}
        await work.audit("crm:queue:booked", subject, account_id=found["account_id"], after=after)
        return await ticket_of(ticket, by=by)


async def _new_code(work: UnitOfWork, office: int, day: Any) -> str:
    known = {row["code"] for row in await work.connection.fetch(_CODES, office, day)}
    for _try in range(_TRIES):
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        if code not in known:
            return code
    raise SlotTaken(str(day))


async def arrive(office: int, code: str, *, by: Actor) -> Ticket:
    """Who booked has come and says the code; answers the ticket with its number.

    Raises CodeUnknown.
    """
    by.require(TAKE)
    async with unit_of_work(by) as work:
        found = await work.connection.fetchrow(_BY_CODE, office, today(), code.strip())
        if found is None:
            raise CodeUnknown(code)
        number = await _next_number(work, office, found["letter"])
        await work.connection.execute(_ARRIVE, found["id"], number, clock.now())
        move = QUEUE.move(TicketState.BOOKED, "arrive")
        await log_move(work, QUEUE, found["id"], move=move, was=TicketState.BOOKED)
        return await ticket_of(found["id"], by=by)


async def cancel_booking(account: str, ticket: int, *, by: Actor) -> None:
    """Give a booked time back. Raises TicketNotFound where it is not booked any more."""
    by.require(BOOK)
    async with unit_of_work(by) as work:
        own = await work.connection.fetchrow(_ACCOUNT, account)
        booked = await work.connection.fetchval(_LOCK_BOOKING, ticket)
        if own is None or booked != own["account_id"] or not by.reaches(account):
            raise TicketNotFound(ticket)
        await work.connection.execute(_CANCEL, ticket, clock.now())
        move = QUEUE.move(TicketState.BOOKED, "cancel")
        await log_move(work, QUEUE, ticket, move=move, was=TicketState.BOOKED, account_id=booked)


async def end_tickets(*, by: Actor) -> int:
    """End what is left of earlier days, and bookings whose time has gone by; answers how many."""
    now = clock.now()
    async with unit_of_work(by) as work:
        rows = await work.connection.fetch(_OVER, today(), now - LATE)
        for row in rows:
            serving = row["state"] == TicketState.SERVING
            move = QUEUE.move(row["state"], "end" if serving else "expire")
            if serving:
                await work.connection.execute(_END, row["id"], now, UNFINISHED)
            else:
                await work.connection.execute(_EXPIRE, row["id"], now)
            account = row["account_id"]
            await log_move(work, QUEUE, row["id"], move=move, was=row["state"], account_id=account)
    return len(rows)
