"""Deciding a claim and carrying the decision out: what it gives back is an act of the engine's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from abonent.billing.service.books import lock_accounts
from abonent.crm.claim_errors import ClaimPaid, OtherSumNow, OverOwnLimit
from abonent.crm.rules.claims import (
    APPROVE,
    CAUSES,
    DECIDE,
    DECISIONS,
)
from abonent.crm.service.claims.remedies import (
    Reckoned,
    Remedy,
    days_of,
    post_remedy,
    reckoned,
    remedy_of,
)
from abonent.crm.service.claims.rows import LONGEST, audit, locked_claim, make_move, one_of
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import to_json
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

_DECIDE = """
UPDATE crm_claim SET decision = $3, grounds = $4, cause = $5, remedy = $6, remedy_service = $7,
    remedy_from = $8, remedy_to = $9, remedy_percent = $10, remedy_tariff = $11, remedy_charges = $12,
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
_LIMITED = """
SELECT $1 NOT LIKE 'system:%' AND NOT EXISTS (SELECT FROM staff_who_may($2) m (id) WHERE 'user:' || m.id = $1)
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


async def reckon(claim: int, remedy: Remedy, *, by: Actor) -> Reckoned:
    """Answer what a remedy would give back now; nothing is posted.

    Raises Malformed for what is not said of it, NothingToGiveBack where the engine holds nothing.
    """
    by.require(DECIDE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        return await reckoned(row, remedy, by=by)


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
        found = await reckoned(row, remedy, by=by)
        if not by.may(APPROVE):
            await _check_limit(work, row, found.total, f"{by.kind}:{by.id}")
        await work.connection.execute(
            _DECIDE, row["account_id"], row["id"], decision, words, cause, remedy.kind,
            remedy.service, *days_of(remedy, found), remedy.percent, remedy.tariff,
            list(remedy.charges), found.total,
            to_json([[day.isoformat(), amount] for day, amount in found.days]), clock.now(),
            f"{by.kind}:{by.id}",
        )  # fmt: skip
        await make_move(work, row, "decide")
        after = {"decision": decision, "cause": cause, "compensation": found.total}
        await audit(work, row, "judged", after=after)
    return found


async def _check_limit(work: UnitOfWork, row: Mapping[str, Any], total: int, decider: str) -> None:
    """Keep a clerk to the own limit, over all that the account was decided within a month."""
    await lock_accounts(work, [row["account_id"]])  # two decisions at once see each other
    limit = await work.connection.fetchval(_LIMIT)
    own = (row["account_id"], row["id"], decider, clock.now() - LIMIT_OVER)
    before = await work.connection.fetchval(_DECIDED_BEFORE, *own) if total else 0
    if total and before + total > limit:
        raise OverOwnLimit(total, limit, before)


async def _check_court(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Count what a clerk decided and the subscriber took back again: of it others were decided."""
    decider = row["decided_by"]
    if await work.connection.fetchval(_LIMITED, decider, APPROVE):
        await _check_limit(work, row, row["compensation"], decider)


async def reconsider_claim(claim: int, *, by: Actor, note: str, seen: int | None = None) -> None:
    """Take a claim up again, answered or in court, whose money has not been given back.

    Raises MoveRefused, ClaimPaid.
    """
    by.require(DECIDE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        if row["posted"] is not None:
            raise ClaimPaid(row["posted"])
        await make_move(work, row, "reconsider", note=note)


async def execute_claim(claim: int, *, by: Actor, seen: int | None = None) -> int:
    """Post what was decided into the ledger, once; answers the sum that was given back.

    Raises ClaimPaid, OverOwnLimit for what was taken back and counted no more before it came to
    court, OtherSumNow where the engine would by now give back another sum than the answer says, and
    Conflict where the claim is not the version `seen` any more.
    """
    by.require(DECIDE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        await make_move(work, row, "execute")
        if row["posted"] is not None:
            raise ClaimPaid(row["posted"])
        remedy = remedy_of(row)
        if not remedy.kind:
            return 0
        # Locked first: what another claim posts meanwhile is not taken for this one's.
        await lock_accounts(work, [row["account_id"]])
        if row["state"] == "court" and not by.may(APPROVE):
            await _check_court(work, row)
        last = await work.connection.fetchval(_LAST, row["account_id"])
        await post_remedy(row, remedy, by=by)
        return await _note_posted(work, row, last)


async def set_claim_policy(*, by: Actor, own_limit: int, head_email: str) -> None:
    """Set up to which sum claims are decided without the head, and where the head is warned."""
    by.require(APPROVE)
    async with unit_of_work(by) as work:
        await work.connection.execute(_POLICY, own_limit, head_email.strip())
        personal = {"email": head_email.strip()}
        after = {"limit": own_limit}
        await work.audit("crm:claim_policy:set", "claim_policy", after=after, personal=personal)


async def _note_posted(work: UnitOfWork, row: Mapping[str, Any], last: int) -> int:
    posted = await work.connection.fetchrow(_POSTED, row["account_id"], last)
    if posted["amount"] != row["compensation"]:
        raise OtherSumNow(row["compensation"], posted["amount"])
    values = (posted["amount"], posted["first"], posted["last"], clock.now())
    await work.connection.execute(_EXECUTED, row["account_id"], row["id"], *values)
    await audit(work, row, "paid", after={"amount": posted["amount"], "entry": posted["first"]})
    return int(posted["amount"])
