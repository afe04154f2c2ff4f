"""Keeping a document: its number without gaps, its lines, the parties as they stand; then final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.entities import Entity, entity_of_row
from abonent.billing.rules.invoice_parties import Buyer
from abonent.billing.rules.invoices import Line
from abonent.billing.rules.periods import Period
from abonent.kernel import clock
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json
from abonent.kernel.work import UnitOfWork

# The account's row lock: whoever documents an account does it alone.
_ACCOUNT = """
SELECT e.* FROM billing_account a JOIN billing_legal_entity e ON e.id = a.legal_entity_id
WHERE a.account_id = $1 FOR UPDATE OF a
"""
# The row's lock holds until commit, so the next number waits to see whether this one stands.
_COUNT = """
INSERT INTO billing_document_count (legal_entity_id, kind, year, last) VALUES ($1, $2, $3, 1)
ON CONFLICT (legal_entity_id, kind, year) DO UPDATE SET last = billing_document_count.last + 1
RETURNING last
"""
_ADD = """
INSERT INTO billing_document (account_id, id, kind, legal_entity_id, state, day, no, period_from,
    period_to, amount, tax, opening, closing, due_on, corrects, reason, issued_by, issued_at)
VALUES ($1, $2, $3, $4, 'ISSUED', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
_NUMBER = """
INSERT INTO billing_document_number (legal_entity_id, kind, year, no, account_id, document_id)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_LINE = """
INSERT INTO billing_document_line (account_id, document_id, no, kind, name, service_no, starts_on,
    ends_on, days, amount, tax_code, tax_rate, tax, entries)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_PARTY = """
INSERT INTO billing_document_party (account_id, document_id, seller, buyer) VALUES ($1, $2, $3, $4)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document about to be issued; the sums of most kinds are those of their lines."""

    kind: str
    day: date
    period: Period
    lines: Sequence[Line]
    opening: int | None = None
    closing: int | None = None
    due_on: date | None = None
    corrects: int | None = None
    reason: str = ""
    amount: int | None = None

    @property
    def total(self) -> int:
        """What it is about, tax included."""
        return sum(line.amount for line in self.lines) if self.amount is None else self.amount

    @property
    def tax(self) -> int:
        """The tax in it."""
        return sum(line.tax for line in self.lines)


async def lock_account(work: UnitOfWork, account: int) -> Entity:
    """Take the account's row lock; answers the legal entity whose documents it gets."""
    return entity_of_row(await work.connection.fetchrow(_ACCOUNT, account))


async def keep_document(
    work: UnitOfWork,
    account: int,
    new: NewDocument,
    *,
    entity: Entity,
    buyer: Buyer,
    made: int | None = None,
) -> int:
    """Give the document its number and keep it for good; answers its id, `made` where given."""
    made, year = made or new_id(), new.day.year
    no = await work.connection.fetchval(_COUNT, entity.id, new.kind, year)
    actor = f"{work.by.kind}:{work.by.id}"
    await work.connection.execute(
        _ADD, account, made, new.kind, entity.id, new.day, no, new.period.start, new.period.end,
        new.total, new.tax, new.opening, new.closing, new.due_on, new.corrects, new.reason, actor,
        clock.now(),
    )  # fmt: skip
    await work.connection.execute(_NUMBER, entity.id, new.kind, year, no, account, made)
    await work.write(_LINE, [_row(account, made, n, line) for n, line in enumerate(new.lines, 1)])
    parties = to_json(asdict(entity.requisites)), to_json(asdict(buyer))
    await work.connection.execute(_PARTY, account, made, *parties)
    await work.audit(
        "billing:document:issued",
        f"document:{made}",
        account_id=account,
        after={"kind": new.kind, "year": year, "no": no, "amount": new.total},
    )
    return made


def _row(account: int, document: int, no: int, line: Line) -> tuple[Any, ...]:
    return (
        account, document, no, line.kind, line.name, line.service, line.starts_on, line.ends_on,
        line.days, line.amount, line.tax_code, line.tax_rate, line.tax, list(line.entries),
    )  # fmt: skip
