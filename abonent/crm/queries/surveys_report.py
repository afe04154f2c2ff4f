"""Loyalty in figures: the index with its margin, by kind, channel, month and building; reasons; calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.crm.rules.surveys import LEAST, VIEW, Standing
from abonent.crm.surveys import REASONS
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.money import half_up

LONGEST = timedelta(days=800)
MOST_PLACES = 20

# What a rule of messages forbade was not sent: nobody could answer it.
_FIGURES = """
SELECT CASE WHEN grouping(q.kind) = 0 THEN 'kind' WHEN grouping(q.channel) = 0 THEN 'channel'
        WHEN grouping(m.month) = 0 THEN 'month' ELSE 'total' END AS by,
    coalesce(q.kind, q.channel, m.month::text, '') AS what,
    count(*) AS sent,
    count(*) FILTER (WHERE q.standing = 'promoter') AS promoters,
    count(*) FILTER (WHERE q.standing = 'passive') AS passives,
    count(*) FILTER (WHERE q.standing = 'detractor') AS detractors
FROM crm_survey_sent q
JOIN billing_account b ON b.account_id = q.account_id
JOIN billing_place p ON p.id = b.place_id
CROSS JOIN LATERAL (SELECT date_trunc('month', q.sent_at AT TIME ZONE $4)::date AS month) m
WHERE q.sent_at >= $1 AND q.sent_at < $2 AND q.state <> 'unsent'
    AND ($3::text[] IS NULL OR p.district = ANY($3))
GROUP BY GROUPING SETS ((), (q.kind), (q.channel), (m.month))
ORDER BY sent DESC
"""
_REASONS = """
SELECT r.code,
    count(*) FILTER (WHERE q.standing = 'promoter') AS promoters,
    count(*) FILTER (WHERE q.standing = 'passive') AS passives,
    count(*) FILTER (WHERE q.standing = 'detractor') AS detractors
FROM crm_survey_sent q
JOIN billing_account b ON b.account_id = q.account_id
JOIN billing_place p ON p.id = b.place_id
JOIN crm_survey_answer x ON x.account_id = q.account_id AND x.survey_id = q.id AND x.question = $4
CROSS JOIN LATERAL unnest(x.codes) AS r (code)
WHERE q.sent_at >= $1 AND q.sent_at < $2 AND ($3::text[] IS NULL OR p.district = ANY($3))
GROUP BY r.code ORDER BY detractors DESC, passives DESC, promoters DESC, r.code
"""
# Where fewer than $4 answered a score would be chance, and would tell who gave it.
_PLACES = """
SELECT *, count(*) OVER () AS places FROM (
    SELECT p.id, p.district, p.street, p.house,
        count(*) FILTER (WHERE q.standing = 'promoter') AS promoters,
        count(*) FILTER (WHERE q.standing = 'passive') AS passives,
        count(*) FILTER (WHERE q.standing = 'detractor') AS detractors
    FROM crm_survey_sent q
    JOIN billing_account b ON b.account_id = q.account_id
    JOIN billing_place p ON p.id = b.place_id
    WHERE q.sent_at >= $1 AND q.sent_at < $2 AND q.score IS NOT NULL
        AND ($3::text[] IS NULL OR p.district = ANY($3))
    GROUP BY p.id
) told
WHERE promoters + passives + detractors >= $4
ORDER BY (promoters - detractors)::float / (promoters + passives + detractors), detractors DESC, id
LIMIT $5
"""
_SMALL = """
SELECT count(*) FROM (
    SELECT FROM crm_survey_sent q
    JOIN billing_account b ON b.account_id = q.account_id
    JOIN billing_place p ON p.id = b.place_id
    WHERE q.sent_at >= $1 AND q.sent_at < $2 AND q.score IS NOT NULL
        AND ($3::text[] IS NULL OR p.district = ANY($3))
    GROUP BY p.id HAVING count(*) < $4
) small
"""
# The request's own term counts: it stands still while the client is waited for. What was joined to
# another request has no answer of its own.
_LOOPS = """
SELECT count(*) AS turned,
    count(*) FILTER (WHERE q.state = 'closed') AS closed,
    count(*) FILTER (WHERE q.state = 'closed' AND CASE WHEN r.answered_at IS NULL
        THEN q.closed_at <= r.received_at + make_interval(hours => $4) ELSE NOT r.late END) AS in_time,
    count(*) FILTER (WHERE q.state = 'loop') AS open,
    count(*) FILTER (WHERE q.state = 'loop' AND r.due_at < $5) AS overdue
