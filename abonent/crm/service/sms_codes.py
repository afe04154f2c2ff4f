"""Codes by SMS that a promise takes: few a day for a phone, and few guesses at them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from abonent.crm.rules.sms_commands import CODE_DIGITS
from abonent.kernel import clock
from abonent.kernel.work import UnitOfWork

CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 3
MOST_CODES, MOST_WRONG = 5, 5
"""Of one phone in a day: then a person looks at who asks."""
COUNTED_OVER = timedelta(days=1)

_KEEP_CODE = """
INSERT INTO crm_sms_code (phone, account_id, offer, code_hash, expires_at, counted_since)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (phone) DO UPDATE SET account_id = excluded.account_id, offer = excluded.offer,
    code_hash = excluded.code_hash, tries = 0, expires_at = excluded.expires_at,
    codes = CASE WHEN crm_sms_code.counted_since > $7 THEN crm_sms_code.codes + 1 ELSE 1 END,
    wrong = CASE WHEN crm_sms_code.counted_since > $7 THEN crm_sms_code.wrong ELSE 0 END,
    counted_since = CASE WHEN crm_sms_code.counted_since > $7 THEN crm_sms_code.counted_since
        ELSE excluded.counted_since END
"""
_CODE = "SELECT * FROM crm_sms_code WHERE phone = $1 FOR UPDATE"
_WRONG = """
UPDATE crm_sms_code SET tries = least(tries + 1, 1000), wrong = least(wrong + 1, 1000) WHERE phone = $1
"""
_USED = "UPDATE crm_sms_code SET code_hash = '' WHERE phone = $1"


async def used_up(work: UnitOfWork, phone: str) -> bool:
    """Tell whether a phone has had all its codes of a day, or guessed at them too often."""
    kept = await work.connection.fetchrow(_CODE, phone)
    if kept is None or kept["counted_since"] <= clock.now() - COUNTED_OVER:
        return False
    return bool(kept["codes"] >= MOST_CODES or kept["wrong"] >= MOST_WRONG)


async def new_code(work: UnitOfWork, phone: str, account: int, offer: str) -> str:
    """A code that gives a promise, in place of the one before it."""
    code, now = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}", clock.now()
    kept = (_digest(phone, account, code), now + CODE_LIFE, now, now - COUNTED_OVER)
    await work.connection.execute(_KEEP_CODE, phone, account, offer, *kept)
    return code


async def code_of(work: UnitOfWork, phone: str) -> Any:
    """The code that a phone was sent last, with its `account_id` and `offer`; None once it is used."""
    kept = await work.connection.fetchrow(_CODE, phone)
    return kept if kept is not None and kept["code_hash"] else None


async def try_code(work: UnitOfWork, kept: Any, code: str) -> bool:
    """Use a code up; False for a wrong one, one that is late, and after too many guesses."""
    late = kept["expires_at"] < clock.now() or kept["tries"] >= MOST_TRIES
    right = kept["code_hash"] == _digest(kept["phone"], kept["account_id"], code)
    good = right and not late and kept["wrong"] < MOST_WRONG
    await work.connection.execute(_USED if good else _WRONG, kept["phone"])
    return bool(good)


def _digest(phone: str, account: int, code: str) -> bytes:
    return hashlib.sha256(f"{phone}:{account}:{code}".encode()).digest()
