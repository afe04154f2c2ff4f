"""Reads of chats: those that wait for a clerk, what was said in one, as a clerk and as its client see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from abonent.crm.errors import RequestNotFound
from abonent.crm.queries.hours import working_hours
from abonent.crm.rules.requests import CHAT_FIRST_WITHIN, CHAT_NEXT_WITHIN, WINDOW_GONE_AFTER, WORK
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.norms import working_time

MOST = 50

# Waiting begins with the first of the client's words that nobody has answered.
_OPEN = """
SELECT r.number, coalesce(nullif(r.who, ''), s.name, '') AS who, r.owner = $1 AS mine,
    actor_name('user:' || r.owner) AS owner_name, r.first_said_at,
    left(coalesce(l.text, r.text), 200) AS last, b.number AS account,
    CASE WHEN r.first_said_at IS NULL THEN r.received_at ELSE (
        SELECT min(q.at) FROM crm_request_line q WHERE q.request_id = r.id AND q.kind = 'asked'
            AND q.id > coalesce((SELECT max(a.id) FROM crm_request_line a
                WHERE a.request_id = r.id AND a.kind = 'answer'), 0)) END AS waits_since,
    r.window_seen_at
FROM crm_request r
LEFT JOIN billing_account b ON b.account_id = r.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
LEFT JOIN crm_account f ON f.account_id = r.account_id
LEFT JOIN crm_contract c ON c.id = f.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
LEFT JOIN LATERAL (SELECT text FROM crm_request_line l WHERE l.request_id = r.id
    AND l.kind IN ('asked', 'answer') ORDER BY l.id DESC LIMIT 1) l ON true
WHERE r.open AND r.channel = 'chat'
    AND (r.account_id IS NULL OR $2::text[] IS NULL OR p.district = ANY($2))
    AND (r.owner = $1 OR r.team = staff_role($1) OR r.first_said_at IS NULL OR EXISTS (
        SELECT FROM staff_away($4) w WHERE w.user_id = r.owner AND w.stand_in = $1))
ORDER BY waits_since NULLS LAST, r.number LIMIT $3
"""
_CONVERSATION = """
SELECT r.id, r.number, r.token, r.text, r.received_at, r.state, r.open, r.owner, r.rating,
    r.reply_by, r.channel, r.window_seen_at, actor_name('user:' || r.owner) AS owner_name,
    coalesce(nullif(r.who, ''), s.name, '') AS who, b.number AS account,
    r.received_by LIKE 'subscriber:%' AND r.received_by <> 'subscriber:link' AS signed_in
FROM crm_request r
LEFT JOIN billing_account b ON b.account_id = r.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
LEFT JOIN crm_account f ON f.account_id = r.account_id
LEFT JOIN crm_contract c ON c.id = f.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE r.channel = 'chat' AND (r.number = $1 OR r.token = $2)
    AND ($4 OR r.account_id IS NULL OR $3::text[] IS NULL OR p.district = ANY($3))
"""
_SAID = """
SELECT l.id, l.kind, l.text, l.at, actor_name(l.by) AS who FROM crm_request_line l
WHERE l.request_id = $1 AND l.kind IN ('asked', 'answer') ORDER BY l.id
"""


@dataclass(frozen=True, slots=True)
class Chat:
    """An open chat in the list; `waits_since` is None where the client has been answered.

    `waited` are seconds of working time that the client waits for a word; 0 where nobody does.
    """

    number: int
    who: str
    mine: bool | None
    owner_name: str | None
    first_said_at: datetime | None
    last: str
    account: str | None
    waits_since: datetime | None
    window_seen_at: datetime | None
    waited: int

    @property
    def window_open(self) -> bool:
        """Tell whether the client's window has asked for news lately."""
        return _looked_at(self.window_seen_at)

    @property
    def late(self) -> bool:
        """Tell whether the client waits longer than the rule allows."""
        within = CHAT_NEXT_WITHIN if self.first_said_at else CHAT_FIRST_WITHIN
        return self.waited > within.total_seconds()


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said, by the client or to them."""

    id: int
    kind: str
    text: str
    at: datetime
    who: str | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat with everything said in it; the first words have the id 0.

    `signed_in`: it was begun by a subscriber on the portal, not by a stranger.
    """

    id: int
    number: int
    token: str
    state: str
    open: bool
    owner: int | None
    owner_name: str | None
    who: str
    account: str | None
    signed_in: bool
    reply_by: str
    rating: int | None
    window_seen_at: datetime | None
    said: list[Said]

    @property
    def last(self) -> int:
        """The id of what was said last."""
        return self.said[-1].id

    @property
    def window_open(self) -> bool:
        """Tell whether the client's window has asked for news lately."""
        return _looked_at(self.window_seen_at)


def _looked_at(seen: datetime | None) -> bool:
    return seen is not None and clock.now() - seen <= WINDOW_GONE_AFTER


async def open_chats(*, by: Actor) -> list[Chat]:
    """The chats of a clerk and their team, and those that nobody has answered, who waits longest first."""
    by.require(WORK)
    now = clock.now()
    async with reading() as connection:
        rows = await connection.fetch(_OPEN, int(by.id), _districts(by), MOST, now)
        hours = await working_hours(connection)
    waited = (working_time(hours, row["waits_since"] or now, now) for row in rows)
    return [
        Chat(**dict(row), waited=int(long.total_seconds()))
        for row, long in zip(rows, waited, strict=True)
    ]


async def conversation(number: int, *, by: Actor) -> Conversation:
    """A chat as a clerk sees it. Raises RequestNotFound."""
    by.require(WORK)
    return await _read(number, "", _districts(by), anybody=False)


async def conversation_of_token(token: str) -> Conversation:
    """A chat as its client sees it. Raises RequestNotFound."""
    return await _read(0, token, None, anybody=True)


def _districts(by: Actor) -> list[str] | None:
    return None if by.districts is None else sorted(by.districts)


async def _read(
    number: int, token: str, districts: list[str] | None, *, anybody: bool
) -> Conversation:
    async with reading() as connection:
        row = await connection.fetchrow(_CONVERSATION, number, token, districts, anybody)
        if row is None:
            raise RequestNotFound(number)
        lines = await connection.fetch(_SAID, row["id"])
    known = dict(row)
    first = Said(0, "asked", known.pop("text"), known.pop("received_at"), None)
    known.pop("channel")
    return Conversation(**known, said=[first, *(Said(**dict(line)) for line in lines)])
