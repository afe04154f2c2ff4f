"""Codes of six digits: sent to a contact, checked once, slowed down for who guesses."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from abonent.crm.queries.portal import Reached, contract_named, own_contact, reached_by
from abonent.crm.service.portal import confirm_contact
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import _
from abonent.kernel.ids import new_id
from abonent.kernel.mail import KIND as MAIL
from abonent.kernel.mail import mail
from abonent.kernel.sms import KIND as SMS
from abonent.kernel.sms import sms
from abonent.kernel.work import UnitOfWork
from abonent.web.portal.errors import CodeOver, WrongCode
from abonent.web.portal.rules import (
    CODE_DIGITS,
    CODE_LIFE,
    MOST_TRIES,
    PER_ADDRESS,
    PER_ASKED,
    code_digest,
    normal_number,
    typed_code,
)
from abonent.web.rules import PER_LOGIN, network_key, secret_hash, throttle_key
from abonent.web.service.throttle import count_attempt

WAYS = ("phone", "email")

_KEEP = """
INSERT INTO portal_code (id, asked_hash, digest, purpose, throttle, contract_id, contact_id,
    created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_FORGET = "DELETE FROM portal_code WHERE expires_at < $1"
_GUESSED_AT = "SELECT throttle FROM portal_code WHERE asked_hash = $1 AND purpose = $2"
_TRY = """
UPDATE portal_code SET tries = tries + 1
WHERE asked_hash = $1 AND purpose = $2 AND tries < $3 AND used_at IS NULL AND expires_at > $4
RETURNING digest, contract_id, contact_id, throttle
"""
_USE = (
    "UPDATE portal_code SET used_at = $2 WHERE asked_hash = $1 AND used_at IS NULL RETURNING true"
)


@dataclass(frozen=True, slots=True)
class Proven:
    """What a right code proves: who has the contact in hand, and the key its guesses counted under."""

    contract_id: int
    contact_id: int
    throttle: bytes


def address_key(ip: str) -> bytes:
    """The key under which attempts from one network address are counted."""
    return network_key("portal-ip", ip)


async def ask_sign_in_code(number: str, *, way: str, ip: str) -> str:
    """Send a code to the contact of whoever has the number; answers the secret of this attempt.

    For an unknown number, or one that nothing can be sent to, all goes the same way and no code
    will fit. Raises TooManyAttempts.
    """
    number = normal_number(number)
    asked = throttle_key("portal-ask", number)
    await count_attempt({asked: PER_ASKED, address_key(ip): PER_ADDRESS})
    contract = await contract_named(number)
    contact = await _contact(contract, way)
    key = throttle_key("portal", number)
    async with unit_of_work(SYSTEM) as work:
        return await _send(work, "sign_in", contract if contact else None, contact, key)


async def _contact(contract: int | None, way: str) -> Reached | None:
    if contract is None:
        return None
    first, second = WAYS if way == "phone" else WAYS[::-1]
    return await reached_by(contract, first) or await reached_by(contract, second)


async def ask_contact_code(contract: int, contact: int, *, by: Actor, ip: str) -> str | None:
    """Send a code to a contact that is to be confirmed; None where the card has none such."""
    by.require("crm.subscriber.edit")
    found = await own_contact(contract, contact)
    if found is None or found.kind not in WAYS:
        return None
    key = throttle_key("portal-contact", str(contract))
    await count_attempt({key: PER_ASKED, address_key(ip): PER_ADDRESS})
    async with unit_of_work(by) as work:
        return await _send(work, "contact", contract, found, key)


async def _send(
    work: UnitOfWork, purpose: str, contract: int | None, contact: Reached | None, key: bytes
) -> str:
    challenge, now = secrets.token_urlsafe(32), clock.now()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    await work.connection.execute(_FORGET, now - timedelta(days=1))
    row = (contract, contact.id if contact else None, now, now + CODE_LIFE)
    digest = code_digest(challenge, code)
    await work.connection.execute(
        _KEEP, new_id(), secret_hash(challenge), digest, purpose, key, *row
    )
    if contact is not None:
        kind, payload = _message(contact, code)
        await work.send(kind, payload)
    return challenge


def _message(contact: Reached, code: str) -> tuple[str, dict[str, Any]]:
    text = _("{code} is your code. Tell it to nobody, our staff do not ask for it.", code=code)
    if contact.kind == "phone":
        return SMS, sms(contact.value, text=text)
    return MAIL, mail(contact.value, subject=_("Code {code}", code=code), text=text + "\n")


async def check_code(challenge: str, *, code: str, purpose: str, ip: str) -> Proven:
    """Check a code and use it up. Raises WrongCode, CodeOver, TooManyAttempts.

    Every try is counted before it is compared: many at once are all counted.
    """
    asked, now = secret_hash(challenge), clock.now()
    async with unit_of_work(SYSTEM) as work:
        key = await work.connection.fetchval(_GUESSED_AT, asked, purpose)
    if key is None:
        raise CodeOver
    await count_attempt({key: PER_LOGIN, address_key(ip): PER_ADDRESS})
    async with unit_of_work(SYSTEM) as work:
        row = await work.connection.fetchrow(_TRY, asked, purpose, MOST_TRIES, now)
    if row is None:
        raise CodeOver
    right = hmac.compare_digest(row["digest"], code_digest(challenge, typed_code(code)))
    if not right or row["contact_id"] is None:
        raise WrongCode
    async with unit_of_work(SYSTEM) as work:
        if await work.connection.fetchval(_USE, asked, now) is None:
            raise CodeOver
    return Proven(row["contract_id"], row["contact_id"], row["throttle"])


async def confirm_by_code(contract: int, challenge: str, *, code: str, by: Actor, ip: str) -> None:
    """Confirm the contact that a code was sent to. Raises what `check_code` does."""
    proven = await check_code(challenge, code=code, purpose="contact", ip=ip)
    if proven.contract_id != contract:
        raise CodeOver
    await confirm_contact(contract, proven.contact_id, by=by)
