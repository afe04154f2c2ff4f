"""The dialogs of promise offers; whom one would reach is told before it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abonent.billing.queries.offers import offer_of, offer_reach
from abonent.billing.queries.tariffs import catalogue_here
from abonent.billing.rules.promises import Offer
from abonent.billing.service.offers import CHANNELS, change_offer, check_offer, create_offer
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.money import plain_amount
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.settings.lists import read_list
from abonent.web.render import signed_in

_BACK = "/offers"
_CODE_IS = re.compile(r"[\w.-]{1,40}")
_CHANNEL_NAMES = {
    "office": N_("in the office"),
    "portal": N_("on the portal"),
    "sms": N_("by SMS"),
    "api": N_("through other programs"),
}
_CODE = Field(
    name="code",
    label=N_("Code"),
    longest=40,
    hint=N_("Short and lasting: files and other programs name it so."),
)


def _number(name: str, label: str, most: int, *, least: int = 0, hint: str = "") -> Field:
    return Field(
        name=name, label=label, kind=Kind.NUMBER, least=least, most=most, half=True, hint=hint
    )


def _money(
    name: str, label: str, hint: str = "", *, required: bool = False, least: int = 0
) -> Field:
    return Field(
        name=name,
        label=label,
        kind=Kind.AMOUNT,
        required=required,
        least=least,
        half=True,
        hint=hint,
    )


_FIELDS = (
    Field(name="name", label=N_("Name"), longest=100),
    _number("days", N_("Days"), 366, least=1),
    _number("days_per_year", N_("More for each year of tenure"), 366),
    _number("most_days", N_("Days at most"), 366, least=1),
    _number("once_per_days", N_("Once in so many days"), 3660),
    _money("amount", N_("Amount"), N_("Empty: what is missing that day."), least=1),
    _money("ceiling", N_("At most"), required=True, least=1),
    _money("fee", N_("Fee")),
    _money("highest_debt", N_("Highest debt allowed"), N_("Empty: one monthly fee.")),
    _number("least_tenure_days", N_("Only after days of tenure"), 36600),
    _number("ban_days", N_("Ban after a broken one, days"), 3660),
    Field(
        name="tariffs",
        label=N_("Only with tariffs"),
        kind=Kind.AREA,
        required=False,
        longest=2000,
        hint=N_("Their codes, apart by commas; empty: with any."),
    ),
    *(
        Field(name=f"channel_{code}", label=_CHANNEL_NAMES[code], kind=Kind.TICK, half=True)
        for code in CHANNELS
    ),
    Field(
        name="active", label=N_("In use"), kind=Kind.TICK, hint=N_("Promises already given stay.")
    ),
)
_PLAIN = ("days", "days_per_year", "most_days", "once_per_days", "least_tenure_days", "ban_days")
_SUMS = ("amount", "ceiling", "fee", "highest_debt")


async def _new_opened(_request: Request) -> Opened:
    """The default terms, as they are usual."""
    return Opened(back=_BACK, given=_given(Offer("", "")) | {"name": ""})


async def _opened(request: Request) -> Opened:
    offer = await offer_of(request.query_params.get("code", ""), by=signed_in(request).actor)
    return Opened(back=_BACK, about=offer.code, given=_given(offer))


def _given(offer: Offer) -> dict[str, str]:
    sums = {name: getattr(offer, name) for name in _SUMS}
    given = {name: "" if value is None else plain_amount(value) for name, value in sums.items()}
    given |= {name: str(getattr(offer, name)) for name in _PLAIN}
    channels = CHANNELS if offer.channels is None else offer.channels
    given |= {f"channel_{code}": "on" for code in channels}
    return given | {
        "name": offer.name,
        "tariffs": ", ".join(sorted(offer.tariffs or ())),
        "active": "on" if offer.active else "",
    }


async def _offer(request: Request, values: Values) -> Offer:
    """The offer that a form tells of. Raises Malformed."""
    code = values.get("code", request.query_params.get("code", ""))
    if code and not _CODE_IS.fullmatch(code):
        wrong = N_("“{given}”: a code has letters, digits, a dot, a dash, at most 40 of them.")
        raise Malformed.of("code", code, wrong, given=code)
    here = await catalogue_here()
    tariffs = read_list("tariffs", values["tariffs"], here.catalogue.codes)
    channels = frozenset(code for code in CHANNELS if values[f"channel_{code}"])
    if not channels:
        raise Malformed.of(
            "channel_office", "", N_("Tick at least one way, or take it out of use.")
        )
    offer = Offer(
        code,
        values["name"],
        amount=values["amount"],
        ceiling=values["ceiling"],
        fee=values["fee"] or 0,
        highest_debt=values["highest_debt"],
        tariffs=None if tariffs is None else frozenset(tariffs),
        channels=None if len(channels) == len(CHANNELS) else channels,
        active=values["active"],
        **{name: values[name] for name in _PLAIN},
    )
    check_offer(offer)
    return offer


async def _preview(request: Request, values: Values) -> Mapping[str, Any]:
    offer = await _offer(request, values)
    return {"reach": await offer_reach(offer, by=signed_in(request).actor)}


async def _create(request: Request, values: Values) -> str:
    await create_offer(await _offer(request, values), by=signed_in(request).actor)
    return f"{_BACK}?done=offer"


async def _change(request: Request, values: Values) -> str:
    await change_offer(await _offer(request, values), by=signed_in(request).actor)
    return f"{_BACK}?done=offer"


NEW_OFFER = Dialog(
    path="/offers/new",
    right="billing.offer.edit",
    title=N_("New offer"),
    commit=N_("Keep"),
    fields=(_CODE, *_FIELDS),
    opened=_new_opened,
    preview=_preview,
    do=_create,
    below="settings/offer.html",
)
OFFER = Dialog(
    path="/offers/change",
    right="billing.offer.edit",
    title=N_("Promise offer"),
    commit=N_("Keep"),
    fields=_FIELDS,
    opened=_opened,
    preview=_preview,
    do=_change,
    below="settings/offer.html",
)
