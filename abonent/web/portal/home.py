"""The first pages: which account, how it stands and what is needed; its entries by month."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.billing.queries.cash.receipts import receipt_of_entry
from abonent.billing.queries.entities import legal_entity_of
from abonent.billing.queries.statement import read_entry, statement
from abonent.billing.rules.explanation import explain
from abonent.billing.rules.periods import DAY
from abonent.crm.queries import face_of
from abonent.crm.queries.queue import booking_of, may_book
from abonent.kernel.documents.printing import print_document, record_printed
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, current_language
from abonent.web.files import pdf_answer
from abonent.web.pages.accounts import Line, card_of, lines_of, words
from abonent.web.pages.cash.papers import receipt_paper
from abonent.web.portal.access import entered, here, own, portal_page
from abonent.web.render import desk_of
from abonent.web.words import title_of

LATEST = 4
MOST = 300
"""Entries of one month that are shown; a month has a handful."""

DONE = {
    "promise": N_("The promised payment is given"),
    "tariff": N_("The tariff is changed"),
    "freeze": N_("The freeze is set"),
    "freeze-end": N_("The end of the freeze is set"),
}


async def show_accounts(request: Request) -> Response:
    """Lead to the only account, or let one be chosen."""
    who = entered(request)
    if len(who.accounts) == 1:
        return RedirectResponse(f"/my/{who.accounts[0].number}", 303)
    cards = [(a, await card_of(a.number, by=who.actor)) for a in who.accounts]
    return portal_page(request, "accounts.html", {"cards": cards} | words())


async def show_home(request: Request) -> Response:
    """Show balance, what is needed and when, the services and the latest entries."""
    number, by = own(request)
    latest = await statement(number, by=by, limit=LATEST, newest_first=True)
    context = {
        "card": await card_of(number, by=by),
        "lines": await lines_of(latest),
        "done": DONE.get(request.query_params.get("done", "")),
        "here": here(request),
        "visits": await may_book(),
        "visit": await booking_of(number, by=by),
    }
    return portal_page(request, "home.html", context | words())


async def show_history(request: Request) -> Response:
    """Show the entries of a month, the latest first."""
    number, by = own(request)
    card = await card_of(number, by=by)
    today = card.view.day.replace(day=1)
    first = min(_month(request.query_params.get("month", "")) or today, today)
    following = _next(first)
    found = await statement(
        number, by=by, since=first, until=following, limit=MOST, newest_first=True
    )
    context = {
        "lines": await lines_of(found),
        "month": first,
        "earlier": (first - DAY).replace(day=1),
        "later": following if following <= today else None,
        "here": here(request),
    }
    return portal_page(request, "history.html", context)


def _month(text: str) -> date | None:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return found if found.year >= 1900 else None


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def show_entry(request: Request) -> Response:
    """Show one entry with every step of its calculation."""
    number, by = own(request)
    item, catalogue = await read_entry(number, request.path_params["no"], by=by)
    told = explain(
        item.posting,
        catalogue=catalogue,
        language=current_language(),
        account_number=number,
        actor=item.actor,  # the names of staff are not told outside
    )
    receipt = await receipt_of_entry(number, item.posting.no, by=by)
    context = {"line": Line(item, title_of(item), told), "receipt": receipt, "here": here(request)}
    return portal_page(request, "entry.html", context)


async def print_receipt(request: Request) -> Response:
    """Answer the receipt of a payment as a PDF."""
    number, by = own(request)
    found = await receipt_of_entry(number, request.path_params["no"], by=by)
    if found is None:
        raise NotFound("NOT_FOUND", N_("There is no receipt for this entry."))
    face, entity = await face_of(number, by=by), await legal_entity_of(number, by=by)
    paper = receipt_paper(found, entity.requisites, face)
    printed = await print_document("receipt", paper, content=desk_of(request).settings.content)
    subject = f"receipt:{found.number}"
    await record_printed(
        "receipt", by=by, subject=subject, hash=printed.hash, account_id=found.account_id
    )
    return pdf_answer(f"receipt-{found.number}.pdf", printed.pdf)
