"""The second factor: setting it up, using a code once, taking it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.sealing import Seal, SealedColumn, Unsealable
from abonent.web import passwords
from abonent.web.codes import (
    DIGITS,
    address_of_secret,
    new_recovery_codes,
    new_secret,
    plain_code,
    step_of_code,
)
from abonent.web.errors import WrongCode, WrongPassword
from abonent.web.rules import PER_ADDRESS, PER_LOGIN, network_key, secret_hash, throttle_key
from abonent.web.service.throttle import count_attempt, forgive

# A secret that was shown and never confirmed is shown again: the phone may have it already.
_START = """
INSERT INTO web_second_factor (user_id, secret, created_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET created_at = web_second_factor.created_at
RETURNING secret, confirmed_at
"""
_START_ANEW = """
UPDATE web_second_factor SET secret = $2 WHERE user_id = $1 AND confirmed_at IS NULL
"""
_LOGIN = "SELECT login FROM web_user WHERE id = $1"
_SECRET = "SELECT secret FROM web_second_factor WHERE user_id = $1"  # noqa: S105
_CONFIRM = """
UPDATE web_second_factor SET confirmed_at = $2, last_step = $3
 WHERE user_id = $1 AND confirmed_at IS NULL RETURNING user_id
"""
# Of the same code sent twice at once the second waits here for the first, and finds it used.
_USE_STEP = """
UPDATE web_second_factor SET last_step = $2
 WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2 RETURNING user_id
"""
_USE_RECOVERY = """
UPDATE web_recovery_code SET used_at = $3
 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING user_id
"""
_FORGET_CODES = "DELETE FROM web_recovery_code WHERE user_id = $1"
_ADD_CODE = "INSERT INTO web_recovery_code (user_id, code_hash) VALUES ($1, $2)"
_FORGET_FACTOR = "DELETE FROM web_second_factor WHERE user_id = $1 RETURNING confirmed_at"
_STORED = """
SELECT u.password_hash, r.second_factor FROM web_user u JOIN web_role r ON r.code = u.role
 WHERE u.id = $1
"""

SEALED_FACTORS = SealedColumn(
    seal=Seal("second-factor"),
    row="user",
    read="SELECT user_id, secret FROM web_second_factor ORDER BY user_id",
    keep="UPDATE web_second_factor SET secret = $2 WHERE user_id = $1 AND secret = $3",
)
"""Secrets of second factors, as they lie."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What an app on a phone needs: the secret to type in, or the address in a QR code."""

    secret: str
    address: str


async def start_setup(user_id: int, *, by: Actor) -> Setup | None:
    """Begin to set the second factor up; None where it is set up already."""
    async with unit_of_work(by) as uow:
        login = await uow.connection.fetchval(_LOGIN, user_id)
        fresh = new_secret()
        given = (user_id, _sealed(user_id, fresh), clock.now())
        row = await uow.connection.fetchrow(_START, *given)
        if row["confirmed_at"] is not None:
            return None
        try:
            secret = _opened(user_id, row["secret"])
        except Unsealable:
            # Nobody relies on it yet: a fresh one takes its place.
            await uow.connection.execute(_START_ANEW, user_id, given[1])
            secret = fresh
    return Setup(secret, address_of_secret(secret, login=login))


def _sealed(user_id: int, secret: str) -> str:
    return SEALED_FACTORS.seal.close(secret, row=SEALED_FACTORS.place(user_id))


def _opened(user_id: int, sealed: str) -> str:
    return SEALED_FACTORS.seal.open(sealed, row=SEALED_FACTORS.place(user_id))


async def _step(connection: Any, user_id: int, code: str) -> int | None:
    """The half-minute whose code this is; raises Unsealable."""
    row = await connection.fetchrow(_SECRET, user_id)
    return step_of_code(_opened(user_id, row["secret"]), code, now=clock.now()) if row else None


async def confirm_setup(user_id: int, code: str, *, ip: str = "", by: Actor) -> Sequence[str]:
    """Turn the second factor on by the first right code; answers the recovery codes, shown once.

    Raises WrongCode, TooManyAttempts.
    """
    keys = await _count(user_id, ip)
    async with unit_of_work(by) as uow:
        step = await _step(uow.connection, user_id, code)
        if step is None:
            raise WrongCode
        if not await uow.connection.fetchval(_CONFIRM, user_id, clock.now(), step):
            raise WrongCode
        codes = await _fresh_codes(uow.connection, user_id)
        await forgive(uow.connection, *keys)
        await uow.audit("web:second_factor:on", f"user:{user_id}")
    return codes


async def turn_on_second_factor(
    user_id: int, code: str, *, password: str, ip: str = "", by: Actor
) -> Sequence[str]:
    """Set one's own second factor up; answers the recovery codes. Raises WrongPassword, WrongCode."""
    await _check_password(user_id, password, ip)
    return await confirm_setup(user_id, code, ip=ip, by=by)


async def use_code(user_id: int, code: str, *, ip: str = "", by: Actor) -> None:
    """Take a code from the phone or a recovery code; none is taken twice.

    Raises WrongCode, TooManyAttempts, Unsealable (recovery codes need no key).
    """
    keys = await _count(user_id, ip)
    async with unit_of_work(by) as uow:
        if len(plain_code(code)) == DIGITS:
            right = await _use_step(uow.connection, user_id, code)
        else:
            given = (user_id, secret_hash(plain_code(code)), clock.now())
            right = await uow.connection.fetchval(_USE_RECOVERY, *given) is not None
            if right:
                await uow.audit("web:recovery_code:use", f"user:{user_id}")
        if not right:
            raise WrongCode
        await forgive(uow.connection, *keys)


async def _use_step(connection: Any, user_id: int, code: str) -> bool:
    step = await _step(connection, user_id, code)
    return step is not None and await connection.fetchval(_USE_STEP, user_id, step) is not None


async def _count(user_id: int, ip: str) -> tuple[bytes, bytes]:
    """Count a guess at the user's codes as guesses at a password are counted."""
    own, address = throttle_key("code", str(user_id)), network_key("ip", ip)
    await count_attempt({own: PER_LOGIN, address: PER_ADDRESS})
    return own, address


async def _fresh_codes(connection: Any, user_id: int) -> Sequence[str]:
    codes = new_recovery_codes()
    await connection.execute(_FORGET_CODES, user_id)
    rows = [(user_id, secret_hash(plain_code(code))) for code in codes]
    await connection.executemany(_ADD_CODE, rows)
    return codes


async def renew_recovery_codes(
    user_id: int, *, password: str, ip: str = "", by: Actor
) -> Sequence[str]:
    """Make fresh recovery codes; those from before are no good any more. Raises WrongPassword."""
    await _check_password(user_id, password, ip)
    async with unit_of_work(by) as uow:
        codes = await _fresh_codes(uow.connection, user_id)
        await uow.audit("web:recovery_code:renew", f"user:{user_id}")
    return codes


async def turn_off_second_factor(user_id: int, *, password: str, ip: str = "", by: Actor) -> None:
    """Take one's own second factor away. Raises WrongPassword, Refused where the role wants one."""
    if await _check_password(user_id, password, ip):
        wanted = N_("Your role signs in with a code: it cannot be turned off.")
        raise Refused("SECOND_FACTOR_REQUIRED", wanted)
    await forget_second_factor(user_id, by=by)


async def forget_second_factor(user_id: int, *, reason: str = "", by: Actor) -> None:
    """Take a user's second factor and recovery codes away; who asks for it checks the right."""
    async with unit_of_work(by) as uow:
        await uow.connection.execute(_FORGET_CODES, user_id)
        await uow.connection.fetchval(_FORGET_FACTOR, user_id)
        after = {"reason": reason} if reason else None
        await uow.audit("web:second_factor:off", f"user:{user_id}", after=after)


async def _check_password(user_id: int, password: str, ip: str) -> bool:
    """Answer whether the role wants a second factor. Guesses count as those at a code."""
    keys = await _count(user_id, ip)
    async with unit_of_work(SYSTEM) as uow:
        row = await uow.connection.fetchrow(_STORED, user_id)
    if not await passwords.password_matches(row["password_hash"] if row else None, password):
        raise WrongPassword
    async with unit_of_work(SYSTEM) as uow:
        await forgive(uow.connection, *keys)
    return bool(row["second_factor"])
