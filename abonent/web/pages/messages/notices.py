"""Messages that the program writes by itself: whether, which way first, how many days ahead."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.messages import CHANNELS
from abonent.crm.queries.notices import notice_setting
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.rules.notices import NOTICES
from abonent.crm.service.messages import EMAIL, SMS
from abonent.crm.service.notices import EDIT, MOST_DAYS, set_notice
from abonent.kernel.i18n import N_, _
from abonent.kernel.site import site_language
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in

_BACK = "/messages/templates"


async def _opened(request: Request) -> Opened:
    setting = await notice_setting(request.path_params["code"])
    template = (await templates_in_force(site_language()))[setting.template]
    notice = NOTICES[setting.template]
    return Opened(
        back=_BACK,
        about=f"{template.title}. {_(notice.after)}",
        given={
            "active": "yes" if setting.active_since else "no",
            "way": setting.way,
            "days": str(setting.days or ""),
        },
    )


async def _set(request: Request, values: Values) -> str:
    by, code = signed_in(request).actor, request.path_params["code"]
    active = values["active"] == "yes"
    await set_notice(code, by=by, active=active, way=values["way"], days=values.get("days"))
    return f"{_BACK}?done={'notice-on' if active else 'notice-off'}"


_FIELDS = (
    Field(
        name="active",
        label=N_("By itself"),
        kind=Kind.SEGMENTS,
        choices=(("yes", N_("written")), ("no", N_("not written"))),
        hint=N_("What happened before it was switched on is not told."),
    ),
    Field(
        name="way",
        label=N_("First by"),
        kind=Kind.SEGMENTS,
        choices=((EMAIL, CHANNELS[EMAIL]), (SMS, CHANNELS[SMS])),
        hint=N_("Where the card has only the other one, by that."),
    ),
)
_DAYS = Field(name="days", label=N_("Days ahead"), kind=Kind.NUMBER, least=1, most=MOST_DAYS)


def _setting(path: str, *fields: Field) -> Dialog:
    return Dialog(
        path=f"/messages/{path}/{{code:str}}",
        right=EDIT,
        title=N_("The program writes by itself"),
        commit=N_("Save"),
        fields=fields,
        opened=_opened,
        do=_set,
    )


SETTING = _setting("notices", *_FIELDS)
AHEAD = _setting("notices-ahead", *_FIELDS, _DAYS)
