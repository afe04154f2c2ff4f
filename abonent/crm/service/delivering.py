"""Sending what was queued: once, or reported.

A message is marked as being sent before it is given away, and as sent after it was taken. Found
marked by a later attempt, it may have gone or not: the gateway is asked, and where it cannot tell,
the message is "unknown" for a person to see, never sent a second time blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from abonent.crm.queries.contacting import contact_frame, contacted, person_of_contact
from abonent.crm.rules.campaigns import CAMPAIGN_STOPPED
from abonent.crm.rules.contacting import Purpose, Question, Verdict, Way, Window, decide
from abonent.crm.service.letters_out import letter_of
from abonent.crm.service.messages import EMAIL, KIND
from abonent.crm.service.receipts import keep_part, settle_message
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.mail import Mailer
from abonent.kernel.outbox import ATTEMPTS, Delivery, Handler, UndeliverableError
from abonent.kernel.sending import NotSentError, RefusedError, UncertainError
from abonent.kernel.settings import Settings
from abonent.kernel.sms.gateway import Gateway, Sms

LONGEST_WAIT = timedelta(days=3)
"""What could not be sent for so long is not sent any more: nobody expects it then."""
LATE = timedelta(minutes=10)
"""From so late on the hours and counters of the law are asked anew."""
LONGEST_PACE = 20.0
DIED = "died"
"""The reason of what a worker left half done."""

_TAKE = """
SELECT m.*, t.address, t.subject, t.text, t.reply_to_id,
    (SELECT count(*) FROM crm_message_part p WHERE p.account_id = m.account_id
        AND p.message_id = m.id) AS sent_parts,
    EXISTS (SELECT FROM crm_campaign c WHERE c.state = 'stopped'
        AND m.about = 'campaign:' || c.id) AS stopped
