"""One rule of law, noting that it was compared with the law, and a new edition of it."""

from __future__ import annotations

from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.i18n import N_, _
from abonent.kernel.legal import (
    BY_SOURCE,
    LegalRule,
    add_legal_edition,
    check_legal_rule,
    legal_edition,
)
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.registers.legal import RULES, UNITS
from abonent.web.render import page, signed_in

_RIGHT = "kernel.legal.check"
_ONE = "/legal/rules/{key:str}/{since:str}"
_DONE = {
    "checked": N_("The check is noted"),
    "added": N_("The edition is recorded; it waits for a check"),
}


async def _rule(request: Request) -> LegalRule:
    try:
        since = date.fromisoformat(request.path_params["since"])
    except ValueError:
        raise HTTPException(404) from None
    return await legal_edition(request.path_params["key"], since, by=signed_in(request).actor)


def _path(rule: LegalRule, done: str = "") -> str:
    return f"/legal/rules/{rule.key}/{rule.valid_from}" + (f"?done={done}" if done else "")


def _words(rule: LegalRule) -> str:
    return _(RULES.get(rule.key, (rule.key, ""))[0])


async def show_rule(request: Request) -> Response:
    """Show an edition of a rule."""
    rule = await _rule(request)
    context = {
        "rule": rule,
        "words": _words(rule),
        "unit": _(UNITS.get(rule.unit, (rule.unit, ""))[0]) if rule.unit else "",
        "by_source": rule.checked_by == BY_SOURCE,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "settings/legal.html", context)


async def _checking(request: Request) -> Opened:
    rule, who = await _rule(request), signed_in(request).actor.name
    given = {"checked_by": who, "note": rule.note}
    return Opened(back=_path(rule), about=f"{_words(rule)}: {rule.value}", given=given)


async def _check(request: Request, values: Values) -> str:
    rule = await _rule(request)
    await check_legal_rule(
        rule.key,
        rule.valid_from,
        by=signed_in(request).actor,
        checked_by=values["checked_by"],
        note=values["note"],
    )
    return _path(rule, "checked")


CHECK = Dialog(
    path=f"{_ONE}/check",
    right=_RIGHT,
    title=N_("Compared with the law"),
    commit=N_("Note the check"),
    fields=(
        Field(name="checked_by", label=N_("Who compared it"), longest=100),
        Field(
            name="note",
            label=N_("Note"),
            kind=Kind.AREA,
            required=False,
            longest=1000,
            hint=N_("Article, edition, doubts."),
        ),
    ),
    opened=_checking,
    do=_check,
)


async def _adding(request: Request) -> Opened:
    rule = await _rule(request)
    given = {"value": rule.value, "source": rule.source}
    return Opened(back=_path(rule), about=_words(rule), given=given)


async def _add(request: Request, values: Values) -> str:
    rule = await _rule(request)
    added = await add_legal_edition(
        rule.key,
        by=signed_in(request).actor,
        valid_from=values["valid_from"],
        value=values["value"],
        source=values["source"],
    )
    return _path(added, "added")


EDITION = Dialog(
    path=f"{_ONE}/edition",
    right=_RIGHT,
    title=N_("New edition"),
    commit=N_("Record the edition"),
    fields=(
        Field(name="valid_from", label=N_("In force from"), kind=Kind.DAY, half=True),
        Field(name="value", label=N_("Value"), half=True),
        Field(name="source", label=N_("Basis"), longest=300),
    ),
    opened=_adding,
    do=_add,
)
