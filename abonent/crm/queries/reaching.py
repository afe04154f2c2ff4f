"""Where what the law wants sent is sent to: a fiscal receipt, say."""

from __future__ import annotations

from abonent.kernel.db import reading

# Whose the account was when the entry was made: later owners are told nothing of it.
_CONTACT = """
SELECT s.email, s.phone FROM crm_account a
JOIN crm_contract c ON c.id = coalesce((
    SELECT o.from_contract FROM crm_owner_change o
    WHERE o.account_id = a.account_id AND o.at >= (
        SELECT e.created_at FROM billing_entry e WHERE e.account_id = a.account_id AND e.no = $2)
    ORDER BY o.no LIMIT 1
), a.contract_id)
JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE a.account_id = $1
"""
_RUSSIAN = 11


async def receipt_contact(account: int, entry: int) -> str:
    """Return the e-mail of whom an account belonged to when an entry was made.

    Without one the phone as "+79161234567", without that "".
    """
    async with reading() as connection:
        row = await connection.fetchrow(_CONTACT, account, entry)
    if row is None:
        return ""
    phone = row["phone"]
    return row["email"] or (f"+{phone}" if len(phone) == _RUSSIAN else "")
