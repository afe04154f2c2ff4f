"""Whom today's run of the survey asks: after an event, or by the month's draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.crm.queries.surveys import Setting
from abonent.crm.surveys import After, Kind, Survey
from abonent.kernel import clock
from abonent.kernel.i18n import time_zone

MADE_UP = timedelta(days=4)
"""Events of so many days before are asked of too: the program may have stood still."""
_TAKEN_OVER = 60
"""A contract signed so many days before its account was opened came from another program."""

_SENT_TODAY = "SELECT count(*) FROM crm_survey_sent WHERE sent_at >= $1"
# Whom something has happened to, then those whom the month's draw names. Of a person's events one is
# asked of, the connection before a request. The draw counts as rules.surveys.drawn does.
_PICKED = """
WITH happened AS (
    SELECT $1::text AS kind, 1 AS turn, 'account:' || b.account_id AS about, b.account_id
    FROM billing_account b
    WHERE b.opened_on BETWEEN $2::date AND $3::date AND b.state IN ('served', 'partly')
  UNION ALL
    SELECT $4, 2, 'request:' || r.id, r.account_id FROM crm_request r
    WHERE r.state IN ('resolved', 'rated') AND r.answered_at >= $5 AND r.answered_at < $6
        AND r.account_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM crm_survey_sent l WHERE l.request_id = r.id)
  UNION ALL
    SELECT $7, 3, $8, b.account_id
    FROM billing_account b
    JOIN crm_account f ON f.account_id = b.account_id
    JOIN crm_contract c ON c.id = f.contract_id
    CROSS JOIN LATERAL md5($8 || ':' || c.subscriber_id) AS d (digest)
    WHERE b.state IN ('served', 'partly')
        AND ('x' || left(d.digest, 7))::bit(28)::int % 10000 < $9 * 100
        AND 1 + ('x' || substr(d.digest, 8, 7))::bit(28)::int % 28 <= $10
)
SELECT subscriber, kind, about, account_id, channel FROM (
    SELECT DISTINCT ON (s.id) s.id AS subscriber, h.kind, h.turn, h.about, h.account_id,
        CASE WHEN s.email <> '' THEN 'email' ELSE 'sms' END AS channel
    FROM happened h
    JOIN crm_account f ON f.account_id = h.account_id
    JOIN crm_contract c ON c.id = f.contract_id
    JOIN crm_subscriber s ON s.id = c.subscriber_id
    JOIN billing_account b ON b.account_id = h.account_id
    WHERE s.kind = 'person' AND (s.email <> '' OR s.phone <> '')
        AND (h.turn <> 1 OR b.opened_on - c.signed_on <= $14)
        AND NOT EXISTS (SELECT FROM crm_survey_sent q WHERE q.subscriber_id = s.id
            AND q.state <> 'unsent'
            AND q.sent_at > CASE WHEN h.turn = 3 THEN least($11::timestamptz, $12::timestamptz)
                ELSE $11 END)
        AND NOT EXISTS (SELECT FROM crm_survey_sent q WHERE q.account_id = h.account_id
            AND q.kind = h.kind AND q.about = h.about)
    ORDER BY s.id, h.turn, h.account_id, h.about DESC
) picked
ORDER BY turn, md5(about || subscriber) LIMIT $13
"""


@dataclass(frozen=True, slots=True)
class Picked:
    """Who is to be asked of what, by which channel."""

    subscriber: int
    kind: str
    about: str
    account_id: int
    channel: str


async def picked(connection: Any, setting: Setting, questions: Survey) -> list[Picked]:
    """Whom today's run asks, as many as the day's bound still allows."""
    now = clock.now()
    zone = time_zone()
    today = now.astimezone(zone).date()
    since = setting.active_since or now
    joined, request, relational = _kinds(questions)
    begins = max(today - timedelta(joined.days) - MADE_UP, since.astimezone(zone).date())
    day = begin_of(today - timedelta(request.days) + timedelta(1))
    month = f"{today:%Y-%m}"
    never = date.min + timedelta(1)
    left = max(0, setting.most_a_day - await sent_today(connection))
    rows = await connection.fetch(
        _PICKED,
        joined.code,
        begins if setting.after_connection else never,
        today - timedelta(joined.days) if setting.after_connection else never,
        request.code,
        max(day - timedelta(1) - MADE_UP, since),
        day if setting.after_request else since,
        relational.code,
        month,
        relational.share if setting.share is None else setting.share,
        today.day,
        now - timedelta(questions.quiet_days),
        now - timedelta(days=30 * relational.every_months),
        left,
        _TAKEN_OVER,
    )
    return [Picked(**dict(row)) for row in rows]


async def sent_today(connection: Any) -> int:
    """How many were asked today already."""
    today = clock.now().astimezone(time_zone()).date()
    return int(await connection.fetchval(_SENT_TODAY, begin_of(today)))


def begin_of(day: date) -> datetime:
    """The instant at which a day begins by the company's clock."""
    return datetime.combine(day, time(), time_zone())


def _kinds(questions: Survey) -> tuple[Kind, Kind, Kind]:
    """The kind after a connection, that after a request, that of the draw."""
    by_event = {one.after: one for one in questions.kind}
    return by_event[After.CONNECTED], by_event[After.REQUEST_ANSWERED], by_event[None]
