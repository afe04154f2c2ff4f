"""Invoices and acts of the subscriber's own account: those issued, each as a PDF."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.invoice_errors import DocumentNotFound
from abonent.billing.queries.invoices import Document, document, documents_of
from abonent.billing.service.invoices.papers import file_name, print_papers, to_pay_of
from abonent.web.files import pdf_answer
from abonent.web.pages.companies.documents import title_of
from abonent.web.portal.access import here, own, portal_page
from abonent.web.render import desk_of

SHOWN = 60
"""Documents on the page: two years of invoices and acts and more."""


async def show_documents(request: Request) -> Response:
    """Show what was issued for the account, the newest first."""
    number, by = own(request)
    issued = [found for found in await documents_of(number, by=by) if _is_shown(found)]
    rows = [(found, title_of(found), to_pay_of(found)) for found in issued[:SHOWN]]
    return portal_page(request, "documents.html", {"rows": rows, "here": here(request)})


async def print_document(request: Request) -> Response:
    """Answer a document of the account as a PDF. Raises DocumentNotFound for any other."""
    number, by = own(request)
    found = await document(request.path_params["document"], by=by)
    if found.account != number or not _is_shown(found):
        raise DocumentNotFound(found.id)
    settings = desk_of(request).settings
    printed = await print_papers(
        [found.id], by=by, language=settings.language, content=settings.content
    )
    return pdf_answer(file_name(found), printed.pdf)


def _is_shown(found: Document) -> bool:
    """A draft is nobody's business yet; one that another replaces was issued and stays."""
    return found.state != "DRAFT"
