"""The dry run of a campaign: its people are listed and weighed, nobody is written to.

The list belongs to the draft: what is launched is what was counted. A run that was broken off is
made again from the beginning; a draft that was changed meanwhile ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from abonent.crm.queries.campaigns import Campaign, Tally, campaign_from, campaign_of
from abonent.crm.queries.contacting import contact_policy
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.crm.rules.campaigns import (
    CAMPAIGN,
    EDIT,
    CampaignState,
    foresee,
    in_control,
)
from abonent.crm.rules.contacting import next_hour
from abonent.crm.service.campaigns.drafting import UNREADABLE, segment_of
from abonent.crm.service.campaigns.weighing import Means, Weighed, means_of, weigh, window_of
from abonent.crm.service.messages import SMS
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.jobs import plan_job
from abonent.kernel.jsontext import to_json
from abonent.kernel.legal import LegalRuleUnchecked
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.reading import keys_statement
from abonent.kernel.workflow import log_move

JOB = "crm.count_campaign"
BATCH = 1_000
SHOWN = 3
"""So many examples are named of each reason, and shown of the messages."""
LOST = timedelta(hours=1)
"""A count under way for so long is not waited for any more."""

_BEGIN = """
UPDATE crm_campaign SET state = 'draft', counting_since = $2, counted_done = 0, counted_total = NULL
WHERE id = $1 AND state IN ('draft', 'counted') AND (counting_since IS NULL OR counting_since < $3)
RETURNING id
"""
_COUNTING = """
SELECT *, NULL AS author FROM crm_campaign
WHERE id = $1 AND state = 'draft' AND counting_since IS NOT NULL
"""
# Listed under the campaign's lock: one that was launched meanwhile keeps the list it is sent by.
_STILL = """
SELECT FROM crm_campaign
WHERE id = $1 AND version = $2 AND counting_since = $3 AND state = 'draft' FOR UPDATE
"""
_EMPTY = "DELETE FROM crm_campaign_person WHERE campaign_id = $1"
# Of a person with several accounts the first that matches is written about.
_LIST = """
WITH matched AS MATERIALIZED ({keys}), listed AS (
    INSERT INTO crm_campaign_person (campaign_id, who, account_id)
    SELECT DISTINCT ON (who) ${campaign}::bigint, who, account_id FROM (
        SELECT coalesce('s' || k.subscriber_id, 'a' || m.key) AS who, m.key AS account_id
        FROM matched m
        LEFT JOIN crm_account a ON a.account_id = m.key
        LEFT JOIN crm_contract k ON k.id = a.contract_id
    ) people ORDER BY who, account_id
    RETURNING 1
)
SELECT (SELECT count(*) FROM matched) AS matched, (SELECT count(*) FROM listed) AS people
"""
_TOTAL = "UPDATE crm_campaign SET counted_total = $2 WHERE id = $1"
_NEXT = """
SELECT who, account_id FROM crm_campaign_person
WHERE campaign_id = $1 AND state = 'waiting' AND account_id > $2 ORDER BY account_id LIMIT $3
"""
_GOES_ON = """
UPDATE crm_campaign SET counted_done = $4
WHERE id = $1 AND version = $2 AND state = 'draft' AND counting_since = $3 RETURNING id
"""
_COUNTED = """
UPDATE crm_campaign SET state = 'counted', counting_since = NULL, counted_at = $4, counted = $5
WHERE id = $1 AND version = $2 AND state = 'draft' AND counting_since = $3 RETURNING id
"""


async def ask_count(campaign: int, *, by: Actor) -> None:
    """Let the worker make a dry run.

    Raises NoSuchCampaign, Refused while one is under way, Malformed for filters that the program
    does not understand any more: they would narrow nothing.
    """
    by.require(EDIT)
    before = await campaign_of(campaign, by=by)
    if await segment_of(before.segment, by=by) != before.segment:
        raise Malformed.of("segment", before.segment, UNREADABLE)
    now = clock.now()
    async with unit_of_work(by) as work:
        begun = await work.connection.fetchval(_BEGIN, campaign, now, now - LOST)
        if begun is None:
            raise Refused("NOT_TO_COUNT", N_("Only a draft is counted, and once at a time."))
        if before.state == CampaignState.COUNTED:
            move = CAMPAIGN.move(before.state, "change")
            await log_move(work, CAMPAIGN, campaign, move=move, was=before.state)
        await work.audit("crm:campaign:asked", f"campaign:{campaign}")
        await plan_job(JOB, key=f"{campaign}:{new_id()}", arguments={"campaign": campaign})


@dataclass(slots=True)
class _Sums:
    """What is added up, batch by batch."""

    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    control: int = 0
    left: int = 0
    parts: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, campaign: Campaign, who: str, one: Weighed) -> None:
        """Count one person in."""
        if one.reason:
            self.refused[one.reason] += 1
            named = self.examples.setdefault(one.reason, [])
            if len(named) < SHOWN:
                named.append(one.number)
        elif in_control(campaign.id, who, campaign.control):
            self.control += 1
        else:
            self.left += 1
            self.parts += one.composed.parts if one.composed else 0
            if len(self.shown) < SHOWN:
                self.shown.append(one.number)


async def count_campaign(campaign_id: int) -> bool:
    """Make the dry run that was asked for; False where there is none any more."""
    async with reading() as connection:
        row = await connection.fetchrow(_COUNTING, campaign_id)
    if row is None:
        return False
    campaign = campaign_from(row)
    listed = await _listed(campaign)
    if listed is None:
        return False
    async with reading() as connection:
        at, means = await instant_of(connection, campaign)
    sums = _Sums()
    if not await _add_up(campaign, means, at, sums):
        return False
    tally = await _told(campaign, means, at, sums)
    return await _keep(campaign, replace(tally, matched=listed["matched"], people=listed["people"]))


async def instant_of(connection: Any, campaign: Campaign) -> tuple[datetime, Means]:
    """The instant a campaign would begin at, launched now, and what people are weighed by then."""
    at = max(clock.now(), campaign.starts_at or clock.now())
    means = await means_of(connection, campaign, at)
    if isinstance(means.frame, LegalRuleUnchecked):
        return at, means
    begins = next_hour(at, window_of(campaign, means.templates), means.frame)
    return begins, means if begins == at else await means_of(connection, campaign, begins)


def _this_count(campaign: Campaign) -> tuple[int, int, datetime | None]:
    """What tells a count from one that was begun after it, or before the draft was changed."""
    return campaign.id, campaign.version, campaign.counting_since


async def _listed(campaign: Campaign) -> Mapping[str, int] | None:
    """List the people whom the segment matches; how many accounts, how many people.

    None where the draft was changed, counted anew or launched meanwhile.
    """
    districts = None if campaign.districts is None else frozenset(campaign.districts)
    whose = replace(SYSTEM, districts=districts)
    asked = await read_asked(SUBSCRIBERS, parse_qsl(campaign.segment), by=whose)
    keys, values = keys_statement(SUBSCRIBERS, asked, by=whose)
    statement = _LIST.format(keys=keys, campaign=len(values) + 1)
    async with transaction() as connection:
        if await connection.fetchrow(_STILL, *_this_count(campaign)) is None:
            return None
        await connection.execute(_EMPTY, campaign.id)
        row = await connection.fetchrow(statement, *values, campaign.id)
        await connection.execute(_TOTAL, campaign.id, row["people"])
    return dict(row)


async def _add_up(campaign: Campaign, means: Means, at: datetime, sums: _Sums) -> bool:
    """Weigh everybody on the list; False where the draft was changed or counted anew meanwhile."""
    done, last = 0, -1
    while True:
        async with reading() as connection:
            rows = await connection.fetch(_NEXT, campaign.id, last, BATCH)
            if not rows:
                return True
            accounts = [row["account_id"] for row in rows]
            weighed = await weigh(connection, campaign, accounts, means, at, closely=False)
        for row, one in zip(rows, weighed, strict=True):
            sums.add(campaign, row["who"], one)
        done, last = done + len(rows), accounts[-1]
        async with transaction() as connection:
            going = await connection.fetchval(_GOES_ON, *_this_count(campaign), done)
        if going is None:
            return False


async def _told(campaign: Campaign, means: Means, at: datetime, sums: _Sums) -> Tally:
    async with reading() as connection:
        policy = await contact_policy(connection)
    ends, late = None, sums.left
    if not isinstance(means.frame, LegalRuleUnchecked):
        window = window_of(campaign, means.templates)
        rate = (campaign.hourly, campaign.daily)
        foreseen = foresee(sums.left, (at, campaign.ends_at), rate, window, means.frame)
        ends, late = foreseen.at, foreseen.left
    return Tally(
        refused=dict(sums.refused),
        examples=sums.examples,
        control=sums.control,
        left=sums.left,
        parts=sums.parts,
        cost=sums.parts * policy.part_price if campaign.channel == SMS else 0,
        at=at.isoformat(),
        ends_at=ends.isoformat() if ends else "",
        late=late,
        shown=sums.shown,
    )


async def _keep(campaign: Campaign, tally: Tally) -> bool:
    async with unit_of_work(SYSTEM) as work:
        kept = (*_this_count(campaign), clock.now(), to_json(asdict(tally)))
        if await work.connection.fetchval(_COUNTED, *kept) is None:
            return False
        move = CAMPAIGN.move(CampaignState.DRAFT, "count")
        await log_move(work, CAMPAIGN, campaign.id, move=move, was=CampaignState.DRAFT)
    return True
