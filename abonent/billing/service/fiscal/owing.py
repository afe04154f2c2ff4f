"""What is owed a fiscal receipt: payments of the sources that need one, their reversals, and refunds.

A top-up is an advance (54-FZ): its receipt says so, and so does that of an advance paid back. The row stands or falls with the payment; making
it out is left to the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abonent.billing.events import MoneyRefunded, PaymentReversed, PaymentTaken
from abonent.kernel import clock
from abonent.kernel.fiscal.receipts import ADVANCE, gives_fiscal
from abonent.kernel.work import UnitOfWork

KIND = "fiscal"
"""The kind of the outbox's row."""

# The tax of an advance is named by the rate in force on the business day. How money is paid back is
# called as the sources it comes from are.
_OWE = """
INSERT INTO fiscal_document (external_id, kind, account_id, account, entry_no, legal_entity_id,
    source, amount, method, vat, payment_type, created_at)
SELECT a.number || '-' || p.entry_no, $7, a.account_id, a.number, p.entry_no, e.id, p.source,
    p.amount, $5, coalesce((
        SELECT t.advance FROM fiscal_tax t
        WHERE t.tax_code = e.tax_code AND t.since <= i.day ORDER BY t.since DESC LIMIT 1
    ), 'none'), s.payment_type, $6
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[])
    AS p (account_id, entry_no, amount, source)
JOIN fiscal_source s ON s.source = p.source
JOIN billing_account a ON a.account_id = p.account_id
JOIN billing_legal_entity e ON e.id = a.legal_entity_id
CROSS JOIN billing_installation i
ON CONFLICT (external_id) DO NOTHING
RETURNING external_id
"""
_OWE_REFUND = """
INSERT INTO fiscal_document (external_id, kind, account_id, account, entry_no, legal_entity_id,
    source, amount, method, vat, payment_type, created_at)
SELECT d.account || '-' || p.entry_no, 'sell_refund', d.account_id, d.account, p.entry_no,
    d.legal_entity_id, d.source, d.amount, d.method, d.vat, d.payment_type, $4
FROM unnest($1::bigint[], $2::integer[], $3::integer[]) AS p (account_id, entry_no, payment_no)
JOIN fiscal_document d ON d.account_id = p.account_id AND d.entry_no = p.payment_no
ON CONFLICT (external_id) DO NOTHING
RETURNING external_id
"""


async def owe_receipts(work: UnitOfWork, payments: Sequence[PaymentTaken]) -> None:
    """Owe receipts for payments just taken."""
    rows = [(one.account_id, one.entry_no, one.amount, one.source) for one in payments]
    await _owe_advances(work, rows, kind="sell")


async def owe_receipts_of_money_back(work: UnitOfWork, refunds: Sequence[MoneyRefunded]) -> None:
    """Owe receipts of refund for unspent money just paid back in cash or to a card."""
    rows = [(one.account_id, one.entry_no, one.amount, one.method) for one in refunds]
    await _owe_advances(work, rows, kind="sell_refund")


async def _owe_advances(
    work: UnitOfWork, rows: Sequence[tuple[int, int, int, str]], *, kind: str
) -> None:
    if gives_fiscal():
        columns = [list(column) for column in zip(*rows, strict=True)]
        given = (ADVANCE, clock.now(), kind)
        await _owe(work, await work.connection.fetch(_OWE, *columns, *given))


async def owe_refund_receipts(work: UnitOfWork, reversals: Sequence[PaymentReversed]) -> None:
    """Owe receipts of refund for payments taken back that had a receipt."""
    if not gives_fiscal():
        return
    columns: list[list[Any]] = [
        [one.account_id for one in reversals],
        [one.entry_no for one in reversals],
        [one.payment_no for one in reversals],
    ]
    await _owe(work, await work.connection.fetch(_OWE_REFUND, *columns, clock.now()))


async def _owe(work: UnitOfWork, rows: Sequence[Any]) -> None:
    for row in rows:
        document = row["external_id"]
        await work.send(KIND, {"document": document}, key=outbox_key(document))


def outbox_key(document: str) -> str:
    """Answer the key of a document's outbox row."""
    return f"{KIND}:{document}"
