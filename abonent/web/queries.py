"""Reads of sign-in: who a cookie or a token stands for, the sessions of a user, the roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.web.rights import WHOLE
from abonent.web.rules import Stage, device_name, idle_since, secret_hash

_OF_LOGIN = "SELECT id FROM web_user WHERE login = $1"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A signed-in user with the settings that shape every page."""

    actor: Actor
    user_id: int
    session_id: int
    login: str
    role: str
    role_name: str
    language: str
    theme: str
    single_keys: bool
    second_factor: bool
    last_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class SessionLine:
    """One open session as its owner sees it in the list of devices."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    ip: str
    agent: str

    @property
    def device(self) -> str:
        """The browser and system in words."""
        return device_name(self.agent)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a sign-in compares against."""

    user_id: int
    name: str
    password_hash: str
    active: bool
    has_factor: bool
    wants_factor: bool

    @property
    def stage(self) -> Stage:
        """What comes after the right password."""
        if self.has_factor:
            return Stage.CODE
        return Stage.SETUP if self.wants_factor else Stage.OPEN


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A sign-in whose password was right and whose second factor is still to come."""

    session_id: int
    user_id: int
    name: str
    stage: Stage


_IDENTITY = """
SELECT s.id AS session_id, s.last_seen_at, u.id AS user_id, u.login, u.name, u.role,
       u.language, u.theme, u.single_keys, u.districts, u.office_id, r.name AS role_name, r.rights,
       f.user_id IS NOT NULL AS second_factor
  FROM web_session s
  JOIN web_user u ON u.id = s.user_id
  JOIN web_role r ON r.code = u.role
  LEFT JOIN web_second_factor f ON f.user_id = u.id AND f.confirmed_at IS NOT NULL
 WHERE s.secret_hash = $1 AND s.revoked_at IS NULL AND s.stage = 'open'
   AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.active
   AND (f.user_id IS NOT NULL OR NOT r.second_factor)
"""
"""Who has a role that wants a second factor and has none is asked for it by the next sign-in."""

_USER = """
SELECT u.id AS user_id, u.name, u.districts, u.office_id, NULL AS session_id, r.rights
  FROM web_user u JOIN web_role r ON r.code = u.role
 WHERE u.id = $1 AND u.active
"""

_BEARER = """
SELECT id, name, rights, districts FROM web_token WHERE secret_hash = $1 AND revoked_at IS NULL
"""

_SESSIONS = """
SELECT id, created_at, last_seen_at, ip, agent
  FROM web_session
 WHERE user_id = $1 AND revoked_at IS NULL AND stage = 'open'
   AND expires_at > $2 AND last_seen_at > $3
 ORDER BY last_seen_at DESC
"""

_CREDENTIALS = """
SELECT u.id AS user_id, u.name, u.password_hash, u.active, r.second_factor AS wants_factor,
       EXISTS (SELECT FROM web_second_factor f
               WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS has_factor
  FROM web_user u JOIN web_role r ON r.code = u.role
 WHERE u.login = $1
"""
_PENDING = """
SELECT s.id AS session_id, s.user_id, u.name, s.stage
  FROM web_session s JOIN web_user u ON u.id = s.user_id
 WHERE s.secret_hash = $1 AND s.revoked_at IS NULL AND s.stage <> 'open' AND s.expires_at > $2
   AND u.active
"""
_ROLES = "SELECT code, name FROM web_role ORDER BY code"
_NAMES = """
SELECT 'user:' || id AS actor, name FROM web_user WHERE 'user:' || id = ANY($1::text[])
UNION ALL
SELECT 'token:' || id, name FROM web_token WHERE 'token:' || id = ANY($1::text[])
"""


async def identify(secret: str) -> Identity | None:
    """Return whom a session cookie stands for, or None when it stands for nobody any more."""
    now = clock.now()
    async with reading() as connection:
        row = await connection.fetchrow(_IDENTITY, secret_hash(secret), now, idle_since(now))
    return None if row is None else _identity(row)


def _identity(row: Any) -> Identity:
    return Identity(
        actor=_actor(row),
        user_id=row["user_id"],
        session_id=row["session_id"],
        login=row["login"],
        role=row["role"],
        role_name=row["role_name"],
        language=row["language"],
        theme=row["theme"],
        single_keys=row["single_keys"],
        second_factor=row["second_factor"],
        last_seen_at=row["last_seen_at"],
    )


async def user_actor(user_id: int) -> Actor | None:
    """Return a user as an actor with the rights of today, or None when no longer active."""
    async with reading() as connection:
        row = await connection.fetchrow(_USER, user_id)
    return None if row is None else _actor(row)


def _actor(row: Any) -> Actor:
    return Actor(
        "user",
        str(row["user_id"]),
        row["name"],
        frozenset(row["rights"]),
        districts=_districts(row),
        office=row["office_id"],
        session=row["session_id"],
        without=_without(row),
    )


def _without(row: Any) -> frozenset[str]:
    """Return the rights that who is confined to districts does not use."""
    return frozenset() if row["districts"] is None else WHOLE


def _districts(row: Any) -> frozenset[str] | None:
    """Where the actor is confined to; None for everywhere."""
    return None if row["districts"] is None else frozenset(row["districts"])


async def token_actor(secret: str) -> Actor | None:
    """Return the actor of an API token, or None for an unknown or revoked one."""
    async with reading() as connection:
        row = await connection.fetchrow(_BEARER, secret_hash(secret))
    if row is None:
        return None
    rights = frozenset(row["rights"])
    return Actor(
        "token",
        str(row["id"]),
        row["name"],
        rights,
        districts=_districts(row),
        without=_without(row),
    )


async def open_sessions(user_id: int) -> list[SessionLine]:
    """Return the open sessions of a user, the one last seen first."""
    now = clock.now()
    async with reading() as connection:
        rows = await connection.fetch(_SESSIONS, user_id, now, idle_since(now))
    return [SessionLine(**row) for row in rows]


async def credentials(login: str) -> Credentials | None:
    """Return what to compare a password with, or None for an unknown login."""
    async with reading() as connection:
        row = await connection.fetchrow(_CREDENTIALS, login)
    return None if row is None else Credentials(**row)


async def pending_sign_in(secret: str) -> Pending | None:
    """Return the sign-in that waits for its second factor, None when there is none."""
    async with reading() as connection:
        row = await connection.fetchrow(_PENDING, secret_hash(secret), clock.now())
    return None if row is None else Pending(**{**row, "stage": Stage(row["stage"])})


async def roles() -> dict[str, str]:
    """Return the names of all roles by code."""
    async with reading() as connection:
        return {row["code"]: row["name"] for row in await connection.fetch(_ROLES)}


async def name_of(actor: str) -> str | None:
    """Return the name behind "user:ID" or "token:ID"; None for the automaton and the unknown."""
    return (await names_of([actor])).get(actor)


async def names_of(actors: Iterable[str | None]) -> dict[str, str]:
    """Return the names behind "user:ID" and "token:ID"; others have none and are left out."""
    asked = {actor for actor in actors if actor and actor.startswith(("user:", "token:"))}
    if not asked:
        return {}
    async with reading() as connection:
        rows = await connection.fetch(_NAMES, list(asked))
    return {row["actor"]: row["name"] for row in rows}


async def user_of_login(login: str) -> int | None:
    """The user who signs in by a name, None where nobody does."""
    async with reading() as connection:
        user: int | None = await connection.fetchval(_OF_LOGIN, login)
    return user
