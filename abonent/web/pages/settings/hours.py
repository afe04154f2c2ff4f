"""When the department works, by the day of the week."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.hours import working_hours
from abonent.crm.service.hours import set_hours, spans_text
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Values
from abonent.web.render import page, signed_in

DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


async def show_hours(request: Request) -> Response:
    """Show the hours of each weekday."""
    hours = await working_hours()
    shown = [(label, spans_text(hours.week.get(day, ()))) for day, label in enumerate(DAYS)]
    context = {"days": shown, "done": "done" in request.query_params}
    return page(request, "settings/hours.html", context)


async def _opened(_request: Request) -> Opened:
    hours = await working_hours()
    given = {f"day{day}": spans_text(hours.week.get(day, ())) for day in range(len(DAYS))}
    return Opened(back="/hours", given=given)


async def _set(request: Request, values: Values) -> str:
    texts = {day: values[f"day{day}"] for day in range(len(DAYS))}
    await set_hours(texts, by=signed_in(request).actor)
    return "/hours?done=1"


SET = Dialog(
    path="/hours/set",
    right="crm.hours.edit",
    title=N_("Working hours"),
    commit=N_("Set"),
    fields=tuple(
        Field(
            name=f"day{day}",
            label=label,
            required=False,
            longest=60,
            half=True,
            hint=N_("Such as 9:00–18:00 or 9–13, 14–18; empty is a day off.") if not day else "",
        )
        for day, label in enumerate(DAYS)
    ),
    opened=_opened,
    do=_set,
)
