"""Roles: their rights in ticks, whom a change would reach, making, copying and deleting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.actor import EVERYTHING
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.web import service
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values, texts_of
from abonent.web.render import page, signed_in
from abonent.web.rights import (
    RIGHTS,
    ROLE_EDIT,
    name_of_right,
    normal_rights,
    right_groups,
    spelled_out,
)
from abonent.web.staff import Role, affected_by, all_roles, role_of

_TICK = "right."
_DONE = {
    "made": N_("The role is made"),
    "changed": N_("The role is changed"),
}
_FIELDS = (
    Field(name="name", label=N_("Name"), longest=60),
    Field(
        name="second_factor",
        label=N_("Sign in with a code from the phone as well"),
        kind=Kind.TICK,
        required=False,
        hint=N_("Who has no code yet sets it up at the next sign-in; sessions without it end."),
    ),
)


async def show_role(request: Request) -> Response:
    """Show what a role may do and who has it."""
    by = signed_in(request).actor
    role = await role_of(request.path_params["code"], by=by)
    held = await affected_by(role, rights=role.rights, second_factor=role.second_factor, by=by)
    context = {
        "role": role,
        "held": held,
        "groups": right_groups(),
        "named": name_of_right,
        "covered": _covered(role.rights),
        "can": role.within(by),
        "done": _DONE.get(request.query_params.get("done", ""), ""),
    }
    return page(request, "staff/role.html", context)


def _covered(rights: list[str]) -> set[str]:
    """Every right that these stand for, in full."""
    wide = [right.removesuffix("*") for right in rights if right.endswith("*")]
    return {r for r in RIGHTS if r in rights or any(r.startswith(below) for below in wide)}


async def _ticked(request: Request) -> list[str]:
    form = texts_of(await request.form())
    ticked = [n.removeprefix(_TICK) for n, v in form.items() if n.startswith(_TICK) and v == "on"]
    return normal_rights(ticked)


def _given(role: Role | None, *, copied: bool = False) -> dict[str, str]:
    if role is None:
        return {}
    given = {f"{_TICK}{right}": "on" for right in spelled_out(role.rights)}
    name = "" if copied else role.label
    return given | {
        "name": name,
        "second_factor": "on" if role.second_factor else "",
        "version": str(role.version),
    }


def _context(request: Request) -> dict[str, Any]:
    by = signed_in(request).actor
    return {
        "groups": right_groups(),
        "holds": by.may,
        "everything": by.may(EVERYTHING),
        "named": name_of_right,
    }


async def _make_opened(request: Request) -> Opened:
    """Empty, or as the role that is copied."""
    by, source = signed_in(request).actor, request.query_params.get("from", "")
    copied = await role_of(source, by=by) if source else None
    given = _given(copied, copied=True)
    return Opened(
        back=f"/roles/{source}" if source else "/roles", given=given, context=_context(request)
    )


async def _make(request: Request, values: Values) -> str:
    code = await service.create_role(
        values["name"],
        rights=await _ticked(request),
        second_factor=values["second_factor"],
        by=signed_in(request).actor,
    )
    return f"/roles/{code}?done=made"


async def _change_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    role = await role_of(request.path_params["code"], by=by)
    can = role.within(by)
    return Opened(
        back=f"/roles/{role.code}",
        given=_given(role),
        context=_context(request) | {"beyond": not can},
        can=can,
    )


async def _preview_change(request: Request, values: Values) -> Mapping[str, Any]:
    by = signed_in(request).actor
    role = await role_of(request.path_params["code"], by=by)
    rights = await _ticked(request) if request.method == "POST" else role.rights
    affected = await affected_by(role, rights=rights, second_factor=values["second_factor"], by=by)
    return {"affected": affected}


async def _change(request: Request, values: Values) -> str:
    by, code = signed_in(request).actor, request.path_params["code"]
    role = await role_of(code, by=by)
    form = texts_of(await request.form())
    # The name of a shipped role is a message: typed as it was shown, it stays translated.
    name = role.name if values["name"] == role.label else values["name"]
    await service.change_role(
        code,
        name=name,
        rights=await _ticked(request),
        second_factor=values["second_factor"],
        version=_number(form.get("version", "")),
        by=by,
    )
    return f"/roles/{code}?done=changed"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


async def _delete_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    role = await role_of(request.path_params["code"], by=by)
    roles = [one for one in await all_roles(by=by) if one.given and one.within(by)]
    others = [one for one in roles if one.code != role.code]
    held = await affected_by(role, rights=[], second_factor=False, by=by)
    return Opened(
        back=f"/roles/{role.code}",
        about=role.label,
        choices={"move_to": [(one.code, one.label) for one in others]},
        context={"held": held, "named": name_of_right},
        can=role.within(by) and role.given and EVERYTHING not in role.rights,
    )


async def _delete(request: Request, values: Values) -> str:
    code = request.path_params["code"]
    if not values["move_to"]:
        raise Malformed.of("move_to", "", N_("Choose one of those offered."))
    await service.delete_role(code, move_to=values["move_to"], by=signed_in(request).actor)
    return "/roles?done=deleted"


MAKE = Dialog(
    path="/roles/new",
    right=ROLE_EDIT,
    title=N_("Make a role"),
    commit=N_("Make the role"),
    fields=_FIELDS,
    opened=_make_opened,
    do=_make,
    below="staff/role_rights.html",
)
CHANGE = Dialog(
    path="/roles/{code:str}/change",
    right=ROLE_EDIT,
    title=N_("Change the role"),
    commit=N_("Change the role"),
    fields=_FIELDS,
    opened=_change_opened,
    preview=_preview_change,
    do=_change,
    below="staff/role_rights.html",
)
DELETE = Dialog(
    path="/roles/{code:str}/delete",
    right=ROLE_EDIT,
    title=N_("Delete the role"),
    commit=N_("Delete the role"),
    fields=(
        Field(
            name="move_to",
            label=N_("Its people get the role"),
            kind=Kind.CHOICE,
        ),
    ),
    opened=_delete_opened,
    do=_delete,
    above="staff/role_delete.html",
)
