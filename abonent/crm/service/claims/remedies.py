"""What a decided claim gives back, reckoned and posted: each remedy is an act of the engine's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.billing.errors import ChargeGivenBack
from abonent.billing.queries.accounts import look
from abonent.billing.queries.charged import charges_left
from abonent.billing.rules.book import Tariff
from abonent.billing.rules.held import Held
from abonent.billing.rules.recalculation import Truth
from abonent.billing.service.corrections import compensate, give_charges_back, recalculate
from abonent.billing.service.payments import give_bonus
from abonent.crm.claim_errors import NothingToGiveBack, OtherSumNow
from abonent.crm.rules.claims import LONGEST_DAYS, REMEDIES
from abonent.crm.service.claims.rows import one_of
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, gettext, time_zone
from abonent.kernel.site import site_language

POSTS = frozenset({"billing.compensate", "billing.correct", "billing.bonus.give"})
"""What carrying a decision out may do: it was decided by who may, and needs no further right."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """How money is to go back.

    Days [first, last] of all services or one, with a percentage or a tariff's code for them; the
    entries of charges; or a sum.
    """

    kind: str = ""
    service: int | None = None
    first: date | None = None
    last: date | None = None
    percent: int | None = None
    tariff: str | None = None
    charges: tuple[int, ...] = ()
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a remedy gives back: its sum, and day by day where it comes from days."""

    total: int
    days: list[tuple[date, int]]


def remedy_of(row: Mapping[str, Any]) -> Remedy:
    """The remedy that a claim's row holds."""
    return Remedy(
        kind=row["remedy"],
        service=row["remedy_service"],
        first=row["remedy_from"],
        last=row["remedy_to"],
        percent=row["remedy_percent"],
        tariff=row["remedy_tariff"],
        charges=tuple(row["remedy_charges"]),
        amount=row["compensation"],
    )


async def reckoned(row: Mapping[str, Any], remedy: Remedy, *, by: Actor) -> Reckoned:
    """What a remedy gives back now. Raises Malformed, NothingToGiveBack."""
    one_of("remedy", remedy.kind, REMEDIES)
    if not remedy.kind:
        return Reckoned(0, [])
    if remedy.kind == "bonus":
        if not remedy.amount or remedy.amount < 0:
            raise Malformed.of("amount", remedy.amount, N_("Give the sum."))
        return Reckoned(remedy.amount, [])
    if remedy.kind == "charges":
        return await _charges(row, remedy)
    first, last = _span(remedy)
    days = await _engine(row, remedy, by=by, confirm=False)
    kept = [(day, amount) for day, amount in days if amount]
    total = sum(amount for _day, amount in kept)
    if total <= 0:
        raise NothingToGiveBack(first, last)
    return Reckoned(total, kept)


async def _charges(row: Mapping[str, Any], remedy: Remedy) -> Reckoned:
    """What the charges that are named still hold, by day. Raises Malformed."""
    found = await _named(row["account"], remedy)
    if not found or len(found) != len(set(remedy.charges)):
        wrong = N_("Choose the charges that were wrong; each holds something still.")
        raise Malformed.of("charges", ", ".join(map(str, remedy.charges)), wrong)
    days: Counter[date] = Counter()
    for one in found:
        days.update(one.days)
    return Reckoned(days.total(), sorted(days.items()))


async def _named(number: str, remedy: Remedy) -> list[Held]:
    """Of the charges that are named those that hold something still."""
    since = clock.now().date() - timedelta(LONGEST_DAYS)
    left = await charges_left(await look(number), since=since)
    return [one for one in left if one.charge.no in remedy.charges]


def days_of(remedy: Remedy, found: Reckoned) -> tuple[date | None, date | None]:
    """The days that the answer speaks of: those asked for, or those of the charges."""
    if remedy.kind == "charges":
        return found.days[0][0], found.days[-1][0]
    return remedy.first, remedy.last


async def post_remedy(row: Mapping[str, Any], remedy: Remedy, *, by: Actor) -> None:
    """Post what a remedy gives back. Raises OtherSumNow where a charge holds nothing any more."""
    by = replace(by, rights=by.rights | POSTS)
    if remedy.kind == "bonus":
        reason, amount = _reason(row), row["compensation"]
        await give_bonus(row["account"], by=by, amount=amount, reason=reason)
    elif remedy.kind == "charges":
        try:
            await give_charges_back(row["account"], remedy.charges, by=by, reason=_reason(row))
        except ChargeGivenBack:
            left = sum(one.total for one in await _named(row["account"], remedy))
            raise OtherSumNow(row["compensation"], left) from None
    else:
        await _engine(row, remedy, by=by, confirm=True)


async def _engine(
    row: Mapping[str, Any], remedy: Remedy, *, by: Actor, confirm: bool
) -> list[tuple[date, int]]:
    """What the engine gives back day by day; posted when `confirm`."""
    first, last = _span(remedy)
    number = row["account"]
    if remedy.kind == "outage":
        zone = time_zone()
        found = await compensate(
            by=replace(by, rights=by.rights | {"billing.account.view"}),
            incident=_incident(row),
            start=datetime.combine(first, time.min, zone),
            end=datetime.combine(last + _DAY, time.min, zone),
            accounts=[number],
            zone=str(zone),
            confirm=confirm,
            reason=_reason(row),
        )
        return sorted(found[0].days.items()) if found else []
    truth = Truth(
        start=first,
        end=last + _DAY,
        served=False if remedy.kind == "unserved" else None,
        percent=remedy.percent if remedy.kind == "discount" else None,
        tariff=await _tariff(number, remedy.tariff) if remedy.kind == "tariff" else None,
    )
    done = await recalculate(
        number,
        await _service(number, remedy.service),
        by=replace(by, rights=by.rights | {"billing.account.view"}),
        truth=truth,
        reason=_reason(row),
        confirm=confirm,
    )
    return [(one.day, -one.difference) for one in done.days]


async def _tariff(number: str, code: str | None) -> Tariff:
    """The tariff that should have been. Raises Malformed."""
    known = {one.code: one for one in (await look(number)).catalogue.tariffs.values()}
    if code not in known:
        raise Malformed.of("tariff", code or "", N_("Choose the tariff that should have been."))
    return known[code]


async def _service(number: str, service: int | None) -> int:
    """The service that is named, or the only one there is. Raises Malformed."""
    known = [one.no for one in (await look(number)).book.services]
    chosen = known[0] if service is None and len(known) == 1 else service
    if chosen not in known:
        raise Malformed.of("service", str(service or ""), N_("Choose the service."))
    return chosen


def _span(remedy: Remedy) -> tuple[date, date]:
    if remedy.first is None:
        raise Malformed.of("from", "", N_("Give a day."))
    if remedy.last is None:
        raise Malformed.of("to", "", N_("Give a day."))
    if remedy.last < remedy.first:
        raise Malformed.of("to", remedy.last, N_("The last day lies before the first."))
    if (remedy.last - remedy.first).days >= LONGEST_DAYS:
        long = N_("At most three years are recalculated at once.")
        raise Malformed.of("to", remedy.last, long)
    if remedy.kind == "discount" and not remedy.percent:
        raise Malformed.of("percent", "", N_("Give the percentage."))
    return remedy.first, remedy.last


def _incident(row: Mapping[str, Any]) -> str:
    return f"claim-{row['number']}"


def _reason(row: Mapping[str, Any]) -> str:
    """What the ledger's line says: everybody reads it, so in the language of the installation."""
    return gettext(N_("Claim {number}"), site_language(), number=row["number"])
