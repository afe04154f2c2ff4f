"""Reads of messages: one whole, those of an account, and the words for their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.crm.masking import masked_contact, masked_links
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, _

STATES = {
    "queued": (N_("Waits to go out"), "info"),
    "sending": (N_("Is being sent"), "info"),
    "sent": (N_("Gone out"), ""),
    "delivered": (N_("Delivered"), "good"),
    "undelivered": (N_("Did not arrive"), "warn"),
    "expired": (N_("Too late"), "warn"),
    "rejected": (N_("Not taken"), "bad"),
    "unknown": (N_("Nobody knows"), "bad"),
    "refused": (N_("Refused by a rule"), "warn"),
}
CHANNELS = {"sms": N_("SMS"), "email": N_("E-mail"), "portal": N_("Portal")}
PURPOSES = {"service": N_("service"), "debt": N_("debt"), "ad": N_("advertising")}
REASONS = {
    "NO_CONSENT": N_("no consent to advertising"),
    "NO_ADDRESS": N_("nothing to write to"),
    "TOO_MANY": N_("the law allows no more"),
    "CAP": N_("said that day already"),
    "DAY_FULL": N_("enough for that day"),
    "SILENCE": N_("asked not to be written to"),
    "BANKRUPTCY": N_("bankrupt"),
    "INCAPACITY": N_("incapable"),
    "IN_PATIENT": N_("in hospital"),
    "DISABILITY_1": N_("disabled, group I"),
    "MINOR": N_("a minor"),
    "REFUSAL": N_("refused to be turned to"),
    "REPRESENTATIVE": N_("has a representative"),
    "LEGAL_RULE_UNCHECKED": N_("a rule of law is not checked"),
    "ERASED": N_("the text was erased"),
    "NO_DEBT": N_("no debt any more"),
    "NO_CHARGE": N_("money lasts for longer"),
    "TOO_LONG": N_("too long with this name"),
    "CAMPAIGN_STOPPED": N_("the campaign was stopped"),
    "died": N_("the program was stopped while sending"),
}
LISTED = 50

_COLUMNS = """
m.account_id, m.id, m.channel, m.template, m.purpose, m.state, m.reason, m.parts, m.about,
    actor_name(m.by) AS by, m.queued_at, m.due_at, m.sent_at, m.ended_at, t.address, t.subject, t.text
"""
_FROM = """
FROM crm_message m
LEFT JOIN crm_message_text t ON t.account_id = m.account_id AND t.message_id = m.id
"""
_ONE = (
    "SELECT "
    + _COLUMNS
    + ", b.number, s.name"
    + _FROM
    + """
LEFT JOIN billing_account b ON b.account_id = m.account_id
LEFT JOIN crm_subscriber s ON s.id = m.subscriber_id
LEFT JOIN crm_account a ON a.account_id = m.account_id
LEFT JOIN billing_place p ON p.id = a.place_id
WHERE m.account_id = $1 AND m.id = $2 AND ($3::text[] IS NULL OR p.district = ANY($3))
"""
)
_OF_ACCOUNT = (
    "SELECT "
    + _COLUMNS
    + ", NULL AS number, NULL AS name"
    + _FROM
    + """
WHERE m.account_id = $1 ORDER BY m.queued_at DESC, m.id DESC LIMIT $2
"""
)
_PARTS = """
SELECT part, gateway, provider_id, state, code, at FROM crm_message_part
WHERE account_id = $1 AND message_id = $2 ORDER BY part
"""
_HOLDS = """
SELECT id, kind, proof, since, till, actor_name(added_by) AS by FROM crm_contact_hold
WHERE subscriber_id = $1 ORDER BY till IS NOT NULL, since DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `address` is masked: the whole one stands on the card. An erased text is None.

    The client's own links are masked in it: who opens one answers and rates as the client.
    """

    account_id: int
    id: int
    channel: str
    template: str
    purpose: str
    state: str
    reason: str
    parts: int
    about: str
    by: str | None
    queued_at: datetime
    due_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    address: str | None
    subject: str | None
    text: str | None
    number: str | None
    name: str | None

    @property
    def because(self) -> str:
        """Why it stands as it stands, in words."""
        return reason_words(self.reason)


class NoSuchMessage(NotFound):
    """There is no such message, or not for this actor."""

    def __init__(self, message: int) -> None:
        said = N_("There is no such message.")
        super().__init__("NO_SUCH_MESSAGE", said, field="message", value=message)


async def message_of(account: int, message: int, *, by: Actor) -> tuple[Message, Sequence[Any]]:
    """One message and its parts. Raises NoSuchMessage."""
    by.require("crm.message.view")
    districts = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, account, message, districts)
        if row is None:
            raise NoSuchMessage(message)
        parts = await connection.fetch(_PARTS, account, message)
    return _message(row), [dict(part) for part in parts]


async def messages_of(account: int, *, by: Actor) -> list[Message]:
    """The latest messages of an account; the caller has made sure that the actor may see it."""
    by.require("crm.message.view")
    async with reading() as connection:
        rows = await connection.fetch(_OF_ACCOUNT, account, LISTED)
    return [_message(row) for row in rows]


async def holds_of(subscriber: int, *, by: Actor) -> list[dict[str, Any]]:
    """What holds a subscriber back from being turned to, those in force first."""
    by.require("crm.message.view")
    async with reading() as connection:
        return [dict(row) for row in await connection.fetch(_HOLDS, subscriber)]


def reason_words(reason: str) -> str:
    """A reason in words of the reader; what a gateway said stays as it said it."""
    return _(REASONS[reason]) if reason in REASONS else reason


def _message(row: Any) -> Message:
    fields = dict(row)
    if fields["address"]:
        kind = "email" if fields["channel"] == "email" else "phone"
        fields["address"] = masked_contact(kind, fields["address"])
    if fields["text"]:
        fields["text"] = masked_links(fields["text"])
    return Message(**fields)
