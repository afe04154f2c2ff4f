"""Signing in and out of the portal, passwords and language of a contract."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from abonent.crm.queries.portal import contract_named
from abonent.crm.service.portal import confirm_contact
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import LANGUAGES, N_
from abonent.kernel.ids import new_id
from abonent.web import passwords
from abonent.web.portal.codes import address_key, check_code
from abonent.web.portal.errors import WrongNumberOrPassword
from abonent.web.portal.queries import Subscriber, actor_of, password_of
from abonent.web.portal.rules import PER_ADDRESS, SESSION_LIFE, normal_number
from abonent.web.rules import PASSWORD_LENGTH, PER_LOGIN, secret_hash, throttle_key
from abonent.web.service.throttle import count_attempt, forgive

_OPEN = """
INSERT INTO portal_session (id, secret_hash, contract_id, by_code, created_at, last_seen_at,
    expires_at, ip, agent) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)
"""
_OLD = "DELETE FROM portal_session WHERE expires_at < $1"
_TOUCH = "UPDATE portal_session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2"
_END = "UPDATE portal_session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
_END_ALL = """
UPDATE portal_session SET revoked_at = $2
WHERE contract_id = $1 AND revoked_at IS NULL AND id <> $3
"""
_SET_PASSWORD = """
INSERT INTO portal_access (contract_id, password_hash, password_at) VALUES ($1, $2, $3)
ON CONFLICT (contract_id) DO UPDATE SET password_hash = excluded.password_hash,
    password_at = excluded.password_at
"""  # noqa: S105  a statement
_SET_LANGUAGE = """
INSERT INTO portal_access (contract_id, language) VALUES ($1, $2)
ON CONFLICT (contract_id) DO UPDATE SET language = excluded.language
"""


@dataclass(frozen=True, slots=True)
class Entered:
    """A fresh session: the secret for the cookie, and whose contract it is."""

    secret: str
    contract_id: int


async def enter_by_code(challenge: str, *, code: str, ip: str = "", agent: str = "") -> Entered:
    """Open a session for the right code; the contact it went to is confirmed by that.

    Raises WrongCode, CodeOver, TooManyAttempts.
    """
    proven = await check_code(challenge, code=code, purpose="sign_in", ip=ip)
    by = await actor_of(proven.contract_id)
    await confirm_contact(proven.contract_id, proven.contact_id, by=by)
    keys = (proven.throttle, address_key(ip))
    return await _open(proven.contract_id, keys=keys, by_code=True, ip=ip, agent=agent)


async def enter_by_password(
    number: str, *, password: str, ip: str = "", agent: str = ""
) -> Entered:
    """Open a session for the right number and password.

    Raises WrongNumberOrPassword, the same for an unknown number, one without a password and a wrong
    password, after the same work; TooManyAttempts.
    """
    number = normal_number(number)
    keys = (throttle_key("portal", number), address_key(ip))
    await count_attempt({keys[0]: PER_LOGIN, keys[1]: PER_ADDRESS})
    contract = await contract_named(number)
    right = await passwords.password_matches(await password_of(contract), password)
    if contract is None or not right:
        raise WrongNumberOrPassword
    return await _open(contract, keys=keys, by_code=False, ip=ip, agent=agent)


async def _open(
    contract: int, *, keys: tuple[bytes, bytes], by_code: bool, ip: str, agent: str
) -> Entered:
    now, session, secret = clock.now(), new_id(), secrets.token_urlsafe(32)
    by = await actor_of(contract)
    async with unit_of_work(by) as work:
        await forgive(work.connection, *keys)
        await work.connection.execute(_OLD, now)
        row = (session, secret_hash(secret), contract, by_code, now, now + SESSION_LIFE)
        await work.connection.execute(_OPEN, *row, ip, agent[:200])
        after = {"session": session, "code": by_code}
        await work.audit("portal:contract:sign_in", f"contract:{contract}", after=after)
    return Entered(secret, contract)


async def touch(session: int) -> None:
    """Note that a session is in use."""
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute(_TOUCH, session, clock.now())


async def leave(who: Subscriber) -> None:
    """End the session under way; ending it twice does no harm."""
    async with unit_of_work(who.actor) as work:
        await work.connection.execute(_END, who.session_id, clock.now())
        await work.audit(
            "portal:contract:sign_out",
            f"contract:{who.contract_id}",
            after={"session": who.session_id},
        )


async def leave_everywhere(who: Subscriber) -> None:
    """End every session of the contract, the one under way too."""
    async with unit_of_work(who.actor) as work:
        await work.connection.execute(_END_ALL, who.contract_id, clock.now(), 0)
        await work.audit("portal:contract:sign_out_everywhere", f"contract:{who.contract_id}")


async def set_password(who: Subscriber, *, new: str, old: str) -> None:
    """Set the contract's password; every other session ends.

    The old one is asked for unless this session was opened by a code. Raises Malformed,
    WrongNumberOrPassword, TooManyAttempts.
    """
    if len(new) < PASSWORD_LENGTH:
        message = N_("A password has at least {length} characters.")
        raise Malformed.of("new", "", message, length=PASSWORD_LENGTH)
    if not who.by_code:
        key = throttle_key("portal", f"contract:{who.contract_id}")
        await count_attempt({key: PER_LOGIN})
        if not await passwords.password_matches(await password_of(who.contract_id), old):
            raise WrongNumberOrPassword
    fresh, now = await passwords.hash_password(new), clock.now()
    async with unit_of_work(who.actor) as work:
        await work.connection.execute(_SET_PASSWORD, who.contract_id, fresh, now)
        await work.connection.execute(_END_ALL, who.contract_id, now, who.session_id)
        await work.audit("portal:contract:password", f"contract:{who.contract_id}")


async def choose_language(who: Subscriber, *, language: str) -> None:
    """Keep the language of the contract. Raises Malformed for an unknown one."""
    if language not in LANGUAGES:
        raise Malformed.of("language", language, N_("This language is not known."))
    async with unit_of_work(who.actor) as work:
        await work.connection.execute(_SET_LANGUAGE, who.contract_id, language)
