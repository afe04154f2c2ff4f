"""Deciding a claim and carrying the decision out: what it gives back is an act of the engine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.billing.errors import FeeGivenBack
from abonent.billing.queries.accounts import look
from abonent.billing.queries.fees import fees_left
from abonent.billing.rules.book import Tariff
from abonent.billing.rules.recalculation import Truth
from abonent.billing.service.books import lock_accounts
from abonent.billing.service.corrections import compensate, give_fee_back, recalculate
from abonent.billing.service.payments import give_bonus
from abonent.crm.claim_errors import NothingToGiveBack, OtherSumNow, OverOwnLimit
from abonent.crm.rules.claims import (
    APPROVE,
    CAUSES,
    DECIDE,
    DECISIONS,
    LONGEST_DAYS,
    REMEDIES,
)
from abonent.crm.service.claims.rows import LONGEST, audit, locked_claim, make_move, one_of
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, gettext, time_zone
from abonent.kernel.jsontext import to_json
from abonent.kernel.site import site_language
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

POSTS = frozenset({"billing.compensate", "billing.correct", "billing.bonus.give"})
"""What carrying a decision out may do: it was decided by who may, and needs no further right."""
_DAY = timedelta(days=1)

_DECIDE = """
UPDATE crm_claim SET decision = $3, grounds = $4, cause = $5, remedy = $6, remedy_service = $7,
    remedy_from = $8, remedy_to = $9, remedy_percent = $10, remedy_tariff = $11, remedy_fee = $12,
    compensation = $13, reckoned = $14, decided_at = $15, decided_by = $16
WHERE account_id = $1 AND id = $2
"""
_LIMIT = "SELECT own_limit FROM crm_claim_policy"
_POLICY = "UPDATE crm_claim_policy SET own_limit = $1, head_email = $2"
LIMIT_OVER = timedelta(days=30)
"""The clerk's own limit holds for all that one account is given within so long."""
_DECIDED_BEFORE = """
SELECT coalesce(sum(compensation), 0)::bigint FROM crm_claim
WHERE account_id = $1 AND id <> $2 AND decided_by = $3 AND decided_at > $4
    AND NOT (state = 'closed' AND posted IS NULL)
"""
_LAST = "SELECT last_no FROM billing_account WHERE account_id = $1"
_POSTED = """
SELECT coalesce(sum(amount), 0)::bigint AS amount, min(no) AS first, max(no) AS last
FROM billing_entry
WHERE account_id = $1 AND no > $2 AND kind IN ('correction', 'compensation', 'bonus')
"""
_EXECUTED = """
UPDATE crm_claim SET posted = $3, entry_first = $4, entry_last = $5, executed_at = $6
WHERE account_id = $1 AND id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """How money is to go back.

    Days [first, last] of all services or one, with a percentage or a tariff's code for them; the
    entry of a fee; or a sum.
    """

    kind: str = ""
    service: int | None = None
    first: date | None = None
    last: date | None = None
    percent: int | None = None
    tariff: str | None = None
    fee: int | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a remedy gives back: its sum, and day by day where it comes from days."""

    total: int
    days: list[tuple[date, int]]


