"""Tariffs, taxes, offers and policy, read once and kept until they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from abonent.billing.errors import TariffNotFound
from abonent.billing.rules.book import Mode, Policy, Tariff, Version
from abonent.billing.rules.promises import Offer
from abonent.billing.rules.taxes import NO_TAX, Tax, TaxRate

_TARIFFS = """
SELECT t.*, coalesce((
    SELECT array_agg(v ORDER BY v.valid_from) FROM billing_tariff_version v WHERE v.tariff_id = t.id
), '{}') AS versions, t.attributes ->> 'audience' AS audience
FROM billing_tariff t
"""
_RATES = "SELECT code, since, rate FROM billing_tax_rate ORDER BY code, since"
_OFFERS = "SELECT * FROM billing_offer ORDER BY code"
_POLICY = "SELECT * FROM billing_policy"
_CALENDAR = "SELECT day FROM billing_calendar WHERE NOT working"


@dataclass(frozen=True, slots=True)
class FreezePolicy:
    """How long an account may pause: days per freeze and year, and what days beyond cost."""

    least_days: int
    year_days: int
    free_days: int
    day_fee: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the provider sells and allows, as one immutable value."""

    version: int
    tariffs: dict[int, Tariff]
    codes: dict[str, int]
    archived: frozenset[str]
    districts: dict[str, frozenset[str]]
    taxes: dict[str, Tax]
    offers: dict[str, Offer]
    policy: Policy
    freezes: FreezePolicy
    notice_days: int
    owners: dict[int, int] = field(default_factory=dict)
    audiences: dict[str, str] = field(default_factory=dict)

    def tariff_of(self, version: int) -> Tariff:
        """The tariff a version belongs to."""
        return self.tariffs[self.owners[version]]

    def tariff(self, code: str) -> Tariff:
        """The tariff with a code; raises TariffNotFound."""
        if code not in self.codes:
            raise TariffNotFound(code)
        return self.tariffs[self.codes[code]]

    def sold(self, code: str, *, district: str) -> bool:
        """False for archived tariffs and outside the districts where one is sold."""
        places = self.districts.get(code)
        return code not in self.archived and (places is None or district in places)


class _Kept:
    """The latest catalogue read by this process; versions are unique across databases."""

    catalogue: Catalogue | None = None


async def read_catalogue(connection: Any, version: int) -> Catalogue:
    """The catalogue of a version: the kept one, or read anew."""
    kept = _Kept.catalogue
    if kept is None or kept.version != version:
        kept = _Kept.catalogue = await _read(connection, version)
    return kept


async def _read(connection: Any, version: int) -> Catalogue:
    taxes = _taxes(await connection.fetch(_RATES))
    rows = await connection.fetch(_TARIFFS)
    policy = await connection.fetchrow(_POLICY)
    days_off = frozenset(r["day"] for r in await connection.fetch(_CALENDAR))
    tariffs = {row["id"]: _tariff(row, taxes) for row in rows}
    return Catalogue(
        version=version,
        tariffs=tariffs,
        codes={t.code: t.id for t in tariffs.values()},
        archived=frozenset(r["code"] for r in rows if r["archived_on"]),
        districts={r["code"]: frozenset(r["districts"]) for r in rows if r["districts"]},
        taxes=taxes,
        offers={r["code"]: _offer(r) for r in await connection.fetch(_OFFERS)},
        policy=Policy(policy["grace_days"], policy["quiet_days"], days_off),
        freezes=FreezePolicy(
            policy["freeze_least_days"],
            policy["freeze_year_days"],
            policy["freeze_free_days"],
            policy["freeze_day_fee"],
        ),
        notice_days=policy["notice_days"],
        owners={v.id: t.id for t in tariffs.values() for v in t.versions},
        audiences={r["code"]: r["audience"] for r in rows if r["audience"]},
    )


def _taxes(rows: Iterable[Any]) -> dict[str, Tax]:
    rates: dict[str, list[TaxRate]] = {}
    for row in rows:
        rates.setdefault(row["code"], []).append(TaxRate(row["since"], row["rate"]))
    return {code: Tax(code, tuple(own)) for code, own in rates.items()}


def _tariff(row: Any, taxes: dict[str, Tax]) -> Tariff:
    return Tariff(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        mode=Mode(row["mode"]),
        versions=tuple(
            Version(v["id"], v["valid_from"], v["fee"], v["moves"]) for v in row["versions"]
        ),
        due_days=row["due_days"],
        connection_fee=row["connection_fee"],
        tax=taxes.get(row["tax_code"], NO_TAX),
    )


def _offer(row: Any) -> Offer:
    values = dict(row)
    for name in ("tariffs", "channels"):
        values[name] = None if values[name] is None else frozenset(values[name])
    return Offer(**values)
