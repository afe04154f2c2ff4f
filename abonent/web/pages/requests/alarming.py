"""Who is written to where nobody deals with a request: an address for each team, one for the rest."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.morning import VIEW
from abonent.crm.queries.request_alarms import EVERY_OTHER, alarm_addresses
from abonent.crm.rules.requests import TEAMS
from abonent.crm.service.requests.alarming import name_alarm_addresses
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in

_REPORT = "/requests/report"
_REST = "rest"


async def _opened(_request: Request) -> Opened:
    async with reading() as connection:
        known = await alarm_addresses(connection)
    given = {team or _REST: email for team, email in known.items()}
    return Opened(back=_REPORT, given=given)


async def _name(request: Request, values: Values) -> str:
    addresses = {team: values[team] or "" for team in TEAMS}
    addresses[EVERY_OTHER] = values[_REST] or ""
    await name_alarm_addresses(addresses, by=signed_in(request).actor)
    return f"{_REPORT}?done=alarms"


ALARMS = Dialog(
    path="/requests/alarms",
    right=VIEW,
    title=N_("Who is written to of requests nobody deals with"),
    commit=N_("Save"),
    fields=(
        Field(
            name=_REST,
            label=N_("E-mail for every team"),
            kind=Kind.EMAIL,
            required=False,
            hint=N_(
                "Written to when a request's term is near and nobody deals with it; a team's own address"
                " below goes before this one. Empty: nobody is."
            ),
        ),
        *(
            Field(name=team, label=label, kind=Kind.EMAIL, required=False, half=True)
            for team, label in TEAMS.items()
        ),
    ),
    opened=_opened,
    do=_name,
)
