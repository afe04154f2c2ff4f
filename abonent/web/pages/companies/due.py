"""What is due for all companies: how many accounts wait, who lacks which details, and doing it now."""

from __future__ import annotations

from starlette.requests import Request

from abonent.billing.rules.invoice_parties import MISSING
from abonent.crm.queries.companies import accounts_to_document, companies_lacking
from abonent.crm.service.companies import ask_round
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Values
from abonent.web.render import signed_in


async def _opened(request: Request) -> Opened:
    by = signed_in(request).actor
    lacking = await companies_lacking(by=by)
    due = await accounts_to_document(by=by)
    drafts = {one.number for one in lacking}
    context = {
        "ready": len([number for number in due if number not in drafts]),
        "lacking": [(one, [_(MISSING[code]) for code in one.missing]) for one in lacking],
        "ours": any(code.startswith("seller.") for one in lacking for code in one.missing),
    }
    return Opened(back="/documents", context=context, can=bool(due))


async def _do(request: Request, _values: Values) -> str:
    await ask_round(by=signed_in(request).actor)
    return "/documents"


ISSUE_ALL = Dialog(
    path="/documents/issue",
    right="billing.invoice.issue",
    title=N_("Issue what is due"),
    commit=N_("Issue"),
    opened=_opened,
    do=_do,
    above="companies/due.html",
)
