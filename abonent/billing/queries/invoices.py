"""Reads of the documents of companies: one with its lines and parties, those of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.invoice_errors import DocumentNotFound
from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import is_reached
from abonent.billing.rules.invoice_parties import Buyer
from abonent.billing.rules.invoices import Line
from abonent.billing.rules.periods import BillingDay
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.jsontext import from_json
from abonent.kernel.requisites import Requisites

_COLUMNS = """
SELECT d.*, a.number AS account, c.no AS corrects_no, c.day AS corrects_day, c.kind AS corrects_kind
FROM billing_document d JOIN billing_account a ON a.account_id = d.account_id
LEFT JOIN billing_document c ON c.account_id = d.account_id AND c.id = d.corrects
"""
_ONE = _COLUMNS + "WHERE d.id = $1"
_MANY = _COLUMNS + "WHERE d.id = ANY($1::bigint[]) ORDER BY d.day, d.legal_entity_id, d.no, d.id"
_OF_ACCOUNT = _COLUMNS + "WHERE d.account_id = $1 ORDER BY d.day DESC, d.id DESC LIMIT $2"
_LINES = """
SELECT * FROM billing_document_line WHERE account_id = $1 AND document_id = $2 ORDER BY no
"""
_PARTY = """
SELECT seller, buyer FROM billing_document_party WHERE account_id = $1 AND document_id = $2
"""
_CHAIN = """
SELECT a.account_id, a.number, a.billing_day, a.since,
    (SELECT max(period_to) FROM billing_document_period p WHERE p.account_id = a.account_id) AS done,
    (SELECT array_agg(x ORDER BY x.since) FROM billing_billing_day x
     WHERE x.account_id = a.account_id) AS billing_days,
    (SELECT jsonb_agg(d.missing) FROM billing_document d
     WHERE d.account_id = a.account_id AND d.state = 'DRAFT') AS drafts
FROM billing_account a WHERE a.account_id = ANY($1::bigint[]) ORDER BY a.account_id
"""
LATEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of an account; `amount` is what it is about, tax included, in minor units.

    `opening` and `closing` are what was owed at the two ends of the period. A draft has no number.
    """

    account_id: int
    account: str
    id: int
    kind: str
    legal_entity_id: int
    state: str
    missing: tuple[str, ...]
    day: date
    no: int | None
    period_from: date
    period_to: date
    amount: int
    tax: int
    opening: int | None
    closing: int | None
    due_on: date | None
    corrects: int | None
    corrects_no: int | None
    corrects_day: date | None
    corrects_kind: str | None
    replaced_by: int | None
    reason: str
    issued_by: str
    issued_at: datetime | None
    letters: int
    letter_waits: bool
    sent_at: datetime | None
    error: str

    @property
    def stands(self) -> bool:
        """Tell whether it is issued and nothing stands in for it."""
        return self.state != "DRAFT" and self.replaced_by is None


@dataclass(frozen=True, slots=True)
class Chain:
    """How far an account is documented: `done` is the end of the last period, None before the first.

    `drafts` are what the account's drafts lack.
    """

    account_id: int
    number: str
    since: date
    history: tuple[BillingDay, ...]
    done: date | None
    drafts: tuple[tuple[str, ...], ...]


async def document(document_id: int, *, by: Actor) -> Document:
    """One document by its id. Raises DocumentNotFound."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, document_id)
    if row is None:
        raise DocumentNotFound(document_id)
    if not await is_reached(row["account"], by=by):
        raise DocumentNotFound(document_id)
    return document_of_row(row)


async def documents(ids: list[int], *, by: Actor) -> list[Document]:
    """Documents by their ids, by date and number; those that are not there are left out."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        return [document_of_row(row) for row in await connection.fetch(_MANY, ids)]


async def documents_of(number: str, *, by: Actor) -> list[Document]:
    """The latest documents of an account, the newest first. Raises AccountNotFound."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        account = await account_id(connection, number)
        rows = await connection.fetch(_OF_ACCOUNT, account, LATEST)
    return [document_of_row(row) for row in rows]


async def lines_of_document(found: Document, *, by: Actor) -> list[Line]:
    """The lines of a document, in order; a draft has none yet."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        rows = await connection.fetch(_LINES, found.account_id, found.id)
    return [_line(row) for row in rows]


async def parties_of(found: Document, *, by: Actor) -> tuple[Requisites, Buyer]:
    """Who the two parties were when the document was issued. Raises DocumentNotFound for a draft."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        row = await connection.fetchrow(_PARTY, found.account_id, found.id)
    if row is None:
        raise DocumentNotFound(found.id)
    seller, buyer = from_json(row["seller"]), from_json(row["buyer"])
    if buyer["signed_on"]:
        buyer["signed_on"] = date.fromisoformat(buyer["signed_on"])
    return Requisites(**seller), Buyer(**buyer)


async def chains(connection: Any, accounts: list[int]) -> list[Chain]:
    """How far each account is documented, in order of their ids."""
    return [_chain(row) for row in await connection.fetch(_CHAIN, accounts)]


def document_of_row(row: Any) -> Document:
    """The document a row of _COLUMNS says."""
    parts = {name: row[name] for name in Document.__dataclass_fields__}
    return Document(**parts | {"missing": tuple(row["missing"])})


def _chain(row: Any) -> Chain:
    later = (BillingDay(b["since"], b["day"]) for b in row["billing_days"] or ())
    return Chain(
        row["account_id"],
        row["number"],
        row["since"],
        (BillingDay(date.min, row["billing_day"]), *later),
        row["done"],
        tuple(tuple(missing) for missing in from_json(row["drafts"] or "[]")),
    )


def _line(row: Any) -> Line:
    return Line(
        kind=row["kind"],
        name=row["name"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        amount=row["amount"],
        service=row["service_no"],
        days=row["days"],
        tax_code=row["tax_code"],
        tax_rate=row["tax_rate"],
        tax=row["tax"],
        entries=tuple(row["entries"]),
    )
