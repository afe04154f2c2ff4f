"""Accounts: opening one, its credit limit and its billing day."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.errors import AlreadyExists
from abonent.billing.queries.books import Loaded, installation, load_one
from abonent.billing.queries.reach import check_site
from abonent.billing.rules import changes
from abonent.billing.rules.periods import FAR
from abonent.billing.service.books import DAY_LOCK, acting
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

_SHARE_DAY = "SELECT pg_advisory_xact_lock_shared($1)"
_CLAIM = """
INSERT INTO billing_account_number (number, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
RETURNING account_id
"""
_ENTITY = (
    "SELECT id FROM billing_legal_entity WHERE $1::text IS NULL OR code = $1 ORDER BY id LIMIT 1"
)
_PLACE = """
INSERT INTO billing_place (district, street, house) VALUES ($1, $2, $3)
ON CONFLICT (district, street, house) DO UPDATE SET house = excluded.house RETURNING id
"""
_FIND_PLACE = "SELECT id FROM billing_place WHERE district = $1 AND street = $2 AND house = $3"
_KNOWN_PLACE = "SELECT id FROM billing_place WHERE id = $1"
_INSERT = """
INSERT INTO billing_account (account_id, number, legal_entity_id, place_id, billing_day, opened_on,
    since, credit_limit, day) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $6)
"""
_DUE = "INSERT INTO billing_account_due (account_id, day) VALUES ($1, $2)"
_BILLING_DAY = "INSERT INTO billing_billing_day (account_id, since, day) VALUES ($1, $2, $3)"
_FORGET_LATER_DAYS = "DELETE FROM billing_billing_day WHERE account_id = $1 AND since >= $2"


async def open_new_account(
    number: str,
    *,
    by: Actor,
    billing_day: int,
    credit_limit: int = 0,
    legal_entity: str | None = None,
    place: int | None = None,
) -> Loaded:
    """Open an account today; the number must be new. Answers its empty book.

    Raises AlreadyExists, Refused for a building outside the actor's districts.
    """
    by.require("billing.account.edit")
    async with unit_of_work(by) as work:
        await work.connection.execute(_SHARE_DAY, DAY_LOCK)
        here = await installation(work.connection)
        account = await _claim(work, number)
        entity = await _entity(work, legal_entity)
        standing = place or await place_id(work.connection)
        await check_site(standing, by=by)
        await work.connection.execute(
            _INSERT, account, number, entity, standing, billing_day, here.day, credit_limit
        )
        await work.connection.execute(_DUE, account, FAR)
        await work.audit("billing:account:opened", number, account_id=account)
        return await _fresh(work, account)


async def _claim(work: UnitOfWork, number: str) -> int:
    claimed = await work.connection.fetchval(_CLAIM, number, new_id())
    if claimed is None:
        raise AlreadyExists("number", number)
    return int(claimed)


async def _entity(work: UnitOfWork, code: str | None) -> int:
    found = await work.connection.fetchval(_ENTITY, code)
    if found is None:
        raise Malformed.of("legal_entity", code, N_("There is no such legal entity."))
    return int(found)


async def _fresh(work: UnitOfWork, account: int) -> Loaded:
    return await load_one(work.connection, account)


async def place_id(
    connection: Any, *, district: str = "", street: str = "", house: str = ""
) -> int:
    """The id of a building, recorded when it is new; all empty is "no place"."""
    found = await find_place(connection, district=district, street=street, house=house)
    if found is None:
        found = await connection.fetchval(_PLACE, district, street, house)
    return int(found)


async def find_place(
    connection: Any, *, district: str = "", street: str = "", house: str = ""
) -> int | None:
    """The id of a building, None for one that nobody has recorded."""
    found = await connection.fetchval(_FIND_PLACE, district, street, house)
    return None if found is None else int(found)


async def check_place(connection: Any, place: int) -> int:
    """Answer a building's id; raises Malformed for one that is not there."""
    if await connection.fetchval(_KNOWN_PLACE, place) is None:
        raise Malformed.of("place", place, N_("There is no such building."))
    return place


async def set_credit(number: str, *, by: Actor, limit: int, reason: str) -> Loaded:
    """Set the credit limit; a lower one cuts off at tomorrow's opening."""
    async with acting(number, by=by, right="billing.credit.set") as (work, loaded):
        before = loaded.book.credit_limit
        changes.set_credit(loaded.book, limit)
        await work.audit(
            "billing:credit:set",
            number,
            account_id=loaded.book.account,
            before={"limit": before},
            after={"limit": limit, "reason": reason},
        )
    return loaded


async def change_billing_day(number: str, *, by: Actor, day: int, start: date) -> Loaded:
    """Start periods on another day of the month from a coming period start on."""
    async with acting(number, by=by, right="billing.account.edit") as (work, loaded):
        account = loaded.book.account
        changes.change_billing_day(loaded.book, day=day, start=start)
        await work.connection.execute(_FORGET_LATER_DAYS, account, start)
        await work.connection.execute(_BILLING_DAY, account, start, day)
        await work.audit(
            "billing:billing_day:changed",
            number,
            account_id=account,
            after={"day": day, "from": start},
        )
    return loaded
