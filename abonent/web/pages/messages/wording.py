"""Templates of messages as they hold, and the installation's own words for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.contacting import contact_policy
from abonent.crm.queries.messages import CHANNELS, PURPOSES
from abonent.crm.queries.notices import notice_settings
from abonent.crm.queries.templates import stale_wordings, template_versions, templates_in_force
from abonent.crm.rules.notices import NOTICES
from abonent.crm.service.contact_rules import check_words, reword_template, set_measure
from abonent.crm.service.messages import NoSuchTemplate
from abonent.kernel.db import reading
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.site import site_language
from abonent.kernel.templates import MessageTemplate, parts_of
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import page, signed_in

EDIT = "crm.message.template"
WINDOWS = {
    "any": N_("at any hour"),
    "day": N_("by day"),
    "debt": N_("in the hours of the law"),
}
_DONE = {
    "worded": N_("The template has new words"),
    "measure": N_("The measure is set"),
    "notice-on": N_("From now on the program writes it by itself"),
    "notice-off": N_("The program does not write it by itself any more"),
}
_PATH = "/messages/templates"


async def show_templates(request: Request) -> Response:
    """Show every template with its class, its hours, how many parts it takes."""
    templates = await templates_in_force(site_language())
    async with reading() as connection:
        policy = await contact_policy(connection)
    context = {
        "templates": [(one, parts_of(one.at_its_longest())) for one in templates.values()],
        "stale": await stale_wordings(site_language()),
        "titles": {code: one.title for code, one in templates.items()},
        "notices": await notice_settings(),
        "after": {code: (one.after, one.ahead) for code, one in NOTICES.items()},
        "policy": policy,
        "channels": CHANNELS,
        "purposes": PURPOSES,
        "windows": WINDOWS,
        "told": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "messages/templates.html", context)


async def _template(request: Request) -> MessageTemplate:
    code = request.path_params["code"]
    found = (await templates_in_force(site_language())).get(code)
    if found is None:
        raise NoSuchTemplate(code)
    return found


async def _wording(request: Request) -> Opened:
    template = await _template(request)
    names = sorted(template.longest)
    return Opened(
        back=_PATH,
        about=template.title,
        given={"text": template.text, "subject": template.subject, "body": template.body.strip()},
        context={
            "names": names,
            "template": template,
            "versions": await template_versions(template.code, site_language()),
        },
    )


async def _preview(request: Request, values: Values) -> Mapping[str, Any]:
    template = await _template(request)
    words = {name: values[name] or "" for name in ("text", "subject", "body")}
    if not words["text"].strip():
        return {}
    changed = check_words(template, **words)
    longest = changed.at_its_longest()
    return {"parts": parts_of(longest), "most": template.parts, "length": len(longest)}


async def _reword(request: Request, values: Values) -> str:
    by, code = signed_in(request).actor, request.path_params["code"]
    words = {name: values[name] or "" for name in ("text", "subject", "body")}
    await reword_template(code, site_language(), by=by, **words)
    return f"{_PATH}?done=worded"


async def _measuring(request: Request) -> Opened:
    del request
    async with reading() as connection:
        policy = await contact_policy(connection)
    given = {
        "opens": f"{policy.quiet.opens:%H:%M}",
        "closes": f"{policy.quiet.closes:%H:%M}",
        "cap": str(policy.cap),
        "part_price": f"{policy.part_price / 100:.2f}".replace(".", ","),
    }
    return Opened(back=_PATH, given=given)


async def _measure(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    async with reading() as connection:
        policy = await contact_policy(connection)
    await set_measure(
        by=by,
        seen=policy.version,
        opens=_hour("opens", values["opens"]),
        closes=_hour("closes", values["closes"]),
        cap=values["cap"],
        part_price=values["part_price"],
    )
    return f"{_PATH}?done=measure"


def _hour(field: str, text: str) -> time:
    try:
        return time.fromisoformat(text.strip().rjust(5, "0"))
    except ValueError:
        wrong = N_("An hour such as 09:00 is expected.")
        raise Malformed(FieldError(field, text, wrong)) from None


WORDING = Dialog(
    path=f"{_PATH}/{{code:str}}",
    right=EDIT,
    title=N_("Words of the template"),
    commit=N_("Save"),
    fields=(
        Field(
            name="text",
            label=N_("SMS"),
            kind=Kind.AREA,
            longest=1000,
            required=False,
            hint=N_("Empty gives back the words that came with the program."),
        ),
        Field(name="subject", label=N_("Subject of the letter"), required=False),
        Field(name="body", label=N_("Letter"), kind=Kind.AREA, required=False, longest=5000),
    ),
    opened=_wording,
    preview=_preview,
    do=_reword,
    below="messages/wording.html",
)
MEASURE = Dialog(
    path="/messages/measure",
    right=EDIT,
    title=N_("Hours and measure of messages"),
    commit=N_("Save"),
    fields=(
        Field(name="opens", label=N_("Not before"), half=True, longest=5),
        Field(name="closes", label=N_("Not after"), half=True, longest=5),
        Field(
            name="cap",
            label=N_("Messages to one person in a day, at most"),
            kind=Kind.NUMBER,
            least=1,
            most=100,
            hint=N_("Codes and answers that were asked for are not counted."),
        ),
        Field(
            name="part_price",
            label=N_("What one part of an SMS costs"),
            kind=Kind.AMOUNT,
            least=0,
            hint=N_("Campaigns are reckoned by it."),
        ),
    ),
    opened=_measuring,
    do=_measure,
)
