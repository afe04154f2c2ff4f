"""The provider's policy as it is set, its tax rates, and how much a change of them touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from abonent.billing.queries.books import installation
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_POLICY = "SELECT * FROM billing_policy"
_STATES = "SELECT state, count(*) AS accounts FROM billing_account GROUP BY state"
_RATES = """
SELECT r.code, r.since, r.rate, lead(r.since) OVER (PARTITION BY r.code ORDER BY r.since) AS until,
    (SELECT count(*) FROM billing_tariff t WHERE t.tax_code = r.code) AS tariffs
FROM billing_tax_rate r ORDER BY r.code, r.since
"""
_SPANNING = """
SELECT count(*) FROM billing_entry WHERE tax_code = $1 AND kind = 'charge' AND through IS NULL
    AND period_to > $2 AND day >= $3
"""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What the provider lets the engine do by itself and how long people may pause.

    `archive_share` and `arpu_gap` are where the analysis flags a tariff, in hundredths of a percent.
    """

    grace_days: int
    quiet_days: bool
    notice_days: int
    freeze_least_days: int
    freeze_year_days: int
    freeze_free_days: int
    freeze_day_fee: int
    archive_share: int
    arpu_gap: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax rate in hundredths of a percent on [since, until); how many tariffs have its code."""

    code: str
    since: date
    rate: int
    until: date | None
    tariffs: int


async def policy_settings(*, by: Actor) -> PolicySettings:
    """The policy in force."""
    by.require("billing.tariff.view")
    async with reading() as connection:
        row = await connection.fetchrow(_POLICY)
    return PolicySettings(**{name: row[name] for name in PolicySettings.__dataclass_fields__})


async def accounts_by_state(*, by: Actor) -> dict[str, int]:
    """How many accounts there are in each stored state: whom a change of policy can touch."""
    by.require("billing.tariff.view")
    async with reading() as connection:
        rows = await connection.fetch(_STATES)
    return {row["state"]: row["accounts"] for row in rows}


async def tax_rates(*, by: Actor) -> list[Rate]:
    """Every rate by code, the oldest first."""
    by.require("billing.tariff.view")
    async with reading() as connection:
        return [Rate(**dict(row)) for row in await connection.fetch(_RATES)]


async def charges_spanning(code: str, since: date, *, by: Actor) -> int:
    """Posted charges of a tax code that hold days from `since` on: they keep the rate they have."""
    by.require("billing.policy.edit")
    async with reading() as connection:
        here = await installation(connection)
        return int(await connection.fetchval(_SPANNING, code, since, here.day - timedelta(32)))
