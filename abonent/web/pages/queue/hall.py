"""What stands in the hall of an office: the terminal that gives tickets, the display of calls.

Both work without a sign-in: their address holds a secret that can be revoked. They never show whose
a ticket is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries.queue import Hall, Service, ahead_of, hall_of, halls, ticket_of
from abonent.crm.queue_errors import NoQueueHere, NotOffered, TicketNotFound
from abonent.crm.service.queue_setup import Device, device_by
from abonent.crm.service.queue_tickets import arrive, take_ticket
from abonent.kernel import clock
from abonent.kernel.errors import Conflict, DomainError, NotFound, Refused
from abonent.kernel.i18n import LANGUAGES, speaking
from abonent.kernel.site import site_language
from abonent.web.access import PUBLIC, PageRoute
from abonent.web.errors import status_of
from abonent.web.fields import texts_of
from abonent.web.pages.acting import new_key, once
from abonent.web.render import page, rendered
from abonent.web.rules import Limit, throttle_key
from abonent.web.service.throttle import count_attempt

# One of ten thousand codes: a terminal lets nobody try them all.
PER_TERMINAL = Limit(
    free=30, window=timedelta(minutes=10), first=timedelta(minutes=1), longest=timedelta(minutes=5)
)
FRESH = 20
"""Seconds for which a call is marked as new."""
TICK = 1.0
WATCH_SECONDS = 600
"""After so long the browser connects again: a revoked display then goes dark."""
_LONGEST_KEY = 200
_LONGEST_TYPED = 40
_THEMES = ("light", "dark")
_NAMES = {"ru": "Русский", "en": "English"}
"""Languages in their own words."""


async def _terminal(request: Request) -> tuple[Device, Hall]:
    device = await device_by(request.path_params["token"], "terminal")
    return device, await hall_of(device.office_id)


def _home(request: Request) -> str:
    return f"/hall/{request.path_params['token']}"


def _spoken(request: Request) -> str:
    """The language a client chose at the terminal, which goes on in the address, else the office's."""
    asked = request.query_params.get("lang", "")
    on_board = request.url.path.startswith("/board/")
    return asked if asked in LANGUAGES and not on_board else site_language()


def _asked(request: Request) -> str:
    """What keeps the chosen language in the addresses of the next steps; empty for the office's."""
    spoken = _spoken(request)
    return "" if spoken == site_language() else f"?lang={spoken}"


