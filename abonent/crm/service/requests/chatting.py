"""A chat: answered word by word by whoever took it; the request ends with its last answer as any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from abonent.crm.rules.people import name_typed
from abonent.crm.rules.requests import WINDOW_GONE_AFTER, WORK, RequestState
from abonent.crm.service.messages import NewMessage, queue_message
from abonent.crm.service.requests.answering import LONGEST_ANSWER, check_filled
from abonent.crm.service.requests.rows import (
    add_line,
    locked_request,
    resume_if_waiting,
    said_soon,
)
from abonent.crm.service.requests.working import take_to_work
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

SEEN_STEP = timedelta(minutes=1)
_FREE = {RequestState.NEW, RequestState.CLASSIFIED, RequestState.REOPENED}
_WRITTEN = {"email": "request-answered", "sms": "chat-answered"}
"""The template of each way: a letter holds what was said, an SMS the link alone."""

_SAID = """
UPDATE crm_request SET first_said_at = $2, first_soon = $3 WHERE id = $1 AND first_said_at IS NULL
"""
_WROTE = """
SELECT EXISTS (SELECT FROM crm_request_line
    WHERE request_id = $1 AND message_id IS NOT NULL AND at > coalesce($2::timestamptz, '-infinity'))
"""
_SEEN = """
UPDATE crm_request SET window_seen_at = $2
WHERE token = $1 AND (window_seen_at IS NULL OR window_seen_at < $3)
"""
# Free to the speaker: its owner is away, and the speaker or nobody stands in.
_WHOSE = """
SELECT actor_name('user:' || $1::bigint) AS name, EXISTS (SELECT FROM staff_away($3) w
    WHERE w.user_id = $1 AND (w.stand_in IS NULL OR w.stand_in = $2)) AS free
"""


async def say_in_chat(number: int, *, by: Actor, text: str) -> str:
    """Say something to the client of an open chat; a free one becomes one's own by it.

    Answers the way it also went where the client's window is closed: "email", "sms" or "", and
    "refused" where a rule let no message go. Raises RequestNotFound, Malformed, and Refused for a chat that is over or somebody else's.
    """
    by.require(WORK)
    words = check_filled(given_text("text", text, longest=LONGEST_ANSWER))
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        await _claim(work, row)
        way, message = await _after_a_closed_window(work, row, words)
        await add_line(work, row["id"], "answer", words, channel="chat", message=message)
        soon = await said_soon(work.connection, row)
        await work.connection.execute(_SAID, row["id"], clock.now(), soon)
        subject = f"request:{row['id']}"
        await work.audit("crm:request:said", subject, account_id=row["account_id"])
    return way


async def _claim(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Let a chat be the speaker's; the row is locked, so that of two one comes too late."""
    if not row["open"] or row["channel"] != "chat":
        raise Refused("CHAT_OVER", N_("This chat is over."))
    me = int(work.by.id) if work.by.kind == "user" else None
    if row["owner"] not in {None, me} and row["first_said_at"] is not None:
        whose = await work.connection.fetchrow(_WHOSE, row["owner"], me, clock.now())
        if not whose["free"]:
            theirs = N_("{name} is talking with the client. Nothing was sent.")
            raise Refused("CHAT_IS_THEIRS", theirs, field="text", name=whose["name"])
    await resume_if_waiting(work, row)
    if row["state"] in _FREE or row["owner"] != me:
        await take_to_work(row["number"], by=work.by)


async def _after_a_closed_window(
    work: UnitOfWork, row: Mapping[str, Any], words: str
) -> tuple[str, int | None]:
    """Write to the contact that was left where nobody looks at the window any more."""
    seen = row["window_seen_at"]
    gone = seen is None or clock.now() - seen > WINDOW_GONE_AFTER
    way = "sms" if row["reply_by"] == "call" else row["reply_by"]
    if not gone or way not in _WRITTEN:
        return "", None
    # The link says the same each time: one SMS is enough until the client has looked again.
    if way == "sms" and await work.connection.fetchval(_WROTE, row["id"], seen):
        return "", None
    values = {"request": str(row["number"]), "answer": words, "url": f"/my/chat/{row['token']}"}
    if name := name_typed(row["who"]):
        values["name"] = name
    message = NewMessage(
        account_id=row["account_id"],
        to=row["reply_to"],
        channel=way,
        template=_WRITTEN[way],
        values=values,
        about=f"request:{row['id']}",
    )
    queued = await queue_message(work, message)
    return (way, queued.id) if queued.id is not None else ("refused", None)


async def see_window(token: str) -> None:
    """Note that the client's window is open, at most once a minute."""
    now = clock.now()
    async with transaction() as connection:
        await connection.execute(_SEEN, token, now, now - SEEN_STEP)
