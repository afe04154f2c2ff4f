"""Roles: made, changed and deleted at the desk; nobody gives a right that he does not hold."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import asyncpg

from abonent.kernel.actor import EVERYTHING, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.web.errors import UnknownRole
from abonent.web.rights import PORTAL_ROLE, ROLE_EDIT, normal_rights, unknown_rights
from abonent.web.service.giving import (
    ADMIN_LOCK,
    check_giving,
    check_post,
    keeping_an_administrator,
)

_LOCK = "SELECT pg_advisory_xact_lock($1)"
_ROLE = "SELECT code, name, rights, second_factor, version FROM web_role WHERE code = $1 FOR UPDATE"
_NEXT = """
SELECT 'role-' || 1 + coalesce(max(substr(code, 6)::int), 0)
  FROM web_role WHERE code ~ '^role-[0-9]{1,6}$'
"""
_ADD = "INSERT INTO web_role (code, name, rights, second_factor) VALUES ($1, $2, $3, $4)"
_CHANGE = """
UPDATE web_role SET name = $2, rights = $3, second_factor = $4, version = version + 1
 WHERE code = $1
"""
_MOVE = "UPDATE web_user SET role = $2, version = version + 1 WHERE role = $1"
_DELETE = "DELETE FROM web_role WHERE code = $1"
_TAKEN = N_("There is a role called “{value}” already.")


def _checked(name: str, rights: Collection[str], *, by: Actor) -> tuple[str, list[str]]:
    name = " ".join(name.split())
    if not name:
        raise Malformed.of("name", name, N_("Give the role a name."))
    for right in unknown_rights(rights):
        raise Malformed.of("rights", right, N_("There is no right {right}."), right=right)
    held = normal_rights(rights)
    check_giving(held, by=by)
    return name, held


async def create_role(
    name: str, *, rights: Collection[str], second_factor: bool = False, by: Actor
) -> str:
    """Make a role and return its code. Raises RightNotHeld, Conflict for a name that is taken."""
    by.require(ROLE_EDIT)
    name, held = _checked(name, rights, by=by)
    try:
        async with unit_of_work(by) as work:
            await work.connection.execute(_LOCK, ADMIN_LOCK)
            code: str = await work.connection.fetchval(_NEXT)
            await work.connection.execute(_ADD, code, name, held, second_factor)
            after = {"name": name, "rights": held, "second_factor": second_factor}
            await work.audit("web:role:add", f"role:{code}", after=after)
    except asyncpg.UniqueViolationError:
        raise Conflict("ROLE_EXISTS", _TAKEN, field="name", value=name) from None
    return code


async def change_role(
    code: str,
    *,
    name: str,
    rights: Collection[str],
    second_factor: bool,
    version: int,
    by: Actor,
) -> None:
    """Change a role for all who have it, at once.

    Raises RightNotHeld for a right the actor lacks, among the new ones or those the role holds;
    Conflict when somebody changed it since `version`; LastAdministrator.
    """
    by.require(ROLE_EDIT)
    name, held = _checked(name, rights, by=by)
    try:
        async with unit_of_work(by) as work, keeping_an_administrator(work.connection):
            was = await _locked(work.connection, code, by=by)
            if was["version"] != version:
                raise Conflict("CHANGED", N_("A colleague has changed this role meanwhile."))
            await work.connection.execute(_CHANGE, code, name, held, second_factor)
            before = {n: was[n] for n in ("name", "rights", "second_factor")}
            after = {"name": name, "rights": held, "second_factor": second_factor}
            await work.audit("web:role:change", f"role:{code}", before=before, after=after)
    except asyncpg.UniqueViolationError:
        raise Conflict("ROLE_EXISTS", _TAKEN, field="name", value=name) from None


async def delete_role(code: str, *, move_to: str, by: Actor) -> int:
    """Delete a role; who has it gets another one. Answers how many people that were.

    Raises RightNotHeld for a right of either role that the actor lacks; LastAdministrator.
    """
    by.require(ROLE_EDIT)
    if move_to == code:
        raise Malformed.of("move_to", move_to, N_("Choose another role."))
    async with unit_of_work(by) as work, keeping_an_administrator(work.connection):
        was = await _locked(work.connection, code, by=by)
        if EVERYTHING in was["rights"] or code == PORTAL_ROLE:
            kept = N_("The program needs this role: it cannot be deleted.")
            raise Refused("ROLE_KEPT", kept)
        await check_post(work.connection, role=move_to, office=None, by=by)
        moved = int((await work.connection.execute(_MOVE, code, move_to)).split()[1])
        await work.connection.execute(_DELETE, code)
        before = {"name": was["name"], "rights": was["rights"]}
        after = {"moved_to": move_to, "people": moved}
        await work.audit("web:role:delete", f"role:{code}", before=before, after=after)
    return moved


async def _locked(connection: Any, code: str, *, by: Actor) -> Any:
    row = await connection.fetchrow(_ROLE, code)
    if row is None:
        raise UnknownRole(code)
    check_giving(row["rights"], by=by)
    return row
