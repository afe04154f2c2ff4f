"""Issuing a document again with other details: the new one names the one it stands in for."""

from __future__ import annotations

from abonent.billing.invoice_errors import DetailsMissing, DocumentReplaced, StillDraft
from abonent.billing.queries.books import installation
from abonent.billing.queries.invoices import document, lines_of_document
from abonent.billing.rules.invoice_parties import MISSING, Buyer, missing_details
from abonent.billing.rules.periods import Period
from abonent.billing.service.invoices.keeping import NewDocument, keep_document, lock_account
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import _
from abonent.kernel.ids import new_id

_REPLACE = "UPDATE billing_document SET replaced_by = $3 WHERE account_id = $1 AND id = $2"


async def reissue_document(document_id: int, *, by: Actor, buyer: Buyer, reason: str) -> int:
    """Issue a document again with the parties as they stand now; answers the new one's id.

    Figures and period stay, the old one stays as it was issued and points to the new one. Raises
    DocumentNotFound, StillDraft, DocumentReplaced, DetailsMissing.
    """
    by.require("billing.invoice.issue")
    found = await document(document_id, by=by)
    if found.state == "DRAFT":
        raise StillDraft
    lines = await lines_of_document(found, by=by)
    async with unit_of_work(by) as work:
        entity = await lock_account(work, found.account_id)
        check_details(missing_details(entity.requisites, buyer))
        if (await document(document_id, by=by)).replaced_by is not None:
            raise DocumentReplaced
        today = (await installation(work.connection)).day
        made = new_id()
        await work.connection.execute(_REPLACE, found.account_id, found.id, made)
        new = NewDocument(
            kind=found.kind,
            day=today if found.kind != "act" else found.day,
            period=Period(found.period_from, found.period_to),
            lines=lines,
            opening=found.opening,
            closing=found.closing,
            due_on=found.due_on,
            corrects=found.corrects if found.kind == "correction" else found.id,
            reason=reason,
            amount=found.amount,
        )
        account = found.account_id
        return await keep_document(work, account, new, entity=entity, buyer=buyer, made=made)


def check_details(missing: tuple[str, ...]) -> None:
    """Raise DetailsMissing naming every detail in words, when there is one."""
    if missing:
        raise DetailsMissing(", ".join(_(MISSING[code]) for code in missing))
