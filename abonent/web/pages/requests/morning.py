"""The report of the morning on a page, and who gets it by e-mail."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.morning import VIEW, morning_report, morning_sending
from abonent.crm.service.morning import name_receivers
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import page, signed_in


async def show_morning(request: Request) -> Response:
    """Show the report as it is now, with to whom it goes."""
    report = await morning_report(by=signed_in(request).actor)
    async with reading() as connection:
        sending = await morning_sending(connection)
    context = {"report": report, "sending": sending, "done": "done" in request.query_params}
    return page(request, "requests/morning.html", context)


async def _opened(_request: Request) -> Opened:
    async with reading() as connection:
        sending = await morning_sending(connection)
    given = {"receivers": "\n".join(sending.receivers), "hour": str(sending.hour)}
    return Opened(back="/morning", given=given)


async def _name(request: Request, values: Values) -> str:
    by, hour = signed_in(request).actor, int(values["hour"])
    await name_receivers(by=by, text=values["receivers"], hour=hour)
    return "/morning?done=1"


RECEIVERS = Dialog(
    path="/morning/receivers",
    right=VIEW,
    title=N_("Who gets the morning report"),
    commit=N_("Set"),
    fields=(
        Field(
            name="receivers",
            label=N_("E-mail addresses"),
            kind=Kind.AREA,
            required=False,
            longest=2000,
            hint=N_("One in a line; left empty, nobody gets it."),
        ),
        Field(
            name="hour",
            label=N_("Hour"),
            kind=Kind.CHOICE,
            choices=tuple((str(hour), f"{hour:02}:00") for hour in range(24)),
        ),
    ),
    opened=_opened,
    do=_name,
)
