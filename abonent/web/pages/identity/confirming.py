"""Making sure of who asks, and how strictly it is asked for."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abonent.billing.queries.reach import check_exists
from abonent.crm.identity_levels import identity_levels
from abonent.crm.queries.identity import standing_of
from abonent.crm.rules.identity import Mode
from abonent.crm.service.identity import (
    FIELD,
    LEAST_MINUTES,
    MOST_MINUTES,
    confirm_identity,
    end_identity,
    set_identity_rule,
)
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in

OVER = "over"
"""In place of a way: the conversation is over."""

MODES = (
    (Mode.REMIND.value, N_("Remind and write down")),
    (Mode.REQUIRE.value, N_("Require")),
    (Mode.OFF.value, N_("Do not ask")),
)


async def _opened(request: Request) -> Opened:
    number, by = request.path_params["number"], signed_in(request).actor
    await check_exists(number)
    levels, standing = await identity_levels(), await standing_of(number, by=by)
    ways = [
        (way.code, _("{level}: {way}", level=one.level, way=way.label))
        for one in levels.level
        for way in one.ways
    ]
    if standing.level:
        ways.append((OVER, _("The conversation is over")))
    context: dict[str, Any] = {"levels": levels, "standing": standing}
    return Opened(back=f"/accounts/{number}", choices={FIELD: ways}, context=context)


async def _confirm(request: Request, values: Values) -> str:
    number, by = request.path_params["number"], signed_in(request).actor
    if values[FIELD] == OVER:
        await end_identity(number, by=by)
        return f"/accounts/{number}?done=identity-over"
    await confirm_identity(number, by=by, way=values[FIELD])
    return f"/accounts/{number}?done=identity"


async def _rule_opened(request: Request) -> Opened:
    # The account "" exists nowhere: only the rule is read.
    standing = await standing_of("", by=signed_in(request).actor)
    given = {"mode": standing.mode.value, "minutes": str(standing.minutes)}
    return Opened(back="/identity", given=given)


async def _set_rule(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await set_identity_rule(by=by, mode=values["mode"], minutes=values["minutes"])
    return "/identity?done=rule"


CONFIRM = Dialog(
    path="/accounts/{number:str}/who-asks",
    right="crm.identity.confirm",
    title=N_("Who asks"),
    commit=N_("Made sure"),
    fields=(Field(name=FIELD, label=N_("How you made sure: level and way"), kind=Kind.SEGMENTS),),
    opened=_opened,
    do=_confirm,
    below="identity/levels.html",
)
RULE = Dialog(
    path="/identity/rule",
    right="crm.identity.edit",
    title=N_("How strictly identity is asked for"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="mode",
            label=N_("When an action needs a level that is not confirmed"),
            kind=Kind.SEGMENTS,
            choices=MODES,
        ),
        Field(
            name="minutes",
            label=N_("What is confirmed holds for, minutes"),
            kind=Kind.NUMBER,
            least=LEAST_MINUTES,
            most=MOST_MINUTES,
            hint=N_("It ends earlier when another subscriber's identity is confirmed."),
        ),
    ),
    opened=_rule_opened,
    do=_set_rule,
    below="identity/rule.html",
)