def _shown(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200
) -> Response:
    asked = request.query_params.get("theme", "")
    known: dict[str, Any] = {
        "home": _home(request),
        "asked": _asked(request),
        "others": [one for one in LANGUAGES if one != _spoken(request)],
        "own": site_language(),
        "names": _NAMES,
        "refused": "",
    }
    if asked in _THEMES:
        known["theme"] = asked
    response = page(request, f"queue/{template}", known | context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


Handler = Callable[[Request], Awaitable[Response]]


def _in_hall(handler: Handler) -> Handler:
    """Speak the hall's language; what is refused, or out of use, is said on a page of its own."""

    async def served(request: Request) -> Response:
        with speaking(_spoken(request)):
            try:
                return await handler(request)
            except (Refused, Conflict, NotFound) as error:
                gone = isinstance(error, NotFound) and not isinstance(
                    error, (TicketNotFound, NoQueueHere)
                )
                context = {"refused": error.text(), "gone": gone}
                return _shown(request, "hall_refused.html", context, status=status_of(error))

    return served


@_in_hall
async def show_terminal(request: Request) -> Response:
    """Show what one may come for, with the wait to expect."""
    _device, hall = await _terminal(request)
    return _shown(request, "terminal.html", {"hall": hall, "nearer": await _nearer(hall)})


async def _nearer(hall: Hall) -> tuple[Hall, int] | None:
    """Another office where one waits much less, when here it takes longer than it should."""
    here = _shortest(hall)
    if here is not None and here <= hall.office.target_minutes:
        return None
    others = [(other, _shortest(other)) for other in await halls() if other.office != hall.office]
    known = [(other, wait) for other, wait in others if wait is not None]
    best = min(known, key=lambda pair: pair[1], default=None)
    if best is None or (here is not None and best[1] * 2 > here):
        return None
    return best


def _shortest(hall: Hall) -> int | None:
    """The longest wait among the services that are served now: what a newcomer must reckon with."""
    waits = [hall.minutes_of(one.id) for one in hall.services]
    return max((wait for wait in waits if wait is not None), default=None)


def _service(hall: Hall, request: Request) -> Service:
    asked = request.path_params["service"]
    for one in hall.services:
        if one.id == asked:
            return one
    raise NotOffered(str(asked))


@_in_hall
async def show_taking(request: Request) -> Response:
    """Ask for the account or phone, which may be left out."""
    _device, hall = await _terminal(request)
    context = {"hall": hall, "service": _service(hall, request), "key": new_key()}
    return _shown(request, "terminal_account.html", context)


@_in_hall
async def take(request: Request) -> Response:
    """Give the ticket; the same form sent again gives the same one."""
    device, hall = await _terminal(request)
    service = _service(hall, request)
    form = texts_of(await request.form())
    by, typed = device.actor, form.get("typed", "")[:_LONGEST_TYPED]

    async def given() -> str:
        ticket = await take_ticket(hall.office.id, service.id, by=by, typed=typed)
        return str(ticket.id)

    key = form.get("key", "")[:_LONGEST_KEY] or new_key()
    ticket = await once(key, by=by, request=f"{hall.office.id} {service.id}", work=given)
    return RedirectResponse(f"{_home(request)}/tickets/{ticket}{_asked(request)}", 303)


@_in_hall
async def show_code(request: Request) -> Response:
    """Ask who booked for the code."""
    _device, hall = await _terminal(request)
    return _shown(request, "terminal_code.html", {"hall": hall})


@_in_hall
async def come(request: Request) -> Response:
    """Who booked has come; a wrong code is said beside the field."""
    device, hall = await _terminal(request)
    code = texts_of(await request.form()).get("code", "")[:_LONGEST_TYPED]
    try:
        await count_attempt({throttle_key("arrive", str(device.id)): PER_TERMINAL})
        ticket = await arrive(hall.office.id, code, by=device.actor)
    except Refused as error:
        context = {"hall": hall, "refused": error.text()}
        return _shown(request, "terminal_code.html", context, status=status_of(error))
    return RedirectResponse(f"{_home(request)}/tickets/{ticket.id}{_asked(request)}", 303)


@_in_hall
async def show_slip(request: Request) -> Response:
    """Show a ticket to be printed: its number and the wait, nothing of whose it is."""
    device, hall = await _terminal(request)
    ticket = await ticket_of(request.path_params["ticket"], by=device.actor)
    context = {
        "hall": hall,
        "ticket": ticket,
        "ahead": await ahead_of(ticket.id),
        "wait": hall.minutes_of(ticket.service_id),
    }
    return _shown(request, "slip.html", context)


async def _board(request: Request) -> Hall:
    device = await device_by(request.path_params["token"], "display")
    return await hall_of(device.office_id)


def _on_board(hall: Hall) -> dict[str, Any]:
    """The calls, the latest first, then who is served; the mark tells when either changes."""
    called = [w for w in hall.windows if w.state == "called" and w.called_at]
    called.sort(key=lambda window: window.called_at or hall.now, reverse=True)
    serving = [w for w in hall.windows if w.state == "serving"]
    fresh = {
        w.id for w in called if w.called_at and (hall.now - w.called_at).total_seconds() < FRESH
    }
    shown = [(w.number, w.ticket, w.called_at, w.id in fresh) for w in called]
    return {
        "hall": hall,
        "called": called,
        "serving": serving,
        "fresh": fresh,
        "mark": f"{shown}{[(w.number, w.ticket) for w in serving]}{hall.waiting}{hall.now:%H:%M}",
    }


@_in_hall
async def show_board(request: Request) -> Response:
    """Show which number is called to which window."""
    context = _on_board(await _board(request))
    context["home"] = f"/board/{request.path_params['token']}"
    return _shown(request, "board.html", context)


async def stream_board(request: Request) -> Response:
    """Send the calls as they come."""
    await _board(request)
    return EventSourceResponse(_calls(request), ping=15)


async def _calls(request: Request) -> AsyncIterator[ServerSentEvent]:
    started, mark = clock.monotonic(), ""
    while clock.monotonic() - started < WATCH_SECONDS:
        try:
            context = _on_board(await _board(request))
        except DomainError:
            return
        if context["mark"] != mark:
            mark = context["mark"]
            with speaking(site_language()):
                told = rendered(request, "queue/board.html", "told", context)
            yield ServerSentEvent(data=told)
        await anyio.sleep(TICK)


def _route(path: str, handler: Handler, *, post: bool = False) -> PageRoute:
    return PageRoute(path, handler, right=PUBLIC, methods=("POST",) if post else ("GET",))


_HALL = "/hall/{token:str}"
ROUTES = (
    _route(_HALL, show_terminal),
    _route(f"{_HALL}/take/{{service:int}}", show_taking),
    _route(f"{_HALL}/take/{{service:int}}", take, post=True),
    _route(f"{_HALL}/code", show_code),
    _route(f"{_HALL}/code", come, post=True),
    _route(f"{_HALL}/tickets/{{ticket:int}}", show_slip),
    _route("/board/{token:str}", show_board),
    _route("/board/{token:str}/stream", stream_board),
)
