"""Number plans: the next number of a contract or an act, without gaps."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.errors import LegalEntityNotFound
from abonent.crm.numbering import DEFAULT_PATTERNS, check_pattern, number_of, run_of
from abonent.crm.service.holders import locked
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.work import UnitOfWork

_PLAN = "SELECT pattern FROM crm_number_plan WHERE legal_entity_id = $1 AND kind = $2"
_NEXT = """
INSERT INTO crm_number_taken (legal_entity_id, kind, run, last) VALUES ($1, $2, $3, 1)
ON CONFLICT (legal_entity_id, kind, run) DO UPDATE SET last = crm_number_taken.last + 1
RETURNING last
"""
_TAKEN = "SELECT EXISTS (SELECT 1 FROM crm_contract WHERE number = $1)"
_ENTITY = "SELECT id FROM billing_legal_entity WHERE code = $1"
_PLAN_LOCKED = """
SELECT pattern, version FROM crm_number_plan WHERE legal_entity_id = $1 AND kind = $2 FOR UPDATE
"""
_SET = """
INSERT INTO crm_number_plan (legal_entity_id, kind, pattern) VALUES ($1, $2, $3)
ON CONFLICT (legal_entity_id, kind) DO UPDATE SET pattern = excluded.pattern,
    version = crm_number_plan.version + 1
"""


async def take_number(work: UnitOfWork, entity: int, kind: str, day: date) -> str:
    """Take the next number of a legal entity's plan in this unit of work.

    The counter's row stays locked until it ends: what is rolled back is not taken. A number that
    somebody wrote by hand or imported is passed over.
    """
    pattern = await _pattern(work.connection, entity, kind) or DEFAULT_PATTERNS[kind]
    while True:
        count = await work.connection.fetchval(_NEXT, entity, kind, run_of(pattern, day))
        number = number_of(pattern, day, count)
        if kind != "contract" or not await work.connection.fetchval(_TAKEN, number):
            return number


async def planned_number(work: UnitOfWork, entity: int, kind: str, day: date) -> str:
    """The next number where the legal entity has a plan, else nothing."""
    if await _pattern(work.connection, entity, kind) is None:
        return ""
    return await take_number(work, entity, kind, day)


async def _pattern(connection: Any, entity: int, kind: str) -> str | None:
    found: str | None = await connection.fetchval(_PLAN, entity, kind)
    return found


async def set_number_plan(
    entity: str, kind: str, *, by: Actor, pattern: str, seen: int | None = None
) -> None:
    """Set how a legal entity (its code) numbers contracts or acts from now on."""
    by.require("crm.plan.edit")
    text = check_pattern(pattern)
    async with unit_of_work(by) as work:
        found = await work.connection.fetchval(_ENTITY, entity)
        if found is None:
            raise LegalEntityNotFound(entity)
        before = await _pattern(work.connection, found, kind)
        if before is not None:
            subject = f"number_plan:{found}"
            await locked(work.connection, _PLAN_LOCKED, (found, kind), subject=subject, seen=seen)
        await work.connection.execute(_SET, found, kind, text)
        await work.audit(
            "crm:number_plan:set",
            f"number_plan:{found}",
            before={"kind": kind, "pattern": before},
            after={"kind": kind, "pattern": text},
        )
