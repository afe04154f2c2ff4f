"""Entries as rows and as postings: one place that knows how a calculation is stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.rules.book import Kind, Posting, Slice, Span
from abonent.billing.rules.periods import Period
from abonent.kernel.jsontext import from_json, to_json

COLUMNS = (
    "account_id", "day", "no", "kind", "contra", "amount", "service_no", "version_id",
    "period_from", "period_to", "through", "billing_from", "billing_to", "fee", "tax_code",
    "tax_rate", "tax", "corrects", "due_on", "settles", "legal_entity_id", "place_id", "source",
    "actor", "created_at", "detail",
)  # fmt: skip

INSERT = """
INSERT INTO billing_entry (account_id, day, no, kind, contra, amount, service_no, version_id,
    period_from, period_to, through, billing_from, billing_to, fee, tax_code, tax_rate, tax, corrects,
    due_on, settles, legal_entity_id, place_id, source, actor, created_at, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22, $23, $24, $25, $26)
"""

LAST_NO = 2**31 - 1
"""The last number an entry can have on its account."""

_OF_ACCOUNT = """
SELECT * FROM billing_entry
WHERE account_id = $1 AND day >= $2 AND day <= $3 ORDER BY no
"""
_ONE = "SELECT * FROM billing_entry WHERE account_id = $1 AND no = $2"


def contra_of(posting: Posting) -> str:
    """The other side of the transfer, in the small chart of accounts (docs/money.md)."""
    if posting.kind in {Kind.PAYMENT, Kind.REVERSAL}:
        return f"money.{posting.source}"
    if posting.kind is Kind.REFUND:
        return f"refund.{posting.source}"
    if posting.kind is Kind.FEE:
        return f"revenue.{posting.source}"
    if posting.kind in {Kind.BONUS, Kind.WRITE_OFF, Kind.OPENING}:
        return posting.kind.value
    if posting.tariff is None or posting.kind is Kind.CONNECTION:
        return f"revenue.{posting.kind.value}"
    return f"revenue.{posting.tariff.kind}"


def row_of(
    posting: Posting, *, account: int, legal_entity: int, place: int, actor: str, at: datetime
) -> tuple[Any, ...]:
    """A posting as a row in the order of COLUMNS."""
    plain = posting.slices[0] if len(posting.slices) == 1 else None
    if plain and (plain.percent or plain.off):
        plain = None
    period = posting.period or (None, None)
    return (
        account, posting.day, posting.no, posting.kind.value, contra_of(posting), posting.amount,
        posting.service, plain.version if plain else None, *period, posting.through,
        plain.period.start if plain else None, plain.period.end if plain else None,
        plain.fee if plain else None, posting.tax_code, posting.tax_rate, posting.tax,
        posting.corrects, posting.due_on, list(posting.settles) or None, legal_entity, place,
        posting.source, actor, at, _detail(posting, plain),
    )  # fmt: skip


def _detail(posting: Posting, plain: Slice | None) -> str | None:
    detail: dict[str, Any] = {}
    if posting.slices and plain is None:
        detail["slices"] = [
            [s.start, s.end, s.period.start, s.period.end, *s[3:]] for s in posting.slices
        ]
    if posting.amounts is not None:
        detail["days"] = [[day, amount] for day, amount in sorted(posting.amounts.items())]
    if posting.tariff and plain is None:
        detail["tariff"] = posting.tariff.id
    if posting.note:
        detail["note"] = posting.note
    return to_json(detail) if detail else None


def posting_of(row: Any, catalogue: Catalogue) -> Posting:
    """A row as the posting it was written from."""
    detail = from_json(row["detail"]) if row["detail"] else {}
    slices = [_slice(values) for values in detail.get("slices", ())]
    days = detail.get("days")
    tariff = catalogue.tariffs.get(detail["tariff"]) if "tariff" in detail else None
    if row["version_id"] is not None:
        period = Period(row["billing_from"], row["billing_to"])
        fee = row["fee"]
        start, end = row["period_from"], row["period_to"]
        slices = [Slice(start, end, period, row["version_id"], fee, 0, 0, fee)]
        tariff = catalogue.tariff_of(row["version_id"])
    return Posting(
        no=row["no"],
        day=row["day"],
        kind=Kind(row["kind"]),
        amount=row["amount"],
        service=row["service_no"],
        tariff=tariff,
        period=Span(row["period_from"], row["period_to"]) if row["period_from"] else None,
        through=row["through"],
        slices=slices,
        amounts=None if days is None else {date.fromisoformat(d): a for d, a in days},
        tax_code=row["tax_code"],
        tax_rate=row["tax_rate"],
        corrects=row["corrects"],
        due_on=row["due_on"],
        source=row["source"],
        note=detail.get("note", {}),
        settles=tuple(row["settles"] or ()),
    )


def _slice(values: list[Any]) -> Slice:
    start, end, first, last = (date.fromisoformat(v) for v in values[:4])
    return Slice(start, end, Period(first, last), *values[4:])


async def entries_of(
    connection: Any, account: int, catalogue: Catalogue, *, since: date, until: date
) -> list[Posting]:
    """The entries of an account posted on [since, until], in order of their numbers."""
    rows = await connection.fetch(_OF_ACCOUNT, account, since, until)
    return [posting_of(row, catalogue) for row in rows]


async def entry_row(connection: Any, account: int, no: int) -> Any:
    """One entry's row by its number on the account, None when there is none."""
    if not 0 < no <= LAST_NO:
        return None
    return await connection.fetchrow(_ONE, account, no)
