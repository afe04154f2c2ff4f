"""The addresses of terminals and displays of an office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.queue_day import devices_of
from abonent.crm.queue_errors import DeviceNotFound
from abonent.crm.rules.queue import EDIT
from abonent.crm.service.queue_setup import add_device, revoke_device
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import N_
from abonent.kernel.payment_qr import code_svg
from abonent.web.access import PageRoute
from abonent.web.dialogs import Dialog, Opened
from abonent.web.errors import status_of
from abonent.web.fields import Values, texts_of
from abonent.web.pages.acting import ANSWERED_IN_PLACE, said
from abonent.web.pages.queue.setup import HOME, hall_at
from abonent.web.render import page, signed_in

_DONE = {"revoked": N_("The address is revoked")}
_DEVICES = f"{HOME}/offices/{{office:int}}/devices"


async def show_devices(request: Request) -> Response:
    """Show the terminals and displays of an office."""
    return await _devices(request, {})


async def _devices(
    request: Request, more: Mapping[str, Any], *, error: DomainError | None = None
) -> Response:
    by = signed_in(request).actor
    hall = await hall_at(request.path_params["office"])
    context: dict[str, Any] = {
        "hall": hall,
        "devices": await devices_of(hall.office.id, by=by),
        "address": "",
        "kind": "terminal",
        "name": "",
        "errors": {} if error is None else said(error, {"name": "name", "kind": "kind"}),
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    status = 200 if error is None else status_of(error)
    return page(request, "queue/devices.html", context | dict(more), status=status)


async def make_device(request: Request) -> Response:
    """Make an address and show it: this once, for only its digest is kept."""
    form = texts_of(await request.form())
    kind, name = form.get("kind", ""), form.get("name", "")[:100]
    office = request.path_params["office"]
    try:
        token = await add_device(office, by=signed_in(request).actor, kind=kind, name=name)
    except ANSWERED_IN_PLACE as error:
        return await _devices(request, {"kind": kind, "name": name}, error=error)
    place = "hall" if kind == "terminal" else "board"
    address = f"{request.base_url}{place}/{token}"
    response = await _devices(request, {"address": address, "code": code_svg(address)})
    response.headers["Cache-Control"] = "no-store"
    return response


async def _revoke_opened(request: Request) -> Opened:
    by, office = signed_in(request).actor, request.path_params["office"]
    device = request.path_params["device"]
    found = next((one for one in await devices_of(office, by=by) if one.id == device), None)
    if found is None:
        raise DeviceNotFound
    return Opened(back=f"{HOME}/offices/{office}/devices", about=found.name)


async def _revoke(request: Request, _values: Values) -> str:
    await revoke_device(request.path_params["device"], by=signed_in(request).actor)
    return f"{HOME}/offices/{request.path_params['office']}/devices?done=revoked"


REVOKE = Dialog(
    path=f"{_DEVICES}/{{device:int}}/revoke",
    right=EDIT,
    title=N_("Revoke the address"),
    commit=N_("Revoke"),
    opened=_revoke_opened,
    do=_revoke,
)
ROUTES = (
    PageRoute(_DEVICES, show_devices, right=EDIT),
    PageRoute(_DEVICES, make_device, right=EDIT, methods=("POST",)),
    *REVOKE.routes,
)
