"""Work at a window: sitting down, calling the next one, serving, passing on, leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abonent.billing.errors import AccountNotFound
from abonent.billing.queries.reach import check_reach
from abonent.crm.queries.queue import Ticket, ticket_of, today
from abonent.crm.queue_errors import (
    ClientAtWindow,
    NotAtWindow,
    NotOffered,
    OtherOfficeQueue,
    SitsAlready,
    SitsNowhere,
    WindowNotFound,
    WindowPaused,
    WindowTaken,
)
from abonent.crm.rules.queue import EDIT, LOAD_BONUS, QUEUE, WORK, TicketState
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move, said

_WINDOW = """
SELECT w.id, w.office_id, w.number, w.user_id, w.user_name, o.name AS office
FROM crm_queue_window w JOIN office o ON o.id = w.office_id
JOIN crm_queue_office q ON q.office_id = w.office_id
WHERE w.id = $1 AND w.active AND q.active AND o.active FOR UPDATE OF w
"""
_SITS = "SELECT number FROM crm_queue_window WHERE user_id = $1"
_SIT = """
UPDATE crm_queue_window SET user_id = $2, user_name = $3, sat_at = $4, paused_at = NULL
WHERE id = $1
"""
_LEAVE = """
UPDATE crm_queue_window SET user_id = NULL, user_name = NULL, sat_at = NULL, paused_at = NULL
WHERE id = $1
"""
_PAUSE = "UPDATE crm_queue_window SET paused_at = $2 WHERE id = $1"
_OWN = """
SELECT id, office_id, number, paused_at FROM crm_queue_window WHERE user_id = $1 FOR UPDATE
"""
_CURRENT = """
SELECT id, number, state, account_id FROM crm_queue_ticket
WHERE window_id = $1 AND state IN ('called', 'serving') FOR UPDATE
"""
# First who waits beyond the hard limit, then who booked and whose time has come, then the rest by
# how long they wait; who came before the booked time is called when nobody else is there. A long
# line of a service counts as half of what its last one still has to wait.
_NEXT = """
WITH line AS (
    SELECT service_id, count(*) AS people FROM crm_queue_ticket
    WHERE office_id = $1 AND state = 'arrived' AND day = $3 GROUP BY service_id
), takers AS (
    SELECT s.service_id, count(*) AS windows
    FROM crm_queue_window w JOIN crm_queue_window_service s ON s.window_id = w.id
    WHERE w.office_id = $1 AND w.user_id IS NOT NULL AND w.paused_at IS NULL GROUP BY s.service_id
)
SELECT t.id, t.account_id FROM crm_queue_ticket t
JOIN crm_queue_window_service ws ON ws.service_id = t.service_id AND ws.window_id = $2
JOIN crm_queue_service s ON s.id = t.service_id
JOIN crm_queue_office o ON o.office_id = t.office_id
JOIN line l ON l.service_id = t.service_id
JOIN takers k ON k.service_id = t.service_id
WHERE t.office_id = $1 AND t.state = 'arrived' AND t.day = $3
ORDER BY CASE
        WHEN $4 - greatest(t.waiting_since, t.booked_for) > o.hard_minutes * interval '1 minute'
            THEN 0
        WHEN t.booked_for <= $4 THEN 1
        WHEN t.booked_for > $4 THEN 3
        ELSE 2
    END,
    greatest(t.waiting_since, t.booked_for)
        - least($5, l.people * s.minutes / (2 * k.windows)) * interval '1 minute',
    t.id
LIMIT 1 FOR UPDATE OF t SKIP LOCKED
"""
_CALL = """
UPDATE crm_queue_ticket SET state = 'called', window_id = $2, called_at = $3, calls = calls + 1,
    first_called_at = coalesce(first_called_at, $3), served_by = $4
WHERE id = $1
"""
_AGAIN = "UPDATE crm_queue_ticket SET called_at = $2, calls = calls + 1 WHERE id = $1"
_START = "UPDATE crm_queue_ticket SET state = 'serving', started_at = $2 WHERE id = $1"
_FINISH = "UPDATE crm_queue_ticket SET state = 'done', outcome = $3, ended_at = $2 WHERE id = $1"
_NO_SHOW = "UPDATE crm_queue_ticket SET state = 'no_show', ended_at = $2 WHERE id = $1"
_BACK = """
UPDATE crm_queue_ticket SET state = 'arrived', window_id = NULL, started_at = NULL,
    service_id = coalesce($2, service_id)
