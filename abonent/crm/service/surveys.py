"""Asking subscribers: whether and of what is set by the head; each day the program picks whom.

After an event some days later, and by chance a share of all a month; nobody twice within the quiet
period, whatever the kind. Bounded by the day, and nothing at all while it is switched off.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.crm.queries.surveys import Setting, survey_setting
from abonent.crm.rules.surveys import EDIT, SURVEY, SurveyState
from abonent.crm.service.messages import EMAIL, SMS, NewMessage, queue_message
from abonent.crm.surveys import After, Kind, Survey, survey
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import Document
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.ids import new_id
from abonent.kernel.site import site_language
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move

MADE_UP = timedelta(days=4)
"""Events of so many days before are asked of too: the program may have stood still."""
_TAKEN_OVER = 60
"""A contract signed so many days before its account was opened came from another program."""
_TOKEN_BYTES = 9
_MOST_A_DAY = 10_000

_SET = """
UPDATE crm_survey_setting SET active_since = $1, after_connection = $2, after_request = $3,
    share = $4, most_a_day = $5
"""
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
_LOCK = "SELECT pg_advisory_xact_lock(4032, hashint8($1))"
_ADD = """
INSERT INTO crm_survey_sent (account_id, id, subscriber_id, kind, about, content_hash, token,
    channel, state, sent_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'sent', $9
WHERE NOT EXISTS (SELECT FROM crm_survey_sent WHERE subscriber_id = $3 AND state <> 'unsent'
    AND sent_at > $10)
ON CONFLICT (account_id, kind, about) DO NOTHING
RETURNING id
"""
_QUEUED = """
UPDATE crm_survey_sent SET message_id = $3, state = $4, reason = $5 WHERE account_id = $1 AND id = $2
"""


@dataclass(frozen=True, slots=True)
class Picked:
    """Who is to be asked of what, by which channel."""

    subscriber: int
    kind: str
    about: str
    account_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run did: surveys sent, and those that a rule of messages forbade."""

    sent: int = 0
    refused: int = 0


async def set_surveys(
    *,
    by: Actor,
    active: bool,
    after_connection: bool,
    after_request: bool,
    share: int | None,
    most_a_day: int,
) -> None:
    """Set whether and of what the program asks. Switched on, it asks of what happens from then on.

    Without a `share` that of the questionnaire holds. Raises Malformed.
    """
    by.require(EDIT)
    for name, value, least, most in (
        ("share", share, 0, 100),
        ("most_a_day", most_a_day, 1, _MOST_A_DAY),
    ):
        if value is not None and not least <= value <= most:
            wrong = N_("A whole number from {least} to {most}.")
            raise Malformed.of(name, str(value), wrong, least=least, most=most)
    async with unit_of_work(by) as work:
        before = await survey_setting(work.connection)
        since = (before.active_since or clock.now()) if active else None
        values = (since, after_connection, after_request, share, most_a_day)
        await work.connection.execute(_SET, *values)
        after = await survey_setting(work.connection)
        told = (_told(before), _told(after))
        await work.audit("crm:survey:set", "survey:nps", before=told[0], after=told[1])


def _told(setting: Setting) -> dict[str, Any]:
    return {
        "active": setting.active_since is not None,
        "after_connection": setting.after_connection,
        "after_request": setting.after_request,
        "share": setting.share,
        "most_a_day": setting.most_a_day,
    }


async def send_surveys() -> Sent:
    """Ask whoever is due today, as far as the day's bound allows. Made again, it asks nobody twice."""
    setting = await survey_setting()
    if setting.active_since is None:
        return Sent()
    questions = await survey(site_language())
    sent = refused = 0
    for one in await _picked(setting, questions.value):
        went = await _send(one, questions)
        sent, refused = sent + (went is True), refused + (went is False)
    return Sent(sent, refused)


async def _picked(setting: Setting, questions: Survey) -> list[Picked]:
    now = clock.now()
    zone = time_zone()
    today = now.astimezone(zone).date()
    since = setting.active_since or now
    connection, request, relational = _kinds(questions)
    begins = max(today - timedelta(connection.days) - MADE_UP, since.astimezone(zone).date())
    day = begin_of(today - timedelta(request.days) + timedelta(1))
    month = f"{today:%Y-%m}"
    never = date.min + timedelta(1)
    async with unit_of_work(SYSTEM) as work:
        today_sent = await work.connection.fetchval(_SENT_TODAY, begin_of(today))
        left = max(0, setting.most_a_day - today_sent)
        rows = await work.connection.fetch(
            _PICKED,
            connection.code,
            begins if setting.after_connection else never,
            today - timedelta(connection.days) if setting.after_connection else never,
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


def begin_of(day: date) -> datetime:
    """The instant at which a day begins by the company's clock."""
    return datetime.combine(day, time(), time_zone())


def _kinds(questions: Survey) -> tuple[Kind, Kind, Kind]:
    """The kind after a connection, that after a request, that of the draw."""
    by_event = {one.after: one for one in questions.kind}
    return by_event[After.CONNECTED], by_event[After.REQUEST_ANSWERED], by_event[None]


async def _send(one: Picked, questions: Document[Survey]) -> bool | None:
    """Ask one person; None where somebody else was quicker, False where a rule forbids it."""
    now, made, token = clock.now(), new_id(), secrets.token_urlsafe(_TOKEN_BYTES)
    quiet = now - timedelta(days=questions.value.quiet_days)
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute(_LOCK, one.subscriber)
        added = await work.connection.fetchval(
            _ADD, one.account_id, made, one.subscriber, one.kind, one.about, questions.hash, token,
            one.channel, now, quiet,
        )  # fmt: skip
        if added is None:
            return None
        message = NewMessage(
            account_id=one.account_id,
            channel=EMAIL if one.channel == EMAIL else SMS,
            template=questions.value.message,
            values={"url": f"/my/s/{token}"},
            about=f"survey:{made}",
        )
        queued = await queue_message(work, message)
        state = SurveyState.UNSENT if queued.id is None else SurveyState.SENT
        reason = queued.verdict.code if queued.id is None else ""
        await work.connection.execute(_QUEUED, one.account_id, made, queued.id, state, reason)
        if queued.id is None:
            await _log_refusal(work, one, made, reason)
            return False
        after = {"kind": one.kind, "channel": one.channel}
        subject = f"survey:{made}"
        await work.audit("crm:survey:sent", subject, account_id=one.account_id, after=after)
        return True


async def _log_refusal(work: UnitOfWork, one: Picked, survey_id: int, reason: str) -> None:
    move = SURVEY.move(SurveyState.SENT, "refuse")
    await log_move(
        work, SURVEY, survey_id, move=move, was=SurveyState.SENT, account_id=one.account_id,
        note=reason,
    )  # fmt: skip
