"""Staff: what an administrator changes about those who sign in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import asyncpg

from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, FieldError, Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.web import passwords
from abonent.web.errors import LoginTaken, NoSuchUser
from abonent.web.rights import USER_EDIT
from abonent.web.rules import normal_login
from abonent.web.service.factors import forget_second_factor
from abonent.web.service.giving import (
    check_giving,
    check_post,
    check_whereabouts,
    districts_within,
    keeping_an_administrator,
)
from abonent.web.service.sessions import end_other_sessions, revoke_session
from abonent.web.service.users import check_password

_USER = """
SELECT u.id, u.login, u.name, u.role, u.office_id, u.districts, u.active, u.version, r.rights
  FROM web_user u JOIN web_role r ON r.code = u.role
 WHERE u.id = $1 FOR UPDATE OF u
"""
_CHANGE = """
UPDATE web_user SET login = $2, name = $3, role = $4, office_id = $5, districts = $6,
       version = version + 1
 WHERE id = $1
"""
_ACTIVE = "UPDATE web_user SET active = $2, version = version + 1 WHERE id = $1"
_PASSWORD = "UPDATE web_user SET password_hash = $2 WHERE id = $1"  # noqa: S105  a statement
_CODES = ("role", "office_id", "districts")


async def change_user(
    user_id: int,
    *,
    login: str,
    name: str,
    role: str,
    office: int | None,
    districts: Collection[str] | None,
    version: int,
    by: Actor,
) -> None:
    """Change who a user is, what they may do and where; it holds from their next click on.

    `districts` None lets them see all accounts. Raises RightNotHeld where the actor lacks a right of
    the old role or the new, Refused for one's own role, LoginTaken, Conflict for a change meanwhile.
    """
    by.require(USER_EDIT)
    login, name = normal_login(login), " ".join(name.split())
    _check_names(login, name)
    places = districts_within(districts, by=by)
    try:
        async with unit_of_work(by) as work, keeping_an_administrator(work.connection):
            was = await _open(work.connection, user_id, by=by)
            if was["version"] != version:
                raise Conflict("CHANGED", N_("A colleague has changed this user meanwhile."))
            await check_post(work.connection, role=role, office=office, by=by)
            after = {"role": role, "office_id": office, "districts": places}
            before = {code: was[code] for code in _CODES}
            if _is_own(user_id, by) and (role, places) != (was["role"], was["districts"]):
                own = N_("Your own role and districts are changed by somebody else.")
                raise Refused("OWN_USER", own, field="role")
            await work.connection.execute(_CHANGE, user_id, login, name, role, office, places)
            personal = _named(was, login=login, name=name)
            await work.audit(
                "web:user:change", f"user:{user_id}", before=before, after=after, personal=personal
            )
    except asyncpg.UniqueViolationError as error:
        raise LoginTaken(login) from error


def _named(was: Any, *, login: str, name: str) -> dict[str, Any] | None:
    """What changed of how a person is called; it can be erased."""
    if (login, name) == (was["login"], was["name"]):
        return None
    old = {"login": was["login"], "name": was["name"]}
    return {"before": old, "after": {"login": login, "name": name}}


def _check_names(login: str, name: str) -> None:
    wrong = []
    if not login or any(character.isspace() for character in login):
        wrong.append(FieldError("login", login, N_("Give a login without spaces.")))
    if not name:
        wrong.append(FieldError("name", name, N_("Give the person's name.")))
    if wrong:
        raise Malformed(*wrong)


async def set_staff_password(user_id: int, *, password: str, by: Actor) -> None:
    """Give a user a new password and end all their sessions."""
    by.require(USER_EDIT)
    check_password(password)
    stored = await passwords.hash_password(password)
    async with unit_of_work(by) as work:
        await _open(work.connection, user_id, by=by)
        await work.connection.execute(_PASSWORD, user_id, stored)
        await end_other_sessions(user_id, session_id=_own_session(user_id, by), by=by)
        await work.audit("web:user:password", f"user:{user_id}")


async def lock_user(user_id: int, *, reason: str = "", by: Actor) -> None:
    """Keep a user out and end their sessions; what they did stays theirs.

    Raises Refused for oneself, LastAdministrator.
    """
    by.require(USER_EDIT)
    if _is_own(user_id, by):
        raise Refused("OWN_USER", N_("You cannot lock yourself out."))
    async with unit_of_work(by) as work, keeping_an_administrator(work.connection):
        was = await _open(work.connection, user_id, by=by)
        if not was["active"]:
            raise Conflict("LOCKED_ALREADY", N_("This user is locked already."))
        await work.connection.execute(_ACTIVE, user_id, False)
        await end_other_sessions(user_id, session_id=0, by=by)
        await work.audit("web:user:deactivate", f"user:{user_id}", after={"reason": reason})


async def unlock_user(user_id: int, *, by: Actor) -> None:
    """Let a locked user in again, with the password they had."""
    by.require(USER_EDIT)
    async with unit_of_work(by) as work:
        was = await _open(work.connection, user_id, by=by)
        if was["active"]:
            raise Conflict("NOT_LOCKED", N_("This user is not locked."))
        await work.connection.execute(_ACTIVE, user_id, True)
        await work.audit("web:user:activate", f"user:{user_id}")


async def end_user_session(user_id: int, session_id: int, *, by: Actor) -> None:
    """End one session of a user."""
    by.require(USER_EDIT)
    async with unit_of_work(by) as work:
        await _open(work.connection, user_id, by=by)
        await revoke_session(session_id, user_id=user_id, by=by)


async def end_user_sessions(user_id: int, *, by: Actor) -> int:
    """End every session of a user, one's own present one excepted; answers how many."""
    by.require(USER_EDIT)
    async with unit_of_work(by) as work:
        await _open(work.connection, user_id, by=by)
        return await end_other_sessions(user_id, session_id=_own_session(user_id, by), by=by)


async def reset_second_factor(user_id: int, *, reason: str = "", by: Actor) -> None:
    """Take the second factor of who lost phone and codes away, and end their sessions."""
    by.require(USER_EDIT)
    async with unit_of_work(by) as work:
        await _open(work.connection, user_id, by=by)
        await forget_second_factor(user_id, reason=reason, by=by)
        await end_other_sessions(user_id, session_id=_own_session(user_id, by), by=by)


async def _open(connection: Any, user_id: int, *, by: Actor) -> Any:
    """Lock a user; one who may do more than the actor, or elsewhere, is out of reach."""
    row = await connection.fetchrow(_USER, user_id)
    if row is None:
        raise NoSuchUser(user_id)
    check_giving(row["rights"], by=by)
    check_whereabouts(row["districts"], by=by)
    return row


def _is_own(user_id: int, by: Actor) -> bool:
    return by.kind == "user" and by.id == str(user_id)


def _own_session(user_id: int, by: Actor) -> int:
    return (by.session or 0) if _is_own(user_id, by) else 0