WHERE id = $1
"""
_OFFERED = """
SELECT s.name, EXISTS (SELECT FROM crm_queue_window_service x JOIN crm_queue_window w
    ON w.id = x.window_id WHERE w.office_id = $1 AND w.active AND x.service_id = s.id) AS offered
FROM crm_queue_service s WHERE s.id = $2 AND s.active
"""
_NAME = """
UPDATE crm_queue_ticket SET account_id =
    (SELECT account_id FROM billing_account_number WHERE number = $2)
WHERE id = $1 RETURNING account_id
"""


@dataclass(frozen=True, slots=True)
class _Held:
    """The window of who acts, locked, with the ticket it has before it."""

    id: int
    office_id: int
    number: int
    paused: bool
    ticket: Any

    @property
    def state(self) -> str:
        return str(self.ticket["state"]) if self.ticket else ""


async def sit_down(window: int, *, by: Actor) -> None:
    """Take a window for oneself.

    Raises WindowNotFound, OtherOfficeQueue, WindowTaken, SitsAlready.
    """
    by.require(WORK)
    user = _user(by)
    async with unit_of_work(by) as work:
        found = await work.connection.fetchrow(_WINDOW, window)
        if found is None:
            raise WindowNotFound(window)
        if not works_in(by, found["office_id"]):
            raise OtherOfficeQueue(found["office"])
        if found["user_id"] not in (None, user):
            raise WindowTaken(found["number"], found["user_name"])
        elsewhere = await work.connection.fetchval(_SITS, user)
        if elsewhere is not None:
            raise SitsAlready(elsewhere)
        await work.connection.execute(_SIT, window, user, by.name, clock.now())
        await work.audit("crm:queue_window:taken", f"window:{window}")


def works_in(by: Actor, office: int) -> bool:
    """Tell whether the actor may sit down in an office: the own one, or any who sets queues up."""
    return by.office in (None, office) or by.may(EDIT)


def _user(by: Actor) -> int:
    if by.kind != "user":
        raise SitsNowhere
    return int(by.id)


async def leave_window(*, by: Actor) -> None:
    """Get up from one's window; who was called goes back to the line with the time waited.

    Raises ClientAtWindow while somebody is served.
    """
    async with unit_of_work(by) as work:
        held = await _held(work)
        if held.state == TicketState.SERVING:
            raise ClientAtWindow(held.ticket["number"])
        if held.ticket:
            await _put_back(work, held)
        await work.connection.execute(_LEAVE, held.id)
        await work.audit("crm:queue_window:left", f"window:{held.id}")


async def free_window(window: int, *, by: Actor) -> None:
    """Free a window that its clerk left without getting up: for who sets queues up.

    Raises WindowNotFound, ClientAtWindow.
    """
    by.require(EDIT)
    async with unit_of_work(by) as work:
        found = await work.connection.fetchrow(_WINDOW, window)
        if found is None:
            raise WindowNotFound(window)
        ticket = await work.connection.fetchrow(_CURRENT, window)
        if ticket is not None:
            raise ClientAtWindow(ticket["number"])
        await work.connection.execute(_LEAVE, window)
        before = {"user": found["user_id"]}
        await work.audit("crm:queue_window:freed", f"window:{window}", before=before)


async def pause_window(*, by: Actor, on: bool) -> None:
    """Go on a break or come back from it. Raises ClientAtWindow when a client is there."""
    async with unit_of_work(by) as work:
        held = await _held(work)
        if on and held.ticket:
            raise ClientAtWindow(held.ticket["number"])
        if held.paused == on:
            return
        await work.connection.execute(_PAUSE, held.id, clock.now() if on else None)
        action = "paused" if on else "resumed"
        await work.audit(f"crm:queue_window:{action}", f"window:{held.id}")


async def call_next(*, by: Actor) -> Ticket | None:
    """Call the next one to one's window; None when nobody waits for what it takes.

    Who is served there is finished first; asked for again, the ticket that was called is answered.
    Two windows never call the same. Raises SitsNowhere, WindowPaused.
    """
    async with unit_of_work(by) as work:
        held = await _held(work)
        if held.state == TicketState.CALLED:
            return await ticket_of(held.ticket["id"], by=by)
        if held.paused:
            raise WindowPaused
        if held.ticket:
            await _finish(work, held, "served")
        now = clock.now()
        asked = (held.office_id, held.id, today(), now, LOAD_BONUS)
        found = await work.connection.fetchrow(_NEXT, *asked)
        if found is None:
            return None
        who = f"{by.kind}:{by.id}"
        await work.connection.execute(_CALL, found["id"], held.id, now, who)
        await _log(work, "call", TicketState.ARRIVED, found)
        return await ticket_of(found["id"], by=by)


async def call_again(ticket: int, *, by: Actor) -> None:
    """Call the same one again: the display shows it anew."""
    async with unit_of_work(by) as work:
        held = await _held(work, ticket)
        QUEUE.move(held.state, "recall")
        await work.connection.execute(_AGAIN, ticket, clock.now())
        await _log(work, "recall", held.state, held.ticket)


async def start_serving(ticket: int, *, by: Actor) -> None:
    """The client has come to the window."""
    async with unit_of_work(by) as work:
        held = await _held(work, ticket)
        QUEUE.move(held.state, "start")
        await work.connection.execute(_START, ticket, clock.now())
        await _log(work, "start", held.state, held.ticket)


async def finish_serving(ticket: int, *, by: Actor, outcome: str) -> None:
    """The client leaves; the outcome is one of OUTCOMES. Raises Malformed, MoveRefused."""
    async with unit_of_work(by) as work:
        held = await _held(work, ticket)
        await _finish(work, held, outcome)


async def _finish(work: UnitOfWork, held: _Held, outcome: str) -> None:
    move = QUEUE.move(held.state, "finish")
    reason, _note = said(move, reason=outcome)
    await work.connection.execute(_FINISH, held.ticket["id"], clock.now(), reason)
    await _log(work, "finish", held.state, held.ticket, reason=reason)


async def not_come(ticket: int, *, by: Actor) -> None:
    """Who was called did not come to the window."""
    async with unit_of_work(by) as work:
        held = await _held(work, ticket)
        QUEUE.move(held.state, "no_show")
        await work.connection.execute(_NO_SHOW, ticket, clock.now())
        await _log(work, "no_show", held.state, held.ticket)


async def pass_on(ticket: int, *, by: Actor, service: int) -> None:
    """Send a client on to another service; the number and the time waited are kept.

    Raises NotOffered where no window of the office takes it.
    """
    async with unit_of_work(by) as work:
        held = await _held(work, ticket)
        QUEUE.move(held.state, "redirect")
        offered = await work.connection.fetchrow(_OFFERED, held.office_id, service)
        if offered is None or not offered["offered"]:
            raise NotOffered(offered["name"] if offered else str(service))
        await work.connection.execute(_BACK, ticket, service)
        await _log(work, "redirect", held.state, held.ticket)


async def put_back(ticket: int, *, by: Actor) -> None:
    """Take a call back: the client waits on as before."""
    async with unit_of_work(by) as work:
        await _put_back(work, await _held(work, ticket))


async def _put_back(work: UnitOfWork, held: _Held) -> None:
    QUEUE.move(held.state, "put_back")
    await work.connection.execute(_BACK, held.ticket["id"], None)
    await _log(work, "put_back", held.state, held.ticket)


async def name_account(ticket: int, *, by: Actor, account: str) -> None:
    """Say whose account the client at one's window came about. Raises AccountNotFound."""
    number = account.strip()
    await check_reach(number, by=by)
    async with unit_of_work(by) as work:
        await _held(work, ticket)
        found = await work.connection.fetchval(_NAME, ticket, number)
        if found is None:
            raise AccountNotFound(number)
        await work.audit("crm:queue:named", f"queue:{ticket}", account_id=found)


async def _held(work: UnitOfWork, ticket: int | None = None) -> _Held:
    """Lock the actor's own window with its ticket, which must be the one that is meant.

    Raises SitsNowhere, NotAtWindow.
    """
    work.by.require(WORK)
    found = await work.connection.fetchrow(_OWN, _user(work.by))
    if found is None:
        raise SitsNowhere
    current = await work.connection.fetchrow(_CURRENT, found["id"])
    if ticket is not None and (current is None or current["id"] != ticket):
        raise NotAtWindow(ticket)
    paused = found["paused_at"] is not None
    return _Held(found["id"], found["office_id"], found["number"], paused, current)


async def _log(work: UnitOfWork, name: str, was: str, ticket: Any, *, reason: str = "") -> None:
    move = QUEUE.move(was, name)
    account = ticket["account_id"]
    await log_move(work, QUEUE, ticket["id"], move=move, was=was, account_id=account, reason=reason)
