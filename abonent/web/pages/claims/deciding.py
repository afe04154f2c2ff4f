"""Deciding a claim with its compensation shown first; posting it; deciding it anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request

from abonent.billing.queries.accounts import look, view_of
from abonent.billing.queries.books import Loaded
from abonent.billing.queries.charged import charges_left
from abonent.billing.rules.held import Held
from abonent.crm.claim_papers import given_for
from abonent.crm.rules.claims import CAUSES, DECISIONS, LONGEST_DAYS, REMEDIES
from abonent.crm.rules.claims import DECIDE as RIGHT
from abonent.crm.service.claims.deciding import (
    decide_claim,
    execute_claim,
    reckon,
    reconsider_claim,
)
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.rows import LONGEST
from abonent.kernel.i18n import N_, current_language
from abonent.kernel.money import plain_amount
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values, texts_of
from abonent.web.pages.claims.opened import ONE, about, back, found_of, id_of, plain, seen
from abonent.web.pages.money.trying import service_choices
from abonent.web.render import signed_in

_OF_SERVICE = ("unserved", "tariff", "discount")
_DAYS = ("outage", *_OF_SERVICE)
_CHARGE = "charge."
_LONGEST_NO = 10
"""Digits of an entry's number at most."""


async def _deciding(request: Request) -> Opened:
    found = await found_of(request)
    loaded = await look(found.account)
    services = service_choices(view_of(loaded), ended=True)
    given = {
        "decision": found.decision or "full",
        "remedy": found.remedy,
        "cause": found.cause,
        "grounds": found.grounds,
        "service": str(found.remedy_service or (services[0][0] if services else "")),
        "from": (found.remedy_from or found.received_on).isoformat(),
        "to": (found.remedy_to or found.received_on).isoformat(),
        "percent": f"{found.remedy_percent / 100:g}" if found.remedy_percent else "",
        "tariff": found.remedy_tariff or "",
        "amount": plain_amount(found.compensation) if found.remedy == "bonus" else "",
    } | {f"{_CHARGE}{no}": "on" for no in found.remedy_charges}
    return Opened(
        back=back(request),
        about=about(found),
        given=given,
        choices={
            "service": services,
            "tariff": [(one.code, one.name) for one in loaded.catalogue.tariffs.values()],
        },
        context={"found": found, "charges": await _charges(loaded)},
    )


async def _charges(loaded: Loaded) -> list[tuple[str, Held]]:
    """The charges that may have been wrong, each with the name of its tick."""
    since = loaded.open_day - timedelta(LONGEST_DAYS)
    return [(f"{_CHARGE}{one.charge.no}", one) for one in await charges_left(loaded, since=since)]


async def _remedy(request: Request, values: Values) -> Remedy:
    kind = values["remedy"] or ""
    days = kind in _DAYS
    service = values["service"] if kind in _OF_SERVICE else None
    ticked = [
        name.removeprefix(_CHARGE)
        for name in texts_of(await request.form())
        if name.startswith(_CHARGE)
    ]
    return Remedy(
        kind=kind,
        service=int(service) if service else None,
        first=values["from"] if days else None,
        last=values["to"] if days else None,
        percent=values["percent"] if kind == "discount" else None,
        tariff=values["tariff"] if kind == "tariff" else None,
        charges=tuple(int(no[:_LONGEST_NO]) for no in ticked if no.isdecimal())
        if kind == "charges"
        else (),
        amount=values["amount"] if kind == "bonus" else None,
    )


async def _shown(request: Request, values: Values) -> Mapping[str, Any]:
    remedy = await _remedy(request, values)
    by = signed_in(request).actor
    return {"found": await reckon(id_of(request), remedy, by=by), "remedy": remedy.kind}


async def _decide(request: Request, values: Values) -> str:
    await decide_claim(
        id_of(request),
        by=signed_in(request).actor,
        decision=values["decision"],
        grounds=values["grounds"],
        cause=values["cause"],
        remedy=await _remedy(request, values),
        seen=seen(request),
    )
    return back(request, "decided")


DECIDE = Dialog(
    path=f"{ONE}/decide",
    right=RIGHT,
    title=N_("Decide the claim"),
    commit=N_("Decide"),
    fields=(
        Field(
            name="decision",
            label=N_("Decision"),
            kind=Kind.SEGMENTS,
            choices=tuple((code, word) for code, (word, _tone) in DECISIONS.items()),
        ),
        Field(
            name="cause",
            label=N_("Cause"),
            kind=Kind.CHOICE,
            choices=tuple(CAUSES.items()),
            open=True,
        ),
        Field(
            name="grounds",
            label=N_("Grounds"),
            kind=Kind.AREA,
            longest=LONGEST,
            hint=N_("Why so: these words go into the answer."),
        ),
        Field(
            name="remedy",
            label=N_("How money goes back"),
            kind=Kind.CHOICE,
            required=False,
            choices=tuple(REMEDIES.items()),
        ),
        Field(
            name="from",
            label=N_("First day"),
            kind=Kind.DAY,
            required=False,
            half=True,
            among=("remedy", *_DAYS),
        ),
        Field(
            name="to",
            label=N_("Last day"),
            kind=Kind.DAY,
            required=False,
            half=True,
            among=("remedy", *_DAYS),
        ),
        Field(
            name="service",
            label=N_("Service"),
            kind=Kind.CHOICE,
            required=False,
            among=("remedy", *_OF_SERVICE),
        ),
        Field(
            name="tariff",
            label=N_("The tariff that should have been"),
            kind=Kind.CHOICE,
            required=False,
            among=("remedy", "tariff"),
        ),
        Field(
            name="percent",
            label=N_("Discount, percent"),
            kind=Kind.PERCENT,
            required=False,
            half=True,
            among=("remedy", "discount"),
        ),
        Field(
            name="amount",
            label=N_("Bonus"),
            kind=Kind.AMOUNT,
            required=False,
            half=True,
            among=("remedy", "bonus"),
        ),
    ),
    opened=_deciding,
    preview=_shown,
    do=_decide,
    below="claims/charges.html",
)


async def _executing(request: Request) -> Opened:
    found = await found_of(request)
    context = {"found": found, "given_for": given_for(found, current_language())}
    return Opened(back=back(request), about=about(found), context=context)


async def _execute(request: Request, _values: Values) -> str:
    await execute_claim(id_of(request), by=signed_in(request).actor, seen=seen(request))
    return back(request, "executed")


EXECUTE = Dialog(
    path=f"{ONE}/execute",
    right=RIGHT,
    title=N_("Carry the decision out"),
    commit=N_("Post to the account"),
    opened=_executing,
    do=_execute,
    above="claims/executing.html",
)


async def _reconsider(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await reconsider_claim(id_of(request), by=by, note=values["note"], seen=seen(request))
    return back(request, "reconsidered")


RECONSIDER = Dialog(
    path=f"{ONE}/reconsider",
    right=RIGHT,
    title=N_("Decide anew"),
    commit=N_("Take it up again"),
    fields=(
        Field(
            name="note",
            label=N_("What is new"),
            kind=Kind.AREA,
            longest=4_000,
            hint=N_("The answer that went out stays as it was; a second one is written."),
        ),
    ),
    opened=plain,
    do=_reconsider,
)
