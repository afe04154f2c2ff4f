"""Surveys as the office sees them: one with its answers, the last score of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.crm.queries.surveys import Answer, NoSuchSurvey, answers_of
from abonent.crm.rules.surveys import SURVEY, VIEW
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.workflow import Moved, moves_of

_ONE = """
SELECT q.account_id, q.id, q.kind, q.channel, q.state, q.reason, q.sent_at, q.score, q.standing,
    q.answered_at, q.closed_at, q.message_id, b.number, s.name, r.number AS request,
    r.state AS request_state, r.due_at, a.number AS after_request
FROM crm_survey_sent q
JOIN billing_account b ON b.account_id = q.account_id
JOIN billing_place p ON p.id = b.place_id
LEFT JOIN crm_subscriber s ON s.id = q.subscriber_id
LEFT JOIN crm_request r ON r.id = q.request_id
LEFT JOIN crm_request a ON a.id = substring(q.about FROM '^request:([0-9]+)$')::bigint
WHERE q.id = $1 AND ($2::text[] IS NULL OR p.district = ANY($2))
"""
_LAST = """
SELECT q.id, q.score, q.standing, q.answered_at
FROM crm_survey_sent q JOIN billing_account b ON b.account_id = q.account_id
WHERE b.number = $1 AND q.score IS NOT NULL ORDER BY q.answered_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A survey; `request` is where its low score is looked into, `after_request` what it follows.

    `reason` is the rule that forbade its message.
    """

    account_id: int
    id: int
    kind: str
    channel: str
    state: str
    reason: str
    sent_at: datetime
    score: int | None
    standing: str | None
    answered_at: datetime | None
    closed_at: datetime | None
    message_id: int | None
    number: str
    name: str | None
    request: int | None
    request_state: str | None
    due_at: datetime | None
    after_request: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A survey with what was answered, by question, and every move."""

    survey: Seen
    answers: Mapping[str, Answer]
    moves: Sequence[Moved]


@dataclass(frozen=True, slots=True)
class Last:
    """The latest score of an account."""

    id: int
    score: int
    standing: str
    answered_at: datetime


async def whole_survey(survey: int, *, by: Actor) -> Whole:
    """Read a survey. Outside the actor's districts there is none. Raises NoSuchSurvey."""
    by.require(VIEW)
    districts = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        row: Any = await connection.fetchrow(_ONE, survey, districts)
        if row is None:
            raise NoSuchSurvey
        found = Seen(**dict(row))
        answers = await answers_of(connection, found.account_id, found.id)
    return Whole(found, answers, await moves_of(SURVEY, found.id))


async def last_score(account: str) -> Last | None:
    """The latest score that an account's subscriber gave; who asks has seen the account."""
    async with reading() as connection:
        row = await connection.fetchrow(_LAST, account)
    return None if row is None else Last(**dict(row))
