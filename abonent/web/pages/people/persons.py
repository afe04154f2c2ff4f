"""Who a subscriber is: correcting particulars, the identity document, the flat."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.people import person_of
from abonent.crm.service.people import (
    IdentityPaper,
    Particulars,
    correct_subscriber,
    reveal_identity,
    write_identity,
)
from abonent.crm.service.places import correct_flat
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people.frame import (
    ABOVE,
    card_page,
    choices,
    face,
    number_of,
    open_day,
    saying_who,
    seen,
)
from abonent.web.pages.people.words import IDENTITY_KINDS, PERSON_KINDS
from abonent.web.render import signed_in
from abonent.web.words import address_of

_ONE = "/accounts/{number:str}"
_EDIT = "crm.subscriber.edit"
_COMPANY = ("kpp", "ogrn", "bank_bic", "bank_account", "legal_address", "signatory", "signs_by")


def _back(request: Request, done: str = "") -> str:
    return f"/accounts/{number_of(request)}/subscriber" + (f"?done={done}" if done else "")


async def _correcting(request: Request) -> Opened:
    # Whoever sees them masked would write the masks back.
    signed_in(request).actor.require("crm.document.view")
    own = await face(request)
    person = await person_of(own.subscriber, by=signed_in(request).actor)
    texts = {name: getattr(person, name) for name in ("kind", "name", "tax_id", *_COMPANY)}
    born = person.born_on.isoformat() if person.born_on else ""
    return Opened(
        back=_back(request),
        given=texts | {"born_on": born, "version": str(person.version)},
        choices={"kind": choices(PERSON_KINDS)},
    )


async def _correct(request: Request, values: Values) -> str:
    work = correct_subscriber(
        number_of(request),
        by=signed_in(request).actor,
        seen=await seen(request),
        given=Particulars(**values),
        today=await open_day(),
    )
    await saying_who(work)
    return _back(request, "subscriber")


async def _writing(request: Request) -> Opened:
    """The whole document stands in the form: opening it is looking at it."""
    given: dict[str, str] = {"kind": "passport"}
    own = await face(request)
    by = signed_in(request).actor
    if request.method == "GET":
        person = await person_of(own.subscriber, by=by)
        given["version"] = str(person.identity_version)
        if paper := await reveal_identity(number_of(request), by=by):
            given |= {name: _text(value) for name, value in asdict(paper).items()}
    return Opened(
        back=_back(request), given=given, about=own.name, choices={"kind": choices(IDENTITY_KINDS)}
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


async def _write(request: Request, values: Values) -> str:
    work = write_identity(
        number_of(request),
        by=signed_in(request).actor,
        seen=await seen(request),
        given=IdentityPaper(**values),
        today=await open_day(),
    )
    await saying_who(work)
    return _back(request, "identity")


async def show_identity(request: Request) -> Response:
    """Show the identity document on a page of its own; who looked is kept in the audit."""
    paper = await reveal_identity(number_of(request), by=signed_in(request).actor)
    context = {"paper": paper}
    return await card_page(request, "people/identity.html", "subscriber", context, card=None)


async def _placing(request: Request) -> Opened:
    own = await face(request)
    given = {
        "flat": own.flat,
        "entrance": _text(own.entrance),
        "floor": _text(own.floor),
        "version": str(own.version),
    }
    return Opened(back=_back(request), given=given, about=address_of(own.street, own.house, ""))


async def _place(request: Request, values: Values) -> str:
    work = correct_flat(
        number_of(request),
        by=signed_in(request).actor,
        seen=await seen(request),
        flat=values["flat"],
        entrance=values["entrance"],
        floor=values["floor"],
    )
    await saying_who(work)
    return _back(request, "flat")


def _optional(name: str, label: str, **more: Any) -> Field:
    return Field(name=name, label=label, required=False, **more)


CORRECT = Dialog(
    path=f"{_ONE}/subscriber/edit",
    right=_EDIT,
    identity="personal-data",
    title=N_("Correct the particulars"),
    commit=N_("Save"),
    fields=(
        Field(name="kind", label=N_("Who"), kind=Kind.SEGMENTS),
        Field(name="name", label=N_("Full name, or the company's name"), longest=300),
        _optional("tax_id", N_("INN"), half=True, longest=20),
        _optional("born_on", N_("Date of birth"), kind=Kind.DAY, half=True),
        _optional("kpp", N_("KPP"), half=True, longest=20, hint=N_("Of a company only.")),
        _optional("ogrn", N_("OGRN"), half=True, longest=20),
        _optional("bank_bic", N_("BIC of the bank"), half=True, longest=20),
        _optional("bank_account", N_("Bank account"), half=True, longest=40),
        _optional("legal_address", N_("Legal address"), longest=300),
        _optional("signatory", N_("Who signs for the company"), half=True),
        _optional("signs_by", N_("Acts on the ground of"), half=True),
    ),
    above=ABOVE,
    opened=_correcting,
    do=_correct,
)
IDENTITY = Dialog(
    path=f"{_ONE}/identity/edit",
    right="crm.document.view",
    title=N_("Identity document"),
    commit=N_("Save"),
    fields=(
        Field(name="kind", label=N_("Kind"), kind=Kind.CHOICE),
        _optional("series", N_("Series"), half=True, longest=20),
        Field(name="number", label=N_("Number"), half=True, longest=30),
        _optional("issued_on", N_("Issued on"), kind=Kind.DAY, half=True),
        _optional("issuer_code", N_("Code of the issuer"), half=True, longest=10),
        _optional("issued_by", N_("Issued by"), longest=300),
        _optional("registered_at", N_("Registered at"), longest=300),
    ),
    above=ABOVE,
    opened=_writing,
    do=_write,
)
FLAT = Dialog(
    path=f"{_ONE}/flat",
    right=_EDIT,
    title=N_("Correct the flat"),
    commit=N_("Save"),
    fields=(
        _optional("flat", N_("Flat"), longest=20),
        _optional("entrance", N_("Entrance"), kind=Kind.NUMBER, least=1, most=200, half=True),
        _optional("floor", N_("Floor"), kind=Kind.NUMBER, least=-5, most=200, half=True),
    ),
    above=ABOVE,
    below="people/flat_hint.html",
    opened=_placing,
    do=_place,
)
