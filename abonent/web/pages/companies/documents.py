"""A document on the screen and on paper, sent, and issued again with other details."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.invoices import Document, document, lines_of_document, parties_of
from abonent.billing.rules.invoice_parties import MISSING
from abonent.billing.rules.invoices import tax_lines
from abonent.billing.service.invoices.papers import KINDS, file_name, print_papers, to_pay_of
from abonent.crm.masking import masked_email
from abonent.crm.queries.companies import Company, company_of
from abonent.crm.registers.documents import STATES
from abonent.crm.service.companies import reissue_for_company, send_to_company
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.files import pdf_answer
from abonent.web.queries import name_of
from abonent.web.render import desk_of, page, signed_in

_ONE = "/documents/{document:int}"
_DONE = {
    "sent": N_("The document is on its way"),
    "issued": N_("The document is issued"),
}


async def show_document(request: Request) -> Response:
    """Show a document with its lines, where it stands and what can be done with it."""
    by = signed_in(request).actor
    found = await _document(request)
    draft = found.state == "DRAFT"
    lines = await lines_of_document(found, by=by)
    parties = None if draft else await parties_of(found, by=by)
    context = {
        "found": found,
        "title": title_of(found),
        "lines": [line for line in lines if line.amount or line.tax],
        "taxes": tax_lines(lines) if found.kind != "reconciliation" else [],
        "seller": parties[0] if parties else None,
        "buyer": parties[1] if parties else None,
        "state": STATES[state_of(found)],
        "missing": [_(MISSING[code]) for code in found.missing],
        "ours": any(code.startswith("seller.") for code in found.missing),
        "to_pay": to_pay_of(found),
        "issued_by": await name_of(found.issued_by) if found.issued_by else "",
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "companies/document.html", context)


def state_of(found: Document) -> str:
    """Return the state as people see it: a key of STATES."""
    if found.replaced_by is not None:
        return "REPLACED"
    return "WAITS" if found.letter_waits else found.state


def title_of(found: Document) -> str:
    """Return what a document is called: "Invoice no. 15 of 31.01.2026"."""
    if found.no is None:
        return _("{kind}, draft", kind=_(KINDS[found.kind]))
    return _("{kind} no. {no} of {day}", kind=_(KINDS[found.kind]), no=found.no, day=found.day)


async def print_one(request: Request) -> Response:
    """Answer a document as a PDF."""
    found = await _document(request)
    settings = desk_of(request).settings
    printed = await print_papers(
        [found.id],
        by=signed_in(request).actor,
        language=settings.language,
        content=settings.content,
    )
    return pdf_answer(file_name(found), printed.pdf)


async def _document(request: Request) -> Document:
    return await document(request.path_params["document"], by=signed_in(request).actor)


async def _company(request: Request, found: Document) -> Company:
    return await company_of(found.account, by=signed_in(request).actor)


async def _send_opened(request: Request) -> Opened:
    found = await _document(request)
    company = await _company(request, found)
    by = signed_in(request).actor
    address = company.address if by.may("crm.contact.view") else masked_email(company.address)
    return Opened(
        back=f"/documents/{found.id}",
        about=title_of(found),
        context={
            "address": address if company.address else "",
            "account": found.account,
            "company": company.buyer.name,
        },
        can=bool(company.address) and found.stands,
    )


async def _send(request: Request, _values: Values) -> str:
    found = await _document(request)
    await send_to_company(found.id, by=signed_in(request).actor)
    return f"/documents/{found.id}?done=sent"


async def _reissue_opened(request: Request) -> Opened:
    found = await _document(request)
    company = await _company(request, found)
    return Opened(
        back=f"/documents/{found.id}",
        about=title_of(found),
        context={"company": company.buyer},
        can=found.stands,
    )


async def _reissue(request: Request, values: Values) -> str:
    found = await _document(request)
    made = await reissue_for_company(found.id, by=signed_in(request).actor, reason=values["reason"])
    return f"/documents/{made}?done=issued"


SEND = Dialog(
    path=f"{_ONE}/send",
    right="billing.invoice.issue",
    title=N_("Send by e-mail"),
    commit=N_("Send"),
    opened=_send_opened,
    do=_send,
    above="companies/sending.html",
)
REISSUE = Dialog(
    path=f"{_ONE}/reissue",
    right="billing.invoice.issue",
    title=N_("Issue again with other details"),
    commit=N_("Issue"),
    fields=(
        Field(
            name="reason",
            label=N_("Reason"),
            kind=Kind.AREA,
            longest=300,
            hint=N_("Such as: the company has another name. It stands beside both documents."),
        ),
    ),
    opened=_reissue_opened,
    do=_reissue,
    above="companies/reissuing.html",
    names={"details": "reason"},
)
