"""Reads about recorded conversations: those of an account, one with its history of listening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.queries.reach import is_reached
from abonent.crm.conversation_errors import NoConversation
from abonent.crm.queries.identity import actor_code
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

VIEW = "crm.conversation.view"
LISTEN = "crm.conversation.listen"
ATTACH = "crm.conversation.attach"

_OF_ACCOUNT = """
SELECT * FROM crm_conversation_line
WHERE account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
ORDER BY began_at DESC LIMIT $2
"""
_ONE = "SELECT * FROM crm_conversation_line WHERE id = $1"
_LISTENED = """
SELECT l.at, l.actor, actor_name(l.actor) AS who FROM crm_listening l
WHERE l.conversation_id = $1 ORDER BY l.at DESC LIMIT 50
"""
_NUMBER = "SELECT number FROM crm_conversation_line WHERE id = $1"
_RULE = "SELECT keep_days FROM crm_conversation_rule"
MOST = 100


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recorded call or visit; `account_id` and `number` are None while nobody is known for it.

    `card` is the id of its card of quality, `score` its points.
    """

    id: int
    account_id: int | None
    number: str | None
    kind: str
    direction: str
    source: str
    actor: str
    who: str | None
    phone: str
    state: str
    notice_at: datetime | None
    began_at: datetime
    ended_at: datetime | None
    seconds: int
    broken: bool
    media: str
    size: int
    stored_as: str | None
    tie: str
    about: str
    keep_until: date | None
    example: str
    example_of: str
    card: int | None
    score: int | None

    def heard_by(self, by: Actor) -> bool:
        """Tell whether the actor may listen: to one's own, or with the right to those of others."""
        return by.may(LISTEN) or self.actor == actor_code(by)


@dataclass(frozen=True, slots=True)
class Listened:
    """Somebody listened."""

    at: datetime
    actor: str
    who: str | None


async def conversations_of(number: str, *, by: Actor) -> list[Conversation]:
    """The conversations of an account, the latest first, at most MOST."""
    by.require(VIEW)
    async with reading() as connection:
        rows = await connection.fetch(_OF_ACCOUNT, number, MOST)
    return [Conversation(**dict(row)) for row in rows]


async def conversation_on(connection: Any, conversation: int, *, by: Actor) -> Conversation:
    """One conversation, read on an open connection. Raises NoConversation.

    Outside the actor's districts there is none; one without an account is for who talked, and for
    who sees every district and listens to others or finds out whose it is.
    """
    row = await connection.fetchrow(_ONE, conversation)
    if row is None:
        raise NoConversation(conversation)
    if row["number"] is None:
        everywhere = by.districts is None and by.accounts is None
        sorts = everywhere and (by.may(LISTEN) or by.may(ATTACH))
        if not sorts and row["actor"] != actor_code(by):
            raise NoConversation(conversation)
    elif not await is_reached(row["number"], by=by):
        raise NoConversation(conversation)
    return Conversation(**dict(row))


async def conversation_of(conversation: int, *, by: Actor) -> Conversation:
    """One conversation. Raises NoConversation."""
    by.require(VIEW)
    async with reading() as connection:
        return await conversation_on(connection, conversation, by=by)


async def listened_to(conversation: int, *, by: Actor) -> Sequence[Listened]:
    """Who listened, the latest first."""
    by.require(VIEW)
    async with reading() as connection:
        rows = await connection.fetch(_LISTENED, conversation)
    return [Listened(**dict(row)) for row in rows]


async def keep_days() -> int:
    """How many days a conversation is kept that is tied to nothing."""
    async with reading() as connection:
        return int(await connection.fetchval(_RULE))


async def number_of_call(conversation: int) -> str | None:
    """The account a conversation is about, None while a person must say whose it is."""
    async with reading() as connection:
        number: str | None = await connection.fetchval(_NUMBER, conversation)
    return number
