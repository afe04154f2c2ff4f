"""Users: who may enter, with which role, and how the pages look to them."""

from __future__ import annotations

from collections.abc import Collection

import asyncpg

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.errors import FieldError, Malformed, NotFound
from abonent.kernel.i18n import LANGUAGES, N_
from abonent.kernel.ids import new_id
from abonent.web import passwords
from abonent.web.errors import LoginTaken, UnknownRole, WrongPassword
from abonent.web.rights import USER_EDIT
from abonent.web.rules import PASSWORD_LENGTH, PER_LOGIN, normal_login, throttle_key
from abonent.web.service.giving import check_post, districts_within, keeping_an_administrator
from abonent.web.service.throttle import count_attempt, forget_attempts

THEMES = ("auto", "light", "dark")

_ADD = """
INSERT INTO web_user (id, login, name, password_hash, role, language, created_at, office_id, districts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ROLE = "SELECT 1 FROM web_role WHERE code = $1"
_BY_LOGIN = "SELECT id FROM web_user WHERE login = $1 FOR UPDATE"
_SET_PASSWORD = "UPDATE web_user SET password_hash = $2 WHERE id = $1"  # noqa: S105  a statement
_STORED = "SELECT password_hash FROM web_user WHERE id = $1"
_DEACTIVATE = "UPDATE web_user SET active = false WHERE id = $1"
_END_SESSIONS = """
UPDATE web_session SET revoked_at = $2
 WHERE user_id = $1 AND revoked_at IS NULL AND id <> $3
"""
_DISPLAY = """
UPDATE web_user SET language = $2, theme = $3, single_keys = $4 WHERE id = $1
"""


async def add_user(
    login: str,
    *,
    name: str,
    role: str,
    password: str,
    language: str = "ru",
    office: int | None = None,
    districts: Collection[str] | None = None,
    by: Actor = SYSTEM,
) -> int:
    """Add a user and return the id; `districts` are the only ones whose accounts exist for them.

    Raises Malformed for an empty login or name or a short password, UnknownRole, LoginTaken,
    RightNotHeld for a role that holds more than the actor's.
    """
    by.require(USER_EDIT)
    login, name = normal_login(login), " ".join(name.split())
    _check_new(login, name, password)
    places = districts_within(districts, by=by)
    stored = await passwords.hash_password(password)
    user_id = new_id()
    async with unit_of_work(by) as uow:
        await check_post(uow.connection, role=role, office=office, by=by)
        row = (user_id, login, name, stored, role, language, clock.now(), office, places)
        try:
            await uow.connection.execute(_ADD, *row)
        except asyncpg.UniqueViolationError as error:
            raise LoginTaken(login) from error
        after = {"role": role, "office_id": office, "districts": places}
        personal = {"after": {"login": login, "name": name}}
        await uow.audit("web:user:add", f"user:{user_id}", after=after, personal=personal)
    return user_id


async def check_role(code: str) -> None:
    """Raise UnknownRole when there is no such role."""
    async with reading() as connection:
        if await connection.fetchval(_ROLE, code) is None:
            raise UnknownRole(code)


async def set_password(login: str, *, password: str, by: Actor) -> None:
    """Give a user a new password and end all their sessions."""
    check_password(password)
    stored = await passwords.hash_password(password)
    async with unit_of_work(by) as uow:
        user_id = await _locked(uow.connection, login)
        await uow.connection.execute(_SET_PASSWORD, user_id, stored)
        await uow.connection.execute(_END_SESSIONS, user_id, clock.now(), 0)
        await uow.audit("web:user:password", f"user:{user_id}")


async def change_password(user_id: int, *, old: str, new: str, session_id: int, by: Actor) -> None:
    """Change one's own password; every other session of the user ends.

    Raises WrongPassword when the old one is not right, TooManyAttempts as at a sign-in, Malformed
    when the new one is too short.
    """
    check_password(new)
    guesses = throttle_key("own-password", str(user_id))
    await count_attempt({guesses: PER_LOGIN})
    async with unit_of_work(by) as uow:
        stored = await uow.connection.fetchval(_STORED, user_id)
    if not await passwords.password_matches(stored, old):
        raise WrongPassword
    fresh = await passwords.hash_password(new)
    async with unit_of_work(by) as uow:
        await forget_attempts(uow.connection, guesses)
        await uow.connection.execute(_SET_PASSWORD, user_id, fresh)
        await uow.connection.execute(_END_SESSIONS, user_id, clock.now(), session_id)
        await uow.audit("web:user:password", f"user:{user_id}")


async def deactivate_user(login: str, *, by: Actor) -> None:
    """Keep a user out from now on; what they did stays theirs. Raises LastAdministrator."""
    async with unit_of_work(by) as uow, keeping_an_administrator(uow.connection):
        user_id = await _locked(uow.connection, login)
        await uow.connection.execute(_DEACTIVATE, user_id)
        await uow.connection.execute(_END_SESSIONS, user_id, clock.now(), 0)
        await uow.audit("web:user:deactivate", f"user:{user_id}")


async def change_display(
    user_id: int, *, language: str, theme: str, single_keys: bool, by: Actor
) -> None:
    """Keep how the pages look to a user. Raises Malformed for an unknown language or theme."""
    if language not in LANGUAGES:
        raise Malformed.of("language", language, N_("This language is not known."))
    if theme not in THEMES:
        raise Malformed.of("theme", theme, N_("This theme is not known."))
    async with unit_of_work(by) as uow:
        await uow.connection.execute(_DISPLAY, user_id, language, theme, single_keys)


async def user_of(login: str) -> int:
    """Return the id of a user; raises NotFound."""
    async with transaction() as connection:
        return await _locked(connection, login)


async def _locked(connection: asyncpg.Connection, login: str) -> int:
    user_id: int | None = await connection.fetchval(_BY_LOGIN, normal_login(login))
    if user_id is None:
        raise NotFound(
            "USER_NOT_FOUND", N_("There is no user {value}."), field="login", value=login
        )
    return user_id


def _password_error(password: str) -> FieldError | None:
    if len(password) >= PASSWORD_LENGTH:
        return None
    message = N_("A password has at least {length} characters.")
    return FieldError("password", "", message, {"length": PASSWORD_LENGTH})


def check_password(password: str) -> None:
    """Raise Malformed for a password that is too short."""
    wrong = _password_error(password)
    if wrong is not None:
        raise Malformed(wrong)


def _check_new(login: str, name: str, password: str) -> None:
    wrong = []
    if not login or any(character.isspace() for character in login):
        wrong.append(FieldError("login", login, N_("Give a login without spaces.")))
    if not name:
        wrong.append(FieldError("name", name, N_("Give the person's name.")))
    short = _password_error(password)
    if short is not None:
        wrong.append(short)
    if wrong:
        raise Malformed(*wrong)
