"""One's own window: who is called, who is served, who waits here and in other offices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries import face_of
from abonent.crm.queries.queue import Hall, Ticket, Window, hall_of, halls, ticket_at
from abonent.crm.queue_errors import SitsNowhere
from abonent.crm.rules.queue import OUTCOMES, TAKE, WORK
from abonent.crm.service.queue_tickets import take_ticket
from abonent.crm.service.queue_windows import (
    call_again,
    call_next,
    finish_serving,
    leave_window,
    name_account,
    not_come,
    pass_on,
    pause_window,
    put_back,
    sit_down,
    start_serving,
    works_in,
)
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Conflict, DomainError, Refused
from abonent.kernel.i18n import N_, _
from abonent.web.access import PageRoute
from abonent.web.dialogs import Dialog, Opened
from abonent.web.errors import status_of
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import fragment, page, signed_in

HOME = "/window"
_TICKET = f"{HOME}/tickets/{{ticket:int}}"
_DONE = {
    "sat": N_("You sit at the window"),
    "left": N_("You have left the window"),
    "empty": N_("Nobody waits for what your window takes"),
    "passed": N_("The client is passed on"),
    "noshow": N_("Written down: did not come"),
    "back": N_("The client waits on"),
    "done": N_("The visit is finished"),
}


async def show_window(request: Request) -> Response:
    """Show one's window; without one, the windows that are free."""
    return await _page(request, None)


async def show_live(request: Request) -> Response:
    """Answer the lines as they are now."""
    return fragment(request, "queue/window.html", "live", await _context(request))


async def _page(request: Request, error: DomainError | None) -> Response:
    context = await _context(request) | {"refused": error.text() if error else ""}
    return page(request, "queue/window.html", context, status=status_of(error) if error else 200)


async def _context(request: Request) -> dict[str, Any]:
    by = signed_in(request).actor
    found = await halls()
    hall, window = own_window(found, by)
    ticket = await ticket_at(window.id, by=by) if window else None
    return {
        "halls": found,
        "hall": hall,
        "window": window,
        "ticket": ticket,
        "face": await face_of(ticket.account, by=by) if ticket and ticket.account else None,
        "waited": _waited(hall, ticket),
        "free": [one for one in found if works_in(by, one.office.id)],
        "done": _DONE.get(request.query_params.get("done", "")),
        "given": request.query_params.get("ticket", "")[:8],
        "refused": "",
    }


def own_window(found: list[Hall], by: Actor) -> tuple[Hall | None, Window | None]:
    """The window at which somebody sits, and its office."""
    user = int(by.id) if by.kind == "user" else 0
    for hall in found:
        window = hall.window_of(user)
        if window is not None:
            return hall, window
    return None, None


def _waited(hall: Hall | None, ticket: Ticket | None) -> int:
    """How many minutes the client waited until the call."""
    if hall is None or ticket is None or ticket.since is None or ticket.called_at is None:
        return 0
    return max(0, int((ticket.called_at - ticket.since).total_seconds())) // 60


Act = Callable[[Request], Awaitable[str]]


