"""Letters that come to the department: an answer joins its request, anything else is a new one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from abonent.crm.service.requests.client import CLIENT, say_more
from abonent.crm.service.requests.files import Brought, add_attachments
from abonent.crm.service.requests.taking import LONGEST, NewRequest, Taken, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import DomainError
from abonent.kernel.work import UnitOfWork

_OURS = re.compile(r"<?m(\d{1,19})\.(\d{1,19})@")
"""Our own Message-ID: an account's and a message's id."""
_LARGEST_ID = 2**63 - 1
_QUOTED = re.compile(
    r"^\s*(>|-{2,}\s*(Original|Исходн|Пересыл|Forwarded)|.{0,120}(wrote|пишет|писал\(?а?\)?):\s*$)"
)
"""Where what is quoted begins; what stands above it is what is said now."""
_REPLY = re.compile(r"^\s*((re|fwd?|отв|на|пересл)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_EMPTY = "(без текста)"

_SEEN = "SELECT EXISTS (SELECT FROM crm_request_letter WHERE message_id = $1)"
_KEEP = """
INSERT INTO crm_request_letter (message_id, request_id, at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 5))"
# An answer is to our message about a request, and comes from where that one went or from its card.
_ANSWERED = """
SELECT r.id, r.number FROM crm_message m
JOIN crm_message_text t ON t.account_id = m.account_id AND t.message_id = m.id
JOIN crm_request r ON m.about = 'request:' || r.id
WHERE m.account_id = $1 AND m.id = $2 AND lower(t.address) = $3
"""
_THREAD = """
SELECT r.id, r.number FROM crm_request_letter l JOIN crm_request r ON r.id = l.request_id
WHERE l.message_id = ANY($1::text[]) AND r.reply_to = $2 ORDER BY l.at DESC LIMIT 1
"""
_ACCOUNT = """
SELECT a.number, s.name FROM crm_contact k
JOIN crm_subscriber s ON s.id = k.subscriber_id
JOIN crm_contract c ON c.subscriber_id = s.id JOIN crm_account a ON a.contract_id = c.id
WHERE k.kind = 'email' AND k.removed_at IS NULL AND lower(k.value) = $1
ORDER BY a.account_id LIMIT 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLetter:
    """A letter as it came; `in_reply_to` are the Message-IDs it answers, the nearest first."""

    message_id: str
    from_address: str
    from_name: str = ""
    subject: str = ""
    text: str = ""
    in_reply_to: Sequence[str] = ()
    received_at: datetime | None = None
    brought: Brought = field(default_factory=Brought)


async def take_letter(letter: ReceivedLetter, *, by: Actor = SYSTEM) -> Taken | None:
    """Take a letter in; None for one that was taken before.

    An answer to our letter goes on with its request, when it comes from where that letter went.
    """
    sender = letter.from_address.strip().lower()
    async with unit_of_work(by) as work:
        await work.connection.execute(_ONE_AT_A_TIME, letter.message_id)
        if await work.connection.fetchval(_SEEN, letter.message_id):
            return None
        taken = await _answered(work, letter, sender) or await _new(work, letter, sender, by)
        await work.connection.execute(_KEEP, letter.message_id, taken.id, clock.now())
        await add_attachments(work, taken.id, letter.brought)
    return taken


async def _answered(work: UnitOfWork, letter: ReceivedLetter, sender: str) -> Taken | None:
    row = await _request_of(work.connection, letter, sender)
    if row is None:
        return None
    try:
        await say_more(row["number"], text=said_now(letter.text), by=CLIENT, channel="email")
    except DomainError:
        # It was answered too long ago, or joined elsewhere: what is written now is a new request.
        return None
    return Taken(row["id"], row["number"], joined=True)


async def _request_of(connection: Any, letter: ReceivedLetter, sender: str) -> Any:
    for name in letter.in_reply_to:
        ids = _ours(name)
        if ids is not None:
            row = await connection.fetchrow(_ANSWERED, *ids, sender)
            if row is not None:
                return row
    return await connection.fetchrow(_THREAD, list(letter.in_reply_to), sender)


def _ours(message_id: str) -> tuple[int, int] | None:
    """The account and the message that a Message-ID of ours names; None for another's."""
    if not (found := _OURS.match(message_id.strip())):
        return None
    ids = (int(found[1]), int(found[2]))
    return ids if max(ids) <= _LARGEST_ID else None


async def _new(work: UnitOfWork, letter: ReceivedLetter, sender: str, by: Actor) -> Taken:
    """A new request; where the address is of one account alone it is that one's."""
    rows = await work.connection.fetch(_ACCOUNT, sender)
    account = rows[0]["number"] if len(rows) == 1 else ""
    subject = _REPLY.sub("", letter.subject).strip()
    new = NewRequest(
        channel="email",
        text=said_now(letter.text),
        title=subject,
        account=account,
        who="" if account else (letter.from_name.strip() or sender)[:200],
        reply_by="email",
        reply_to=sender,
        repeats=True,
    )
    return await take_request(new, by=by)


def said_now(text: str) -> str:
    r"""What a letter says itself: what it quotes of earlier ones is left out.

    >>> said_now("Не помогло.\n\n> Здравствуйте, перезагрузите роутер.")
    'Не помогло.'
    """
    kept: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if _QUOTED.match(line):
            break
        kept.append(line.rstrip())
    said = "\n".join(kept).strip() or text.strip() or _EMPTY
    return said[:LONGEST]
