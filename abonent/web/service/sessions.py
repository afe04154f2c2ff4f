"""Signing in and out, with guesses slowed down and every session revocable."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.web import passwords
from abonent.web.errors import TooManyAttempts, WrongPassword
from abonent.web.queries import credentials
from abonent.web.rules import (
    PER_ADDRESS,
    PER_LOGIN,
    SESSION_LIFE,
    Limit,
    normal_login,
    secret_hash,
    throttle_key,
)

# Counting comes before checking: many guesses sent at once are all counted.
_COUNT = """
INSERT INTO web_throttle AS t (key, failures, first_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN t.first_at < $3 THEN 1 ELSE t.failures + 1 END,
       first_at = CASE WHEN t.first_at < $3 THEN $2 ELSE t.first_at END
RETURNING failures, blocked_until
"""
_BLOCK = "UPDATE web_throttle SET blocked_until = $2 WHERE key = $1"
_FORGET = "DELETE FROM web_throttle WHERE key = $1 OR first_at < $2"
_UNCOUNT = """
UPDATE web_throttle SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = $1
"""
_OPEN = """
INSERT INTO web_session (id, secret_hash, user_id, created_at, last_seen_at, expires_at, ip, agent)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7)
"""
_TOUCH = "UPDATE web_session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2"
_END = """
UPDATE web_session SET revoked_at = $3
 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id
"""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A fresh session: the secret for the cookie and when it ends at the latest."""

    secret: str
    user_id: int
    expires_at: datetime


async def sign_in(login: str, *, password: str, ip: str = "", agent: str = "") -> SignedIn:
    """Open a session for the right login and password.

    Raises WrongPassword, the same for an unknown login, a switched-off user and a wrong password,
    after the same work; TooManyAttempts, with the time of the next try.
    """
    login = normal_login(login)
    keys = {throttle_key("login", login): PER_LOGIN, throttle_key("ip", ip): PER_ADDRESS}
    await count_attempt(keys)
    found = await credentials(login)
    right = await passwords.password_matches(found.password_hash if found else None, password)
    if found is None or not right or not found.active:
        raise WrongPassword
    return await _open_session(found.user_id, keys=keys, ip=ip, agent=agent)


async def count_attempt(keys: dict[bytes, Limit]) -> None:
    """Count one attempt against every key, or refuse it uncounted when one of them is blocked.

    Counting locks the key's row: of many attempts at once each sees the block the last one set.
    """
    now = clock.now()
    async with unit_of_work(SYSTEM) as uow:
        # In one order, so that two attempts never wait for each other crosswise.
        blocks = [
            await _count(uow.connection, key, limit=keys[key], now=now) for key in sorted(keys)
        ]
        until = max((block for block in blocks if block), default=None)
        if until is not None:
            minutes = -((now - until) // timedelta(minutes=1))
            raise TooManyAttempts(until, max(1, minutes))


async def _count(
    connection: asyncpg.Connection, key: bytes, *, limit: Limit, now: datetime
) -> datetime | None:
    """Count; answers until when the key was blocked before this attempt, None when it was not."""
    row = await connection.fetchrow(_COUNT, key, now, now - limit.window)
    blocked: datetime | None = row["blocked_until"]
    if blocked is not None and blocked > now:
        return blocked
    block = limit.block(row["failures"])
    if block is not None:
        await connection.execute(_BLOCK, key, now + block)
    return None


async def forgive(connection: asyncpg.Connection, by_login: bytes, by_address: bytes) -> None:
    """Forget the failures of a login that has signed in, and one attempt of its address."""
    await connection.execute(_FORGET, by_login, clock.now() - timedelta(days=1))
    await connection.execute(_UNCOUNT, by_address)


async def _open_session(user_id: int, *, keys: dict[bytes, Limit], ip: str, agent: str) -> SignedIn:
    now = clock.now()
    session_id, secret = new_id(), secrets.token_urlsafe(32)
    expires_at = now + SESSION_LIFE
    async with unit_of_work(SYSTEM) as uow:
        await forgive(uow.connection, *keys)
        await uow.connection.execute(
            _OPEN, session_id, secret_hash(secret), user_id, now, expires_at, ip, agent[:200]
        )
        await uow.audit("web:user:sign_in", f"user:{user_id}", after={"session": session_id})
    return SignedIn(secret=secret, user_id=user_id, expires_at=expires_at)


async def sign_out(session_id: int, *, user_id: int, by: Actor) -> None:
    """End one's own session; ending it twice does no harm."""
    async with unit_of_work(by) as uow:
        await uow.connection.fetchval(_END, session_id, user_id, clock.now())
        await uow.audit("web:user:sign_out", f"user:{user_id}", after={"session": session_id})


async def revoke_session(session_id: int, *, user_id: int, by: Actor) -> None:
    """End another session of a user, such as one left open on a shared computer."""
    async with unit_of_work(by) as uow:
        ended = await uow.connection.fetchval(_END, session_id, user_id, clock.now())
        if ended is None:
            message = N_("This session has ended already.")
            raise NotFound("SESSION_NOT_FOUND", message, value=session_id)
        await uow.audit("web:session:revoke", f"user:{user_id}", after={"session": session_id})


async def touch_session(session_id: int) -> None:
    """Note that a session is in use; called at most once a minute."""
    async with unit_of_work(SYSTEM) as uow:
        await uow.connection.execute(_TOUCH, session_id, clock.now())
