"""The tab of a card with a company's documents, what is done there, and the bill of anybody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.entities import legal_entity_of
from abonent.billing.queries.invoices import documents_of
from abonent.billing.rules.invoice_parties import MISSING
from abonent.billing.service.invoices.papers import KINDS, payment_picture
from abonent.crm.masking import masked_email
from abonent.crm.queries.companies import company_of, email_contacts
from abonent.crm.registers.documents import STATES
from abonent.crm.service.companies import (
    issue_for_account,
    reconcile_account,
    set_document_contact,
)
from abonent.kernel.documents.printing import print_document, record_printed
from abonent.kernel.i18n import N_, _, gettext
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.files import pdf_answer
from abonent.web.pages.accounts import Card, card_of
from abonent.web.pages.companies.documents import state_of
from abonent.web.pages.people.frame import card_page, number_of, open_day
from abonent.web.render import desk_of, signed_in
from abonent.web.words import address_of

_ONE = "/accounts/{number:str}/invoices"
_NOWHERE = "0"
_DONE = {
    "issued": N_("The documents are issued"),
    "drafts": N_("Details are missing: the documents are drafts for now"),
    "contact": N_("The address for documents is kept"),
}


async def show_invoices(request: Request) -> Response:
    """Show the documents of an account, and where they go."""
    by = signed_in(request).actor
    number = number_of(request)
    card = await card_of(number, by=by)
    company = await company_of(number, by=by) if card.face else None
    papers_to = company.papers_to if company else ""
    found = await documents_of(number, by=by)
    missing = {code for one in found for code in one.missing}
    context: dict[str, Any] = {
        "documents": [(one, STATES[state_of(one)]) for one in found],
        "kinds": KINDS,
        "company": company if company and company.kind == "company" else None,
        "papers_to": papers_to if by.may("crm.contact.view") else masked_email(papers_to),
        "missing": [_(MISSING[code]) for code in MISSING if code in missing],
        "ours": any(code.startswith("seller.") for code in missing),
        "news": _DONE.get(request.query_params.get("done", "")),
        "bad_news": request.query_params.get("done") == "drafts",
    }
    return await card_page(request, "companies/account.html", "invoices", context, card=card)


async def print_bill(request: Request) -> Response:
    """Answer the bill of an account as a PDF: what to pay, by when, and the code to pay it by."""
    by = signed_in(request).actor
    number, settings = number_of(request), desk_of(request).settings
    card = await card_of(number, by=by)
    entity = await legal_entity_of(number, by=by)
    data = bill_paper(card, entity.requisites, day=await open_day(), language=settings.language)
    printed = await print_document(
        "bill", data, content=settings.content, language=settings.language
    )
    await record_printed(
        "bill",
        by=by,
        subject=f"bill:{number}",
        hash=printed.hash,
        account_id=card.view.account,
        language=settings.language,
    )
    return pdf_answer(f"bill-{number}.pdf", printed.pdf)


def bill_paper(card: Card, seller: Any, *, day: date, language: str) -> dict[str, Any]:
    """Return the data of the document "bill"; the amount is the one that the card asks for."""
    number, face = card.view.number, card.face
    amount = max(card.asked, card.overdue, 0)
    purpose = gettext(
        N_("Payment for telecom services, account {account}"), language, account=number
    )
    more = {"Purpose": purpose, "PersAcc": number}
    names = (
        "name", "full_name", "inn", "kpp", "ogrn", "address", "phone", "bank_name", "bic",
        "account", "corr_account", "head_name", "head_post",
    )  # fmt: skip
    place = address_of(face.street, face.house, face.flat) if face else ""
    return {
        "heading": gettext(N_("Bill for telecom services"), language),
        "day": day,
        "account": number,
        "payer": face.name if face else None,
        "place": place or None,
        "contract": face.contract if face else None,
        "amount": amount,
        "words": amount,
        "due": max(card.stops_on - timedelta(days=1), day) if card.stops_on else None,
        "purpose": purpose,
        "qr": payment_picture(seller, amount=amount, more=more),
        "seller": {name: getattr(seller, name) or None for name in names},
    }


def _back(request: Request, done: str = "") -> str:
    path = f"/accounts/{number_of(request)}/invoices"
    return f"{path}?done={done}" if done else path


async def _issue_opened(request: Request) -> Opened:
    company = await company_of(number_of(request), by=signed_in(request).actor)
    return Opened(back=_back(request), about=company.buyer.name)


async def _issue(request: Request, values: Values) -> str:
    issued = await issue_for_account(
        number_of(request),
        by=signed_in(request).actor,
        language=desk_of(request).settings.language,
        since=values["since"],
    )
    return _back(request, "drafts" if issued.missing else "issued")


async def _reconcile_opened(request: Request) -> Opened:
    """From the beginning of the year through the last closed day."""
    company = await company_of(number_of(request), by=signed_in(request).actor)
    last = await open_day() - timedelta(days=1)
    given = {"first": last.replace(month=1, day=1).isoformat(), "last": last.isoformat()}
    return Opened(back=_back(request), about=company.buyer.name, given=given)


async def _reconcile(request: Request, values: Values) -> str:
    made = await reconcile_account(
        number_of(request),
        by=signed_in(request).actor,
        first=values["first"],
        last=values["last"],
        language=desk_of(request).settings.language,
    )
    return f"/documents/{made}?done=issued"


async def _contact_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    company = await company_of(number_of(request), by=by)
    known = await email_contacts(company.subscriber, by=by)
    whole = by.may("crm.contact.view")
    choices = [(_NOWHERE, _("None: documents are sent by hand"))]
    choices += [(str(k.id), k.value if whole else masked_email(k.value)) for k in known]
    given = next((str(k.id) for k in known if k.papers), _NOWHERE)
    return Opened(
        back=_back(request),
        about=company.buyer.name,
        given={"contact": given},
        choices={"contact": choices},
    )


async def _set_contact(request: Request, values: Values) -> str:
    chosen = None if values["contact"] == _NOWHERE else int(values["contact"])
    await set_document_contact(number_of(request), chosen, by=signed_in(request).actor)
    return _back(request, "contact")


ISSUE = Dialog(
    path=f"{_ONE}/issue",
    right="billing.invoice.issue",
    title=N_("Issue what is due"),
    commit=N_("Issue"),
    fields=(
        Field(
            name="since",
            label=N_("The first documents from"),
            kind=Kind.DAY,
            required=False,
            hint=N_("Empty: where the last ones end, or the latest period that has ended."),
        ),
    ),
    opened=_issue_opened,
    do=_issue,
)
RECONCILE = Dialog(
    path=f"{_ONE}/reconcile",
    right="billing.invoice.issue",
    title=N_("Reconciliation statement"),
    commit=N_("Issue"),
    fields=(
        Field(name="first", label=N_("From"), kind=Kind.DAY, half=True),
        Field(name="last", label=N_("Through"), kind=Kind.DAY, half=True),
    ),
    opened=_reconcile_opened,
    do=_reconcile,
    names={"details": "first"},
)
CONTACT = Dialog(
    path=f"{_ONE}/contact",
    right="billing.invoice.issue",
    title=N_("Where documents go"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="contact",
            label=N_("E-mail for documents"),
            kind=Kind.CHOICE,
            hint=N_(
                "New documents go there by themselves. Addresses are added on the subscriber's tab."
            ),
        ),
    ),
    opened=_contact_opened,
    do=_set_contact,
)
