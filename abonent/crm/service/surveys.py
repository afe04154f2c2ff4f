"""Asking subscribers: whether and of what is set by the head; each day the program picks whom.

After an event some days later, and by chance a share of all a month; nobody twice within the quiet
period, whatever the kind. Bounded by the day, and nothing at all while it is switched off.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from abonent.crm.queries.surveys import Setting, survey_setting
from abonent.crm.queries.surveys_picked import Picked, picked
from abonent.crm.rules.surveys import EDIT, SURVEY, SurveyState
from abonent.crm.service.messages import EMAIL, SMS, NewMessage, queue_message
from abonent.crm.surveys import Survey, survey
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import Document
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.site import site_language
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move

_TOKEN_BYTES = 9
_MOST_A_DAY = 10_000

_SET = """
UPDATE crm_survey_setting SET active_since = $1, after_connection = $2, after_request = $3,
    share = $4, most_a_day = $5
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
_WHOSE = """
SELECT b.account_id AS account, s.id AS subscriber
FROM billing_account b
JOIN crm_account f ON f.account_id = b.account_id
JOIN crm_contract c ON c.id = f.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE b.number = $1 AND s.kind = 'person'
"""
_QUEUED = """
UPDATE crm_survey_sent SET message_id = $3, state = $4, reason = $5 WHERE account_id = $1 AND id = $2
"""


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
    async with reading() as connection:
        due = await picked(connection, setting, questions.value)
    for one in due:
        went = await _send(one, questions)
        sent, refused = sent + (went is True), refused + (went is False)
    return Sent(sent, refused)


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


async def give_survey(
    account: str, *, by: Actor, kind: str, about: str, channel: str
) -> str | None:
    """Keep a survey that was given by other means than a message of the program; answers its token.

    `about` is what it follows, such as "request:123". None for who is no person, or was asked within
    the quiet period or of the same thing.
    """
    by.require(EDIT)
    questions = await survey(site_language())
    made, token, now = new_id(), secrets.token_urlsafe(_TOKEN_BYTES), clock.now()
    quiet = now - timedelta(days=questions.value.quiet_days)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_WHOSE, account)
        if row is None:
            return None
        await work.connection.execute(_LOCK, row["subscriber"])
        added = await work.connection.fetchval(
            _ADD, row["account"], made, row["subscriber"], kind, about, questions.hash, token,
            channel, now, quiet,
        )  # fmt: skip
        if added is None:
            return None
        after = {"kind": kind, "channel": channel}
        subject = f"survey:{made}"
        await work.audit("crm:survey:given", subject, account_id=row["account"], after=after)
    return token


async def _log_refusal(work: UnitOfWork, one: Picked, survey_id: int, reason: str) -> None:
    move = SURVEY.move(SurveyState.SENT, "refuse")
    await log_move(
        work, SURVEY, survey_id, move=move, was=SurveyState.SENT, account_id=one.account_id,
        note=reason,
    )  # fmt: skip
