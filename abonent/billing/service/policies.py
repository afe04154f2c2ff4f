"""Setting the policy and the tax rates."""

from __future__ import annotations

from dataclasses import asdict, astuple
from datetime import date

from abonent.billing.errors import AlreadyExists, TooEarly
from abonent.billing.queries.policies import PolicySettings
from abonent.billing.rules.periods import DAY
from abonent.billing.service.tariffs import FIRST, change_catalogue
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

_READ = "SELECT * FROM billing_policy"
_WRITE = """
UPDATE billing_policy SET grace_days = $1, quiet_days = $2, notice_days = $3,
    freeze_least_days = $4, freeze_year_days = $5, freeze_free_days = $6, freeze_day_fee = $7,
    archive_share = $8, arpu_gap = $9
"""
_RATE = """
INSERT INTO billing_tax_rate (code, since, rate) VALUES ($1, $2, $3)
ON CONFLICT (code, since) DO NOTHING RETURNING code
"""


async def set_policy(policy: PolicySettings, *, by: Actor) -> PolicySettings:
    """Set what the engine does by itself and the limits of freezes; freezes already set stay.

    Raises Malformed where limits contradict each other.
    """
    by.require("billing.policy.edit")
    if policy.freeze_least_days > policy.freeze_year_days:
        raise Malformed.of(
            "freeze_least_days",
            policy.freeze_least_days,
            N_("A freeze of {least} days does not fit into {year} days a year."),
            least=policy.freeze_least_days,
            year=policy.freeze_year_days,
        )
    async with unit_of_work(by) as work:
        await change_catalogue(work)
        row = await work.connection.fetchrow(_READ)
        after = asdict(policy)
        changed = [name for name, value in after.items() if row[name] != value]
        await work.connection.execute(_WRITE, *astuple(policy))
        await work.audit(
            "billing:policy:changed",
            "policy",
            before={name: row[name] for name in changed},
            after={name: after[name] for name in changed},
        )
        await change_catalogue(work)
    return policy


async def add_tax_rate(code: str, *, by: Actor, since: date, rate: int) -> None:
    """Set a tax code's rate, in hundredths of a percent, from a day on; a new code begins with it.

    A known code's rate changes tomorrow at the earliest: what is posted keeps the rate it has.
    Raises TooEarly, AlreadyExists.
    """
    by.require("billing.policy.edit")
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        known = code in here.catalogue.taxes
        if known and since <= here.day:
            raise TooEarly("since", since, here.day + DAY)
        start = since if known else FIRST
        if await work.connection.fetchval(_RATE, code, start, rate) is None:
            raise AlreadyExists("since", since)
        await work.audit("billing:tax:set", code, after={"since": start, "rate": rate})
        await change_catalogue(work)
