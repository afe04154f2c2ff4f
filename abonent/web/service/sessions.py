"""Signing in and out, with guesses slowed down and every session revocable."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.web import passwords
from abonent.web.errors import NotSignedIn, WrongPassword
from abonent.web.queries import Pending, credentials, pending_sign_in
from abonent.web.rules import (
    PENDING_LIFE,
    PER_ADDRESS,
    PER_LOGIN,
    SESSION_LIFE,
    Stage,
    network_key,
    normal_login,
    secret_hash,
    throttle_key,
)
from abonent.web.service.factors import confirm_setup, use_code
from abonent.web.service.throttle import count_attempt, forgive

_OPEN = """
INSERT INTO web_session (id, secret_hash, user_id, created_at, last_seen_at, expires_at, ip, agent,
    stage)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)
"""
_TOUCH = "UPDATE web_session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2"
_END = """
UPDATE web_session SET revoked_at = $3
 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id
"""
_END_OTHERS = """
UPDATE web_session SET revoked_at = $2
 WHERE user_id = $1 AND revoked_at IS NULL AND id <> $3 AND expires_at > $2
"""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A fresh session: the secret for the cookie, when it ends at the latest, what is still to come."""

    secret: str
    user_id: int
    expires_at: datetime
    stage: Stage = Stage.OPEN


async def sign_in(login: str, *, password: str, ip: str = "", agent: str = "") -> SignedIn:
    """Open a session for the right login and password; its `stage` says whether a code must follow.

    Raises WrongPassword, the same for an unknown login, a switched-off user and a wrong password,
    after the same work; TooManyAttempts, with the time of the next try.
    """
    login = normal_login(login)
    by_login, by_address = throttle_key("login", login), network_key("ip", ip)
    await count_attempt({by_login: PER_LOGIN, by_address: PER_ADDRESS})
    found = await credentials(login)
    right = await passwords.password_matches(found.password_hash if found else None, password)
    if found is None or not right or not found.active:
        raise WrongPassword
    async with unit_of_work(SYSTEM) as uow:
        await forgive(uow.connection, by_login, by_address)
    return await _open_session(found.user_id, found.name, stage=found.stage, ip=ip, agent=agent)


async def pass_code(secret: str, code: str, *, ip: str = "", agent: str = "") -> SignedIn:
    """Open the session that waits for a code from the phone, or a recovery code.

    Raises NotSignedIn when none waits, WrongCode, TooManyAttempts.
    """
    waiting = await _waiting(secret, Stage.CODE)
    await use_code(waiting.user_id, code, ip=ip, by=_actor(waiting.user_id, waiting.name))
    return await _go_on(waiting, ip=ip, agent=agent)


async def pass_setup(
    secret: str, code: str, *, ip: str = "", agent: str = ""
) -> tuple[SignedIn, Sequence[str]]:
    """Set the second factor up and open the session that waits for it; answers the recovery codes."""
    waiting = await _waiting(secret, Stage.SETUP)
    by = _actor(waiting.user_id, waiting.name)
    codes = await confirm_setup(waiting.user_id, code, ip=ip, by=by)
    return await _go_on(waiting, ip=ip, agent=agent), codes


async def _waiting(secret: str, stage: Stage) -> Pending:
    waiting = await pending_sign_in(secret)
    if waiting is None or waiting.stage is not stage:
        raise NotSignedIn
    return waiting


async def _go_on(waiting: Pending, *, ip: str, agent: str) -> SignedIn:
    """A fresh secret for the whole session: the one that was good for half of it ends."""
    async with unit_of_work(SYSTEM) as uow:
        given = (waiting.session_id, waiting.user_id, clock.now())
        await uow.connection.fetchval(_END, *given)
        return await _open_session(waiting.user_id, waiting.name, ip=ip, agent=agent)


def _actor(user_id: int, name: str, session: int | None = None) -> Actor:
    """The one who is signing in: named in the audit, without rights as yet."""
    return Actor("user", str(user_id), name, frozenset(), session=session)


async def _open_session(
    user_id: int, name: str, *, ip: str, agent: str, stage: Stage = Stage.OPEN
) -> SignedIn:
    now = clock.now()
    session_id, secret = new_id(), secrets.token_urlsafe(32)
    expires_at = now + (SESSION_LIFE if stage is Stage.OPEN else PENDING_LIFE)
    row: tuple[Any, ...] = (session_id, secret_hash(secret), user_id, now, expires_at, ip)
    async with unit_of_work(_actor(user_id, name, session_id)) as uow:
        await uow.connection.execute(_OPEN, *row, agent[:200], stage.value)
        if stage is Stage.OPEN:
            await uow.audit("web:user:sign_in", f"user:{user_id}", after={"session": session_id})
    return SignedIn(secret=secret, user_id=user_id, expires_at=expires_at, stage=stage)


async def sign_out(session_id: int, *, user_id: int, by: Actor) -> None:
    """End one's own session; ending it twice does no harm."""
    async with unit_of_work(by) as uow:
        await uow.connection.fetchval(_END, session_id, user_id, clock.now())
        await uow.audit("web:user:sign_out", f"user:{user_id}", after={"session": session_id})


async def revoke_session(session_id: int, *, user_id: int, by: Actor) -> None:
    """End another session of one's own, such as one left open on a shared computer."""
    async with unit_of_work(by) as uow:
        ended = await uow.connection.fetchval(_END, session_id, user_id, clock.now())
        if ended is None:
            message = N_("This session has ended already.")
            raise NotFound("SESSION_NOT_FOUND", message, value=session_id)
        await uow.audit("web:session:revoke", f"user:{user_id}", after={"session": session_id})


async def end_other_sessions(user_id: int, *, session_id: int, by: Actor) -> int:
    """End every session of a user but one (0: all of them); answers how many ended."""
    async with unit_of_work(by) as uow:
        given = (user_id, clock.now(), session_id)
        ended = int((await uow.connection.execute(_END_OTHERS, *given)).split()[1])
        await uow.audit("web:session:revoke_all", f"user:{user_id}", after={"sessions": ended})
    return ended


async def touch_session(session_id: int) -> None:
    """Note that a session is in use; called at most once a minute."""
    async with unit_of_work(SYSTEM) as uow:
        await uow.connection.execute(_TOUCH, session_id, clock.now())
