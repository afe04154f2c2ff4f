"""What use cases of requests share: the locked row, its moves, its clock, lines said on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from abonent.crm.errors import RequestNotFound
from abonent.crm.queries.hours import working_hours
from abonent.crm.rules.requests import CHAT_FIRST_WITHIN, REQUEST, RequestState, warned_at
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.ids import new_id
from abonent.kernel.norms import Norm, Unit, after_working
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import Move, Stood, due_at, log_move, said

_LOCKED = """
SELECT r.*, p.district FROM crm_request r
LEFT JOIN billing_account b ON b.account_id = r.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
WHERE r.number = $1 FOR UPDATE OF r
"""
_LINE = """
INSERT INTO crm_request_line (request_id, id, kind, channel, whom, text, at, by, message_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_MOVES = """
SELECT was, became, at FROM workflow_move WHERE workflow = 'request' AND subject = $1 ORDER BY id
"""
_STATE = "UPDATE crm_request SET state = $2, version = version + 1 WHERE id = $1"
_CLOCK = """
UPDATE crm_request SET due_at = $2, warn_at = $3::timestamptz,
    warned_at = CASE WHEN $3::timestamptz > $4 THEN NULL ELSE warned_at END,
    escalated_at = CASE WHEN $3::timestamptz > $4 THEN NULL ELSE escalated_at END
WHERE id = $1
"""


async def locked_request(
    connection: Any, number: int, *, by: Actor | None = None
) -> Mapping[str, Any]:
    """Lock and read a request. Raises RequestNotFound, also for one in no district of `by`."""
    row = await connection.fetchrow(_LOCKED, number)
    if row is None or (by and row["account_id"] is not None and not by.sees(row["district"])):
        raise RequestNotFound(number)
    return dict(row)


async def add_line(
    work: UnitOfWork,
    request: int,
    kind: str,
    text: str,
    *,
    channel: str = "",
    whom: str = "",
    message: int | None = None,
) -> int:
    """Write down what was said on a request."""
    made, by = new_id(), f"{work.by.kind}:{work.by.id}"
    row = (request, made, kind, channel, whom, text, clock.now(), by, message)
    await work.connection.execute(_LINE, *row)
    return made


async def said_soon(connection: Any, row: Mapping[str, Any]) -> bool:
    """Tell whether a first word said now is in time; out of hours nobody waits for it."""
    hours = await working_hours(connection)
    return clock.now() <= after_working(hours, row["received_at"], CHAT_FIRST_WITHIN)


async def make_move(
    work: UnitOfWork, row: Mapping[str, Any], name: str, *, reason: str = "", note: str = ""
) -> Move:
    """Make a move of the workflow and set its clock anew. Raises MoveRefused, Malformed."""
    move = REQUEST.move(row["state"], name)
    if not move.by_itself:
        work.by.require(move.right)
    given, words = said(move, reason=reason, note=note)
    await work.connection.execute(_STATE, row["id"], move.target)
    await log_move(
        work,
        REQUEST,
        row["id"],
        move=move,
        was=row["state"],
        account_id=row["account_id"],
        reason=given,
        note=words,
    )
    await set_clock(work, row)
    return move


async def set_clock(work: UnitOfWork, row: Mapping[str, Any], norm: Norm | None = None) -> None:
    """Reckon anew by when a request must be answered, from the moves it has made."""
    connection, begin = work.connection, row["received_at"]
    norm = norm or Norm(row["norm_amount"], Unit(row["norm_unit"]))
    hours = await working_hours(connection)
    until = due_at(REQUEST, begin, norm, hours, await _stood(connection, row["id"], begin))
    warn = warned_at(begin, until) if until else None
    await connection.execute(_CLOCK, row["id"], until, warn, clock.now())


async def resume_if_waiting(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Let a request go on that waited for the client's word: the client has spoken."""
    if row["state"] != RequestState.WAIT_CLIENT:
        return
    move = REQUEST.move(row["state"], "resume")
    await work.connection.execute(_STATE, row["id"], move.target)
    account = row["account_id"]
    await log_move(work, REQUEST, row["id"], move=move, was=row["state"], account_id=account)
    await set_clock(work, row)


async def _stood(connection: Any, request: int, begin: datetime) -> list[Stood]:
    found, since, state = [], begin, str(REQUEST.begin)
    for move in await connection.fetch(_MOVES, request):
        found.append(Stood(state, since, move["at"]))
        since, state = move["at"], move["became"]
    return [*found, Stood(state, since, None)]
