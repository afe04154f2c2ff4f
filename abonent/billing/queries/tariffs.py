"""What a tariff is and whom a new price of it would reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from abonent.billing.errors import NoticeTooShort, TariffNotFound
from abonent.billing.queries.books import Installation, installation
from abonent.billing.rules.book import Tariff, Term, Version
from abonent.billing.rules.fees import version_on
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_ONE = """
SELECT t.id, t.code, t.archived_on, t.districts, t.least_months, t.tax_code,
    t.attributes ->> 'speed' AS speed, coalesce(t.attributes ->> 'audience', '') AS audience,
    a.code AS analogue, a.name AS analogue_name
FROM billing_tariff t LEFT JOIN billing_tariff a ON a.id = t.analogue_id WHERE t.id = $1
"""
_DISTRICTS = "SELECT DISTINCT district FROM billing_place WHERE district <> '' ORDER BY district"
# Services that live on tariff $1 on the day $2, by when they joined it between prices that moved nobody.
_LIVING = """
WITH mine AS (
    SELECT account_id, no FROM billing_service WHERE tariff_id = $1
    UNION SELECT account_id, service_no FROM billing_service_tariff WHERE tariff_id = $1
), living AS (
    SELECT s.account_id, coalesce(t.tariff_id, s.tariff_id) AS tariff_id,
        coalesce(t.since, s.starts_on) AS since
    FROM mine JOIN billing_service s USING (account_id, no)
    LEFT JOIN LATERAL (
        SELECT x.tariff_id, x.since FROM billing_service_tariff x
        WHERE x.account_id = s.account_id AND x.service_no = s.no AND x.since <= $2
        ORDER BY x.since DESC LIMIT 1) t ON true
    WHERE s.starts_on <= $2 AND s.ends_on > $2
)
SELECT width_bucket(since, $3::date[]) AS kept_price, grouping(width_bucket(since, $3::date[])) AS total,
    count(*) AS services, count(DISTINCT account_id) AS accounts
FROM living WHERE tariff_id = $1 GROUP BY GROUPING SETS ((1), ())
"""
# Of some tariffs on the open day.
_COUNTED = """
WITH changed AS (
    SELECT DISTINCT ON (account_id, service_no) account_id, service_no, tariff_id
    FROM billing_service_tariff WHERE since <= $1 ORDER BY account_id, service_no, since DESC
)
SELECT coalesce(c.tariff_id, s.tariff_id) AS tariff_id, count(*) AS services
FROM billing_service s
LEFT JOIN changed c ON c.account_id = s.account_id AND c.service_no = s.no
WHERE s.starts_on <= $1 AND s.ends_on > $1 AND coalesce(c.tariff_id, s.tariff_id) = ANY($2::int[])
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class TariffView:
    """A tariff as it is set up; `districts` None means everywhere, `analogue` a code or None."""

    tariff: Tariff
    archived_on: date | None
    districts: tuple[str, ...] | None
    tax_code: str
    least_months: int
    audience: str
    speed: str
    analogue: str | None
    analogue_name: str | None
    services: int
    accounts: int
    day: date

    @property
    def version(self) -> Version:
        """The price in force for a new subscriber today."""
        return version_on(Term(self.day, self.tariff), self.day)


@dataclass(frozen=True, slots=True)
class PriceReach:
    """Whom a new price reaches on its day and how the month's charges change, before discounts."""

    services: int
    accounts: int
    monthly: int
    earliest: date
    per_service: int


async def tariff_view(key: int, *, by: Actor) -> TariffView:
    """One tariff by its id, with how many services live on it today. Raises TariffNotFound."""
    by.require("billing.tariff.view")
    async with reading() as connection:
        here = await installation(connection)
        row = await connection.fetchrow(_ONE, key)
        if row is None:
            raise TariffNotFound(str(key))
        living = await _living(connection, here.catalogue.tariffs[key], here.day)
    return TariffView(
        tariff=here.catalogue.tariffs[key],
        archived_on=row["archived_on"],
        districts=None if row["districts"] is None else tuple(row["districts"]),
        tax_code=row["tax_code"],
        least_months=row["least_months"],
        audience=row["audience"],
        speed=row["speed"] or "",
        analogue=row["analogue"],
        analogue_name=row["analogue_name"],
        services=_total(living, "services"),
        accounts=_total(living, "accounts"),
        day=here.day,
    )


async def price_reach(key: int, *, by: Actor, fee: int, start: date, moves: bool) -> PriceReach:
    """What a new price would do, told before it is recorded; refuses what `add_version` refuses.

    Raises TariffNotFound, NoticeTooShort.
    """
    by.require("billing.tariff.edit")
    async with reading() as connection:
        here = await installation(connection)
        tariff = here.catalogue.tariffs.get(key)
        if tariff is None:
            raise TariffNotFound(str(key))
        earliest = first_day_of_price(here, moves=moves)
        if start < earliest:
            raise NoticeTooShort(start, earliest)
        living = await _living(connection, tariff, start) if moves else []
    monthly = 0
    for row in living:
        if not row["total"]:
            monthly += row["services"] * (fee - _price(tariff, row["kept_price"], start))
    per_service = fee - version_on(Term(start, tariff), start).fee
    reached = _total(living, "services"), _total(living, "accounts")
    return PriceReach(*reached, monthly, earliest, per_service)


def first_day_of_price(here: Installation, *, moves: bool) -> date:
    """The first day a price may hold from: after the notice where it moves existing services."""
    return here.day + timedelta(here.catalogue.notice_days if moves else 0)


async def services_on(tariffs: Sequence[int]) -> dict[int, int]:
    """How many services live today on each of some tariffs."""
    async with reading() as connection:
        here = await installation(connection)
        rows = await connection.fetch(_COUNTED, here.day, list(tariffs))
    return {row["tariff_id"]: row["services"] for row in rows}


async def known_districts() -> list[str]:
    """Every district in which there is a building."""
    async with reading() as connection:
        return [row["district"] for row in await connection.fetch(_DISTRICTS)]


async def catalogue_here() -> Installation:
    """The open day with the catalogue in force."""
    async with reading() as connection:
        return await installation(connection)


async def _living(connection: Any, tariff: Tariff, day: date) -> list[Any]:
    return list(await connection.fetch(_LIVING, tariff.id, day, _keeping(tariff)))


def _keeping(tariff: Tariff) -> list[date]:
    return sorted(v.valid_from for v in tariff.versions if not v.moves)


def _price(tariff: Tariff, kept_price: int, day: date) -> int:
    since = _keeping(tariff)[kept_price - 1] if kept_price else date.min
    return version_on(Term(since, tariff), day).fee


def _total(rows: Sequence[Any], name: str) -> int:
    return sum(row[name] for row in rows if row["total"])
