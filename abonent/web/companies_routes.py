"""The addresses of companies' documents and of bills."""

from __future__ import annotations

from abonent.web.access import PageRoute
from abonent.web.pages.companies import account, documents, due

_SEE = "billing.invoice.view"
_ACCOUNT = "/accounts/{number:str}"
_ONE = "/documents/{document:int}"

COMPANY_ROUTES = (
    *due.ISSUE_ALL.routes,
    PageRoute(_ONE, documents.show_document, right=_SEE, name="document"),
    PageRoute(f"{_ONE}/document.pdf", documents.print_one, right=_SEE),
    *documents.SEND.routes,
    *documents.REISSUE.routes,
    PageRoute(f"{_ACCOUNT}/invoices", account.show_invoices, right=_SEE),
    PageRoute(f"{_ACCOUNT}/bill.pdf", account.print_bill, right="billing.account.view"),
    *account.ISSUE.routes,
    *account.RECONCILE.routes,
    *account.CONTACT.routes,
)
