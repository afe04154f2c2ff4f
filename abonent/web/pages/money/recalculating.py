"""Recalculation of past days: what was charged, what should have been, the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abonent.billing.queries.accounts import look, view_of
from abonent.billing.rules.periods import DAY
from abonent.billing.rules.recalculation import Truth
from abonent.billing.service.corrections import Recalculated, recalculate
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.money.trying import number_of, service_choices
from abonent.web.render import signed_in

MOST_DAYS = 1_100


async def _opened(request: Request) -> Opened:
    loaded = await look(number_of(request))
    account = view_of(loaded)
    choices = service_choices(account, ended=True)
    first = account.day.replace(day=1)
    tariffs = [(t.code, t.name) for t in loaded.catalogue.tariffs.values()]
    given = {
        "service": choices[0][0] if choices else "",
        "what": "unserved",
        "from": first.isoformat(),
        "to": (account.day - DAY).isoformat(),
    }
    return Opened(
        back=f"/accounts/{account.number}",
        given=given,
        choices={"service": choices, "tariff": tariffs},
    )


async def _recalculated(request: Request, values: Values, *, confirm: bool) -> Recalculated:
    number = number_of(request)
    return await recalculate(
        number,
        int(values["service"]),
        by=signed_in(request).actor,
        truth=await _truth(number, values),
        reason=values["reason"],
        confirm=confirm,
    )


async def _truth(number: str, values: Values) -> Truth:
    """What the form says should have been true."""
    start, last = values["from"], values["to"]
    if last < start:
        raise Malformed.of("to", last, N_("The last day lies before the first."))
    if (last - start).days >= MOST_DAYS:
        raise Malformed.of("to", last, N_("At most three years are recalculated at once."))
    what = values["what"]
    if what == "tariff" and not values["tariff"]:
        raise Malformed.of("tariff", "", N_("Choose the tariff that should have been."))
    if what == "discount" and values["percent"] is None:
        raise Malformed.of("percent", "", N_("Give the percentage."))
    catalogue = (await look(number)).catalogue
    return Truth(
        start=start,
        end=last + DAY,
        tariff=catalogue.tariff(values["tariff"]) if what == "tariff" else None,
        percent=values["percent"] if what == "discount" else None,
        served=what == "served" if what in {"served", "unserved"} else None,
    )


async def _preview(request: Request, values: Values) -> Mapping[str, Any]:
    return {"found": await _recalculated(request, values, confirm=False)}


async def _do(request: Request, values: Values) -> str:
    await _recalculated(request, values, confirm=True)
    return f"/accounts/{number_of(request)}?done=recalculation"


RECALCULATION = Dialog(
    path="/accounts/{number:str}/recalculation",
    right="billing.correct",
    identity="recalculation",
    title=N_("Recalculation"),
    commit=N_("Post the difference"),
    fields=(
        Field(name="service", label=N_("Service"), kind=Kind.CHOICE),
        Field(name="from", label=N_("First day"), kind=Kind.DAY, half=True),
        Field(name="to", label=N_("Last day"), kind=Kind.DAY, half=True),
        Field(
            name="what",
            label=N_("What should have been"),
            kind=Kind.CHOICE,
            choices=(
                ("unserved", N_("the service was not there")),
                ("served", N_("the service was there")),
                ("tariff", N_("another tariff")),
                ("discount", N_("a discount")),
            ),
        ),
        Field(
            name="tariff",
            label=N_("Tariff"),
            kind=Kind.CHOICE,
            required=False,
            among=("what", "tariff"),
        ),
        Field(
            name="percent",
            label=N_("Percent"),
            kind=Kind.PERCENT,
            required=False,
            half=True,
            among=("what", "discount"),
        ),
        Field(name="reason", label=N_("Reason"), longest=200),
    ),
    opened=_opened,
    preview=_preview,
    do=_do,
    below="act_recalculation.html",
    names={"start": "from", "end": "to"},
)
