"""Requests in figures: by topic, channel, employee and day; first-contact resolution, terms, ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from abonent.crm.rules.requests import CHAT_FIRST_WITHIN
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.money import half_up

REPORT = "crm.request.report"
LONGEST = timedelta(days=400)

# Joined and dropped ones are told apart: they are no work of their own. The days are counted in the
# same pass. Districts are looked up only for who is confined to some.
_FIGURES = """
SELECT CASE WHEN grouping(r.topic) = 0 THEN 'topic' WHEN grouping(r.channel) = 0 THEN 'channel'
        WHEN grouping(r.owner) = 0 THEN 'owner' WHEN grouping(r.day) = 0 THEN 'day'
        ELSE 'total' END AS by,
    coalesce(r.topic, r.channel, r.owner::text) AS what, r.day, actor_name('user:' || r.owner) AS name,
    count(*) FILTER (WHERE r.state NOT IN ('joined', 'dropped')) AS taken,
    count(r.answered_at) AS answered,
    count(r.answered_at) FILTER (WHERE NOT r.late) AS on_time,
    count(r.answered_at) FILTER (WHERE r.contacts = 1 AND r.reopened = 0) AS first,
    count(*) FILTER (WHERE r.reopened > 0) AS reopened,
    count(r.rating) AS rated, coalesce(sum(r.rating), 0)::bigint AS points,
    count(r.first_said_at) AS chats,
    count(*) FILTER (WHERE r.first_said_at <= r.received_at + $6) AS chats_soon,
    count(*) FILTER (WHERE r.late OR (r.open AND r.due_at < $5)) AS late
FROM (
    SELECT *, (received_at AT TIME ZONE $4)::date AS day FROM crm_request
    WHERE received_at >= $1 AND received_at < $2
) r
WHERE $3::text[] IS NULL OR r.account_id IS NULL OR EXISTS (SELECT FROM billing_account b
    JOIN billing_place p ON p.id = b.place_id
    WHERE b.account_id = r.account_id AND p.district = ANY($3))
GROUP BY GROUPING SETS ((), (r.topic), (r.channel), (r.owner), (r.day))
ORDER BY taken DESC
"""
_MEDIANS = """
SELECT CASE WHEN grouping(r.topic) = 0 THEN 'topic' WHEN grouping(r.channel) = 0 THEN 'channel'
        WHEN grouping(r.owner) = 0 THEN 'owner' ELSE 'total' END AS by,
    coalesce(r.topic, r.channel, r.owner::text) AS what,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY r.seconds) / 60)::numeric::bigint AS minutes
FROM (
    SELECT topic, channel, owner, account_id, date_part('epoch', answered_at - received_at) AS seconds
    FROM crm_request WHERE received_at >= $1 AND received_at < $2 AND answered_at IS NOT NULL
) r
WHERE $3::text[] IS NULL OR r.account_id IS NULL OR EXISTS (SELECT FROM billing_account b
    JOIN billing_place p ON p.id = b.place_id
    WHERE b.account_id = r.account_id AND p.district = ANY($3))
GROUP BY GROUPING SETS ((), (r.topic), (r.channel), (r.owner))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one topic, channel or employee; shares are hundredths of a percent, None of nothing.

    `minutes` is the median time from coming to the answer, by the clock on the wall.
    """

    what: str | None
    name: str | None
    taken: int
    answered: int
    on_time: int
    first: int
    reopened: int
    rated: int
    points: int
    chats: int
    chats_soon: int
    minutes: int | None

    @property
    def on_time_share(self) -> int | None:
        """The share answered within the norm."""
        return half_up(self.on_time * 10_000, self.answered) if self.answered else None

    @property
    def first_share(self) -> int | None:
        """First-contact resolution: who turned to us once and had the answer."""
        return half_up(self.first * 10_000, self.answered) if self.answered else None

    @property
    def chats_share(self) -> int | None:
        """The share of answered chats whose first word came as soon as the rule asks."""
        return half_up(self.chats_soon * 10_000, self.chats) if self.chats else None

    @property
    def rating(self) -> int | None:
        """The average rating in hundredths."""
        return half_up(self.points * 100, self.rated) if self.rated else None


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a span of days; `days` are (day, taken, late)."""

    total: Figures
    by: dict[str, list[Figures]]
    days: Sequence[tuple[date, int, int]]


async def report_on_requests(first: date, last: date, *, by: Actor, now: datetime) -> Report:
    """The figures of what came in from one day to another, both included."""
    by.require(REPORT)
    zone = time_zone()
    begin = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + timedelta(1), datetime.min.time(), zone)
    districts = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        asked = (begin, end, districts)
        rows = await connection.fetch(_FIGURES, *asked, str(zone), now, CHAT_FIRST_WITHIN)
        medians = await connection.fetch(_MEDIANS, *asked)
    minutes = {(row["by"], row["what"]): row["minutes"] for row in medians}
    found: dict[str, list[Figures]] = {"topic": [], "channel": [], "owner": [], "total": []}
    counted: dict[date, tuple[int, int]] = {}
    for row in rows:
        if row["by"] == "day":
            counted[row["day"]] = row["taken"], row["late"]
        else:
            found[row["by"]].append(_figures(row, minutes.get((row["by"], row["what"]))))
    span = [first + timedelta(n) for n in range((last - first).days + 1)]
    days = [(day, *counted.get(day, (0, 0))) for day in span]
    return Report(found.pop("total")[0], found, days)


def _figures(row: Mapping[str, Any], minutes: int | None) -> Figures:
    told = {name: value for name, value in row.items() if name not in {"by", "day", "late"}}
    return Figures(**told, minutes=minutes)
