"""Launching a campaign, pausing it, letting it go on, stopping it for good."""

from __future__ import annotations

from typing import Any

from abonent.crm.queries.campaigns import Campaign, NoSuchCampaign, campaign_from, campaign_of
from abonent.crm.queries.contacting import contact_policy
from abonent.crm.rules.campaigns import CAMPAIGN, COUNT_HOLDS, LAUNCH
from abonent.crm.service.campaigns.drafting import Draft, check_draft
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move, said

_LOCK = "SELECT *, NULL AS author FROM crm_campaign WHERE id = $1 FOR UPDATE"
_LAUNCH = "UPDATE crm_campaign SET launched_at = $2, part_price = $3 WHERE id = $1"
_MOVE = """
UPDATE crm_campaign SET state = $2, counting_since = NULL,
    ended_at = CASE WHEN $2 IN ('ended', 'stopped') THEN $3::timestamptz END
WHERE id = $1
"""


async def launch_campaign(campaign: int, *, by: Actor, typed: int) -> None:
    """Let it go out to who was counted. `typed` is their number, typed by whoever launches it.

    Raises Malformed for another number, Refused for a count that is old, empty or over in time.
    """
    by.require(LAUNCH)
    await campaign_of(campaign, by=by)
    async with unit_of_work(by) as work:
        found = await _locked(work, campaign)
        move = CAMPAIGN.move(found.state, "launch")
        await _check(found, typed)
        policy = await contact_policy(work.connection)
        now = clock.now()
        await work.connection.execute(_LAUNCH, campaign, now, policy.part_price)
        await work.connection.execute(_MOVE, campaign, move.target, now)
        await log_move(work, CAMPAIGN, campaign, move=move, was=found.state, note=str(typed))


async def move_campaign(campaign: int, name: str, *, by: Actor, note: str = "") -> None:
    """Pause, resume or stop.

    What a pause finds written goes its way; a stop calls back what the gateway has not got yet.

    Raises MoveRefused, Malformed where the move asks for words.
    """
    by.require(LAUNCH)
    await campaign_of(campaign, by=by)
    async with unit_of_work(by) as work:
        await move_in(work, campaign, name, note=note)


async def move_in(work: UnitOfWork, campaign: int, name: str, *, note: str = "") -> None:
    """Make a move in a unit of work that is under way."""
    found = await _locked(work, campaign)
    move = CAMPAIGN.move(found.state, name)
    _reason, kept = said(move, note=note)
    await work.connection.execute(_MOVE, campaign, move.target, clock.now())
    await log_move(work, CAMPAIGN, campaign, move=move, was=found.state, note=kept)


async def _locked(work: UnitOfWork, campaign: int) -> Campaign:
    row: Any = await work.connection.fetchrow(_LOCK, campaign)
    if row is None:
        raise NoSuchCampaign(campaign)
    return campaign_from(row)


async def _check(found: Campaign, typed: int) -> None:
    now = clock.now()
    if found.counted is None or found.counted_at is None or now - found.counted_at > COUNT_HOLDS:
        old = N_("It was counted too long ago: count again, then launch.")
        raise Refused("COUNT_OLD", old)
    if not found.counted.left:
        raise Refused("NOBODY_LEFT", N_("There is nobody left to write to."))
    if found.ends_at and found.ends_at <= now:
        raise Refused("TIME_OVER", N_("The end of the campaign is over already."))
    if typed != found.counted.left:
        wrong = N_("{given} was typed, {left} recipients were counted. Type the number counted.")
        raise Malformed.of("typed", str(typed), wrong, given=typed, left=found.counted.left)
    # The words of a template may have been changed since.
    fields = {name: getattr(found, name) for name in Draft.__dataclass_fields__}
    await check_draft(Draft(**fields))