async def reckon(claim: int, remedy: Remedy, *, by: Actor) -> Reckoned:
    """Answer what a remedy would give back now; nothing is posted.

    Raises Malformed for what is not said of it, NothingToGiveBack where the engine holds nothing.
    """
    by.require(DECIDE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        return await _reckoned(row, remedy, by=by)


async def decide_claim(
    claim: int,
    *,
    by: Actor,
    decision: str,
    grounds: str,
    cause: str,
    remedy: Remedy,
    seen: int | None = None,
) -> Reckoned:
    """Decide a claim, or decide it anew before it is answered; what it gives back is fixed here.

    Raises OverOwnLimit where the sum asks for the head's approval, Malformed, MoveRefused, Conflict
    where it is not `seen`, the version decided upon, any more.
    """
    by.require(DECIDE)
    one_of("decision", decision, DECISIONS)
    one_of("cause", cause, CAUSES)
    if decision == "deny" and remedy.kind:
        nothing = N_("A refused claim gives no money back: choose “No money”.")
        raise Malformed.of("remedy", remedy.kind, nothing)
    words = given_text("grounds", grounds, longest=LONGEST)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        found = await _reckoned(row, remedy, by=by)
        if not by.may(APPROVE):
            await _check_limit(work, row, found.total)
        await work.connection.execute(
            _DECIDE, row["account_id"], row["id"], decision, words, cause, remedy.kind,
            remedy.service, *_days_of(remedy, found), remedy.percent, remedy.tariff, remedy.fee, found.total,
            to_json([[day.isoformat(), amount] for day, amount in found.days]), clock.now(),
            f"{by.kind}:{by.id}",
        )  # fmt: skip
        await make_move(work, row, "decide")
        after = {"decision": decision, "cause": cause, "compensation": found.total}
        await audit(work, row, "judged", after=after)
    return found


async def _check_limit(work: UnitOfWork, row: Mapping[str, Any], total: int) -> None:
    """Keep a clerk to the own limit, over all that the account was decided within a month."""
    await lock_accounts(work, [row["account_id"]])  # two decisions at once see each other
    limit = await work.connection.fetchval(_LIMIT)
    own = (row["account_id"], row["id"], f"{work.by.kind}:{work.by.id}", clock.now() - LIMIT_OVER)
    before = await work.connection.fetchval(_DECIDED_BEFORE, *own) if total else 0
    if total and before + total > limit:
        raise OverOwnLimit(total, limit, before)


async def reconsider_claim(claim: int, *, by: Actor, note: str, seen: int | None = None) -> None:
    """Take an answered claim up again whose money has not been given back. Raises MoveRefused."""
    by.require(DECIDE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        await make_move(work, row, "reconsider", note=note)


async def execute_claim(claim: int, *, by: Actor, seen: int | None = None) -> int:
    """Post what was decided into the ledger; answers the sum that was given back.

    Raises OtherSumNow where the engine would by now give back another sum than the answer says, and
    Conflict where the claim is not the version `seen` any more.
    """
    by.require(DECIDE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        await make_move(work, row, "execute")
        remedy = remedy_of(row)
        if not remedy.kind:
            return 0
        # Locked first: what another claim posts meanwhile is not taken for this one's.
        await lock_accounts(work, [row["account_id"]])
        last = await work.connection.fetchval(_LAST, row["account_id"])
        await _post(row, remedy, by=replace(by, rights=by.rights | POSTS))
        return await _note_posted(work, row, last)


async def set_claim_policy(*, by: Actor, own_limit: int, head_email: str) -> None:
    """Set up to which sum claims are decided without the head, and where the head is warned."""
    by.require(APPROVE)
    async with unit_of_work(by) as work:
        await work.connection.execute(_POLICY, own_limit, head_email.strip())
        personal = {"email": head_email.strip()}
        after = {"limit": own_limit}
        await work.audit("crm:claim_policy:set", "claim_policy", after=after, personal=personal)


def remedy_of(row: Mapping[str, Any]) -> Remedy:
    """The remedy that a claim's row holds."""
    return Remedy(
        kind=row["remedy"],
        service=row["remedy_service"],
        first=row["remedy_from"],
        last=row["remedy_to"],
        percent=row["remedy_percent"],
        tariff=row["remedy_tariff"],
        fee=row["remedy_fee"],
        amount=row["compensation"],
    )


async def _note_posted(work: UnitOfWork, row: Mapping[str, Any], last: int) -> int:
    posted = await work.connection.fetchrow(_POSTED, row["account_id"], last)
    if posted["amount"] != row["compensation"]:
        raise OtherSumNow(row["compensation"], posted["amount"])
    values = (posted["amount"], posted["first"], posted["last"], clock.now())
    await work.connection.execute(_EXECUTED, row["account_id"], row["id"], *values)
    await audit(work, row, "paid", after={"amount": posted["amount"], "entry": posted["first"]})
    return int(posted["amount"])


async def _reckoned(row: Mapping[str, Any], remedy: Remedy, *, by: Actor) -> Reckoned:
    one_of("remedy", remedy.kind, REMEDIES)
    if not remedy.kind:
        return Reckoned(0, [])
    if remedy.kind == "bonus":
        if not remedy.amount:
            raise Malformed.of("amount", remedy.amount, N_("Give the sum."))
        return Reckoned(remedy.amount, [])
    if remedy.kind == "fee":
        return await _fee(row, remedy)
    first, last = _span(remedy)
    days = await _engine(row, remedy, by=by, confirm=False)
    kept = [(day, amount) for day, amount in days if amount]
    total = sum(amount for _day, amount in kept)
    if total <= 0:
        raise NothingToGiveBack(first, last)
    return Reckoned(total, kept)


async def _fee(row: Mapping[str, Any], remedy: Remedy) -> Reckoned:
    """The fee that is named, while nothing has given it back. Raises Malformed."""
    since = clock.now().date() - timedelta(LONGEST_DAYS)
    found = [one for one in await fees_left(row["account"], since=since) if one.no == remedy.fee]
    if not found:
        raise Malformed.of("fee", str(remedy.fee or ""), N_("Choose the fee that was wrong."))
    return Reckoned(found[0].amount, [(found[0].day, found[0].amount)])


def _days_of(remedy: Remedy, found: Reckoned) -> tuple[date | None, date | None]:
    """The days that the answer speaks of: those asked for, or that of the fee."""
    if remedy.kind == "fee":
        return found.days[0][0], found.days[0][0]
    return remedy.first, remedy.last


async def _post(row: Mapping[str, Any], remedy: Remedy, *, by: Actor) -> None:
    if remedy.kind == "bonus":
        reason, amount = _reason(row), row["compensation"]
        await give_bonus(row["account"], by=by, amount=amount, reason=reason)
    elif remedy.kind == "fee":
        try:
            await give_fee_back(row["account"], remedy.fee or 0, by=by, reason=_reason(row))
        except FeeGivenBack:
            raise OtherSumNow(row["compensation"], 0) from None
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
