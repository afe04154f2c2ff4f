"""Making sure of who asks: confirmed, ended, and what is done below its level written down."""

from __future__ import annotations

from datetime import timedelta

from abonent.billing.queries.books import account_id
from abonent.crm.identity_levels import identity_levels
from abonent.crm.queries.identity import actor_code, standing_on
from abonent.crm.rules.identity import Mode, Standing, Verdict, verdict
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

FIELD = "identity_way"
"""The field of a dialog in which the way is given."""

LEAST_MINUTES, MOST_MINUTES = 5, 480

_ADD = """
INSERT INTO crm_identity_check (account_id, id, actor, level, way, at, until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
# One talks to one person at a time: going over to another subscriber ends what was confirmed.
_END_ELSEWHERE = """
UPDATE crm_identity_check k SET until = greatest(k.at, $3) WHERE k.actor = $1 AND k.until > $3
    AND k.account_id <> $2 AND NOT EXISTS (
        SELECT FROM crm_account mine JOIN crm_contract m ON m.id = mine.contract_id
        JOIN crm_contract o ON o.subscriber_id = m.subscriber_id
        JOIN crm_account other ON other.contract_id = o.id
        WHERE mine.account_id = $2 AND other.account_id = k.account_id)
"""
_END = """
UPDATE crm_identity_check SET until = greatest(at, $3)
WHERE actor = $1 AND account_id = $2 AND until > $3
"""
_LAPSE = """
INSERT INTO crm_identity_lapse (account_id, id, at, actor, action, needed, had)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_RULE = "SELECT identity_mode, identity_minutes FROM crm_conversation_rule FOR UPDATE"
_SET = "UPDATE crm_conversation_rule SET identity_mode = $1, identity_minutes = $2"


async def confirm_identity(number: str, *, by: Actor, way: str) -> int:
    """Write down that the actor made sure of who asks, and how; answers the level reached.

    It holds for the minutes of the rule. Raises Malformed for an unknown way.
    """
    by.require("crm.identity.confirm")
    async with unit_of_work(by) as work:
        standing = await standing_on(work.connection, number, by=by)
        return await _confirm(work, number, way, standing)


async def _confirm(work: UnitOfWork, number: str, way: str, standing: Standing) -> int:
    level = (await identity_levels()).level_of_way(way)
    if level is None:
        raise Malformed.of(FIELD, way, N_("Choose how you made sure of who asks."))
    account, now = await account_id(work.connection, number), clock.now()
    who, made = actor_code(work.by), new_id()
    await work.connection.execute(_END_ELSEWHERE, who, account, now)
    until = now + timedelta(minutes=standing.minutes)
    await work.connection.execute(_ADD, account, made, who, level, way, now, until)
    after = {"level": level, "way": way}
    await work.audit("crm:identity:confirmed", f"identity:{made}", account_id=account, after=after)
    return level


async def end_identity(number: str, *, by: Actor) -> None:
    """End what was confirmed on the account: the conversation is over."""
    by.require("crm.identity.confirm")
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        done = await work.connection.execute(_END, actor_code(by), account, clock.now())
        if done != "UPDATE 0":
            await work.audit("crm:identity:ended", f"account:{number}", account_id=account)


async def check_identity(number: str, *, by: Actor, action: str, way: str = "") -> None:
    """Stand before an action that asks for a level, in the transaction that carries it out.

    With a `way` what it reaches is confirmed first. Below its level the action is written down as a
    lapse, or refused (Malformed) where the rule requires the level.
    """
    async with unit_of_work(by) as work:
        standing = await standing_on(work.connection, number, by=by)
        if standing.mode is Mode.OFF:
            return
        had = standing.level
        if way and by.may("crm.identity.confirm"):
            had = max(had, await _confirm(work, number, way, standing))
        asked = (await identity_levels()).needed(action)
        found = verdict(standing.mode, needed=asked.level, confirmed=had)
        if found is Verdict.REFUSED:
            wrong = N_("This needs level {level}: choose how you made sure of who asks.")
            raise Malformed.of(FIELD, way, wrong, level=asked.level)
        if found is Verdict.LAPSE:
            await _write_lapse(work, number, action, asked.level, had)


async def _write_lapse(work: UnitOfWork, number: str, action: str, needed: int, had: int) -> None:
    account, made = await account_id(work.connection, number), new_id()
    row = (account, made, clock.now(), actor_code(work.by), action, needed, had)
    await work.connection.execute(_LAPSE, *row)
    after = {"action": action, "needed": needed, "had": had}
    await work.audit("crm:identity:lapsed", f"identity:{made}", account_id=account, after=after)


async def set_identity_rule(*, by: Actor, mode: str, minutes: int) -> None:
    """Set how strictly identity is asked for and how long what is confirmed holds."""
    by.require("crm.identity.edit")
    if mode not in set(Mode):
        raise Malformed.of("mode", mode, N_("Choose one of those offered."))
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        wrong = N_("Give a whole number from {least} to {most}.")
        raise Malformed.of("minutes", minutes, wrong, least=LEAST_MINUTES, most=MOST_MINUTES)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_RULE)
        await work.connection.execute(_SET, mode, minutes)
        await work.audit(
            "crm:identity:rule",
            "identity",
            before={"mode": row["identity_mode"], "minutes": row["identity_minutes"]},
            after={"mode": mode, "minutes": minutes},
        )
