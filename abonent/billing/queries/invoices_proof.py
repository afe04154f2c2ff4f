"""The proof of documents: what is issued, beside entries read by another way, and beside the sheet.

The turnover sheet counts a charge on the day it is posted, documents in the period it is for: what
is charged after a period is posted on the first day of the next. So documents of [start, end) are
the sheet's charges and corrections, plus what was charged after the period on `end`, less the same
on `start`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.billing.queries.turnover import turnover
from abonent.kernel.actor import Actor
from abonent.kernel.snapshot import shared_snapshot

_DOCUMENTED = """
SELECT coalesce(sum(l.amount), 0)::bigint AS amount, coalesce(sum(l.tax), 0)::bigint AS tax
FROM billing_document d
JOIN billing_document_line l ON l.account_id = d.account_id AND l.document_id = d.id
WHERE d.account_id = ANY($1::bigint[]) AND d.replaced_by IS NULL AND d.state <> 'DRAFT'
    AND d.kind IN ('act', 'correction')
    AND EXISTS (SELECT FROM billing_earned e WHERE e.account_id = d.account_id
        AND e.no = l.entries[1] AND e.earned_on >= $2 AND e.earned_on < $3)
"""
_EARNED = """
SELECT coalesce(-sum(amount), 0)::bigint AS amount, coalesce(-sum(tax), 0)::bigint AS tax
FROM billing_earned
WHERE account_id = ANY($1::bigint[]) AND serves AND earned_on >= $2 AND earned_on < $3
"""
_AFTER = """
SELECT coalesce(-sum(amount), 0)::bigint FROM billing_earned
WHERE account_id = ANY($1::bigint[]) AND serves AND earned_on <> day AND day = $2
"""
# Entries of documented periods that stand in no document, or in two that both stand. A period whose
# charges were all given back has no act.
_ASTRAY = """
SELECT a.number, e.no FROM billing_document_period p
JOIN billing_earned e ON e.account_id = p.account_id AND e.serves
    AND e.earned_on >= p.period_from AND e.earned_on < p.period_to
JOIN billing_account a ON a.account_id = e.account_id
CROSS JOIN LATERAL (
    SELECT count(*) AS times FROM billing_document d
    JOIN billing_document_line l ON l.account_id = d.account_id AND l.document_id = d.id
    WHERE d.account_id = e.account_id AND d.kind IN ('act', 'correction') AND d.state <> 'DRAFT'
        AND d.replaced_by IS NULL AND e.no = ANY(l.entries)) stands
WHERE e.account_id = ANY($1::bigint[]) AND e.amount <> 0 AND (times > 1 OR times = 0 AND EXISTS (
    SELECT FROM billing_document d WHERE d.account_id = e.account_id AND d.kind = 'act'
        AND d.period_from = p.period_from AND d.state <> 'DRAFT'))
ORDER BY a.number, e.no LIMIT $2
"""
_GAPS = """
SELECT c.legal_entity_id, c.kind, c.year FROM billing_document_count c
LEFT JOIN billing_document_number n USING (legal_entity_id, kind, year)
GROUP BY c.legal_entity_id, c.kind, c.year, c.last
HAVING count(n.no) <> c.last OR max(n.no) <> c.last OR min(n.no) <> 1
"""
_NUMBERS = "SELECT number FROM billing_account WHERE account_id = ANY($1::bigint[])"
MOST = 100


@dataclass(frozen=True, slots=True)
class DocumentProof:
    """Three ways to the same sum; `astray` are entries not in exactly one document, `gaps` runs."""

    documented: int
    documented_tax: int
    earned: int
    earned_tax: int
    sheet: int
    astray: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Tell whether documents, entries and sheet say the same and numbers have no gaps."""
        same = self.documented == self.earned == self.sheet
        return same and self.documented_tax == self.earned_tax and not (self.astray or self.gaps)


async def prove_documents(
    accounts: list[int], *, by: Actor, start: date, end: date
) -> DocumentProof:
    """Prove the acts and corrections of the days [start, end) of accounts documented over them all."""
    by.require("billing.verify")
    async with shared_snapshot() as connection:
        given = (accounts, start, end)
        documented = await connection.fetchrow(_DOCUMENTED, *given)
        earned = await connection.fetchrow(_EARNED, *given)
        after = await connection.fetchval(_AFTER, accounts, end)
        before = await connection.fetchval(_AFTER, accounts, start)
        astray = await connection.fetch(_ASTRAY, accounts, MOST)
        gaps = await connection.fetch(_GAPS)
        sheet = await _sheet(
            [row["number"] for row in await connection.fetch(_NUMBERS, accounts)],
            by=by, start=start, end=end,
        )  # fmt: skip
    return DocumentProof(
        documented["amount"],
        documented["tax"],
        earned["amount"],
        earned["tax"],
        sheet + after - before,
        tuple(f"{row['number']}-{row['no']}" for row in astray),
        tuple(f"{row['legal_entity_id']}:{row['kind']}:{row['year']}" for row in gaps),
    )


async def _sheet(numbers: list[str], *, by: Actor, start: date, end: date) -> int:
    """Charges and corrections of services by the turnover sheet of these accounts."""
    sheet = await turnover(by=by, start=start, end=end, level="account")
    serving = {"return", "adjustment", "correction", "compensation"}
    rows = [row for row in sheet.rows if row.key in set(numbers)]
    return sum(
        sum(row.charges.values())
        + sum(amount for kind, amount in row.corrections_by_kind.items() if kind in serving)
        for row in rows
    )
