"""A tariff with its prices, and the dialogs that make and change it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.tariffs import (
    TariffView,
    catalogue_here,
    first_day_of_price,
    known_districts,
    price_reach,
    tariff_view,
)
from abonent.billing.rules.book import Mode
from abonent.billing.service.tariffs import (
    add_version,
    archive_tariff,
    create_tariff,
    describe_tariff,
    reopen_tariff,
)
from abonent.billing.setting_registers import KINDS, MODES, choices_of
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Choices, Field, Kind, Values
from abonent.web.pages.settings.lists import read_list
from abonent.web.render import page, signed_in

_RIGHT = "billing.tariff.edit"
_CODE = re.compile(r"[\w.-]{1,40}")
_ONE = "/tariffs/{tariff:int}"
_DONE = {
    "created": N_("The tariff is on sale"),
    "priced": N_("The price is recorded"),
    "described": N_("The tariff is changed"),
    "archived": N_("The tariff is in the archive"),
    "reopened": N_("The tariff is on sale again"),
}
_AUDIENCES = (("person", N_("persons")), ("company", N_("companies")))
_NAME = Field(name="name", label=N_("Name"), longest=100)
_DISTRICTS = Field(
    name="districts",
    label=N_("Districts where it is sold"),
    kind=Kind.AREA,
    required=False,
    longest=2000,
    hint=N_("Apart by commas; empty: everywhere."),
)


async def show_tariff(request: Request) -> Response:
    """Show a tariff: its prices, who is on it, where it is sold."""
    view = await _view(request)
    context = {
        "view": view,
        "kinds": KINDS,
        "modes": MODES,
        "audiences": dict(_AUDIENCES),
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "settings/tariff.html", context)


async def _view(request: Request) -> TariffView:
    return await tariff_view(request.path_params["tariff"], by=signed_in(request).actor)


def _path(request: Request, done: str = "") -> str:
    return f"/tariffs/{request.path_params['tariff']}" + (f"?done={done}" if done else "")


async def _new_opened(_request: Request) -> Opened:
    here = await catalogue_here()
    codes = sorted(here.catalogue.taxes)
    given = {
        "kind": "internet",
        "mode": Mode.ADVANCE.value,
        "tax": "vat" if "vat" in codes else codes[0],
    }
    return Opened(back="/tariffs", given=given, choices={"tax": [(code, code) for code in codes]})


async def _create(request: Request, values: Values) -> str:
    if not _CODE.fullmatch(values["code"]):
        wrong = N_("“{given}”: a code has letters, digits, a dot, a dash, at most 40 of them.")
        raise Malformed.of("code", values["code"], wrong, given=values["code"])
    attributes: dict[str, Any] = {}
    if values["speed"] is not None:
        attributes["speed"] = values["speed"]
    if values["audience"] is not None:
        attributes["audience"] = values["audience"]
    made = await create_tariff(
        by=signed_in(request).actor,
        code=values["code"],
        name=values["name"],
        kind=values["kind"],
        mode=values["mode"],
        fee=values["fee"],
        due_days=values["due_days"] or 0,
        connection_fee=values["connection"] or 0,
        tax_code=values["tax"],
        attributes=attributes,
        districts=read_list("districts", values["districts"], await known_districts()),
    )
    return f"/tariffs/{made.id}?done=created"


NEW_TARIFF = Dialog(
    path="/tariffs/new",
    right=_RIGHT,
    title=N_("New tariff"),
    commit=N_("Put on sale"),
    fields=(
        _NAME,
        Field(
            name="code",
            label=N_("Code"),
            longest=40,
            half=True,
            hint=N_("Short and lasting: files and other programs name it so."),
        ),
        Field(
            name="fee",
            label=N_("Price a month, tax included"),
            kind=Kind.AMOUNT,
            least=0,
            half=True,
        ),
        Field(
            name="kind", label=N_("Kind"), kind=Kind.CHOICE, choices=choices_of(KINDS), half=True
        ),
        Field(
            name="mode", label=N_("Charged"), kind=Kind.CHOICE, choices=choices_of(MODES), half=True
        ),
        Field(
            name="connection",
            label=N_("Connection fee"),
            kind=Kind.AMOUNT,
            least=0,
            required=False,
            half=True,
        ),
        Field(
            name="due_days",
            label=N_("Due after days"),
            kind=Kind.NUMBER,
            most=3650,
            required=False,
            half=True,
            hint=N_("Where it is charged after the period."),
        ),
        Field(name="tax", label=N_("Tax code"), kind=Kind.CHOICE, half=True),
        Field(
            name="speed",
            label=N_("Speed, Mbit/s"),
            kind=Kind.NUMBER,
            least=1,
            most=1_000_000,
            required=False,
            half=True,
        ),
        Field(
            name="audience",
            label=N_("For whom"),
            kind=Kind.CHOICE,
            choices=_AUDIENCES,
            required=False,
            half=True,
            hint=N_("Empty: for everybody."),
        ),
        _DISTRICTS,
    ),
    opened=_new_opened,
    do=_create,
    names={"tax_code": "tax"},
)


async def _price_opened(request: Request) -> Opened:
    view, here = await _view(request), await catalogue_here()
    given = {"from": first_day_of_price(here, moves=True).isoformat(), "existing": "move"}
    context = {"view": view, "notice": here.catalogue.notice_days}
    return Opened(back=_path(request), about=view.tariff.name, given=given, context=context)


async def _preview_price(request: Request, values: Values) -> Mapping[str, Any]:
    reach = await price_reach(
        request.path_params["tariff"],
        by=signed_in(request).actor,
        fee=values["fee"],
        start=values["from"],
        moves=values["existing"] == "move",
    )
    return {"reach": reach, "moves": values["existing"] == "move", "start": values["from"]}


async def _price(request: Request, values: Values) -> str:
    view = await _view(request)
    await add_version(
        view.tariff.code,
        by=signed_in(request).actor,
        fee=values["fee"],
        start=values["from"],
        moves=values["existing"] == "move",
    )
    return _path(request, "priced")


PRICE = Dialog(
    path=f"{_ONE}/price",
    right=_RIGHT,
    title=N_("New price"),
    commit=N_("Record the price"),
    fields=(
        Field(
            name="fee",
            label=N_("Price a month, tax included"),
            kind=Kind.AMOUNT,
            least=0,
            half=True,
        ),
        Field(name="from", label=N_("From"), kind=Kind.DAY, half=True),
        Field(
            name="existing",
            label=N_("Who is on the tariff already"),
            kind=Kind.SEGMENTS,
            choices=(("move", N_("pays the new price")), ("keep", N_("keeps the old one"))),
        ),
    ),
    opened=_price_opened,
    preview=_preview_price,
    do=_price,
    below="settings/price.html",
)


async def _others(view: TariffView) -> Choices:
    """Open tariffs of the same kind, to be compared with."""
    catalogue = (await catalogue_here()).catalogue
    open_ones = [
        (one.code, one.name)
        for one in catalogue.tariffs.values()
        if one.kind == view.tariff.kind and one.id != view.tariff.id
        if one.code not in catalogue.archived or one.code == view.analogue
    ]
    return sorted(open_ones, key=lambda pair: pair[1])


async def _describing(request: Request) -> Opened:
    view = await _view(request)
    given = {
        "name": view.tariff.name,
        "districts": ", ".join(view.districts or ()),
        "analogue": view.analogue or "",
    }
    choices = {"analogue": await _others(view)}
    return Opened(back=_path(request), about=view.tariff.code, given=given, choices=choices)


async def _describe(request: Request, values: Values) -> str:
    view = await _view(request)
    known = {*await known_districts(), *(view.districts or ())}
    await describe_tariff(
        view.tariff.code,
        by=signed_in(request).actor,
        name=values["name"],
        districts=read_list("districts", values["districts"], known),
        analogue=values["analogue"],
    )
    return _path(request, "described")


DESCRIBE = Dialog(
    path=f"{_ONE}/describe",
    right=_RIGHT,
    title=N_("Name and districts"),
    commit=N_("Keep"),
    fields=(
        _NAME,
        _DISTRICTS,
        Field(
            name="analogue",
            label=N_("Compared with"),
            kind=Kind.CHOICE,
            required=False,
            hint=N_("The open tariff that stands in for it in the analysis; empty: the nearest."),
        ),
    ),
    opened=_describing,
    do=_describe,
)


async def _archiving(request: Request) -> Opened:
    view = await _view(request)
    return Opened(back=_path(request), about=view.tariff.name, context={"view": view})


async def _archive(request: Request, _values: Values) -> str:
    await archive_tariff((await _view(request)).tariff.code, by=signed_in(request).actor)
    return _path(request, "archived")


async def _reopen(request: Request, _values: Values) -> str:
    await reopen_tariff((await _view(request)).tariff.code, by=signed_in(request).actor)
    return _path(request, "reopened")


ARCHIVE = Dialog(
    path=f"{_ONE}/archive",
    right=_RIGHT,
    title=N_("Put into the archive"),
    commit=N_("Put into the archive"),
    opened=_archiving,
    do=_archive,
    below="settings/archive.html",
)
REOPEN = Dialog(
    path=f"{_ONE}/reopen",
    right=_RIGHT,
    title=N_("Sell again"),
    commit=N_("Sell again"),
    opened=_archiving,
    do=_reopen,
    below="settings/archive.html",
)
