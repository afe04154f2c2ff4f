"""How a campaign reads for some of those counted; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from abonent.crm.queries.campaigns import Campaign
from abonent.crm.service.campaigns.weighing import means_of, weigh
from abonent.kernel import clock
from abonent.kernel.db import reading

_ACCOUNTS = "SELECT account_id FROM billing_account WHERE number = ANY($1) ORDER BY number"


@dataclass(frozen=True, slots=True)
class Example:
    """A message as one of the recipients would get it."""

    number: str
    subject: str
    text: str
    parts: int


async def examples_of(campaign: Campaign) -> list[Example]:
    """The examples that the dry run named, in their words of now."""
    if campaign.counted is None or not campaign.counted.shown:
        return []
    async with reading() as connection:
        rows = await connection.fetch(_ACCOUNTS, list(campaign.counted.shown))
        accounts = [row["account_id"] for row in rows]
        now = clock.now()
        means = await means_of(connection, campaign, now)
        weighed = await weigh(connection, campaign, accounts, means, now, closely=False)
    return [
        Example(one.number, one.composed.subject, one.composed.text, one.composed.parts)
        for one in weighed
        if one.composed is not None
    ]
