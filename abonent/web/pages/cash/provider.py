"""The provider's own companies, offices and cash desks, and setting them up."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.cash_errors import DeskNotFound, OfficeNotFound
from abonent.billing.queries.cash.desks import Desk, Office, desks, offices
from abonent.billing.queries.entities import legal_entities, legal_entity
from abonent.billing.service.cash.offices import set_desk, set_office
from abonent.billing.service.entities import set_requisites
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_
from abonent.kernel.requisites import TAX_SYSTEMS, Requisites
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import page, signed_in

_BACK = "/provider"
_CODE = Field(
    name="code",
    label=N_("Code"),
    longest=20,
    hint=N_("Short and lasting: receipts and shifts are numbered by it."),
)
_NAME = Field(name="name", label=N_("Name"), longest=100)
_ACTIVE = Field(name="active", label=N_("In use"), kind=Kind.TICK)
_DONE = {
    "entity": N_("The requisites are kept"),
    "office": N_("The office is kept"),
    "desk": N_("The cash desk is kept"),
}


async def show_provider(request: Request) -> Response:
    """Show companies with their requisites, and offices with their cash desks."""
    by = signed_in(request).actor
    context = {
        "entities": await legal_entities(by=by),
        "offices": await offices(by=by),
        "desks": await desks(by=by),
        "tax_systems": TAX_SYSTEMS,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "cash/provider.html", context)


async def _entity_opened(request: Request) -> Opened:
    found = await legal_entity(request.path_params["code"], by=signed_in(request).actor)
    return Opened(back=_BACK, about=found.code, given=asdict(found.requisites))


async def _set_entity(request: Request, values: Values) -> str:
    code = request.path_params["code"]
    await set_requisites(code, by=signed_in(request).actor, requisites=Requisites(**values))
    return f"{_BACK}?done=entity"


def _text(name: str, label: str, *, half: bool = False, longest: int = 200) -> Field:
    return Field(name=name, label=label, required=False, half=half, longest=longest)


ENTITY = Dialog(
    path="/provider/companies/{code:str}",
    right="billing.entity.edit",
    title=N_("Requisites"),
    commit=N_("Keep"),
    fields=(
        Field(name="name", label=N_("Short name"), hint=N_("As it is printed.")),
        _text("full_name", N_("Full name"), longest=300),
        _text("inn", N_("INN"), half=True),
        _text("kpp", N_("KPP"), half=True),
        _text("ogrn", N_("OGRN"), half=True),
        Field(
            name="tax_system",
            label=N_("Tax system"),
            kind=Kind.CHOICE,
            choices=tuple(TAX_SYSTEMS.items()),
            half=True,
        ),
        _text("address", N_("Address"), longest=300),
        _text("phone", N_("Phone"), half=True),
        Field(name="email", label=N_("E-mail"), kind=Kind.EMAIL, required=False, half=True),
        _text("bank_name", N_("Bank")),
        _text("bic", N_("BIC"), half=True),
        _text("corr_account", N_("Corr. account"), half=True),
        _text("account", N_("Bank account")),
        _text("head_post", N_("Post of the head"), half=True),
        _text("head_name", N_("Name of the head"), half=True),
    ),
    opened=_entity_opened,
    do=_set_entity,
)


async def _office_opened(request: Request) -> Opened:
    code = request.path_params.get("code")
    if code is None:
        return Opened(back=_BACK, given={"active": "on"})
    found = await _office(code, signed_in(request).actor)
    given = {name: getattr(found, name) for name in ("name", "address", "phone", "hours")}
    return Opened(back=_BACK, about=code, given=given | {"active": "on" if found.active else ""})


async def _office(code: str, by: Actor) -> Office:
    found = [office for office in await offices(by=by) if office.code == code]
    if not found:
        raise OfficeNotFound(code)
    return found[0]


async def _set_office(request: Request, values: Values) -> str:
    code = request.path_params.get("code") or values["code"]
    given = {name: values[name] for name in ("name", "address", "phone", "hours", "active")}
    await set_office(code, by=signed_in(request).actor, **given)
    return f"{_BACK}?done=office"


_OFFICE_FIELDS = (
    _NAME,
    _text("address", N_("Address"), longest=300),
    _text("phone", N_("Phone"), half=True),
    _text("hours", N_("Opening hours"), half=True),
    _ACTIVE,
)
NEW_OFFICE = Dialog(
    path="/provider/offices/new",
    right="billing.desk.edit",
    title=N_("New office"),
    commit=N_("Keep"),
    fields=(_CODE, *_OFFICE_FIELDS),
    opened=_office_opened,
    do=_set_office,
)
OFFICE = Dialog(
    path="/provider/offices/edit/{code:str}",
    right="billing.desk.edit",
    title=N_("Office"),
    commit=N_("Keep"),
    fields=_OFFICE_FIELDS,
    opened=_office_opened,
    do=_set_office,
)


async def _desk_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    choices = [(office.code, office.name) for office in await offices(by=by)]
    code = request.path_params.get("code")
    given = {"active": "on", "office": choices[0][0] if choices else ""}
    if code is not None:
        found = await _desk(code, by)
        given = {"name": found.name, "office": found.office, "active": "on" if found.active else ""}
    return Opened(
        back=_BACK, about=code or "", given=given, choices={"office": choices}, can=bool(choices)
    )


async def _desk(code: str, by: Actor) -> Desk:
    found = [desk for desk in await desks(by=by) if desk.code == code]
    if not found:
        raise DeskNotFound(code)
    return found[0]


async def _set_desk(request: Request, values: Values) -> str:
    code = request.path_params.get("code") or values["code"]
    given = {name: values[name] for name in ("office", "name", "active")}
    await set_desk(code, by=signed_in(request).actor, **given)
    return f"{_BACK}?done=desk"


_DESK_FIELDS = (_NAME, Field(name="office", label=N_("Office"), kind=Kind.CHOICE), _ACTIVE)
NEW_DESK = Dialog(
    path="/provider/desks/new",
    right="billing.desk.edit",
    title=N_("New cash desk"),
    commit=N_("Keep"),
    fields=(_CODE, *_DESK_FIELDS),
    opened=_desk_opened,
    do=_set_desk,
)
DESK = Dialog(
    path="/provider/desks/edit/{code:str}",
    right="billing.desk.edit",
    title=N_("Cash desk"),
    commit=N_("Keep"),
    fields=_DESK_FIELDS,
    opened=_desk_opened,
    do=_set_desk,
)
