"""What comes back from gateways: what became of each part, and what people write."""

from __future__ import annotations

from datetime import timedelta

from abonent.crm.events import SmsReceived
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.ids import new_id
from abonent.kernel.sms.gateway import ENDS, Hooks, Inbound, Receipt
from abonent.kernel.work import UnitOfWork

LONGEST_INBOUND = 10_000
SAME_WITHIN = timedelta(minutes=5)
"""A gateway that gives no id and was not heard brings the same words again within minutes."""

_LOCK = "SELECT pg_advisory_xact_lock(4029, hashtext($1))"
_KEEP = """
INSERT INTO crm_message_part (account_id, message_id, part, gateway, provider_id, state, code, at)
VALUES ($1, $2, $3, $4, $5, 'sent', '', $6) ON CONFLICT (account_id, message_id, part) DO NOTHING
"""
_EARLY = """
DELETE FROM crm_message_receipt WHERE gateway = $1 AND provider_id = $2 RETURNING state, code, at
"""
_TELL = """
UPDATE crm_message_part SET state = $3, code = $4, at = $5
WHERE provider_id = $1 AND gateway = $2 AND state = 'sent'
RETURNING account_id, message_id
"""
_IS_OURS = "SELECT EXISTS (SELECT FROM crm_message_part WHERE provider_id = $1 AND gateway = $2)"
_WAIT = """
INSERT INTO crm_message_receipt (gateway, provider_id, state, code, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (gateway, provider_id) DO UPDATE SET state = excluded.state, code = excluded.code
WHERE crm_message_receipt.state = 'sent'
"""
_SETTLE = """
WITH p AS (
    SELECT count(*) AS parts, count(*) FILTER (WHERE state = 'delivered') AS arrived,
        min(state) FILTER (WHERE state IN ('undelivered', 'expired', 'rejected')) AS failed,
        min(code) FILTER (WHERE state IN ('undelivered', 'expired', 'rejected')) AS code,
        max(at) AS at
    FROM crm_message_part WHERE account_id = $1 AND message_id = $2
), s AS (
    SELECT CASE WHEN failed IS NOT NULL THEN failed WHEN arrived = parts THEN 'delivered'
        ELSE 'sent' END AS state, coalesce(code, '') AS code, at FROM p WHERE parts > 0
)
UPDATE crm_message m SET state = s.state, reason = s.code, sent_at = coalesce(m.sent_at, $3),
    ended_at = CASE WHEN s.state = 'sent' THEN NULL ELSE s.at END
FROM s WHERE m.account_id = $1 AND m.id = $2
    AND m.state IN ('sending', 'sent', 'delivered') AND m.state <> s.state
"""
_STARTED = """
SELECT state IN ('sent', 'delivered') FROM crm_message WHERE account_id = $1 AND id = $2 FOR UPDATE
"""
_INBOUND = """
INSERT INTO crm_message_inbound (id, gateway, provider_id, sender, recipient, text, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (gateway, provider_id) WHERE provider_id <> '' DO NOTHING RETURNING id
"""
_SAME = """
SELECT EXISTS (SELECT FROM crm_message_inbound WHERE sender = $1 AND received_at > $2
    AND gateway = $3 AND recipient = $4 AND text = $5 AND provider_id = '')
"""
_FORGET = "DELETE FROM crm_message_receipt WHERE at < $1"


async def keep_part(key: tuple[int, int], part: int, gateway: str, provider_id: str) -> None:
    """Write down what the gateway calls a part; a receipt that was faster is taken at once."""
    now = clock.now()
    async with transaction() as connection:
        await connection.execute(_LOCK, f"{gateway}:{provider_id}")
        await connection.execute(_KEEP, *key, part, gateway, provider_id, now)
        early = await connection.fetchrow(_EARLY, gateway, provider_id)
        if early is not None:
            told = (early["state"], early["code"], early["at"])
            await connection.execute(_TELL, provider_id, gateway, *told)


async def settle_message(account: int, message: int) -> None:
    """All parts are given away: the message is sent, or what their receipts say already."""
    async with transaction() as connection:
        await connection.fetchval(_STARTED, account, message)
        await connection.execute(_SETTLE, account, message, clock.now())


async def take_receipt(receipt: Receipt) -> None:
    """Note what became of a part. Told twice, or before the part is known, it is noted once."""
    at = receipt.at or clock.now()
    async with transaction() as connection:
        await connection.execute(_LOCK, f"{receipt.gateway}:{receipt.provider_id}")
        told = (receipt.state, receipt.code[:200], at)
        if receipt.state not in ENDS:
            return
        own = (receipt.provider_id, receipt.gateway)
        rows = await connection.fetch(_TELL, *own, *told)
        if not rows and not await connection.fetchval(_IS_OURS, *own):
            await connection.execute(_WAIT, receipt.gateway, receipt.provider_id, *told)
        for row in rows:
            key = (row["account_id"], row["message_id"])
            if await connection.fetchval(_STARTED, *key):
                await connection.execute(_SETTLE, *key, clock.now())


async def take_inbound(inbound: Inbound) -> int | None:
    """Keep what a person wrote, and tell the rest of the house; None for what was kept before."""
    text = inbound.text.replace("\x00", "")[:LONGEST_INBOUND]
    async with unit_of_work(SYSTEM) as work:
        if not inbound.provider_id and await _same(work, inbound, text):
            return None
        given = (inbound.gateway, inbound.provider_id, inbound.sender, inbound.recipient, text)
        kept: int | None = await work.connection.fetchval(_INBOUND, new_id(), *given, clock.now())
        if kept is not None:
            work.record(SmsReceived(kept, inbound.sender, inbound.recipient, text))
    return kept


async def _same(work: UnitOfWork, inbound: Inbound, text: str) -> bool:
    """Tell whether words without an id are those that came a moment ago."""
    await work.connection.execute(_LOCK, f"{inbound.gateway}:from:{inbound.sender}")
    since, said = clock.now() - SAME_WITHIN, (inbound.gateway, inbound.recipient, text)
    return bool(await work.connection.fetchval(_SAME, inbound.sender, since, *said))


async def _hear(inbound: Inbound) -> None:
    await take_inbound(inbound)


HOOKS = Hooks(receipt=take_receipt, inbound=_hear)
"""Where a gateway that the worker listens to brings what comes back."""
