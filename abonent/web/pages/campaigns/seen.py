"""A campaign: its dry run, how far it is, what became of its messages, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.campaigns import (
    Campaign,
    campaign_of,
    days_of,
    effect_of,
    what_became,
)
from abonent.crm.queries.messages import CHANNELS, PURPOSES, STATES, reason_words
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.registers.campaigns import STATES as CAMPAIGN_STATES
from abonent.crm.rules.campaigns import CAMPAIGN, COUNT_HOLDS, GOALS, CampaignState, Effect
from abonent.crm.service.campaigns.examples import examples_of
from abonent.crm.service.campaigns.sending import NOTES
from abonent.crm.service.messages import SMS
from abonent.kernel import clock
from abonent.kernel.i18n import N_, _, current_language
from abonent.kernel.site import site_language
from abonent.kernel.workflow import Moved, moves_of
from abonent.web import charts
from abonent.web.deeds import told
from abonent.web.pages.campaigns.drafting import segment_chips
from abonent.web.render import desk_of, page_or_block, signed_in, written_count, written_money

_DONE = {
    "drafted": N_("The draft is saved: count it to see whom it reaches and what it costs"),
    "changed": N_("The draft is saved: count it again"),
    "launched": N_("The campaign goes out"),
    "pause": N_("The campaign is paused: nobody else is written to"),
    "resume": N_("The campaign goes on"),
    "stop": N_("The campaign is stopped for good"),
}
_WITH_MONEY = frozenset({"paid", "debt_gone"})


async def show_campaign(request: Request) -> Response:
    """Show a campaign; while it is counted or goes out, it asks for itself again."""
    by = signed_in(request).actor
    found = await campaign_of(request.path_params["campaign"], by=by)
    templates = await templates_in_force(site_language())
    template = templates.get(found.template)
    context: dict[str, Any] = {
        "found": found,
        "chips": await segment_chips(found.segment, by),
        "template": template,
        "moves": {move.name for move in CAMPAIGN.moves_from(found.state, by=by)},
        "events": [
            (move, _label(move), _note(move)) for move in await moves_of(CAMPAIGN, found.id)
        ],
        "old": found.counted_at is not None and clock.now() - found.counted_at > COUNT_HOLDS,
        "campaign_states": CAMPAIGN_STATES,
        "purposes": PURPOSES,
        "channels": CHANNELS,
        "goals": GOALS,
        "reason_words": reason_words,
        "done": _DONE.get(request.query_params.get("done", "")),
        "examples": [],
        "live": "every 1s" if found.counting_since else "",
    }
    if found.launched_at is not None:
        context |= await _gone(found, desk_of(request).settings.timezone)
    elif found.counted is not None:
        context["examples"] = await examples_of(found)
    return page_or_block(request, "campaigns/campaign.html", "whole", context)


async def _gone(found: Campaign, zone: str) -> Mapping[str, Any]:
    """How far it is and what came of it."""
    became, effect = await what_became(found.id), await effect_of(found)
    days = await days_of(found.id, zone)
    steps = [f"{day:%d.%m}" for day, _sent, _reached in days]
    series = [
        charts.Series(_("written to"), [sent for _day, sent, _reached in days]),
        charts.Series(_("reached the goal"), [reached for _day, _sent, reached in days]),
    ]
    lines = charts.lines(series, steps, write=written_count)
    price = found.part_price or 0
    goes = found.state == CampaignState.RUNNING
    return {
        "became": became,
        "states": STATES,
        "handled": became.people - became.waiting,
        "cost": became.parts * price if found.channel == SMS else 0,
        "effect": effect,
        "difference": effect_words(effect),
        "money": found.goal in _WITH_MONEY,
        "brought": _brought(effect),
        "by_day": lines,
        "by_day_rows": charts.rows_of(steps, lines),
        "live": "every 5s" if goes else "",
    }


def effect_words(effect: Effect) -> str:
    """The difference with its margin, such as +4,3 ±2,1 points; nothing without a control."""
    if effect.difference is None or effect.margin is None:
        return ""
    return _(
        "{difference} ±{margin} points",
        difference=_points(effect.difference, sign=True),
        margin=_points(effect.margin),
    )


def _points(hundredths: int, *, sign: bool = False) -> str:
    tenths = (abs(hundredths) + 5) // 10
    shore = "," if current_language() == "ru" else "."
    written = f"{tenths // 10}{shore}{tenths % 10}"
    before = "−" if hundredths < 0 else "+" if sign and tenths else ""
    return f"{before}{written}"


def _brought(effect: Effect) -> str:
    if effect.brought is None or effect.brought_margin is None:
        return ""
    return f"{written_money(effect.brought, sign=True)} ±{written_money(effect.brought_margin)}"


def _label(move: Moved) -> str:
    return told(f"crm:campaign:{move.name}", {})


def _note(move: Moved) -> str:
    return _(move.note) if move.note in NOTES else move.note
