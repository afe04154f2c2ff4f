"""Campaigns: one whole, what became of its people, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from abonent.crm.rules.campaigns import VIEW, Effect, Group
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json

# A campaign drafted within some districts exists for who sees all of them.
_ONE = """
SELECT c.*, actor_name(c.created_by) AS author FROM crm_campaign c
WHERE c.id = $1 AND ($2::text[] IS NULL OR c.districts <@ $2)
"""
# What was called back or refused on its way reached nobody: it is no message written.
_BECAME = """
SELECT CASE WHEN m.state = 'refused' THEN 'refused' ELSE p.state END AS state,
    CASE WHEN m.state = 'refused' THEN m.reason ELSE p.reason END AS reason,
    coalesce(m.state, '') AS message_state, count(*) AS people,
    coalesce(sum(m.parts) FILTER (WHERE m.sent_at IS NOT NULL), 0)::bigint AS parts
FROM crm_campaign_person p
LEFT JOIN crm_message m ON m.account_id = p.account_id AND m.id = p.message_id
WHERE p.campaign_id = $1 GROUP BY 1, 2, 3
"""
# Only who could reach the goal is counted: a debt is paid off by who had one.
_GROUPS = """
SELECT p.state, count(*) AS people, count(p.reached_on) AS reached,
    sum(p.amount)::bigint AS amount, sum(p.amount::numeric * p.amount)::numeric AS squares
FROM crm_campaign_person p
WHERE p.campaign_id = $1 AND p.state IN ('sent', 'control')
    AND ($2 <> 'debt_gone' OR p.balance < 0) AND ($2 <> 'returned' OR p.account_state = 'suspended')
GROUP BY p.state
"""
_UNDER_WAY = "SELECT count(*) FROM crm_message WHERE about = $1 AND state = 'queued'"
_BY_DAY = """
SELECT day, sum(sent)::bigint AS sent, sum(reached)::bigint AS reached FROM (
    SELECT (handled_at AT TIME ZONE $2)::date AS day, 1 AS sent, 0 AS reached
    FROM crm_campaign_person WHERE campaign_id = $1 AND state = 'sent'
  UNION ALL
    SELECT reached_on, 0, 1
    FROM crm_campaign_person WHERE campaign_id = $1 AND state = 'sent' AND reached_on IS NOT NULL
) told GROUP BY day ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """A dry run: accounts that match, people they belong to, who is refused by which rule.

    `examples` and `shown` are numbers of accounts; `ends_at` is None where it takes over a year or
    the end comes before the last one, `late` are those who would not be reached by the end.
    """

    matched: int = 0
    people: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    control: int = 0
    left: int = 0
    parts: int = 0
    cost: int = 0
    at: str = ""
    ends_at: str = ""
    late: int = 0
    shown: Sequence[str] = ()

    @property
    def begins(self) -> datetime:
        """The instant that it was reckoned for."""
        return datetime.fromisoformat(self.at)

    @property
    def ends(self) -> datetime | None:
        """When the last one goes out."""
        return datetime.fromisoformat(self.ends_at) if self.ends_at else None

    @property
    def all_refused(self) -> int:
        """Everybody whom a rule refuses."""
        return sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it is kept; see the table for what each column means."""

    id: int
    name: str
    state: str
    channel: str
    template: str
    purpose: str
    subject: str
    text: str
    segment: str
    districts: Sequence[str] | None
    starts_at: datetime | None
    ends_at: datetime | None
    hourly: int
    daily: int | None
    part_price: int | None
    control: int
    goal: str
    goal_days: int
    version: int
    created_at: datetime
    created_by: str
    counting_since: datetime | None
    counted_done: int
    counted_total: int | None
    counted_at: datetime | None
    counted: Tally | None
    launched_at: datetime | None
    ended_at: datetime | None
    handled: int
    noted_at: datetime | None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Became:
    """What became of the people: `states` of the messages, `refused` by reason, parts that went."""

    people: int
    waiting: int
    control: int
    states: Mapping[str, int]
    refused: Mapping[str, int]
    parts: int

    @property
    def sent(self) -> int:
        """Everybody who was written to."""
        return sum(self.states.values())


class NoSuchCampaign(NotFound):
    """There is no such campaign, or not for this actor."""

    def __init__(self, campaign: int) -> None:
        said = N_("There is no such campaign.")
        super().__init__("NO_SUCH_CAMPAIGN", said, field="campaign", value=campaign)


async def campaign_of(campaign: int, *, by: Actor) -> Campaign:
    """One campaign. Raises NoSuchCampaign."""
    by.require(VIEW)
    districts = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, campaign, districts)
    if row is None:
        raise NoSuchCampaign(campaign)
    return campaign_from(row)


def campaign_from(row: Mapping[str, Any]) -> Campaign:
    """A campaign of its row."""
    fields = dict(row)
    fields["counted"] = Tally(**from_json(row["counted"])) if row["counted"] else None
    return Campaign(**fields)


async def what_became(campaign: int) -> Became:
    """Count the people of a campaign that the caller was shown."""
    async with reading() as connection:
        rows = await connection.fetch(_BECAME, campaign)
    states: dict[str, int] = {}
    refused: dict[str, int] = {}
    others = {"waiting": 0, "control": 0}
    for row in rows:
        if row["state"] == "sent":
            states[row["message_state"]] = states.get(row["message_state"], 0) + row["people"]
        elif row["state"] == "refused":
            refused[row["reason"]] = refused.get(row["reason"], 0) + row["people"]
        else:
            others[row["state"]] += row["people"]
    parts = sum(row["parts"] for row in rows)
    people = sum(row["people"] for row in rows)
    return Became(people, others["waiting"], others["control"], states, refused, parts)


async def waiting_to_go(campaign: int) -> int:
    """How many of its messages are written and not with the gateway yet."""
    async with reading() as connection:
        found: int = await connection.fetchval(_UNDER_WAY, f"campaign:{campaign}")
    return found


async def effect_of(campaign: Campaign) -> Effect:
    """What came of a campaign, as far as the program has seen it."""
    async with reading() as connection:
        rows = await connection.fetch(_GROUPS, campaign.id, campaign.goal)
    groups = {
        row["state"]: Group(row["people"], row["reached"], row["amount"], int(row["squares"]))
        for row in rows
    }
    return Effect(groups.get("sent", Group()), groups.get("control", Group()))


async def days_of(campaign: int, zone: str) -> list[tuple[date, int, int]]:
    """Every day from the first on: how many were written to, how many of them reached the goal."""
    async with reading() as connection:
        rows = await connection.fetch(_BY_DAY, campaign, zone)
    found = {row["day"]: (row["sent"], row["reached"]) for row in rows}
    first, last = min(found, default=None), max(found, default=None)
    if first is None or last is None:
        return []
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    return [(day, *found.get(day, (0, 0))) for day in days]
