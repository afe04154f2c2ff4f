"""Settings of the queue: services, offices with their hours and limits, windows."""

from __future__ import annotations

import re
from datetime import time

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.cash.desks import offices
from abonent.crm.queries.queue import Hall, Service, Window, halls, queue_services, week_of
from abonent.crm.queue_errors import NoQueueHere, ServiceNotFound, WindowNotFound
from abonent.crm.rules.queue import EDIT
from abonent.crm.service.queue_setup import (
    OfficeTerms,
    ServiceTerms,
    set_queue_office,
    set_service,
    set_window,
)
from abonent.crm.service.queue_windows import free_window
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.access import PageRoute
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values, texts_of
from abonent.web.render import page, signed_in

HOME = "/queue/settings"
WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"),
    N_("Sunday"),
)  # fmt: skip
_SPAN = re.compile(r"(\d{1,2})[:.]?(\d{2})?\s*[-–—]\s*(\d{1,2})[:.]?(\d{2})?")
_SERVES = "service."
_DONE = {
    "service": N_("The service is kept"),
    "office": N_("The queue of the office is kept"),
    "window": N_("The window is kept"),
    "freed": N_("The window is free"),
}


async def show_settings(request: Request) -> Response:
    """Show services, and every office with its windows."""
    by = signed_in(request).actor
    found = await halls(every=True)
    known = {hall.office.code for hall in found}
    context = {
        "services": await queue_services(every=True),
        "halls": found,
        "without": [one for one in await offices(by=by) if one.active and one.code not in known],
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "queue/settings.html", context)


# services


async def _service(request: Request) -> Service | None:
    asked = request.path_params.get("service")
    if asked is None:
        return None
    for one in await queue_services(every=True):
        if one.id == asked:
            return one
    raise ServiceNotFound(asked)


async def _service_opened(request: Request) -> Opened:
    found = await _service(request)
    if found is None:
        return Opened(back=HOME, given={"active": "on", "bookable": "on", "minutes": "10"})
    given = {
        "letter": found.letter,
        "name": found.name,
        "hint": found.hint,
        "minutes": str(found.minutes),
        "position": str(found.position),
        "bookable": "on" if found.bookable else "",
        "active": "on" if found.active else "",
    }
    return Opened(back=HOME, about=found.name, given=given)


async def _set_service(request: Request, values: Values) -> str:
    terms = ServiceTerms(**{**values, "position": values["position"] or 0})
    by = signed_in(request).actor
    await set_service(terms, by=by, service=request.path_params.get("service"))
    return f"{HOME}?done=service"


_SERVICE_FIELDS = (
    Field(name="name", label=N_("Name"), longest=60, hint=N_("As it stands on the terminal.")),
    Field(
        name="letter",
        label=N_("Letter of the numbers"),
        longest=1,
        half=True,
        hint=N_("Numbers begin with it: А012."),
    ),
    Field(
        name="minutes",
        label=N_("Minutes for one client"),
        kind=Kind.NUMBER,
        least=1,
        most=240,
        half=True,
        hint=N_("The expected wait is counted by it."),
    ),
    Field(
        name="hint",
        label=N_("What to bring"),
        required=False,
        longest=120,
        hint=N_("Told before the ticket is taken."),
    ),
    Field(
        name="position",
        label=N_("Place in the list"),
        kind=Kind.NUMBER,
        required=False,
        most=999,
    ),
    Field(name="bookable", label=N_("May be booked on the portal"), kind=Kind.TICK),
    Field(name="active", label=N_("In use"), kind=Kind.TICK),
)
NEW_SERVICE = Dialog(
    path=f"{HOME}/services/new",
    right=EDIT,
    title=N_("New service of the queue"),
    commit=N_("Keep"),
    fields=_SERVICE_FIELDS,
    opened=_service_opened,
    do=_set_service,
)
SERVICE = Dialog(
    path=f"{HOME}/services/{{service:int}}",
    right=EDIT,
    title=N_("Service of the queue"),
    commit=N_("Keep"),
    fields=_SERVICE_FIELDS,
    opened=_service_opened,
    do=_set_service,
)


