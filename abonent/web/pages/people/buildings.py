"""Buildings: what the office knows of them, their entrances, who lives there."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.places import PAGE, Building, building_of, entrances_of, flats_of
from abonent.crm.service.places import (
    BuildingFacts,
    EntranceFacts,
    describe_building,
    describe_entrance,
)
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people import words
from abonent.web.pages.people.frame import ABOVE, choices, saying_who, seen
from abonent.web.render import page, signed_in
from abonent.web.words import ACCOUNT_STATES, address_of

_ONE = "/buildings/{place:int}"
_EDIT = "crm.place.edit"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


async def _building(request: Request) -> Building:
    return await building_of(request.path_params["place"], by=signed_in(request).actor)


async def show_building(request: Request) -> Response:
    """Show a building with its entrances and accounts, flat by flat."""
    by = signed_in(request).actor
    building = await _building(request)
    flats = await flats_of(building.id, by=by, after=request.query_params.get("after"))
    context = {
        "building": building,
        "entrances": await entrances_of(building.id, by=by),
        "flats": flats,
        "next": flats[-1].number if len(flats) == PAGE else None,
        "states": ACCOUNT_STATES,
        "w": words,
    }
    return page(request, "people/building.html", context)


async def _describing(request: Request) -> Opened:
    found = await _building(request)
    given = {
        "kind": found.kind,
        "floors": _text(found.floors),
        "manager": found.manager,
        "comment": found.comment,
        "version": str(found.version),
    }
    return Opened(
        back=f"/buildings/{found.id}",
        about=address_of(found.street, found.house, ""),
        given=given,
        choices={"kind": choices(words.BUILDING_KINDS)},
    )


async def _describe(request: Request, values: Values) -> str:
    place, by = request.path_params["place"], signed_in(request).actor
    facts = BuildingFacts(**values)
    await saying_who(describe_building(place, by=by, seen=await seen(request), facts=facts))
    return f"/buildings/{place}"


async def _opening(request: Request) -> Opened:
    found = await _building(request)
    asked = request.query_params.get("no", "")
    known = await entrances_of(found.id, by=signed_in(request).actor)
    one = next((entrance for entrance in known if str(entrance.no) == asked), None)
    given = {"no": asked or str(max((entrance.no for entrance in known), default=0) + 1)}
    if one is not None:
        names = ("first_flat", "last_flat", "door_code", "comment", "version")
        given |= {name: _text(getattr(one, name)) for name in names}
    about = address_of(found.street, found.house, "")
    return Opened(back=f"/buildings/{found.id}", given=given, about=about)


async def _open(request: Request, values: Values) -> str:
    place, by = request.path_params["place"], signed_in(request).actor
    facts = EntranceFacts(**{name: values[name] for name in values if name != "no"})
    work = describe_entrance(place, values["no"], by=by, seen=await seen(request), facts=facts)
    await saying_who(work)
    return f"/buildings/{place}"


def _optional(name: str, label: str, **more: Any) -> Field:
    return Field(name=name, label=label, required=False, **more)


DESCRIBE = Dialog(
    path=f"{_ONE}/edit",
    right=_EDIT,
    title=N_("The building"),
    commit=N_("Save"),
    fields=(
        Field(name="kind", label=N_("Kind"), kind=Kind.CHOICE, half=True),
        _optional("floors", N_("Floors"), kind=Kind.NUMBER, least=1, most=200, half=True),
        _optional("manager", N_("Who lets us in"), hint=N_("The managing company and its phone.")),
        _optional("comment", N_("Comment"), kind=Kind.AREA, longest=1000),
    ),
    above=ABOVE,
    opened=_describing,
    do=_describe,
)
ENTRANCE = Dialog(
    path=f"{_ONE}/entrance",
    right=_EDIT,
    title=N_("An entrance"),
    commit=N_("Save"),
    fields=(
        Field(name="no", label=N_("Entrance"), kind=Kind.NUMBER, least=1, most=200),
        _optional("first_flat", N_("First flat"), kind=Kind.NUMBER, least=1, half=True),
        _optional("last_flat", N_("Last flat"), kind=Kind.NUMBER, least=1, half=True),
        _optional("door_code", N_("Door code"), longest=50),
        _optional("comment", N_("Comment"), kind=Kind.AREA, longest=1000),
    ),
    above=ABOVE,
    opened=_opening,
    do=_open,
)