FROM crm_survey_sent q
JOIN crm_request r ON r.id = q.request_id
JOIN billing_account b ON b.account_id = q.account_id
JOIN billing_place p ON p.id = b.place_id
WHERE q.sent_at >= $1 AND q.sent_at < $2 AND ($3::text[] IS NULL OR p.district = ANY($3))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """How many were asked, and who answered how; `what` is a kind, a channel or nothing."""

    what: str
    sent: int
    standing: Standing

    @property
    def response(self) -> int | None:
        """The share that answered, in hundredths of a percent; None of nothing."""
        return half_up(self.standing.answers * 10_000, self.sent) if self.sent else None


@dataclass(frozen=True, slots=True)
class Place:
    """A building and how those who live in it answered."""

    id: int
    district: str
    street: str
    house: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Loops:
    """Low scores handed to the shift supervisor: looked into, in time, still open, overdue."""

    turned: int
    closed: int
    in_time: int
    open: int
    overdue: int

    @property
    def in_time_share(self) -> int | None:
        """The share looked into in time, of those looked into or overdue; None of nothing."""
        return half_up(self.in_time * 10_000, self.judged) if self.judged else None

    @property
    def judged(self) -> int:
        """Those looked into, and those whose term is over: the others may still be in time."""
        return self.closed + self.overdue


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a span; `months` hold every month, `reasons` who chose which, the worst first.

    `places` are the lowest buildings of `place_count`; of `small` buildings too few answered.
    """

    total: Figures
    by: Mapping[str, Sequence[Figures]]
    months: Sequence[tuple[date, Figures]]
    reasons: Sequence[tuple[str, Standing]]
    places: Sequence[Place]
    place_count: int
    small: int
    loops: Loops


async def report_on_surveys(first: date, last: date, *, by: Actor, hours: int) -> Report:
    """The figures of what was sent from one day to another, both included.

    `hours` are what a low score is to be looked into within.
    """
    by.require(VIEW)
    zone = time_zone()
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(1), time(), zone)
    districts = None if by.districts is None else sorted(by.districts)
    span: tuple[Any, ...] = (begin, end, districts)
    async with reading() as connection:
        rows = await connection.fetch(_FIGURES, *span, str(zone))
        reasons = await connection.fetch(_REASONS, *span, REASONS)
        places = await connection.fetch(_PLACES, *span, LEAST, MOST_PLACES)
        small = await connection.fetchval(_SMALL, *span, LEAST)
        loops = await connection.fetchrow(_LOOPS, *span, hours, clock.now())
    found = _grouped(rows)
    by_month = {one.what: one for one in found["month"]}
    months = [
        (month, by_month.get(str(month), Figures(str(month), 0, Standing())))
        for month in _months(first, last)
    ]
    return Report(
        found["total"][0],
        {"kind": found["kind"], "channel": found["channel"]},
        months,
        [(row["code"], _standing(row)) for row in reasons],
        [_place(row) for row in places],
        places[0]["places"] if places else 0,
        small,
        Loops(**dict(loops)),
    )


def _grouped(rows: Iterable[Any]) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {"kind": [], "channel": [], "month": [], "total": []}
    for row in rows:
        found[row["by"]].append(Figures(row["what"], row["sent"], _standing(row)))
    return found


def _place(row: Any) -> Place:
    return Place(row["id"], row["district"], row["street"], row["house"], _standing(row))


def _standing(row: Any) -> Standing:
    return Standing(row["promoters"], row["passives"], row["detractors"])


def _months(first: date, last: date) -> list[date]:
    """The first days of the months from one day to another."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(32)).replace(day=1)
    return found
