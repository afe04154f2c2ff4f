"""Answering a request by the channel the client chose; rating, taking up again, closing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abonent.crm.answers import unfilled
from abonent.crm.rules.people import name_typed
from abonent.crm.rules.requests import REOPENED_WITHIN, REPLIES, TAKE, WORK, WRITTEN
from abonent.crm.service.contacts import check_reach_typed
from abonent.crm.service.messages import NewMessage, Queued, queue_message
from abonent.crm.service.requests.rows import add_line, locked_request, make_move, said_soon
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST_ANSWER = 10_000
CLOSED_AT_ONCE = 1_000

_ANSWERED = """
UPDATE crm_request SET answered_at = $2::timestamptz, answered_by = $4,
    late = coalesce($2 > $3::timestamptz, false), owner = coalesce(owner, $4),
    contact_person = coalesce(contact_person, $4), reply_by = $5, reply_to = $6, next_action = '',
    next_action_at = NULL,
    first_said_at = CASE WHEN channel = 'chat' THEN coalesce(first_said_at, $2) END,
    first_soon = CASE WHEN channel = 'chat' THEN coalesce(first_soon, $7) END
WHERE id = $1
"""
_LAST_LETTER = """
SELECT message_id FROM crm_request_letter WHERE request_id = $1 ORDER BY at DESC LIMIT 1
"""
_REOPENED = """
UPDATE crm_request SET reopened = reopened + 1, contacts = contacts + $2, answered_at = NULL,
    answered_by = NULL, late = false
WHERE id = $1
"""
_TO_CLOSE = """
SELECT id, account_id, state FROM crm_request
WHERE state IN ('resolved', 'rated') AND answered_at < $1
ORDER BY answered_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_CLOSE = "UPDATE crm_request SET state = 'closed', version = version + 1 WHERE id = ANY($1)"
_LOG = """
INSERT INTO workflow_move (workflow, subject, id, account_id, name, was, became, reason, note, at, by)
VALUES ('request', $1, $2, $3, 'close', $4, 'closed', '', '', $5, $6)
"""


async def answer_request(
    number: int, *, by: Actor, text: str, reply_by: str = "", reply_to: str = ""
) -> Queued | None:
    """Answer a request and end it; written answers are sent by the channel the client chose.

    `reply_by` and `reply_to` change what the client chose, when asked to. Raises RequestNotFound,
    MoveRefused, Malformed, and Refused where rules forbid the message.
    """
    by.require(WORK)
    words = check_filled(given_text("text", text, longest=LONGEST_ANSWER))
    if reply_by and reply_by not in REPLIES:
        raise Malformed.of("reply_by", reply_by, N_("Choose one of those offered."))
    async with unit_of_work(by) as work:
        row = dict(await locked_request(work.connection, number, by=by))
        way = reply_by or row["reply_by"]
        typed = check_reach_typed(reply_to, field="reply_to") if reply_to.strip() else ""
        to = typed or _asked_for(row, way)
        sent = await _send(work, row, way, to, words) if way in WRITTEN else None
        me = int(by.id) if by.kind == "user" else None
        now = clock.now()
        soon = row["channel"] == "chat" and await said_soon(work.connection, row)
        values = (row["id"], now, row["due_at"], me, way, to, soon)
        await make_move(work, row, "resolve")
        await work.connection.execute(_ANSWERED, *values)
        message = sent.id if sent else None
        await add_line(work, row["id"], "answer", words, channel=way, message=message)
    return sent


def check_filled(words: str) -> str:
    """Answer the words of an answer; raises Malformed where a template's place is left in them."""
    if left := unfilled(words):
        named = ", ".join(f"{{{one}}}" for one in left)
        raise Malformed.of("text", named, N_("Still to be filled in: {left}"), left=named)
    return words


def _asked_for(row: Mapping[str, Any], way: str) -> str:
    """Where the client wants it; nothing (the card's main one) where that is of another kind."""
    to: str = row["reply_to"]
    return "" if way in {"sms", "email"} and ("@" in to) is not (way == "email") else to


async def _send(
    work: UnitOfWork, row: Mapping[str, Any], way: str, to: str, words: str
) -> Queued | None:
    """Queue the answer; on the portal it simply stands there."""
    if way == "portal":
        return None
    if not to and row["account_id"] is None:
        raise Malformed.of("reply_to", to, N_("Fill this in."))
    values = {"request": str(row["number"]), "answer": words, "url": f"/my/r/{row['token']}"}
    if name := name_typed(row["who"]):
        values["name"] = name
    message = NewMessage(
        account_id=row["account_id"],
        to=to,
        channel=way,
        template="request-answered",
        values=values,
        about=f"request:{row['id']}",
        reply_to_id=await work.connection.fetchval(_LAST_LETTER, row["id"]) or "",
    )
    queued = await queue_message(work, message)
    if queued.id is None:
        raise Refused("MESSAGE_REFUSED", "{why}", field="reply_by", why=queued.verdict.text())
    return queued


async def reopen_request(number: int, *, by: Actor, note: str, by_client: bool = False) -> None:
    """Take a request up again within 14 days of its answer. Raises MoveRefused, Refused."""
    by.require(TAKE if by_client else WORK)
    words = given_text("text", note, longest=LONGEST_ANSWER)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=None if by_client else by)
        answered = row["answered_at"]
        if answered is not None and clock.now() - answered > REOPENED_WITHIN:
            late = N_("It was answered more than {days} days ago: register a new request.")
            raise Refused("TOO_LATE_TO_REOPEN", late, field="number", days=REOPENED_WITHIN.days)
        await make_move(work, row, "reopen", note=words)
        await work.connection.execute(_REOPENED, row["id"], int(by_client))
        kind, channel = ("asked", row["channel"]) if by_client else ("note", "")
        await add_line(work, row["id"], kind, words, channel=channel)


async def close_requests() -> int:
    """Close answered requests that nobody took up again in time; answers how many."""
    closed = 0
    while True:
        async with unit_of_work(SYSTEM) as work:
            now = clock.now()
            rows = await work.connection.fetch(_TO_CLOSE, now - REOPENED_WITHIN, CLOSED_AT_ONCE)
            if not rows:
                return closed
            await work.connection.execute(_CLOSE, [row["id"] for row in rows])
            by = f"{SYSTEM.kind}:{SYSTEM.id}"
            moves = [(r["id"], new_id(), r["account_id"], r["state"], now, by) for r in rows]
            await work.connection.executemany(_LOG, moves)
            await work.audit("crm:request:closed", "request:run", after={"requests": len(rows)})
            closed += len(rows)
