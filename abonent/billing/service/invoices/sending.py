"""Sending documents by e-mail: an outbox row per letter, and the document knows how it ended."""

from __future__ import annotations

from typing import Any

import structlog

from abonent.billing.invoice_errors import DocumentReplaced, NoAddress, StillDraft
from abonent.billing.queries.invoices import document
from abonent.billing.service.invoices.keeping import lock_account
from abonent.billing.service.invoices.papers import KINDS, Paper, file_name, paper_of, print_papers
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.i18n import fill, gettext
from abonent.kernel.letters import write_letter
from abonent.kernel.mail import Attachment, mail, mail_handler
from abonent.kernel.money import format_money
from abonent.kernel.outbox import ATTEMPTS, Delivery, Handler, UndeliverableError
from abonent.kernel.settings import Settings

KIND = "document"
LETTER = "company_document"

_WAITS = """
UPDATE billing_document SET letters = letters + 1, letter_waits = true
WHERE account_id = $1 AND id = $2 RETURNING letters
"""
_SENT = """
UPDATE billing_document SET state = 'SENT', sent_at = $4, error = '', letter_waits = letters <> $3
WHERE account_id = $1 AND id = $2
"""
_FAILED = """
UPDATE billing_document SET state = 'FAILED', error = $4, letter_waits = letters <> $3
WHERE account_id = $1 AND id = $2
"""

_log = structlog.get_logger(__name__)


async def send_document(document_id: int, *, by: Actor, to: str) -> None:
    """Leave a document to be sent; sending it again is a further letter.

    Raises DocumentNotFound, StillDraft, DocumentReplaced, NoAddress.
    """
    by.require("billing.invoice.issue")
    if not to:
        raise NoAddress
    found = await document(document_id, by=by)
    async with unit_of_work(by) as work:
        await lock_account(work, found.account_id)
        found = await document(document_id, by=by)
        if found.state == "DRAFT":
            raise StillDraft
        if found.replaced_by is not None:
            raise DocumentReplaced
        letter = await work.connection.fetchval(_WAITS, found.account_id, found.id)
        payload = {"document": found.id, "letter": letter, "to": to}
        await work.send(KIND, payload, key=f"document:{found.id}:{letter}")
        await work.audit(
            "billing:document:sent",
            f"document:{found.id}",
            account_id=found.account_id,
            after={"letter": letter},
            personal={"contact": to},
        )


def document_handler(settings: Settings) -> Handler:
    """Answer the handler of outbox rows of kind "document": prints, writes the letter, mails it."""
    deliver = mail_handler(settings)

    async def send(delivery: Delivery) -> None:
        given = delivery.payload
        found = await document(given["document"], by=SYSTEM)
        key = (found.account_id, found.id, given["letter"])
        try:
            payload = await _letter(given, settings)
            await deliver(Delivery(delivery.id, delivery.kind, payload, delivery.attempts))
        except UndeliverableError as error:
            await _mark(_FAILED, *key, str(error))
            raise
        except Exception as error:
            if delivery.attempts >= ATTEMPTS:
                await _mark(_FAILED, *key, f"{type(error).__name__}: {error}")
            raise
        await _mark(_SENT, *key, clock.now())

    return send


async def _letter(given: Any, settings: Settings) -> dict[str, Any]:
    language = settings.language
    paper = await paper_of(given["document"], by=SYSTEM, language=language)
    printed = await print_papers(
        [paper.found.id], by=SYSTEM, language=language, content=settings.content
    )
    letter = await write_letter(
        LETTER, _values(paper, language), language=language, content=settings.content
    )
    payload = mail(given["to"], subject=letter.subject, text=letter.text, html=letter.html)
    attached = Attachment(file_name(paper.found), "application/pdf", printed.pdf)
    return payload | {"attachments": [attached]}


def _values(paper: Paper, language: str) -> dict[str, str]:
    found, data = paper.found, paper.data
    days = {name: data[name] for name in ("day", "first", "last")}
    return {
        "title": gettext(KINDS[found.kind], language),
        "number": str(found.no),
        **{name: fill("{day}", language, {"day": day}) for name, day in days.items()},
        "account": found.account,
        "contract": paper.buyer.contract,
        "amount": format_money(found.amount, language),
        "to_pay": format_money(paper.to_pay, language) if paper.to_pay else "",
        "due": fill("{day}", language, {"day": found.due_on}) if found.due_on else "",
        "seller": paper.seller.name,
        "phone": paper.seller.phone,
    }


async def _mark(statement: str, account: int, made: int, letter: int, value: Any) -> None:
    async with transaction() as connection:
        await connection.execute(statement, account, made, letter, value)
    _log.info("document.letter", document=made, letter=letter)
