"""Where what the law wants sent is sent to: a fiscal receipt, say."""

from __future__ import annotations

from abonent.kernel.db import reading

_CONTACT = """
SELECT s.email, s.phone FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE a.account_id = $1
"""
_RUSSIAN = 11


async def receipt_contact(account: int) -> str:
    """Return the e-mail of whom an account belongs to, else the phone as "+79161234567", else ""."""
    async with reading() as connection:
        row = await connection.fetchrow(_CONTACT, account)
    if row is None:
        return ""
    phone = row["phone"]
    return row["email"] or (f"+{phone}" if len(phone) == _RUSSIAN else "")
