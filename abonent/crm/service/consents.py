"""What a subscriber agreed to: each purpose and channel apart, with its proof (152-FZ, 38-FZ art. 18).

A withdrawn consent stops at once; the row stays as the proof that there was one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from abonent.crm.service.holders import holder_of, locked
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id

_GIVE = """
INSERT INTO crm_consent (id, subscriber_id, purpose, channel, proof, since, till)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_OF = """
SELECT id, purpose, channel, since, till, withdrawn_at, version FROM crm_consent
WHERE id = $1 AND subscriber_id = $2 FOR UPDATE
"""
_WITHDRAW = """
UPDATE crm_consent SET till = greatest(since, least(till, $2)), withdrawn_at = $2, withdrawal = $3,
    version = version + 1
WHERE id = $1
"""
_IN_FORCE = """
SELECT EXISTS (
    SELECT 1 FROM crm_consent WHERE subscriber_id = $1 AND purpose = $2
        AND channel IN ('any', $3) AND since <= $4 AND (till IS NULL OR till > $4))
"""


class Purpose(StrEnum):
    """What a consent is for; each stands apart since 1 September 2025."""

    CONTRACT = "contract"
    DEBT = "debt"
    ADVERTISING = "advertising"
    RECORDING = "recording"
    CANDIDATE = "candidate"


class Channel(StrEnum):
    """By what way."""

    ANY = "any"
    CALL = "call"
    SMS = "sms"
    EMAIL = "email"
    MESSENGER = "messenger"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """A consent with its proof; it holds from now on unless told, without an end unless told."""

    purpose: Purpose
    channel: Channel
    proof: str
    since: datetime | None = None
    till: datetime | None = None


async def give_consent(number: str, *, by: Actor, new: NewConsent) -> int:
    """Record that the account's subscriber agreed. Raises Malformed for what proves nothing."""
    by.require("crm.subscriber.edit")
    if not new.proof.strip():
        wrong = N_("Say where the consent can be seen: a paper, a recording, a tick on the portal.")
        raise Malformed.of("proof", new.proof, wrong)
    since = new.since or clock.now()
    if new.till is not None and new.till <= since:
        raise Malformed.of("till", new.till, N_("The last day lies before the first."))
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        made = new_id()
        row = (made, holder.subscriber_id, new.purpose, new.channel, new.proof.strip(), since)
        await work.connection.execute(_GIVE, *row, new.till)
        await work.audit(
            "crm:consent:given",
            f"consent:{made}",
            account_id=holder.account_id,
            after={
                "subscriber": holder.subscriber_id,
                "purpose": new.purpose,
                "channel": new.channel,
            },
        )
    return made


async def withdraw_consent(
    number: str, consent: int, *, by: Actor, how: str, seen: int | None = None
) -> None:
    """Withdraw a consent: from this instant on it is none. `how` says how the subscriber asked."""
    by.require("crm.subscriber.edit")
    if not how.strip():
        wrong = N_("Say how the subscriber withdrew it: by call, by letter, in the office.")
        raise Malformed.of("how", how, wrong)
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        keys, subject = (consent, holder.subscriber_id), f"consent:{consent}"
        row = await locked(work.connection, _OF, keys, subject=subject, seen=seen)
        if row["withdrawn_at"] is not None:
            raise Refused("WITHDRAWN", N_("This consent is withdrawn already."), field="how")
        await work.connection.execute(_WITHDRAW, consent, clock.now(), how.strip())
        await work.audit(
            "crm:consent:withdrawn",
            subject,
            account_id=holder.account_id,
            after={
                "subscriber": holder.subscriber_id,
                "purpose": row["purpose"],
                "channel": row["channel"],
            },
        )


async def has_consent(
    subscriber: int, *, purpose: Purpose, channel: Channel, at: datetime | None = None
) -> bool:
    """Tell whether a subscriber's consent holds at an instant (default: now)."""
    async with reading() as connection:
        held: Any = await connection.fetchval(
            _IN_FORCE, subscriber, purpose, channel, at or clock.now()
        )
    return bool(held)
