"""Equipment on the card: giving out, correcting, taking back."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abonent.billing.queries.accounts import look
from abonent.billing.queries.reach import check_exists
from abonent.crm.queries.cards import Equipment, equipment_of
from abonent.crm.service.equipment import (
    Device,
    DeviceState,
    change_equipment,
    give_equipment,
    return_equipment,
)
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, _
from abonent.kernel.money import plain_amount
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people.frame import ABOVE, choices, number_of, open_day, saying_who, seen
from abonent.web.pages.people.words import DEVICE_OWNERS, DEVICE_STATES, DEVICES
from abonent.web.render import signed_in

_ONE = "/accounts/{number:str}/equipment"
_EDIT = "crm.equipment.edit"


def _back(request: Request, done: str = "") -> str:
    return f"/accounts/{number_of(request)}/equipment" + (f"?done={done}" if done else "")


def _offered() -> dict[str, Any]:
    return {
        "kind": choices(DEVICES),
        "owner": choices(DEVICE_OWNERS),
        "state": choices(DEVICE_STATES, without=("returned",)),
    }


async def _device(request: Request) -> Equipment:
    loaded = await look(number_of(request))
    wanted = request.path_params["device"]
    for one in await equipment_of(loaded.book.account, by=signed_in(request).actor):
        if one.id == wanted:
            return one
    gone = N_("It is not on this card any more: a colleague may have removed it.")
    raise NotFound("NOT_FOUND", gone)


def _read(values: Values) -> Device:
    texts = {name: values[name] for name in ("kind", "owner", "model", "serial", "mac", "comment")}
    return Device(
        **texts,
        given_on=values["given_on"],
        state=DeviceState(values["state"]),
        deposit=values["deposit"] or 0,
    )


async def _giving(request: Request) -> Opened:
    await check_exists(number_of(request))
    given = {"kind": "router", "owner": "rent", "state": "working"}
    given["given_on"] = (await open_day()).isoformat()
    return Opened(back=_back(request), given=given, choices=_offered())


async def _give(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await give_equipment(number_of(request), by=by, device=_read(values))
    return _back(request, "equipment")


async def _changing(request: Request) -> Opened:
    found = await _device(request)
    names = ("kind", "owner", "model", "serial", "mac", "comment", "state")
    given = {name: getattr(found, name) for name in names}
    given |= {
        "given_on": found.given_on.isoformat(),
        "deposit": plain_amount(found.deposit) if found.deposit else "",
        "version": str(found.version),
    }
    can = found.returned_on is None
    return Opened(back=_back(request), given=given, choices=_offered(), can=can)


async def _change(request: Request, values: Values) -> str:
    work = change_equipment(
        number_of(request),
        request.path_params["device"],
        by=signed_in(request).actor,
        seen=await seen(request),
        device=_read(values),
    )
    await saying_who(work)
    return _back(request, "equipment")


async def _returning(request: Request) -> Opened:
    found = await _device(request)
    named = " ".join(part for part in (_(DEVICES[found.kind]), found.model, found.serial) if part)
    today = (await open_day()).isoformat()
    can = found.returned_on is None
    return Opened(back=_back(request), given={"on": today}, about=named, can=can)


async def _return(request: Request, values: Values) -> str:
    await return_equipment(
        number_of(request),
        request.path_params["device"],
        by=signed_in(request).actor,
        on=values["on"],
        comment=values["comment"],
    )
    return _back(request, "returned")


_FIELDS = (
    Field(name="kind", label=N_("Kind"), kind=Kind.CHOICE, half=True),
    Field(name="owner", label=N_("Whose it is"), kind=Kind.CHOICE, half=True),
    Field(name="model", label=N_("Model"), required=False, half=True, longest=80),
    Field(name="serial", label=N_("Serial number"), required=False, half=True, longest=80),
    Field(name="mac", label=N_("MAC address"), required=False, half=True, longest=17),
    Field(name="given_on", label=N_("Given out on"), kind=Kind.DAY, half=True),
    Field(name="state", label=N_("State"), kind=Kind.CHOICE, half=True),
    Field(
        name="deposit",
        label=N_("Deposit"),
        kind=Kind.AMOUNT,
        required=False,
        least=0,
        half=True,
        hint=N_("Noted only: money is taken as a payment."),
    ),
    Field(name="comment", label=N_("Comment"), required=False),
)
GIVE = Dialog(
    path=f"{_ONE}/new",
    right=_EDIT,
    title=N_("Give out a device"),
    commit=N_("Give out"),
    fields=_FIELDS,
    opened=_giving,
    do=_give,
)
CHANGE = Dialog(
    path=f"{_ONE}/{{device:int}}",
    right=_EDIT,
    title=N_("Correct the device"),
    commit=N_("Save"),
    fields=_FIELDS,
    above=ABOVE,
    opened=_changing,
    do=_change,
)
RETURN = Dialog(
    path=f"{_ONE}/{{device:int}}/return",
    right=_EDIT,
    identity="equipment-return",
    title=N_("Take the device back"),
    commit=N_("Take it back"),
    fields=(
        Field(name="on", label=N_("It came back on"), kind=Kind.DAY),
        Field(
            name="comment",
            label=N_("Comment"),
            required=False,
            hint=N_("In what state, with or without its power supply."),
        ),
    ),
    opened=_returning,
    do=_return,
)
