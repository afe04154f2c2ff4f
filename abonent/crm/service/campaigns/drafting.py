"""Drafting a campaign: what is said to whom, when, how fast, what is hoped for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from abonent.crm.queries.campaigns import Campaign, campaign_of
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.crm.rules.campaigns import (
    CAMPAIGN,
    COMING,
    EDIT,
    GOALS,
    LONGEST,
    OPT_OUT,
    CampaignState,
)
from abonent.crm.rules.contacting import Purpose
from abonent.crm.service.contact_rules import check_braces, check_letter
from abonent.crm.service.messages import EMAIL, MOST_PARTS, SMS
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.site import site_language
from abonent.kernel.templates import MessageTemplate, filled, names_in, parts_of
from abonent.kernel.workflow import log_move

LONGEST_NAME = 100
MOST_CONTROL, MOST_HOURLY, MOST_GOAL_DAYS = 50, 1_000_000, 90
UNREADABLE = N_("The filters of the register cannot be read: choose them anew.")
_WORD = re.compile(r"\w+")

_ADD = """
INSERT INTO crm_campaign (id, state, segment, districts, created_at, created_by, name, channel,
    template, purpose, subject, text, starts_at, ends_at, hourly, daily, control, goal, goal_days)
VALUES ($1, 'draft', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""
_CHANGE = """
UPDATE crm_campaign SET name = $3, channel = $4, template = $5, purpose = $6, subject = $7,
    text = $8, starts_at = $9, ends_at = $10, hourly = $11, daily = $12, control = $13, goal = $14,
    goal_days = $15, state = 'draft', version = version + 1, counting_since = NULL, counted = NULL,
    counted_at = NULL
WHERE id = $1 AND version = $2 AND state IN ('draft', 'counted')
RETURNING version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is asked for. With a `template` its class and words hold, else `purpose` and `text`.

    Without `starts_at` it begins once it is launched, without `ends_at` it goes on to the last one;
    without `daily` only the hour bounds it.
    """

    name: str
    channel: str
    template: str = ""
    purpose: str = Purpose.SERVICE
    subject: str = ""
    text: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    hourly: int = 600
    daily: int | None = None
    control: int = 10
    goal: str = "paid"
    goal_days: int = 14


async def draft_campaign(segment: str, draft: Draft, *, by: Actor) -> int:
    """Draft a campaign to who the register of subscribers shows; answers its id.

    `segment` is the register's state as its address has it; whoever is confined to districts writes
    to those alone. Raises Malformed.
    """
    by.require(EDIT)
    kept = await segment_of(segment, by=by)
    checked = await check_draft(draft)
    districts = None if by.districts is None else sorted(by.districts)
    made, now, who = new_id(), clock.now(), f"{by.kind}:{by.id}"
    async with unit_of_work(by) as work:
        begin = (made, kept, districts, now, who)
        await work.connection.execute(_ADD, *begin, *_columns(checked))
        await work.audit("crm:campaign:drafted", f"campaign:{made}", after=_told(checked))
    return made


async def change_campaign(campaign: int, draft: Draft, *, by: Actor, seen: int) -> None:
    """Change a draft, or what was counted: it is a draft again. Raises Malformed, Conflict."""
    by.require(EDIT)
    before = await campaign_of(campaign, by=by)
    checked = await check_draft(draft)
    async with unit_of_work(by) as work:
        changed = await work.connection.fetchval(_CHANGE, campaign, seen, *_columns(checked))
        if changed is None:
            message = N_("A colleague has changed this meanwhile. Compare, then save again.")
            raise Conflict("CHANGED_MEANWHILE", message)
        if before.state == CampaignState.COUNTED:
            move = CAMPAIGN.move(before.state, "change")
            await log_move(work, CAMPAIGN, campaign, move=move, was=before.state)
        subject = f"campaign:{campaign}"
        await work.audit(
            "crm:campaign:changed", subject, before=_past(before), after=_told(checked)
        )


async def segment_of(segment: str, *, by: Actor) -> str:
    """A register's state without its order and columns. Raises Malformed where it cannot be read."""
    asked = await read_asked(SUBSCRIBERS, parse_qsl(segment), by=by)
    if asked.errors:
        raise Malformed.of("segment", segment, UNREADABLE)
    return urlencode([pair for pair in asked.pairs() if pair[0] not in {"sort", "column"}])


async def check_draft(draft: Draft) -> Draft:
    """A draft with its class and its words in order. Raises Malformed that names what is wrong."""
    template = await template_of(draft)
    if draft.channel not in {SMS, EMAIL}:
        raise Malformed.of("channel", draft.channel, N_("Choose one of those offered."))
    if draft.goal not in GOALS:
        raise Malformed.of("goal", draft.goal, N_("Choose one of those offered."))
    _check_numbers(draft)
    if draft.ends_at and draft.ends_at <= (draft.starts_at or clock.now()):
        raise Malformed.of("ends_at", "", N_("The end lies before the beginning."))
    if template is not None:
        check_opt_out(template.kind, template.body or template.text, draft.channel, "template")
        return _with(draft, template=template.code, purpose=str(template.kind), subject="", text="")
    check_words(draft)
    return _with(draft, subject=draft.subject.strip() if draft.channel == EMAIL else "")


def fits_many(template: MessageTemplate) -> bool:
    """Tell whether a campaign knows of everybody what a template names."""
    further = set(template.longest) - set(LONGEST)
    return not template.single and further in (set(), COMING)


async def template_of(draft: Draft) -> MessageTemplate | None:
    """The template of a draft, None for own words. Raises Malformed where it does not fit."""
    if not draft.template:
        return None
    if draft.text.strip():
        both = N_("A template has its own words: choose free text, or leave this empty.")
        raise Malformed.of("text", draft.text, both)
    template = (await templates_in_force(site_language())).get(draft.template)
    if template is None or draft.channel not in template.channels:
        raise Malformed.of("template", draft.template, N_("This template is not for this channel."))
    if not fits_many(template):
        unknown = N_("This template names what a campaign does not know of everybody.")
        raise Malformed.of("template", draft.template, unknown)
    return template


def check_words(draft: Draft) -> int:
    """How many SMS own words take at their longest. Raises Malformed."""
    text = draft.text.strip()
    if not text:
        raise Malformed.of("text", text, N_("Fill this in."))
    if draft.purpose not in set(Purpose):
        raise Malformed.of("purpose", draft.purpose, N_("Choose one of those offered."))
    named = check_braces("text", text, LONGEST) | check_braces("subject", draft.subject, LONGEST)
    if "debt" in named and draft.purpose != Purpose.DEBT:
        counted = N_(
            "Words that name a debt are about the debt: choose that purpose, the law counts them."
        )
        raise Malformed.of("purpose", draft.purpose, counted)
    if draft.channel == EMAIL:
        if not draft.subject.strip():
            raise Malformed.of("subject", "", N_("A letter needs a subject."))
        check_letter(subject=at_longest(draft.subject.strip()), text=at_longest(text), field="text")
    parts = parts_of(at_longest(text)) if draft.channel == SMS else 1
    if parts > MOST_PARTS:
        wrong = N_("It takes {parts} SMS; at most {most} are sent as one. Say it shorter.")
        raise Malformed.of("text", text, wrong, parts=parts, most=MOST_PARTS)
    missing = (
        {"company", "phone"} - names_in(text, LONGEST) if draft.purpose == Purpose.DEBT else set()
    )
    if missing:
        lacking = N_("The law wants it to name the creditor and its telephone: {names}.")
        raise Malformed.of("text", text, lacking, names=_braced(missing))
    check_opt_out(draft.purpose, text, draft.channel, "text")
    return parts


def check_opt_out(purpose: str, text: str, channel: str, field: str) -> None:
    """Raise Malformed where an advertisement does not tell how to refuse more of it."""
    if purpose != Purpose.AD:
        return
    words = {word.casefold() for word in _WORD.findall(text)}
    if not words & set(OPT_OUT):
        wrong = N_("An advertisement tells how to refuse it, such as “Opt out: STOP”.")
        raise Malformed.of(field, text, wrong, channel=channel)


def at_longest(text: str) -> str:
    """Own words with every value as long as it may be."""
    return filled(text, LONGEST)


def _braced(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def _check_numbers(draft: Draft) -> None:
    bounds = (
        ("hourly", draft.hourly, 1, MOST_HOURLY),
        ("daily", draft.daily, 1, MOST_HOURLY * 24),
        ("control", draft.control, 0, MOST_CONTROL),
        ("goal_days", draft.goal_days, 1, MOST_GOAL_DAYS),
    )
    for name, value, least, most in bounds:
        if value is not None and not least <= value <= most:
            wrong = N_("A whole number from {least} to {most}.")
            raise Malformed.of(name, str(value), wrong, least=least, most=most)
    name = draft.name.strip()
    if not name:
        raise Malformed.of("name", name, N_("Fill this in."))
    if len(name) > LONGEST_NAME:
        too_long = N_("{length} characters; at most {longest} fit here.")
        raise Malformed.of("name", name, too_long, length=len(name), longest=LONGEST_NAME)


def _with(draft: Draft, **changes: str) -> Draft:
    return Draft(**(asdict(draft) | {"name": draft.name.strip()} | changes))


def _columns(draft: Draft) -> tuple[Any, ...]:
    return (
        draft.name, draft.channel, draft.template, draft.purpose, draft.subject, draft.text.strip(),
        draft.starts_at, draft.ends_at, draft.hourly, draft.daily, draft.control, draft.goal,
        draft.goal_days,
    )  # fmt: skip


_AUDITED = ("channel", "template", "purpose", "hourly", "daily", "control", "goal", "goal_days")


def _told(draft: Draft) -> Mapping[str, Any]:
    return {name: getattr(draft, name) for name in _AUDITED}


def _past(campaign: Campaign) -> Mapping[str, Any]:
    return {name: getattr(campaign, name) for name in _AUDITED}
