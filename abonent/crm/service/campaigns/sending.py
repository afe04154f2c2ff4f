"""Sending a campaign: in batches, in one order, each person once, as fast as it may.

A batch is one transaction that holds the campaign: what a dead worker left is as if it had not
begun, a second worker passes by, a pause waits for the batch and no longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.crm.queries.campaigns import Campaign, campaign_from
from abonent.crm.rules.campaigns import LOOKED_BACK, in_control, may_go_now, refused_too_often
from abonent.crm.rules.contacting import next_hour
from abonent.crm.service.campaigns.moving import move_in
from abonent.crm.service.campaigns.weighing import Means, Weighed, means_of, weigh, window_of
from abonent.crm.service.messages import queue_message
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed, NotFound
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.legal import LegalRuleUnchecked
from abonent.kernel.site import site_language
from abonent.kernel.work import UnitOfWork

BATCH = 20
HALTED = N_("The gateway refused too many of the latest messages: see why, then let it go on.")
UNCHECKED = N_("A rule of law that it needs is not checked: check it, then let it go on.")
TIME_OVER = N_("Its time was over; who was left is not written to.")
REWORDED = N_("The words of its template were changed: read them, then let it go on.")
NOTES = (HALTED, UNCHECKED, TIME_OVER, REWORDED)
"""What the program itself notes of a move (English message ids)."""

_RUNNING = "SELECT id FROM crm_campaign WHERE state = 'running' ORDER BY id"
_TAKE = """
SELECT *, NULL AS author FROM crm_campaign WHERE id = $1 AND state = 'running'
FOR UPDATE SKIP LOCKED
"""
_LATEST = """
SELECT coalesce(m.state, '') AS state FROM (
    SELECT account_id, message_id, handled_at FROM crm_campaign_person
    WHERE campaign_id = $1 AND state = 'sent' AND handled_at > $3
    ORDER BY handled_at DESC LIMIT $2
) p LEFT JOIN crm_message m ON m.account_id = p.account_id AND m.id = p.message_id
"""
_RESUMED = """
SELECT coalesce(max(at), '-infinity') FROM workflow_move
WHERE workflow = 'campaign' AND subject = $1 AND name = 'resume'
"""
_REWORDED = """
SELECT EXISTS (SELECT FROM crm_message_wording
    WHERE code = $1 AND language = $2 AND changed_at > greatest($3::timestamptz, $4))
"""
_WENT = """
SELECT count(*) FILTER (WHERE handled_at > $2) AS minute,
    count(*) FILTER (WHERE handled_at > $3) AS hour, count(*) FILTER (WHERE handled_at >= $4) AS day
FROM crm_campaign_person WHERE campaign_id = $1 AND state = 'sent' AND handled_at >= least($3, $4)
"""
_WAITING = """
SELECT who, account_id FROM crm_campaign_person
WHERE campaign_id = $1 AND state = 'waiting' ORDER BY account_id LIMIT $2
"""
_OPEN_DAY = "SELECT day FROM billing_installation"
_HANDLED = """
UPDATE crm_campaign_person SET state = $3, reason = $4, message_id = $5, handled_at = $6,
    handled_on = $7, balance = $8, account_state = $9
WHERE campaign_id = $1 AND who = $2 AND state = 'waiting'
"""
_COUNT = "UPDATE crm_campaign SET handled = handled + $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class _Now:
    """The instant of a batch and the business day it falls on."""

    at: datetime
    day: date


async def send_campaigns() -> int:
    """Send what may go now of every campaign that goes out; how many people were decided on."""
    async with reading() as connection:
        rows = await connection.fetch(_RUNNING)
    handled = 0
    for row in rows:
        while done := await send_batch(row["id"]):
            handled += done
    return handled


async def send_batch(campaign_id: int) -> int:
    """Decide on the next people; 0 where none may go now, or somebody else is at it."""
    async with unit_of_work(SYSTEM) as work:
        row = await work.connection.fetchrow(_TAKE, campaign_id)
        if row is None:
            return 0
        campaign, now = campaign_from(row), clock.now()
        if campaign.starts_at and now < campaign.starts_at:
            return 0
        if campaign.ends_at and now >= campaign.ends_at:
            await move_in(work, campaign.id, "finish", note=TIME_OVER)
            return 0
        means = await means_of(work.connection, campaign, now)
        if await _halted(work, campaign, means) or not _in_hours(campaign, means, now):
            return 0
        room = await _room(work.connection, campaign, now)
        if not room:
            return 0
        people = await work.connection.fetch(_WAITING, campaign.id, min(BATCH, room))
        if not people:
            await move_in(work, campaign.id, "finish")
            return 0
        await _decide(work, campaign, people, means)
        return len(people)


async def _halted(work: UnitOfWork, campaign: Campaign, means: Means) -> bool:
    """Pause what goes wrong; whoever lets it go on is believed: older messages count no more."""
    if isinstance(means.frame, LegalRuleUnchecked):
        await move_in(work, campaign.id, "halt", note=UNCHECKED)
        return True
    resumed = await work.connection.fetchval(_RESUMED, campaign.id)
    rows = await work.connection.fetch(_LATEST, campaign.id, LOOKED_BACK, resumed)
    if refused_too_often([row["state"] for row in rows]):
        await move_in(work, campaign.id, "halt", note=HALTED)
        return True
    words = (campaign.template, site_language(), campaign.launched_at, resumed)
    if campaign.template and await work.connection.fetchval(_REWORDED, *words):
        await move_in(work, campaign.id, "halt", note=REWORDED)
        return True
    return False


def _in_hours(campaign: Campaign, means: Means, now: datetime) -> bool:
    """Tell whether it may write at this hour: what waits here can still be paused."""
    if isinstance(means.frame, LegalRuleUnchecked):
        return False
    return next_hour(now, window_of(campaign, means.templates), means.frame) == now


async def _room(connection: Any, campaign: Campaign, now: datetime) -> int:
    today = datetime.combine(now.astimezone(time_zone()).date(), time(), time_zone())
    minute, hour = now - timedelta(minutes=1), now - timedelta(hours=1)
    went = await connection.fetchrow(_WENT, campaign.id, minute, hour, today)
    return may_go_now(campaign.hourly, campaign.daily, **dict(went))


async def _decide(
    work: UnitOfWork, campaign: Campaign, people: Sequence[Mapping[str, Any]], means: Means
) -> None:
    now = _Now(clock.now(), await work.connection.fetchval(_OPEN_DAY))
    accounts = [row["account_id"] for row in people]
    weighed = await weigh(work.connection, campaign, accounts, means, now.at, closely=True)
    for row, one in zip(people, weighed, strict=True):
        control = in_control(campaign.id, row["who"], campaign.control)
        if one.reason:
            became: tuple[str, str, int | None] = ("refused", one.reason, None)
        elif control:
            became = ("control", "", None)
        else:
            became = await _write(one)
        told = (now.at, now.day, one.balance, one.account_state)
        await work.connection.execute(_HANDLED, campaign.id, row["who"], *became, *told)
    await work.connection.execute(_COUNT, campaign.id, len(people))


async def _write(one: Weighed) -> tuple[str, str, int | None]:
    """Queue a message by the one door, which asks the rules for itself."""
    try:
        async with unit_of_work(SYSTEM) as work:
            queued = await queue_message(work, one.message)
    except (Malformed, NotFound) as error:
        return "refused", error.code, None
    if queued.id is None:
        return "refused", queued.verdict.code, None
    return "sent", "", queued.id