FROM crm_message m
LEFT JOIN crm_message_text t ON t.account_id = m.account_id AND t.message_id = m.id
WHERE m.account_id = $1 AND m.id = $2 FOR UPDATE OF m
"""
_SENDING = """
UPDATE crm_message SET state = 'sending', reason = '' WHERE account_id = $1 AND id = $2
"""
_BACK = """
UPDATE crm_message SET state = 'queued', reason = $3
WHERE account_id = $1 AND id = $2 AND state = 'sending'
"""
_END = """
UPDATE crm_message SET state = $3, reason = $4, ended_at = $5
WHERE account_id = $1 AND id = $2 AND state IN ('queued', 'sending')
"""
_LATER = "UPDATE crm_message SET due_at = $3 WHERE account_id = $1 AND id = $2"
_MOVED = "UPDATE crm_contact_attempt SET at = $3 WHERE who = $1 AND id = $2"
_PACE = """
INSERT INTO crm_gateway_pace AS p (gateway, next_at) VALUES ($1, $2::timestamptz + $3)
ON CONFLICT (gateway) DO UPDATE SET next_at = greatest(p.next_at, $2) + $3
RETURNING next_at - $3 AS at
"""

_log = structlog.get_logger(__name__)
Row = Mapping[str, Any]


def message_handler(settings: Settings, gateway: Gateway) -> Handler:
    """Answer the handler for outbox rows of kind "message"."""
    mailer = Mailer(settings)
    pace = timedelta(seconds=1 / settings.sms_rate)

    async def deliver(delivery: Delivery) -> None:
        key = (delivery.payload["account"], delivery.payload["message"])
        if await _begun(key, gateway) is not None:
            return
        row = await _taken(key)
        if row is None:
            return
        try:
            if row["channel"] == EMAIL:
                await _send_letter(row, mailer)
            else:
                await _paced(gateway.name, pace)
                await _send_sms(row, gateway)
        except NotSentError as error:
            await _try_later(key, error, delivery)
        except RefusedError as error:
            await _end(key, "rejected", error.code)
            raise UndeliverableError(error.code) from error
        except UncertainError as error:
            if await _cleared_up(row, gateway, error.code) is None:
                await _try_later(key, NotSentError(error.code), delivery)
        else:
            await settle_message(*key)

    return deliver


async def _begun(key: tuple[int, int], gateway: Gateway) -> str | None:
    """Clear up what an earlier attempt left half done; the state it ended in, None to send it."""
    async with transaction() as connection:
        row = await connection.fetchrow(_TAKE, *key)
    if row is None or row["state"] not in {"queued", "sending"}:
        return "over"
    if row["state"] == "queued":
        return None
    needed = row["parts"] if gateway.by_parts and row["channel"] != EMAIL else 1
    if row["sent_parts"] >= needed:
        await settle_message(*key)
        return "sent"
    return await _cleared_up(row, gateway, DIED)


async def _cleared_up(row: Row, gateway: Gateway, reason: str) -> str | None:
    """Ask the gateway about what may have gone; the state it ended in, None to send it again."""
    key = (row["account_id"], row["id"])
    found = None
    if row["channel"] != EMAIL and row["text"] is not None:
        found = await gateway.find(_sms(row))
    if found:
        await keep_part(key, 1, gateway.name, found)
        await settle_message(*key)
        return "sent"
    if found is None:
        await _end(key, "unknown", reason)
        _log.error("message.unknown", message=key[1], error=reason)
        return "unknown"
    async with transaction() as connection:
        await connection.execute(_BACK, *key, reason[:200])
    return None


async def _taken(key: tuple[int, int]) -> Row | None:
    """Mark a message as being sent; None where it is not to be sent now, or not any more."""
    now = clock.now()
    async with unit_of_work(SYSTEM) as work:
        row: Row | None = await work.connection.fetchrow(_TAKE, *key)
        if row is None or row["state"] != "queued":
            return None
        if row["text"] is None:
            await _drop(work.connection, key, "rejected", "ERASED")
            return None
        if row["stopped"] and not row["sent_parts"]:  # what has begun to go is ended
            await _drop(work.connection, key, "refused", CAMPAIGN_STOPPED)
            return None
        if now - row["due_at"] > LONGEST_WAIT:
            await _drop(work.connection, key, "expired", row["reason"])
            return None
        if now - row["due_at"] > LATE:
            verdict = await _asked_anew(work.connection, row, now)
            if not verdict.allowed:
                await _drop(work.connection, key, "refused", verdict.code)
                return None
            if verdict.at is not None and verdict.at > now:
                await work.connection.execute(_LATER, *key, verdict.at)
                payload = {"account": key[0], "message": key[1]}
                await work.send(KIND, payload, due_at=verdict.at)
                return None
        await work.connection.execute(_SENDING, *key)
    return row


async def _drop(connection: Any, key: tuple[int, int], state: str, reason: str) -> None:
    await connection.execute(_END, *key, state, reason, clock.now())


async def _asked_anew(connection: Any, row: Row, now: datetime) -> Verdict:
    """Ask the rules about a message that comes late, as if it had not been counted yet."""
    known = await contacted(connection, row["account_id"] or None, channel=row["channel"], at=now)
    who, purpose = known.who(row["address"]), Purpose(row["purpose"])
    # Out of the count for the question, and back at the hour that is found.
    await connection.execute(_MOVED, who, row["id"], now - timedelta(days=90))
    person = await person_of_contact(connection, known, row["address"], now)
    frame = await contact_frame(connection, now, purpose)
    window = Window(row["hours"])
    asked = Question(Way.MESSAGE, purpose, now, window, capped=window is not Window.ANY)
    verdict = decide(asked, person, frame)
    if verdict.allowed:
        await connection.execute(_MOVED, who, row["id"], verdict.at)
    return verdict


async def _send_letter(row: Row, mailer: Mailer) -> None:
    letter = letter_of(row, mailer.sender)
    named = str(letter["Message-ID"]).strip("<>")
    await mailer.send(letter, name=str(row["id"]))
    await keep_part((row["account_id"], row["id"]), 1, EMAIL, named)


async def _send_sms(row: Row, gateway: Gateway) -> None:
    key = (row["account_id"], row["id"])

    async def accepted(part: int, provider_id: str) -> None:
        await keep_part(key, part, gateway.name, provider_id)

    await gateway.send(_sms(row), accepted)


def _sms(row: Row) -> Sms:
    return Sms(row["id"], row["address"], row["text"], row["sent_parts"])


async def _paced(gateway: str, pace: timedelta) -> None:
    """Wait for this gateway's turn. Raises NotSentError where the turn is too far away."""
    now = clock.now()
    async with transaction() as connection:
        at = await connection.fetchval(_PACE, gateway, now, pace)
    wait = (at - now).total_seconds()
    if wait > LONGEST_PACE:
        raise NotSentError("pace")
    await asyncio.sleep(max(0.0, wait))


async def _try_later(key: tuple[int, int], error: NotSentError, delivery: Delivery) -> None:
    """Put it back for the outbox to try again; after the last attempt it is reported."""
    if delivery.attempts >= ATTEMPTS:
        await _end(key, "rejected", error.code)
        raise UndeliverableError(error.code) from error
    async with transaction() as connection:
        await connection.execute(_BACK, *key, error.code[:200])
    raise error


async def _end(key: tuple[int, int], state: str, reason: str) -> None:
    async with transaction() as connection:
        await connection.execute(_END, *key, state, reason[:200], clock.now())
