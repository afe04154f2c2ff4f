"""Freezing an account for some days, and ending a freeze earlier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request

from abonent.billing.queries.accounts import look
from abonent.billing.rules.periods import DAY
from abonent.billing.service.freezes import end_freeze, freeze_account
from abonent.billing.service.previews import preview_freeze, preview_freeze_end
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in


async def _freeze_opened(request: Request) -> Opened:
    """From tomorrow for the shortest time that the policy allows."""
    number = request.path_params["number"]
    loaded = await look(number)
    policy = loaded.catalogue.freezes
    start = loaded.book.day + DAY
    last = start + timedelta(max(policy.least_days, 1) - 1)
    return Opened(
        back=f"/accounts/{number}",
        given={"from": start.isoformat(), "to": last.isoformat()},
        context={"policy": policy},
    )


def _days(values: Values) -> tuple[date, date]:
    start, last = values["from"], values["to"]
    if last < start:
        raise Malformed.of("to", last, N_("The last day lies before the first."))
    return start, last


async def _preview_freeze(request: Request, values: Values) -> Mapping[str, Any]:
    by, number = signed_in(request).actor, request.path_params["number"]
    start, last = _days(values)
    preview = await preview_freeze(number, by=by, start=start, end=last + DAY)
    return {"preview": preview, "days": (last - start).days + 1}


async def _freeze(request: Request, values: Values) -> str:
    by, number = signed_in(request).actor, request.path_params["number"]
    start, last = _days(values)
    reason = values["reason"]
    await freeze_account(number, by=by, start=start, end=last + DAY, reason=reason)
    return f"/accounts/{number}?done=freeze"


async def _end_opened(request: Request) -> Opened:
    """The account goes on tomorrow."""
    number = request.path_params["number"]
    loaded = await look(number)
    tomorrow = (loaded.book.day + DAY).isoformat()
    return Opened(back=f"/accounts/{number}", given={"on": tomorrow})


async def _preview_end(request: Request, values: Values) -> Mapping[str, Any]:
    number, no = request.path_params["number"], request.path_params["no"]
    by = signed_in(request).actor
    preview, goes_on = await preview_freeze_end(number, no, by=by, on=values["on"])
    return {"preview": preview, "goes_on": goes_on}


async def _end(request: Request, values: Values) -> str:
    number, no = request.path_params["number"], request.path_params["no"]
    await end_freeze(number, no, by=signed_in(request).actor, on=values["on"])
    return f"/accounts/{number}?done=freeze-end"


FREEZE = Dialog(
    path="/accounts/{number:str}/freeze",
    right="billing.freeze.set",
    identity="freeze",
    title=N_("Voluntary freeze"),
    commit=N_("Set the freeze"),
    fields=(
        Field(name="from", label=N_("First day"), kind=Kind.DAY, half=True),
        Field(name="to", label=N_("Last day"), kind=Kind.DAY, half=True),
        Field(
            name="reason",
            label=N_("Reason"),
            required=False,
            hint=N_("As the subscriber says it; it may stay empty."),
        ),
    ),
    opened=_freeze_opened,
    preview=_preview_freeze,
    do=_freeze,
    below="act_freeze.html",
)
FREEZE_END = Dialog(
    path="/accounts/{number:str}/freezes/{no:int}/end",
    right="billing.freeze.set",
    identity="freeze",
    title=N_("End the freeze"),
    commit=N_("End it"),
    fields=(
        Field(
            name="on",
            label=N_("Services go on from"),
            kind=Kind.DAY,
            hint=N_("Tomorrow at the earliest."),
        ),
    ),
    opened=_end_opened,
    preview=_preview_end,
    do=_end,
    below="act_freeze_end.html",
)
