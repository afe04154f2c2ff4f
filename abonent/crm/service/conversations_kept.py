"""What becomes of kept conversations: listened to, tied to a matter, put on an account, deleted."""

from __future__ import annotations

from datetime import timedelta

from abonent.billing.queries.books import account_id
from abonent.crm.conversation_errors import NoSound
from abonent.crm.queries.conversations import LISTEN, VIEW, Conversation, conversation_on
from abonent.crm.queries.identity import actor_code
from abonent.crm.service.conversations import last_day
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.ids import new_id
from abonent.kernel.outbox import Delivery, Handler
from abonent.kernel.settings import Settings
from abonent.kernel.storage import Storage, storage_of

DELETE = "crm.conversation.delete"
"""Kind of outbox row: the sound goes after the row has said so."""

ONE_HEARING = timedelta(minutes=30)
"""A player asks for a sound piece by piece: within this time it is one hearing."""

TIES = ("", "debt", "claim", "complaint")
EXAMPLES = ("", "good", "bad")
LONGEST = 1000
_MOST = 500

_HEARD = """
INSERT INTO crm_listening (conversation_id, id, actor, at)
SELECT $1, $2, $3, $4 WHERE NOT EXISTS (
    SELECT FROM crm_listening WHERE conversation_id = $1 AND actor = $3 AND at > $5)
RETURNING id
"""
_TIE = """
UPDATE crm_conversation SET tie = $2, about = $3, keep_until = coalesce($4, keep_until) WHERE id = $1
"""
_ACCOUNT = "UPDATE crm_conversation SET account_id = $2 WHERE id = $1"
_EXAMPLE = "UPDATE crm_conversation SET example = $2, example_of = $3 WHERE id = $1"
_OVER = """
SELECT id, account_id, stored_as FROM crm_conversation
WHERE state = 'kept' AND keep_until < $1 ORDER BY keep_until LIMIT $2
"""
_ERASE = """
UPDATE crm_conversation SET state = 'erased', stored_as = NULL, size = 0
WHERE id = $1 AND state = 'kept' RETURNING id
"""
_KEPT = "SELECT EXISTS (SELECT FROM crm_conversation WHERE stored_as = $1)"
_SET_DAYS = "UPDATE crm_conversation_rule SET keep_days = $1"
_DAYS = "SELECT keep_days FROM crm_conversation_rule FOR UPDATE"


async def hear(conversation: int, *, by: Actor, storage: Storage) -> tuple[Conversation, bytes]:
    """Answer a conversation's sound; who listened and when is kept.

    One's own is heard by anybody, that of others with a right. Raises NoSound, NoConversation.
    """
    async with unit_of_work(by) as work:
        by.require(VIEW)
        found = await conversation_on(work.connection, conversation, by=by)
        if not found.heard_by(by):
            by.require(LISTEN)
        if found.stored_as is None:
            raise NoSound(found.state)
        now = clock.now()
        heard = await work.connection.fetchval(
            _HEARD, conversation, new_id(), actor_code(by), now, now - ONE_HEARING
        )
        if heard is not None:
            subject = f"conversation:{conversation}"
            await work.audit("crm:conversation:heard", subject, account_id=found.account_id)
    return found, await storage.fetch(found.stored_as)


async def tie_conversation(conversation: int, *, by: Actor, tie: str, about: str) -> None:
    """Tie a conversation to a debt, claim or complaint: it is kept as long as that asks for."""
    by.require("crm.conversation.edit")
    if tie not in TIES:
        raise Malformed.of("tie", tie, N_("Choose one of those offered."))
    async with unit_of_work(by) as work:
        found = await conversation_on(work.connection, conversation, by=by)
        last = await last_day(found.ended_at, tie) if found.ended_at else None
        await work.connection.execute(_TIE, conversation, tie, about.strip(), last)
        await work.audit(
            "crm:conversation:tied",
            f"conversation:{conversation}",
            account_id=found.account_id,
            before={"tie": found.tie},
            after={"tie": tie, "about": about.strip()},
        )


async def put_on_account(conversation: int, number: str, *, by: Actor) -> None:
    """Put a conversation on the account it was about."""
    by.require("crm.conversation.attach")
    async with unit_of_work(by) as work:
        found = await conversation_on(work.connection, conversation, by=by)
        account = await account_id(work.connection, number)
        await work.connection.execute(_ACCOUNT, conversation, account)
        await work.audit(
            "crm:conversation:placed",
            f"conversation:{conversation}",
            account_id=account,
            before={"account": found.number},
            after={"account": number},
        )


async def mark_example(conversation: int, *, by: Actor, example: str, note: str) -> None:
    """Mark a conversation as a good or bad example for training, with what it shows, or unmark it."""
    by.require("crm.quality.judge")
    kept = note.strip()
    if example not in EXAMPLES:
        raise Malformed.of("example", example, N_("Choose one of those offered."))
    if example and not kept:
        raise Malformed.of("note", note, N_("Say what it is an example of."))
    async with unit_of_work(by) as work:
        found = await conversation_on(work.connection, conversation, by=by)
        await work.connection.execute(_EXAMPLE, conversation, example, kept if example else "")
        await work.audit(
            "crm:conversation:example",
            f"conversation:{conversation}",
            account_id=found.account_id,
            before={"example": found.example},
            after={"example": example},
        )


async def erase_what_is_over(*, by: Actor) -> int:
    """Delete the sounds whose term is over; the rows stay. Answers how many."""
    today = clock.now().astimezone(time_zone()).date()
    async with reading() as connection:
        rows = await connection.fetch(_OVER, today, _MOST)
    for row in rows:
        async with unit_of_work(by) as work:
            if await work.connection.fetchval(_ERASE, row["id"]) is None:
                continue
            await work.send(DELETE, {"key": row["stored_as"]})
            subject = f"conversation:{row['id']}"
            await work.audit("crm:conversation:erased", subject, account_id=row["account_id"])
    return len(rows)


async def set_keep_days(days: int, *, by: Actor) -> None:
    """Set how many days conversations are kept from now on; those kept already keep their term."""
    by.require("crm.conversation.edit")
    if not 1 <= days <= 3660:
        wrong = N_("Give a whole number from {least} to {most}.")
        raise Malformed.of("days", days, wrong, least=1, most=3660)
    async with unit_of_work(by) as work:
        before = await work.connection.fetchval(_DAYS)
        await work.connection.execute(_SET_DAYS, days)
        await work.audit(
            "crm:conversation:rule", "conversations", before={"days": before}, after={"days": days}
        )


def conversation_handler(settings: Settings) -> Handler:
    """Answer the handler that deletes sounds whose term is over."""

    async def handle(delivery: Delivery) -> None:
        key = delivery.payload["key"]
        async with reading() as connection:
            if await connection.fetchval(_KEPT, key):
                return
        await storage_of(settings).remove(key)

    return handle
