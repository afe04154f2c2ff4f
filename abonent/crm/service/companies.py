"""Documents of companies, addressed: who the buyer is, where papers go, and all that is due at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import structlog

from abonent.billing.invoice_errors import NothingToIssue
from abonent.billing.queries.invoices import document
from abonent.billing.service.invoices.issuing import Issued, issue_documents
from abonent.billing.service.invoices.reconciling import reconcile
from abonent.billing.service.invoices.reissuing import reissue_document
from abonent.billing.service.invoices.sending import send_document
from abonent.crm.errors import NotOnCard
from abonent.crm.queries.companies import Company, accounts_to_document, company_of
from abonent.crm.service.holders import holder_of
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.jobs import plan_job

_FORGET = "DELETE FROM crm_document_contact WHERE subscriber_id = $1"
_KNOWN = """
SELECT 1 FROM crm_contact
WHERE id = $1 AND subscriber_id = $2 AND kind = 'email' AND removed_at IS NULL
"""
_KEEP = """
INSERT INTO crm_document_contact (subscriber_id, contact_id) VALUES ($1, $2)
ON CONFLICT (subscriber_id) DO UPDATE SET contact_id = excluded.contact_id
"""

_log = structlog.get_logger(__name__)

ROUND = "crm.issue_documents"
"""The job that makes a round over all companies."""

Progress = Callable[[int, int], None]
"""Told how many accounts are done and how many there are."""


class NotACompany(Refused):
    """The account belongs to a person: documents are made for companies."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "NOT_A_COMPANY",
            N_("Account {value} belongs to a person: acts and invoices are made for companies."),
            field="number",
            value=number,
        )


@dataclass(slots=True)
class Round:
    """What a round over all companies came to."""

    accounts: int = 0
    documents: int = 0
    lacking: int = 0
    failed: int = 0


async def issue_for_account(
    number: str, *, by: Actor, language: str, since: date | None = None
) -> Issued:
    """Issue what is due on a company's account; sent at once where an address for papers is named.

    Raises AccountNotFound, NobodyNamed, NotACompany, NothingToIssue, PeriodDocumented.
    """
    by.require("billing.invoice.issue")
    async with unit_of_work(by):
        company = await _company(number, by)
        issued = await issue_documents(
            number, by=by, buyer=company.buyer, language=language, since=since,
            not_before=company.came_on,
        )  # fmt: skip
        if company.papers_to:
            for made in issued.documents:
                await send_document(made, by=by, to=company.papers_to)
    return issued


async def issue_all_due(*, by: Actor, language: str, progress: Progress | None = None) -> Round:
    """Issue what is due for every company; an account's trouble does not keep the others.

    Each account is a unit of work of its own: a round that is broken off goes on where it was.
    """
    by.require("billing.invoice.issue")
    due = await accounts_to_document(by=by)
    done = Round(accounts=len(due))
    for place, number in enumerate(due, 1):
        try:
            issued = await issue_for_account(number, by=by, language=language)
            done.documents += len(issued.documents)
            done.lacking += bool(issued.missing)
        except NothingToIssue:
            _log.info("documents.issued_meanwhile", account=number)
        except Exception:  # noqa: BLE001  whatever one account's trouble is, the others go on
            done.failed += 1
            _log.exception("documents.failed", account=number)
        if progress:
            progress(place, len(due))
    return done


async def ask_round(*, by: Actor) -> None:
    """Let the worker make a round over all companies now instead of at its next time."""
    by.require("billing.invoice.issue")
    async with unit_of_work(by) as work:
        await plan_job(ROUND, key=str(new_id()))
        await work.audit("billing:documents:asked", "documents")


async def send_to_company(document_id: int, *, by: Actor) -> None:
    """Send a document where the company wants its papers, else to its main address.

    Raises DocumentNotFound, StillDraft, DocumentReplaced, NoAddress.
    """
    by.require("billing.invoice.issue")
    found = await document(document_id, by=by)
    company = await company_of(found.account, by=by)
    await send_document(document_id, by=by, to=company.address)


async def reconcile_account(
    number: str, *, by: Actor, first: date, last: date, language: str
) -> int:
    """Issue the reconciliation statement of some closed days of a company's account; answers its id."""
    by.require("billing.invoice.issue")
    company = await _company(number, by)
    return await reconcile(
        number, by=by, buyer=company.buyer, first=first, last=last, language=language
    )


async def reissue_for_company(document_id: int, *, by: Actor, reason: str) -> int:
    """Issue a document again with the company's details of today; answers the new one's id."""
    by.require("billing.invoice.issue")
    found = await document(document_id, by=by)
    company = await company_of(found.account, by=by)
    return await reissue_document(document_id, by=by, buyer=company.buyer, reason=reason)


async def set_document_contact(number: str, contact: int | None, *, by: Actor) -> None:
    """Name the e-mail contact that documents go to; None: none, they are sent by hand.

    Raises AccountNotFound, NobodyNamed, NotOnCard for what is no address of the subscriber.
    """
    by.require("crm.subscriber.edit")
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        subscriber = holder.subscriber_id
        if contact is None:
            await work.connection.execute(_FORGET, subscriber)
        elif await work.connection.fetchval(_KNOWN, contact, subscriber):
            await work.connection.execute(_KEEP, subscriber, contact)
        else:
            raise NotOnCard("contact", contact)
        await work.audit(
            "crm:document_contact:set",
            f"subscriber:{subscriber}",
            account_id=holder.account_id,
            after={"contact": contact},
        )


async def _company(number: str, by: Actor) -> Company:
    company = await company_of(number, by=by)
    if company.kind != "company":
        raise NotACompany(number)
    return company