def _acting(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """A button: what is refused is said on the page, which shows how things stand by now."""

    async def pressed(request: Request) -> Response:
        try:
            return RedirectResponse(HOME + await act(request), 303)
        except (Conflict, Refused) as error:
            return await _page(request, error)

    return pressed


async def _next(request: Request) -> str:
    ticket = await call_next(by=signed_in(request).actor)
    return "" if ticket else "?done=empty"


def _on_ticket(act: Callable[..., Awaitable[None]], done: str) -> Act:
    async def acted(request: Request) -> str:
        await act(request.path_params["ticket"], by=signed_in(request).actor)
        return f"?done={done}" if done else ""

    return acted


async def _pause(request: Request) -> str:
    await pause_window(by=signed_in(request).actor, on=True)
    return ""


async def _resume(request: Request) -> str:
    await pause_window(by=signed_in(request).actor, on=False)
    return ""


async def _leave(request: Request) -> str:
    await leave_window(by=signed_in(request).actor)
    return "?done=left"


async def _sit_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    free = [
        (
            str(window.id),
            _("Window {number}, {office}", number=window.number, office=one.office.name),
        )
        for one in await halls()
        if works_in(by, one.office.id)
        for window in one.windows
        if window.active and window.user_id is None
    ]
    asked = request.query_params.get("window", "")
    chosen = next((value for value, _words in free if value == asked), free[0][0] if free else "")
    return Opened(
        back=HOME,
        given={"window": chosen},
        choices={"window": free},
        can=bool(free),
        about="" if free else _("No window is free: somebody sits at each."),
    )


async def _sit(request: Request, values: Values) -> str:
    await sit_down(int(values["window"]), by=signed_in(request).actor)
    return f"{HOME}?done=sat"


SIT = Dialog(
    path=f"{HOME}/sit",
    right=WORK,
    title=N_("Sit down at a window"),
    commit=N_("Sit down"),
    fields=(Field(name="window", label=N_("Window"), kind=Kind.CHOICE),),
    opened=_sit_opened,
    do=_sit,
)


async def _own(request: Request) -> tuple[Hall, Ticket]:
    """The own office and the ticket at the own window. Raises SitsNowhere."""
    by = signed_in(request).actor
    hall, window = own_window(await halls(), by)
    ticket = await ticket_at(window.id, by=by) if window else None
    if hall is None or ticket is None or ticket.id != request.path_params["ticket"]:
        raise SitsNowhere
    return hall, ticket


async def _finish_opened(request: Request) -> Opened:
    _hall, ticket = await _own(request)
    return Opened(
        back=HOME,
        about=_("Ticket {number}, {service}", number=ticket.number, service=ticket.service),
        given={"outcome": "served"},
    )


async def _finish(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await finish_serving(request.path_params["ticket"], by=by, outcome=values["outcome"])
    return f"{HOME}?done=done"


FINISH = Dialog(
    path=f"{_TICKET}/finish",
    right=WORK,
    title=N_("Finish the visit"),
    commit=N_("Finish"),
    fields=(
        Field(
            name="outcome",
            label=N_("How it ended"),
            kind=Kind.CHOICE,
            choices=tuple(OUTCOMES.items()),
        ),
    ),
    opened=_finish_opened,
    do=_finish,
)


async def _pass_opened(request: Request) -> Opened:
    hall, ticket = await _own(request)
    choices = [(str(one.id), one.name) for one in hall.services if one.id != ticket.service_id]
    return Opened(
        back=HOME,
        about=_("Ticket {number}, {service}", number=ticket.number, service=ticket.service),
        choices={"service": choices},
        can=bool(choices),
    )


async def _pass(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await pass_on(request.path_params["ticket"], by=by, service=int(values["service"]))
    return f"{HOME}?done=passed"


PASS = Dialog(
    path=f"{_TICKET}/pass",
    right=WORK,
    title=N_("Pass the client on"),
    commit=N_("Pass on"),
    fields=(
        Field(
            name="service",
            label=N_("To which service"),
            kind=Kind.CHOICE,
            open=True,
            hint=N_("The number and the time already waited are kept."),
        ),
    ),
    opened=_pass_opened,
    do=_pass,
)


async def _whose_opened(request: Request) -> Opened:
    _hall, ticket = await _own(request)
    about = _("Ticket {number}, {service}", number=ticket.number, service=ticket.service)
    return Opened(back=HOME, about=about, given={"account": ticket.account or ""})


async def _whose(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await name_account(request.path_params["ticket"], by=by, account=values["account"])
    return HOME


WHOSE = Dialog(
    path=f"{_TICKET}/account",
    right=WORK,
    title=N_("Whose account it is about"),
    commit=N_("Keep"),
    fields=(Field(name="account", label=N_("Account"), longest=40),),
    opened=_whose_opened,
    do=_whose,
)


async def _give_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    found = await halls()
    _own_hall, window = own_window(found, by)
    offered = [one for one in found if works_in(by, one.office.id) and one.services]
    first = window.office_id if window else 0
    offered.sort(key=lambda one: one.office.id != first)
    many = len(offered) > 1
    choices = [
        (
            f"{hall.office.id}:{one.id}",
            f"{one.name}, {hall.office.name}" if many else one.name,
        )
        for hall in offered
        for one in hall.services
    ]
    return Opened(back=HOME, choices={"service": choices}, can=bool(choices))


async def _give(request: Request, values: Values) -> str:
    office, _colon, service = values["service"].partition(":")
    by = signed_in(request).actor
    hall = await hall_of(int(office))
    given = await take_ticket(hall.office.id, int(service), by=by, typed=values["typed"])
    return f"{HOME}?ticket={given.number}"


GIVE = Dialog(
    path=f"{HOME}/give",
    right=TAKE,
    title=N_("Give a ticket"),
    commit=N_("Give a ticket"),
    fields=(
        Field(name="service", label=N_("What the client came for"), kind=Kind.CHOICE, open=True),
        Field(
            name="typed",
            label=N_("Account or phone"),
            required=False,
            longest=40,
            hint=N_("Then the card is at hand when the client is called."),
        ),
    ),
    opened=_give_opened,
    do=_give,
)


def _post(path: str, act: Act) -> PageRoute:
    return PageRoute(path, _acting(act), right=WORK, methods=("POST",))


ROUTES = (
    PageRoute(HOME, show_window, right=WORK, name="queue"),
    PageRoute(f"{HOME}/live", show_live, right=WORK),
    _post(f"{HOME}/next", _next),
    _post(f"{HOME}/pause", _pause),
    _post(f"{HOME}/resume", _resume),
    _post(f"{HOME}/leave", _leave),
    _post(f"{_TICKET}/again", _on_ticket(call_again, "")),
    _post(f"{_TICKET}/start", _on_ticket(start_serving, "")),
    _post(f"{_TICKET}/no-show", _on_ticket(not_come, "noshow")),
    _post(f"{_TICKET}/back", _on_ticket(put_back, "back")),
    *SIT.routes,
    *FINISH.routes,
    *PASS.routes,
    *WHOSE.routes,
    *GIVE.routes,
)
