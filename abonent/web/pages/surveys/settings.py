"""Whether the program asks, after what, how many; with a count of whom today's run would ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abonent.crm.queries.contacting import contact_policy
from abonent.crm.queries.surveys import Setting, survey_setting
from abonent.crm.queries.surveys_picked import picked, sent_today
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.rules.surveys import ASKED_AT, EDIT
from abonent.crm.service.surveys import set_surveys
from abonent.crm.surveys import survey
from abonent.kernel import clock
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, current_language
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in


async def _opened(_request: Request) -> Opened:
    setting, questions = await survey_setting(), (await survey()).value
    async with reading() as connection:
        policy = await contact_policy(connection)
    templates = await templates_in_force(current_language())
    given = {
        "active": "on" if setting.active_since else "",
        "after_connection": "on" if setting.after_connection else "",
        "after_request": "on" if setting.after_request else "",
        "share": "" if setting.share is None else str(setting.share),
        "most_a_day": str(setting.most_a_day),
    }
    context = {
        "survey": questions,
        "setting": setting,
        "at": ASKED_AT,
        "quiet": policy.quiet,
        "template": templates.get(questions.message),
    }
    return Opened(back="/surveys", given=given, context=context)


async def _preview(_request: Request, values: Values) -> Mapping[str, Any]:
    """Whom the run would ask with these values, were it made now; nothing is sent."""
    before = await survey_setting()
    if values["most_a_day"] is None:
        return {}
    chosen = Setting(
        active_since=before.active_since or clock.now(),
        after_connection=values["after_connection"],
        after_request=values["after_request"],
        share=values["share"],
        most_a_day=values["most_a_day"],
    )
    async with reading() as connection:
        due = await picked(connection, chosen, (await survey()).value)
        sent = await sent_today(connection)
    kinds = [one.kind for one in due]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return {"active": values["active"], "due": len(due), "counts": counts, "sent": sent}


async def _set(request: Request, values: Values) -> str:
    await set_surveys(
        by=signed_in(request).actor,
        active=values["active"],
        after_connection=values["after_connection"],
        after_request=values["after_request"],
        share=values["share"],
        most_a_day=values["most_a_day"],
    )
    return "/surveys?done=set"


SETTINGS = Dialog(
    path="/surveys/settings",
    right=EDIT,
    title=N_("Whom we ask"),
    commit=N_("Set"),
    fields=(
        Field(
            name="active",
            label=N_("Ask subscribers"),
            kind=Kind.TICK,
            hint=N_("Switched on, the program asks by itself of what happens from then on."),
        ),
        Field(name="after_connection", label=N_("After a connection"), kind=Kind.TICK),
        Field(name="after_request", label=N_("After an answered request"), kind=Kind.TICK),
        Field(
            name="share",
            label=N_("Of all others, % a month"),
            kind=Kind.NUMBER,
            required=False,
            least=0,
            most=100,
            half=True,
            hint=N_("Empty: as the questionnaire says. 0: nobody."),
        ),
        Field(
            name="most_a_day",
            label=N_("At most a day"),
            kind=Kind.NUMBER,
            least=1,
            most=10_000,
            half=True,
            hint=N_("The rest wait for the next day."),
        ),
    ),
    opened=_opened,
    preview=_preview,
    do=_set,
    below="surveys/asked.html",
)