# offices


async def hall_at(office: int) -> Hall:
    """An office's queue, also one out of use. Raises NoQueueHere."""
    for hall in await halls(every=True):
        if hall.office.id == office:
            return hall
    raise NoQueueHere(office)


async def _office_opened(request: Request) -> Opened:
    office = request.path_params.get("office")
    if office is None:
        known = {hall.office.code for hall in await halls(every=True)}
        by = signed_in(request).actor
        free = [(o.code, o.name) for o in await offices(by=by) if o.active and o.code not in known]
        terms = OfficeTerms()
        given = {"office": free[0][0]} if free else {}
        given |= {name: str(getattr(terms, name)) for name in _NUMBERS} | {"active": "on"}
        return Opened(
            back=HOME,
            given={**given, **{f"day{n}": "9-18" for n in range(5)}},
            choices={"office": free},
            can=bool(free),
        )
    own = (await hall_at(office)).office
    week = await week_of(office)
    given = {name: str(getattr(own, name)) for name in _NUMBERS}
    given |= {"active": "on" if own.active else ""}
    given |= {f"day{day}": f"{opens:%H:%M}-{closes:%H:%M}" for day, (opens, closes) in week.items()}
    return Opened(back=HOME, about=own.name, given=given)


_NUMBERS = ("target_minutes", "hard_minutes", "slot_minutes", "ahead_days")


def _hours(values: Values) -> dict[int, tuple[time, time]]:
    """The hours of the week as typed: "9-18" or "10:00-16:30", nothing on a day off."""
    found: dict[int, tuple[time, time]] = {}
    wrong = []
    for day in range(7):
        text = values[f"day{day}"].strip()
        if not text:
            continue
        span = _span(text)
        if span is None:
            told = N_("“{given}” are no hours: 9-18 or 10:00-16:30 is expected.")
            wrong.append(FieldError(f"day{day}", text, told, {"given": text}))
        else:
            found[day] = span
    if wrong:
        raise Malformed(*wrong)
    return found


def _span(text: str) -> tuple[time, time] | None:
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    try:
        opens, closes = (time(int(match[at]), int(match[at + 1] or 0)) for at in (1, 3))
    except ValueError:
        return None
    return (opens, closes) if opens < closes else None


async def _set_office(request: Request, values: Values) -> str:
    office = request.path_params.get("office")
    code = values["office"] if office is None else (await hall_at(office)).office.code
    numbers = {name: int(values[name]) for name in _NUMBERS}
    terms = OfficeTerms(**numbers, active=values["active"], hours=_hours(values))
    await set_queue_office(code, terms, by=signed_in(request).actor)
    return f"{HOME}?done=office"


_OFFICE_FIELDS = (
    Field(
        name="target_minutes",
        label=N_("Target, minutes"),
        kind=Kind.NUMBER,
        least=1,
        most=240,
        half=True,
        hint=N_("So long a client waits at most as a rule."),
    ),
    Field(
        name="hard_minutes",
        label=N_("Limit, minutes"),
        kind=Kind.NUMBER,
        least=1,
        most=480,
        half=True,
        hint=N_("Who waits longer is called before all others."),
    ),
    Field(
        name="slot_minutes",
        label=N_("A booking takes, minutes"),
        kind=Kind.CHOICE,
        choices=tuple((str(n), str(n)) for n in (5, 10, 15, 20, 30, 60)),
        half=True,
    ),
    Field(
        name="ahead_days",
        label=N_("Days one may book ahead"),
        kind=Kind.NUMBER,
        most=60,
        half=True,
        hint=N_("0: no booking."),
    ),
    *(
        Field(
            name=f"day{day}",
            label=name,
            required=False,
            longest=20,
            half=True,
            hint="" if day else N_("Such as 9-18; nothing on a day off."),
        )
        for day, name in enumerate(WEEKDAYS)
    ),
    Field(name="active", label=N_("In use"), kind=Kind.TICK),
)
NEW_OFFICE = Dialog(
    path=f"{HOME}/offices/new",
    right=EDIT,
    title=N_("Queue of an office"),
    commit=N_("Keep"),
    fields=(Field(name="office", label=N_("Office"), kind=Kind.CHOICE), *_OFFICE_FIELDS),
    opened=_office_opened,
    do=_set_office,
)
OFFICE = Dialog(
    path=f"{HOME}/offices/{{office:int}}",
    right=EDIT,
    title=N_("Queue of an office"),
    commit=N_("Keep"),
    fields=_OFFICE_FIELDS,
    opened=_office_opened,
    do=_set_office,
)


