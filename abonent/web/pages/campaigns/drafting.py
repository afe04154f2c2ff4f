"""Drafting a campaign to who the register of subscribers shows, and changing a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from abonent.crm.queries.campaigns import Campaign, campaign_of
from abonent.crm.queries.messages import CHANNELS, PURPOSES
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.crm.rules.campaigns import EDIT, GOALS, LONGEST
from abonent.crm.service.campaigns.drafting import (
    LONGEST_NAME,
    MOST_CONTROL,
    MOST_GOAL_DAYS,
    MOST_HOURLY,
    Draft,
    at_longest,
    change_campaign,
    check_draft,
    draft_campaign,
    fits_many,
)
from abonent.crm.service.messages import EMAIL, SMS
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _, time_zone
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.reading import COUNTED_MS, read_totals
from abonent.kernel.site import site_language
from abonent.kernel.templates import parts_of
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.registers.cells import Chip, chips_of
from abonent.web.registers.pages import options_of
from abonent.web.render import signed_in

_LONGEST_TEXT = 5_000
_DIGITS = 10
_BEGIN = {
    "channel": SMS, "purpose": "service", "template": "", "goal": "paid", "goal_days": "14",
    "control": "10", "hourly": "600", "starts_at": "10:00", "ends_at": "20:00",
}  # fmt: skip


async def segment_chips(segment: str, by: Actor) -> Sequence[Chip]:
    """The filters of a segment in words, as the register shows them."""
    asked = await read_asked(SUBSCRIBERS, parse_qsl(segment), by=by)
    return chips_of(SUBSCRIBERS, asked, await options_of(SUBSCRIBERS, asked, by))


async def _choices() -> dict[str, list[tuple[str, str]]]:
    known = await templates_in_force(site_language())
    fitting = [(one.code, one.title) for one in known.values() if fits_many(one)]
    return {"template": [("", _("Own words")), *fitting]}


async def _new(request: Request) -> Opened:
    by, segment = signed_in(request).actor, request.url.query
    asked = await read_asked(SUBSCRIBERS, parse_qsl(segment), by=by)
    totals = None
    if not asked.errors:
        totals = await read_totals(SUBSCRIBERS, asked, by=by, within_ms=COUNTED_MS)
    return Opened(
        back=f"{SUBSCRIBERS.path}?{segment}",
        given=_BEGIN,
        choices=await _choices(),
        context={
            "chips": await segment_chips(segment, by),
            "totals": totals,
            "names": sorted(LONGEST),
        },
    )


async def _existing(request: Request) -> Opened:
    by = signed_in(request).actor
    found = await campaign_of(request.path_params["campaign"], by=by)
    return Opened(
        back=f"/campaigns/{found.id}",
        given=_given(found),
        choices=await _choices(),
        context={
            "chips": await segment_chips(found.segment, by),
            "totals": None,
            "names": sorted(LONGEST),
        },
    )


def _given(found: Campaign) -> Mapping[str, str]:
    given = {
        "name": found.name,
        "channel": found.channel,
        "template": found.template,
        "purpose": found.purpose,
        "text": found.text,
        "subject": found.subject,
        "hourly": str(found.hourly),
        "daily": str(found.daily or ""),
        "control": str(found.control),
        "goal": found.goal,
        "goal_days": str(found.goal_days),
    }
    for name, at in (("starts", found.starts_at), ("ends", found.ends_at)):
        local = at.astimezone(time_zone()) if at else None
        given[f"{name}_on"] = local.date().isoformat() if local else ""
        given[f"{name}_at"] = f"{local:%H:%M}" if local else _BEGIN[f"{name}_at"]
    return given


def _draft(values: Values) -> Draft:
    return Draft(
        name=values["name"] or "",
        channel=values["channel"],
        template=values["template"] or "",
        purpose=values["purpose"],
        subject=values["subject"] or "",
        text=values["text"] or "",
        starts_at=_instant("starts_at", values["starts_on"], values["starts_at"]),
        ends_at=_instant("ends_at", values["ends_on"], values["ends_at"]),
        hourly=values["hourly"],
        daily=values["daily"],
        control=values["control"],
        goal=values["goal"],
        goal_days=values["goal_days"],
    )


def _instant(field: str, day: date | None, hour: str) -> datetime | None:
    if day is None:
        return None
    try:
        hours, _dot, minutes = hour.strip().replace(".", ":").partition(":")
        at = time(int(hours), int(minutes or 0))
    except ValueError:
        raise Malformed.of(field, hour, N_("An hour such as 09:00 is expected.")) from None
    return datetime.combine(day, at, time_zone())


async def _preview(_request: Request, values: Values) -> Mapping[str, Any]:
    """The words with how many SMS they take at their longest, while one types."""
    draft = _draft({**values, "name": values["name"] or "-"})
    if not draft.template and not draft.text.strip():
        return {}
    checked = await check_draft(draft)
    template = (await templates_in_force(site_language())).get(checked.template)
    if template is None:
        longest, text, kind = at_longest(checked.text), checked.text, checked.purpose
    else:
        letter = checked.channel == EMAIL and template.body
        longest, text = template.at_its_longest(), template.body if letter else template.text
        kind = template.kind.value
    return {
        "sms": checked.channel == SMS,
        "parts": parts_of(longest),
        "length": len(longest),
        "text": text.strip() if template is not None else "",
        "purpose": PURPOSES[kind],
        "ad": kind == "ad",
    }


async def _make(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    made = await draft_campaign(request.url.query, _draft(values), by=by)
    return f"/campaigns/{made}?done=drafted"


async def _change(request: Request, values: Values) -> str:
    by, campaign = signed_in(request).actor, request.path_params["campaign"]
    seen = request.query_params.get("seen", "")
    version = int(seen) if seen.isdecimal() and len(seen) < _DIGITS else 0
    await change_campaign(campaign, _draft(values), by=by, seen=version)
    return f"/campaigns/{campaign}?done=changed"


_FIELDS = (
    Field(name="name", label=N_("Name of the campaign"), longest=LONGEST_NAME),
    Field(
        name="channel",
        label=N_("Way of writing"),
        kind=Kind.SEGMENTS,
        choices=((SMS, CHANNELS[SMS]), (EMAIL, CHANNELS[EMAIL])),
    ),
    Field(name="template", label=N_("Template"), kind=Kind.CHOICE, required=False),
    Field(
        name="purpose",
        label=N_("Purpose of writing"),
        kind=Kind.CHOICE,
        choices=tuple(PURPOSES.items()),
        hint=N_("Of own words; a template has its own. Advertising goes to who consents to it."),
    ),
    Field(
        name="text",
        label=N_("Own words"),
        kind=Kind.AREA,
        required=False,
        longest=_LONGEST_TEXT,
    ),
    Field(
        name="subject",
        label=N_("Subject of the letter"),
        required=False,
        hint=N_("Only for e-mail; a template has its own."),
    ),
    Field(name="starts_on", label=N_("Begins on"), kind=Kind.DAY, required=False, half=True),
    Field(name="starts_at", label=N_("at, o'clock"), half=True, longest=5, required=False),
    Field(name="ends_on", label=N_("Ends on"), kind=Kind.DAY, required=False, half=True),
    Field(name="ends_at", label=N_("till, o'clock"), half=True, longest=5, required=False),
    Field(
        name="hourly",
        label=N_("Messages an hour, at most"),
        kind=Kind.NUMBER,
        least=1,
        most=MOST_HOURLY,
        half=True,
    ),
    Field(
        name="daily",
        label=N_("Messages a day, at most"),
        kind=Kind.NUMBER,
        least=1,
        most=MOST_HOURLY * 24,
        required=False,
        half=True,
        hint=N_("Empty: only the hour bounds it."),
    ),
    Field(name="goal", label=N_("Goal"), kind=Kind.CHOICE, choices=tuple(GOALS.items()), half=True),
    Field(
        name="goal_days",
        label=N_("within, days"),
        kind=Kind.NUMBER,
        least=1,
        most=MOST_GOAL_DAYS,
        half=True,
    ),
    Field(
        name="control",
        label=N_("Not written to, % (control)"),
        kind=Kind.NUMBER,
        least=0,
        most=MOST_CONTROL,
        hint=N_("Drawn by lot: the effect is measured against them. 0: it is not measured."),
    ),
)
DRAFT = Dialog(
    path="/campaigns/new",
    right=EDIT,
    title=N_("Message to these"),
    commit=N_("Save the draft"),
    fields=_FIELDS,
    opened=_new,
    preview=_preview,
    do=_make,
    above="campaigns/segment.html",
    below="campaigns/words.html",
)
CHANGE = Dialog(
    path="/campaigns/{campaign:int}/change",
    right=EDIT,
    title=N_("Change the campaign"),
    commit=N_("Save the draft"),
    fields=_FIELDS,
    opened=_existing,
    preview=_preview,
    do=_change,
    above="campaigns/segment.html",
    below="campaigns/words.html",
)
