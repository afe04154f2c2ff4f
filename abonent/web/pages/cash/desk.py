"""The cash desk: one's own shift with its totals and latest receipts, and what a day came to."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.books import installation
from abonent.billing.queries.cash.desks import Desk, denominations, desks, offices
from abonent.billing.queries.cash.receipts import latest_receipts, voided_later
from abonent.billing.queries.cash.shifts import Shift, own_shift, shift_of, shifts_of_day
from abonent.billing.queries.entities import legal_entities
from abonent.billing.service.cash.shifts import works_in
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.documents.printing import print_document, record_printed
from abonent.kernel.i18n import N_, ngettext
from abonent.kernel.requisites import Requisites
from abonent.web.access import LARGEST
from abonent.web.files import pdf_answer
from abonent.web.pages.cash.papers import (
    day_paper,
    day_takings,
    kinds_paper,
    piece_name,
    shift_paper,
)
from abonent.web.pages.cash.words import MOVES, SHIFT_STATES, kind_word
from abonent.web.render import desk_of, page, signed_in, written_money

LATEST = 12
MOST_RECEIPTS = 500

_DONE = {
    "open": N_("The shift is open"),
    "count": N_("The drawer is counted"),
    "close": N_("The shift is closed"),
    "resume": N_("The shift goes on"),
    "move": N_("The cash is moved"),
    "void": N_("The receipt is voided"),
}


async def show_desk(request: Request) -> Response:
    """Show one's shift; without one, the desks that wait for a cashier."""
    by = signed_in(request).actor
    shift = await own_shift(by=by)
    context: dict[str, Any] = {
        "shift": shift,
        "receipts": await latest_receipts(shift.id, by=by, limit=LATEST) if shift else [],
        "desks": await desks(by=by),
        "last": await _last_closed(request, by),
    }
    return page(request, "cash/desk.html", context | words(request))


async def _last_closed(request: Request, by: Actor) -> Shift | None:
    """The shift that was just closed, so that its report can be printed at once."""
    kind, _, number = request.query_params.get("done", "").partition(":")
    if kind != "close" or not number.isdecimal() or len(number) > len(str(LARGEST)):
        return None
    if int(number) > LARGEST:
        return None
    found = await shift_of(int(number), by=by)
    return found if found.is_of(by) else None


async def show_shift(request: Request) -> Response:
    """Show a shift with all it took, counted and handed in."""
    by = signed_in(request).actor
    shift = await shift_of(request.path_params["shift"], by=by)
    later, later_sum = await voided_later(shift.id, by=by)
    context = {
        "shift": shift,
        "takings": kinds_paper(shift.takings),
        "receipts": await latest_receipts(shift.id, by=by, limit=MOST_RECEIPTS),
        "later": later,
        "later_sum": later_sum,
        "pieces": await denominations(),
    }
    return page(request, "cash/shift.html", context | words(request))


async def print_shift(request: Request) -> Response:
    """Answer the report of a shift as a PDF."""
    by = signed_in(request).actor
    shift = await shift_of(request.path_params["shift"], by=by)
    count, amount = await voided_later(shift.id, by=by)
    later = ngettext(
        "{number} receipt was voided later, in all {amount}.",
        "{number} receipts were voided later, in all {amount}.",
        count,
        amount=written_money(amount),
    )
    paper = shift_paper(
        shift,
        await company(by),
        await denominations(),
        later=later if count else "",
        at=clock.now(),
    )
    content = desk_of(request).settings.content
    printed = await print_document("shift_report", paper, content=content)
    await record_printed("shift_report", by=by, subject=f"shift:{shift.number}", hash=printed.hash)
    return pdf_answer(f"shift-{shift.number}.pdf", printed.pdf)


async def show_day(request: Request) -> Response:
    """Show what the cash desks took on a business day, of one office or of all."""
    by = signed_in(request).actor
    day, office = await _asked(request)
    found = await shifts_of_day(day, by=by, office=office or None)
    context = {
        "day": day,
        "office": office,
        "offices": await offices(by=by),
        "shifts": found,
        "takings": kinds_paper(day_takings(found)),
    }
    return page(request, "cash/day.html", context | words(request))


async def print_day(request: Request) -> Response:
    """Answer the cash report of a day as a PDF."""
    by = signed_in(request).actor
    day, office = await _asked(request)
    found = await shifts_of_day(day, by=by, office=office or None)
    names = {one.code: one.name for one in await offices(by=by)}
    name = names.get(office, "")
    paper = day_paper(found, await company(by), office=name, day=day, at=clock.now())
    content = desk_of(request).settings.content
    printed = await print_document("cash_day", paper, content=content)
    subject = f"cash_day:{day}:{office}"
    await record_printed("cash_day", by=by, subject=subject, hash=printed.hash)
    return pdf_answer(f"cash-{day}.pdf", printed.pdf)


async def _asked(request: Request) -> tuple[date, str]:
    given = request.query_params
    try:
        day = date.fromisoformat(given.get("day", ""))
    except ValueError:
        async with reading() as connection:
            day = (await installation(connection)).day
    return day, given.get("office", "")


async def company(by: Actor) -> Requisites:
    """Return who the cash desks belong to: the provider's first company."""
    return (await legal_entities(by=by))[0].requisites


def words(request: Request) -> dict[str, Any]:
    """Return the words that the templates of a cash desk use, and what was just done."""
    kind = request.query_params.get("done", "").partition(":")[0]
    return {
        "shift_states": SHIFT_STATES,
        "move_words": MOVES,
        "kind_word": kind_word,
        "piece_name": piece_name,
        "done": _DONE.get(kind),
    }


def free_desks(found: list[Desk], *, by: Actor) -> list[Desk]:
    """Return the desks in use that nobody works at and the actor may."""
    return [d for d in found if d.active and d.shift is None and works_in(by, d.office_id)]
