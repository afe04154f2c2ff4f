"""Taking a request in: known by its words, joined to an open one, routed by topic and load."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import check_reach
from abonent.crm.queries.hours import working_hours
from abonent.crm.rules.people import phone_digits
from abonent.crm.rules.requests import (
    CHANNELS,
    REPLIES,
    REQUEST,
    TAKE,
    TEAMS,
    RequestState,
    norm_of,
    warned_at,
)
from abonent.crm.service.requests.rows import add_line, locked_request, resume_if_waiting
from abonent.crm.topics import OTHER, Topic, classifier
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.norms import Norm, due
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move

LONGEST, LONGEST_TITLE = 20_000, 120
_TOKEN_BYTES = 12

_INSERT = """
INSERT INTO crm_request (id, token, account_id, channel, topic, priority, title, text, who, reply_by,
    reply_to, state, team, owner, contact_person, received_at, received_by, norm_amount, norm_unit,
    due_at, warn_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
RETURNING number
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4))"
# What the words say nothing of is taken for a repeat of the one thing that is open. Nothing joins what
# somebody began by a link of their own: they may have typed another's phone, and the link shows it all.
_REPEATED = """
SELECT number, topic FROM crm_request
WHERE open AND received_by <> 'subscriber:link' AND CASE WHEN $1::bigint IS NOT NULL THEN account_id = $1
    ELSE account_id IS NULL AND reply_to = $2 AND $2 <> '' END
ORDER BY topic = $3 DESC, id DESC
"""
_CONTACT = "UPDATE crm_request SET contacts = contacts + 1, version = version + 1 WHERE id = $1"
_HOME = """
SELECT p.district, a.state FROM billing_account a JOIN billing_place p ON p.id = a.place_id
WHERE a.account_id = $1
"""
_LEAST_BUSY = """
SELECT s.id FROM staff_at_work($1, $2, $3) AS s (id)
ORDER BY s.id = $4::bigint DESC NULLS LAST,
    (SELECT count(*) FROM crm_request r WHERE r.open AND r.owner = s.id), s.id
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What somebody turns to the department with.

    `account` is a number, empty for who has none; `topic` a code, empty where the words are to tell
    it; `join_to` the number of an open request that this is a repeat of. With `repeats` it joins an
    open one of the same account and topic by itself. `norm` stands over that of the topic where the
    client was promised another time.
    """

    channel: str
    text: str
    title: str = ""
    account: str = ""
    who: str = ""
    reply_by: str = "none"
    reply_to: str = ""
    topic: str = ""
    join_to: int | None = None
    repeats: bool = False
    norm: Norm | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The request by which something was taken in; `joined` tells that it was there already."""

    id: int
    number: int
    joined: bool


async def take_request(new: NewRequest, *, by: Actor) -> Taken:
    """Register a request, or add it to the open one it repeats.

    Raises AccountNotFound, Malformed for an empty text and unknown codes.
    """
    by.require(TAKE)
    told = await _checked(new, by)
    topic = await _topic(told)
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, told.account) if told.account else None
        home = await work.connection.fetchrow(_HOME, account) if account else None
        if home and home["state"] == "suspended" and not (told.topic and by.kind == "user"):
            topic = await _while_suspended(topic)
        await work.connection.execute(_ONE_AT_A_TIME, f"{account or told.reply_to}")
        if repeated := await _repeated(work.connection, told, topic, account):
            return await _join(work, repeated, told)
        return await _add(work, told, topic, account, home["district"] if home else None)


async def _while_suspended(topic: Topic) -> Topic:
    """A fault of an account that is cut off is one of money first, unless a colleague said otherwise."""
    return (await classifier()).of(topic.suspended) if topic.suspended else topic


async def _checked(new: NewRequest, by: Actor) -> NewRequest:
    text = given_text("text", new.text, longest=LONGEST)
    for name, value, known in (
        ("channel", new.channel, CHANNELS),
        ("reply_by", new.reply_by, REPLIES),
    ):
        if value not in known:
            raise Malformed.of(name, value, N_("Choose one of those offered."))
    if new.account:
        await check_reach(new.account, by=by)
    title, reply_to = title_of(new.title or text), reached(new.reply_to)
    who = " ".join(new.who.split())
    return replace(new, text=text, title=title, who=who, reply_to=reply_to)


def reached(text: str) -> str:
    """A phone as its digits, an e-mail address in lower case.

    >>> reached("8 912 345-67-89"), reached(" Ivan@Mail.example ")
    ('79123456789', 'ivan@mail.example')
    """
    return text.strip().lower() if "@" in text else phone_digits(text)


def title_of(text: str) -> str:
    """A request's title: the first line of its text, cut at a word."""
    line = " ".join(text.strip().splitlines()[0].split()) if text.strip() else "—"
    if len(line) <= LONGEST_TITLE:
        return line
    return line[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


async def _topic(new: NewRequest) -> Topic:
    topics = await classifier()
    if not new.topic:
        return topics.known_by(f"{new.title}\n{new.text}")
    if new.topic not in {one.code for one in topics.topic}:
        raise Malformed.of("topic", new.topic, N_("Choose one of those offered."))
    return topics.of(new.topic)


async def _repeated(
    connection: Any, new: NewRequest, topic: Topic, account: int | None
) -> int | None:
    """The number of the open request that this one repeats."""
    if new.join_to is not None:
        return new.join_to
    if not new.repeats:
        return None
    rows = await connection.fetch(_REPEATED, account, new.reply_to, topic.code)
    if rows and (rows[0]["topic"] == topic.code or (topic.code == OTHER and len(rows) == 1)):
        return int(rows[0]["number"])
    return None


async def _join(work: UnitOfWork, number: int, new: NewRequest) -> Taken:
    """Add what was said to an open request; one that waited for the client goes on."""
    row = await locked_request(work.connection, number)
    await work.connection.execute(_CONTACT, row["id"])
    await add_line(work, row["id"], "asked", new.text, channel=new.channel)
    await resume_if_waiting(work, row)
    subject = f"request:{row['id']}"
    await work.audit("crm:request:repeated", subject, account_id=row["account_id"])
    return Taken(row["id"], number, joined=True)


async def _add(
    work: UnitOfWork, new: NewRequest, topic: Topic, account: int | None, district: str | None
) -> Taken:
    connection, by, now, made = work.connection, work.by, clock.now(), new_id()
    hours = await working_hours(connection)
    norm = new.norm or norm_of(topic.norm.norm, now, hours, reply_by=new.reply_by)
    until = due(now, norm, hours)
    me = int(by.id) if by.kind == "user" else None
    owner = await _owner(connection, topic, district, me)
    known = topic.code != OTHER or bool(new.topic)
    state = RequestState.CLASSIFIED if known else RequestState.NEW
    team = topic.team if topic.team in TEAMS else "office"
    number = await connection.fetchval(
        _INSERT, made, secrets.token_urlsafe(_TOKEN_BYTES), account, new.channel, topic.code,
        topic.priority, new.title, new.text, new.who, new.reply_by, new.reply_to, state,
        team, owner, me or owner, now, f"{by.kind}:{by.id}", norm.amount, norm.unit, until,
        warned_at(now, until),
    )  # fmt: skip
    if known:
        move = REQUEST.move(RequestState.NEW, "classify")
        await log_move(work, REQUEST, made, move=move, was=RequestState.NEW, account_id=account)
    after = {"number": number, "channel": new.channel, "topic": topic.code}
    await work.audit("crm:request:taken", f"request:{made}", account_id=account, after=after)
    return Taken(made, int(number), joined=False)


async def _owner(connection: Any, topic: Topic, district: str | None, me: int | None) -> int | None:
    """Who gets it: whoever takes it, where that is their work, or who of the team has least to do."""
    found = await connection.fetchval(_LEAST_BUSY, topic.team, district, clock.now(), me)
    return int(found) if found is not None else None
