"""What is done with a campaign: counted, launched by typing the number, paused, stopped."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries.campaigns import campaign_of, waiting_to_go
from abonent.crm.rules.campaigns import LAUNCH
from abonent.crm.service.campaigns.counting import ask_count
from abonent.crm.service.campaigns.moving import launch_campaign, move_campaign
from abonent.kernel.i18n import N_
from abonent.kernel.workflow import LONGEST_NOTE
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in

_MOST = 999_999_999


async def count(request: Request) -> Response:
    """Ask the worker for a dry run."""
    campaign = request.path_params["campaign"]
    await ask_count(campaign, by=signed_in(request).actor)
    return RedirectResponse(f"/campaigns/{campaign}", 303)


async def _opened(request: Request) -> Opened:
    found = await campaign_of(request.path_params["campaign"], by=signed_in(request).actor)
    return Opened(back=f"/campaigns/{found.id}", about=found.name, context={"found": found})


async def _opened_under_way(request: Request) -> Opened:
    """The same with what is written and not gone yet."""
    opened = await _opened(request)
    under_way = await waiting_to_go(request.path_params["campaign"])
    return replace(opened, context={**opened.context, "under_way": under_way})


async def _launch(request: Request, values: Values) -> str:
    campaign = request.path_params["campaign"]
    await launch_campaign(campaign, by=signed_in(request).actor, typed=values["typed"])
    return f"/campaigns/{campaign}?done=launched"


def _moving(name: str, title: str, commit: str, *fields: Field, above: str = "") -> Dialog:
    async def do(request: Request, values: Values) -> str:
        campaign = request.path_params["campaign"]
        note = values.get("note") or ""
        await move_campaign(campaign, name, by=signed_in(request).actor, note=note)
        return f"/campaigns/{campaign}?done={name}"

    return Dialog(
        path=f"/campaigns/{{campaign:int}}/{name}",
        right=LAUNCH,
        title=title,
        commit=commit,
        fields=fields,
        opened=_opened_under_way if above else _opened,
        do=do,
        above=above,
    )


_WHY = Field(name="note", label=N_("Why"), kind=Kind.AREA, longest=LONGEST_NOTE)
_WHY_IF = Field(name="note", label=N_("Why"), kind=Kind.AREA, longest=LONGEST_NOTE, required=False)
LAUNCHING = Dialog(
    path="/campaigns/{campaign:int}/launch",
    right=LAUNCH,
    title=N_("Launch the campaign"),
    commit=N_("Launch"),
    fields=(
        Field(
            name="typed",
            label=N_("Number of recipients"),
            kind=Kind.NUMBER,
            least=1,
            most=_MOST,
            hint=N_("Type the number that stands above: so nothing is launched by a slip."),
        ),
    ),
    opened=_opened,
    do=_launch,
    above="campaigns/launch.html",
)
PAUSE = _moving(
    "pause", N_("Pause the campaign"), N_("Pause"), _WHY_IF, above="campaigns/pause.html"
)
RESUME = _moving("resume", N_("Let the campaign go on"), N_("Go on"), _WHY_IF)
STOP = _moving(
    "stop", N_("Stop the campaign for good"), N_("Stop for good"), _WHY, above="campaigns/stop.html"
)
