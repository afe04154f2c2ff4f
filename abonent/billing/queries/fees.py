"""One-off fees of an account that may still be given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.billing.queries.books import account_id
from abonent.billing.rules.book import FEE_KINDS, Kind
from abonent.billing.rules.circumstances import source_name
from abonent.billing.rules.explanation import kind_name
from abonent.kernel.db import reading

MOST = 100

FEE_LEFT = """
SELECT NOT EXISTS (SELECT FROM billing_entry
    WHERE account_id = $1 AND day >= $2 AND corrects = $3 AND kind = 'correction')
"""
"""Tell whether nothing corrects an entry of an account and a day yet."""
_FEES = """
SELECT e.no, e.day, e.kind, e.source, -e.amount AS amount FROM billing_entry e
WHERE e.account_id = $1 AND e.day >= $2 AND e.kind = ANY($3) AND e.amount < 0 AND NOT EXISTS (
    SELECT FROM billing_entry c
    WHERE c.account_id = e.account_id AND c.day >= e.day AND c.corrects = e.no AND c.kind = 'correction')
ORDER BY e.no DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee as it was charged: its entry's number, its day, its kind and what it was for (minor units)."""

    no: int
    day: date
    kind: Kind
    source: str | None
    amount: int

    def words(self, language: str | None = None) -> str:
        """What it was for, as the ledger says it (default: the reader's language)."""
        name = kind_name(self.kind, language)
        return f"{name}: {source_name(self.source, language)}" if self.source else name


async def fees_left(number: str, *, since: date) -> list[Fee]:
    """The fees of an account that nothing has corrected, the latest first."""
    async with reading() as connection:
        account = await account_id(connection, number)
        kinds = sorted(kind.value for kind in FEE_KINDS)
        rows = await connection.fetch(_FEES, account, since, kinds, MOST)
    return [Fee(r["no"], r["day"], Kind(r["kind"]), r["source"], r["amount"]) for r in rows]
