"""Booking a visit to an office: what for and where, then the time; cancelling it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.queue import booking_of, hall_of, halls, open_slots
from abonent.crm.queue_errors import NoQueueHere, TicketNotFound
from abonent.crm.service.queue_tickets import book_ticket, cancel_booking
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.access import LARGEST
from abonent.web.portal.access import here, own
from abonent.web.portal.doing import act_page, carried_out

_DONE = {"booked": N_("You are booked"), "cancelled": N_("The booking is cancelled")}


async def show_visit(request: Request) -> Response:
    """Show one's booking, or what may be booked and when."""
    return await _visit(request, request.query_params, None)


async def _visit(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    number, by = own(request)
    context: dict[str, Any] = {
        "here": here(request),
        "booked": await booking_of(number, by=by),
        "done": _DONE.get(request.query_params.get("done", "")),
        "halls": [],
        "hall": None,
        "service": None,
        "days": [],
    }
    if context["booked"] is not None:
        context["hall"] = await _hall(str(context["booked"].office_id))
        return act_page(request, "visit.html", context, error)
    hall = await _hall(given.get("office", ""))
    service = _chosen(given)
    offered = next((one for one in hall.services if one.id == service), None) if hall else None
    if hall is not None and offered is not None and offered.bookable:
        context |= {"hall": hall, "service": offered, "days": await open_slots(hall, offered.id)}
    else:
        context["halls"] = [one for one in await halls() if one.office.ahead_days]
    return act_page(request, "visit.html", context, error)


async def _hall(office: str) -> Any:
    """An office by its code or id; None where it has no queue any more."""
    if not office:
        return None
    try:
        return await hall_of(int(office) if office.isdecimal() and len(office) < 10 else office)
    except NoQueueHere:
        return None


def _chosen(given: Mapping[str, str]) -> int:
    text = given.get("service", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


async def book(request: Request) -> Response:
    """Book the chosen time."""
    return await carried_out(request, do=_book, show=_visit)


async def _book(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    try:
        at = datetime.fromisoformat(form.get("at", ""))
    except ValueError:
        at = None
    # Beyond those years no clock can tell the hour of the office.
    if at is None or at.tzinfo is None or not date.min.year < at.year < date.max.year:
        raise Malformed.of("at", form.get("at", ""), N_("Choose one of those offered."))
    office, service = form.get("office", ""), _chosen(form)
    await book_ticket(number, by=by, office=office, service=service, at=at)
    return f"{here(request)}/visit?done=booked"


async def cancel(request: Request) -> Response:
    """Give the booked time back."""
    return await carried_out(request, do=_cancel, show=_visit)


async def _cancel(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    ticket = form.get("ticket", "")
    if not ticket.isdecimal() or len(ticket) > 19 or int(ticket) > LARGEST:
        raise TicketNotFound(ticket)
    await cancel_booking(number, int(ticket), by=by)
    return f"{here(request)}/visit?done=cancelled"