# windows


async def _window(request: Request) -> tuple[Hall, Window]:
    asked = request.path_params["window"]
    for hall in await halls(every=True):
        for window in hall.windows:
            if window.id == asked:
                return hall, window
    raise WindowNotFound(asked)


async def _window_opened(request: Request) -> Opened:
    services = await queue_services()
    if "window" in request.path_params:
        hall, window = await _window(request)
        serves, number, active = window.services, window.number, window.active
    else:
        hall = await hall_at(request.path_params["office"])
        serves, active = frozenset(one.id for one in services), True
        number = max((one.number for one in hall.windows), default=0) + 1
    given = {"number": str(number), "active": "on" if active else ""}
    if request.method == "GET":
        given |= {f"{_SERVES}{one}": "on" for one in serves}
    return Opened(back=HOME, about=hall.office.name, given=given, context={"services": services})


async def _set_window(request: Request, values: Values) -> str:
    window = request.path_params.get("window")
    office = request.path_params.get("office")
    if window is not None:
        office = (await _window(request))[0].office.id
    form = texts_of(await request.form())
    ticked = [name.removeprefix(_SERVES) for name in form if name.startswith(_SERVES)]
    services = [int(one) for one in ticked if one.isdecimal() and len(one) < 10]
    await set_window(
        values["number"],
        services,
        by=signed_in(request).actor,
        office=office or 0,
        window=window,
        active=values["active"],
    )
    return f"{HOME}?done=window"


_WINDOW_FIELDS = (
    Field(name="number", label=N_("Number"), kind=Kind.NUMBER, least=1, most=99),
    Field(name="active", label=N_("In use"), kind=Kind.TICK),
)
NEW_WINDOW = Dialog(
    path=f"{HOME}/offices/{{office:int}}/windows/new",
    right=EDIT,
    title=N_("New window"),
    commit=N_("Keep"),
    fields=_WINDOW_FIELDS,
    opened=_window_opened,
    do=_set_window,
    below="queue/serves.html",
)
WINDOW = Dialog(
    path=f"{HOME}/windows/{{window:int}}",
    right=EDIT,
    title=N_("Window"),
    commit=N_("Keep"),
    fields=_WINDOW_FIELDS,
    opened=_window_opened,
    do=_set_window,
    below="queue/serves.html",
)


async def _free_opened(request: Request) -> Opened:
    hall, window = await _window(request)
    about = f"{hall.office.name}, {window.number}. {window.user_name or ''}"
    return Opened(back=HOME, about=about, can=window.user_id is not None)


async def _free(request: Request, _values: Values) -> str:
    await free_window(request.path_params["window"], by=signed_in(request).actor)
    return f"{HOME}?done=freed"


FREE = Dialog(
    path=f"{HOME}/windows/{{window:int}}/free",
    right=EDIT,
    title=N_("Free the window"),
    commit=N_("Free it"),
    opened=_free_opened,
    do=_free,
)


ROUTES = (
    PageRoute(HOME, show_settings, right=EDIT),
    *NEW_SERVICE.routes,
    *SERVICE.routes,
    *NEW_OFFICE.routes,
    *OFFICE.routes,
    *NEW_WINDOW.routes,
    *WINDOW.routes,
    *FREE.routes,
)
