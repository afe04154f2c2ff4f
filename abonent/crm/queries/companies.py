"""Reads about companies and their documents: who they are, where papers go, what is still to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.billing.queries.invoices import chains
from abonent.billing.queries.proof import opened_through
from abonent.billing.rules.invoice_parties import Buyer
from abonent.billing.rules.invoices import closed_periods
from abonent.crm.errors import NobodyNamed
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_BUYER = """
SELECT s.id AS subscriber, s.kind, s.name, s.tax_id, s.kpp, s.ogrn, s.legal_address, s.bank_bic,
    s.bank_account, s.signatory, s.signs_by, c.number AS contract, c.signed_on,
    (SELECT max(o.day) FROM crm_owner_change o WHERE o.account_id = a.account_id) AS came_on,
    (SELECT k.value FROM crm_document_contact w JOIN crm_contact k ON k.id = w.contact_id
     WHERE w.subscriber_id = s.id AND k.removed_at IS NULL) AS papers_to, s.email
FROM crm_account a JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE a.account_id = $1
"""
_ACCOUNTS = """
SELECT a.account_id FROM crm_subscriber s JOIN crm_contract c ON c.subscriber_id = s.id
JOIN crm_account a ON a.contract_id = c.id JOIN billing_place p ON p.id = a.place_id
WHERE s.kind = 'company' AND a.account_id > $1
    AND ($3::text[] IS NULL OR p.district = ANY($3)) ORDER BY a.account_id LIMIT $2
"""
_CAME = """
SELECT account_id, max(day) AS day FROM crm_owner_change WHERE account_id = ANY($1::bigint[])
GROUP BY account_id
"""
_DRAFTS = """
SELECT b.number, s.name, s.id AS subscriber, d.missing, min(d.period_from) AS since,
    count(DISTINCT d.period_from) AS periods
FROM billing_document d JOIN billing_account b ON b.account_id = d.account_id
JOIN crm_account a ON a.account_id = d.account_id JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id JOIN billing_place p ON p.id = b.place_id
WHERE d.state = 'DRAFT' AND ($2::text[] IS NULL OR p.district = ANY($2)) GROUP BY b.number, s.name, s.id, d.missing ORDER BY s.name, b.number
LIMIT $1
"""
_CONTACTS = """
SELECT k.id, k.value, k.main, k.label, w.contact_id IS NOT NULL AS papers
FROM crm_contact k LEFT JOIN crm_document_contact w
    ON w.subscriber_id = k.subscriber_id AND w.contact_id = k.id
WHERE k.subscriber_id = $1 AND k.kind = 'email' AND k.removed_at IS NULL
ORDER BY papers DESC, k.main DESC, k.id
"""
MOST = 500
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Company:
    """The subscriber of an account as a party of documents.

    `papers_to` is the address named for documents, empty where none is; `email` the main one.
    `came_on` is the day on which the account came to them from another owner.
    """

    subscriber: int
    kind: str
    buyer: Buyer
    came_on: date | None
    papers_to: str
    email: str

    @property
    def address(self) -> str:
        """Where documents go; empty where no address is known."""
        return self.papers_to or self.email


@dataclass(frozen=True, slots=True)
class Lacking:
    """A company whose documents are drafts, with the details that are missing."""

    number: str
    name: str
    subscriber: int
    missing: tuple[str, ...]
    since: date
    periods: int


@dataclass(frozen=True, slots=True)
class EmailContact:
    """An address of a subscriber; `papers` where documents go there."""

    id: int
    value: str
    main: bool
    label: str
    papers: bool


async def company_of(number: str, *, by: Actor) -> Company:
    """The subscriber of an account as a party. Raises AccountNotFound, NobodyNamed."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        row = await connection.fetchrow(_BUYER, await account_id(connection, number))
    if row is None:
        raise NobodyNamed(number)
    buyer = Buyer(
        name=row["name"],
        inn=row["tax_id"],
        kpp=row["kpp"],
        ogrn=row["ogrn"],
        address=row["legal_address"],
        bic=row["bank_bic"],
        account=row["bank_account"],
        signatory=row["signatory"],
        signs_by=row["signs_by"],
        contract=row["contract"],
        signed_on=row["signed_on"],
    )
    return Company(
        row["subscriber"], row["kind"], buyer, row["came_on"], row["papers_to"] or "", row["email"]
    )


async def accounts_to_document(*, by: Actor) -> list[str]:
    """Numbers of companies' accounts that have an ended period without documents."""
    by.require("billing.invoice.view")
    found: list[str] = []
    async with reading() as connection:
        opened = await opened_through(connection)
        after = 0
        while rows := await connection.fetch(_ACCOUNTS, after, BATCH, _districts(by)):
            accounts = [row["account_id"] for row in rows]
            after = accounts[-1]
            found += await _behind(connection, accounts, opened)
    return found


async def _behind(connection: Any, accounts: list[int], opened: date) -> list[str]:
    came = {row["account_id"]: row["day"] for row in await connection.fetch(_CAME, accounts)}
    found = []
    for chain in await chains(connection, accounts):
        first = max(chain.since, came.get(chain.account_id, chain.since))
        since = None if chain.done is None else max(chain.done, first)
        if closed_periods(chain.history, since=since, first=first, day=opened):
            found.append(chain.number)
    return found


async def companies_lacking(*, by: Actor) -> list[Lacking]:
    """Companies whose documents wait for details, by name."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        rows = [dict(row) for row in await connection.fetch(_DRAFTS, MOST, _districts(by))]
    return [Lacking(**row | {"missing": tuple(row["missing"])}) for row in rows]


def _districts(by: Actor) -> list[str] | None:
    """The districts an actor is confined to, None for all."""
    return None if by.districts is None else sorted(by.districts)


async def email_contacts(subscriber: int, *, by: Actor) -> list[EmailContact]:
    """The e-mail addresses of a subscriber, whole, the one for documents first."""
    by.require("billing.invoice.view")
    async with reading() as connection:
        return [EmailContact(**row) for row in await connection.fetch(_CONTACTS, subscriber)]
