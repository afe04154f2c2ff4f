"""What colleagues write on a request: notes, what is next, what it belongs to."""

from __future__ import annotations

from datetime import datetime, time

from starlette.requests import Request

from abonent.crm.service.requests import working
from abonent.kernel.i18n import N_, time_zone
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.requests.opened import ONE, WORK, about, back, found_of, plain
from abonent.web.render import signed_in

_HOURS = tuple((f"{hour:02}:00", f"{hour:02}:00") for hour in range(8, 21))


async def _note(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await working.note_request(number, by=by, text=values["text"])
    return back(request, "note")


NOTE = Dialog(
    path=f"{ONE}/note",
    right=WORK,
    title=N_("Note for colleagues"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="text",
            label=N_("Note"),
            kind=Kind.AREA,
            longest=working.LONGEST_NOTE,
            hint=N_("The client does not see it."),
        ),
    ),
    opened=plain,
    do=_note,
)


async def _planning(request: Request) -> Opened:
    found = await found_of(request)
    given = {"text": found.next_action}
    if found.next_action_at:
        local = found.next_action_at.astimezone(time_zone())
        given |= {"day": local.date().isoformat(), "hour": f"{local.hour:02}:00"}
    return Opened(back=back(request), about=about(found), given=given)


async def _plan(request: Request, values: Values) -> str:
    at = None
    if values["day"]:
        hour = time.fromisoformat(values["hour"] or "09:00")
        at = datetime.combine(values["day"], hour, time_zone())
    await working.plan_next(
        request.path_params["request"], by=signed_in(request).actor, text=values["text"], at=at
    )
    return back(request, "next")


PLAN = Dialog(
    path=f"{ONE}/next",
    right=WORK,
    title=N_("What is next"),
    commit=N_("Set"),
    fields=(
        Field(
            name="text",
            label=N_("What is to be done next"),
            required=False,
            longest=working.LONGEST_ACTION,
            hint=N_("Left empty, nothing is planned any more."),
        ),
        Field(name="day", label=N_("Day"), kind=Kind.DAY, required=False, half=True),
        Field(
            name="hour",
            label=N_("Hour"),
            kind=Kind.CHOICE,
            required=False,
            half=True,
            choices=(("", ""), *_HOURS),
        ),
    ),
    opened=_planning,
    do=_plan,
)


async def _linking(request: Request) -> Opened:
    found = await found_of(request)
    given = {"kind": found.link_kind or "claim", "other": found.link_number}
    return Opened(back=back(request), about=about(found), given=given)


async def _link(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await working.link_request(number, by=by, kind=values["kind"], other=values["other"])
    return back(request, "linked")


LINK = Dialog(
    path=f"{ONE}/link",
    right=WORK,
    title=N_("What it belongs to"),
    commit=N_("Set the link"),
    fields=(
        Field(
            name="kind",
            label=N_("Kind"),
            kind=Kind.SEGMENTS,
            choices=tuple(working.LINKS.items()),
        ),
        Field(name="other", label=N_("Number"), required=False, longest=40),
    ),
    opened=_linking,
    do=_link,
)
