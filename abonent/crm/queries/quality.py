"""Reads about quality: a card with its lines, what is to be judged, results by employee and week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from abonent.billing.queries.reach import is_reached
from abonent.crm.conversation_errors import NoConversation
from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.quality_appeals import others_decide
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.money import half_up

VIEW = "crm.quality.view"

_CARD = """
SELECT q.id, q.conversation_id, b.number, q.actor, actor_name(q.actor) AS who, q.judged_by,
    actor_name(q.judged_by) AS judge, q.judged_at, q.form, q.score, q.critical, q.note, q.state,
    q.version, c.began_at, c.state AS sound, c.kind, c.direction, c.seconds, c.tie, c.about
FROM crm_quality_card q JOIN crm_conversation c ON c.id = q.conversation_id
LEFT JOIN billing_account b ON b.account_id = q.account_id
WHERE q.id = $1
"""
_GRADES = "SELECT line, share, note FROM crm_quality_grade WHERE card_id = $1"
_WAITING = """
SELECT s.week, s.actor, actor_name(s.actor) AS who, s.conversation_id AS id, s.why, c.began_at,
    c.kind, c.seconds, b.number
FROM crm_quality_sample s JOIN crm_conversation c ON c.id = s.conversation_id
LEFT JOIN billing_account b ON b.account_id = c.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
WHERE s.week >= $1 AND c.state = 'kept'
    AND NOT EXISTS (SELECT FROM crm_quality_card q WHERE q.conversation_id = c.id)
    AND ($2::text[] IS NULL OR p.district = ANY($2))
ORDER BY s.week, s.why, who, c.began_at LIMIT 100
"""
_RESULTS = """
SELECT q.actor, actor_name(q.actor) AS who, count(*) AS cards, sum(q.score) AS points,
    count(*) FILTER (WHERE q.score >= $3) AS reached,
    count(*) FILTER (WHERE q.critical <> '{}') AS critical,
    count(*) FILTER (WHERE q.state = 'appealed') AS appealed
FROM crm_quality_card q
WHERE q.judged_at >= $1 AND q.judged_at < $2 AND ($4 = '' OR q.actor = $4)
GROUP BY q.actor ORDER BY avg(q.score) DESC, who
"""
_WEEKS = """
SELECT date_trunc('week', q.judged_at AT TIME ZONE $4)::date AS week, count(*) AS cards,
    sum(q.score) AS points
FROM crm_quality_card q
WHERE q.judged_at >= $1 AND q.judged_at < $2 AND ($3 = '' OR q.actor = $3)
GROUP BY 1 ORDER BY 1
"""
_LINES = """
SELECT g.line, sum(g.share) AS share, count(*) AS cards FROM crm_quality_grade g
JOIN crm_quality_card q ON q.id = g.card_id
WHERE q.judged_at >= $1 AND q.judged_at < $2 AND ($3 = '' OR q.actor = $3)
GROUP BY g.line
"""
_LATEST = """
SELECT q.id, q.conversation_id, q.actor, actor_name(q.actor) AS who, q.judged_at, q.score, q.state,
    q.critical, b.number
FROM crm_quality_card q LEFT JOIN billing_account b ON b.account_id = q.account_id
WHERE q.actor = $1 ORDER BY q.judged_at DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A card: whose work, by whom, its points, and each line with what was met of it."""

    id: int
    conversation_id: int
    number: str | None
    actor: str
    who: str | None
    judged_by: str
    judge: str | None
    judged_at: datetime
    form: str
    score: int
    critical: Sequence[str]
    note: str
    state: str
    version: int
    began_at: datetime
    sound: str
    kind: str
    direction: str
    seconds: int
    tie: str
    about: str
    shares: Mapping[str, int]
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation of a sample that nobody has judged yet."""

    week: date
    actor: str
    who: str | None
    id: int
    why: str
    began_at: datetime
    kind: str
    seconds: int
    number: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """An employee's results in a period, in points."""

    actor: str
    who: str | None
    cards: int
    points: int
    reached: int
    critical: int
    appealed: int

    @property
    def mean(self) -> int:
        """The mean points of a card."""
        return half_up(self.points, self.cards)

    @property
    def reached_share(self) -> int:
        """The share of cards that reached the target, in hundredths of a percent."""
        return half_up(self.reached * 10_000, self.cards)


async def bars_own_card(card: Card, *, by: Actor) -> bool:
    """Tell whether the actor gave the card and must leave the appeal to somebody else."""
    if card.judged_by != actor_code(by):
        return False
    async with reading() as connection:
        return await others_decide(connection, card.id)


async def quality_card(card: int, *, by: Actor) -> Card:
    """One card, for who may see all and for whose work it is. Raises NoConversation."""
    async with reading() as connection:
        row = await connection.fetchrow(_CARD, card)
        if row is None or not (by.may(VIEW) or row["actor"] == actor_code(by)):
            raise NoConversation(card)
        grades = await connection.fetch(_GRADES, card)
    if row["number"] is not None and not await is_reached(row["number"], by=by):
        raise NoConversation(card)
    shares = {grade["line"]: grade["share"] for grade in grades}
    notes = {grade["line"]: grade["note"] for grade in grades}
    return Card(**dict(row), shares=shares, notes=notes)


async def to_judge(since: date, *, by: Actor) -> list[Waiting]:
    """What the samples of the weeks from one on still hold, at most a hundred."""
    by.require("crm.quality.judge")
    own = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        return [Waiting(**dict(row)) for row in await connection.fetch(_WAITING, since, own)]


async def results(since: datetime, until: datetime, *, by: Actor, target: int) -> list[Result]:
    """Results by employee, the best first; who may not see all sees the own ones."""
    own = "" if by.may(VIEW) else actor_code(by)
    async with reading() as connection:
        rows = await connection.fetch(_RESULTS, since, until, target, own)
    return [Result(**dict(row)) for row in rows]


async def weeks(
    since: datetime, until: datetime, *, by: Actor, zone: str, actor: str = ""
) -> dict[date, tuple[int, int]]:
    """By week the number of cards and their mean points."""
    chosen = actor if by.may(VIEW) else actor_code(by)
    async with reading() as connection:
        rows = await connection.fetch(_WEEKS, since, until, chosen, zone)
    return {row["week"]: (row["cards"], half_up(row["points"], row["cards"])) for row in rows}


async def lines_met(since: datetime, until: datetime, *, by: Actor) -> dict[str, int]:
    """How much of each line was met in a period, in hundredths of a percent."""
    own = "" if by.may(VIEW) else actor_code(by)
    async with reading() as connection:
        rows = await connection.fetch(_LINES, since, until, own)
    return {row["line"]: half_up(row["share"] * 100, row["cards"]) for row in rows}


async def own_cards(*, by: Actor) -> list[dict[str, object]]:
    """The latest cards of the actor's own work."""
    async with reading() as connection:
        return [dict(row) for row in await connection.fetch(_LATEST, actor_code(by))]
