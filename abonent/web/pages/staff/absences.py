"""Absences: one's own from the profile, those of others from their page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel import clock
from abonent.kernel.i18n import N_, _, time_zone
from abonent.web import service
from abonent.web.access import SIGNED_IN
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in
from abonent.web.rights import USER_EDIT
from abonent.web.rules import ABSENCES
from abonent.web.staff import left_to_team, person_of, stand_ins_for

_FIELDS = (
    Field(name="first", label=N_("First day away"), kind=Kind.DAY, half=True),
    Field(name="last", label=N_("Last day away"), kind=Kind.DAY, half=True),
    Field(name="reason", label=N_("Reason"), kind=Kind.CHOICE, choices=tuple(ABSENCES.items())),
    Field(
        name="substitute",
        label=N_("Who stands in"),
        kind=Kind.CHOICE,
        required=False,
        hint=N_("They see the open requests and claims as their own; the owner stays the owner."),
    ),
)


def _own(request: Request) -> int:
    return signed_in(request).user_id


def _other(request: Request) -> int:
    user: int = request.path_params["user"]
    return user


async def _opened(user_id: int, *, back: str, about: str) -> Opened:
    today = clock.now().astimezone(time_zone()).date().isoformat()
    nobody = ("", _("nobody: the whole team does the work"))
    return Opened(
        back=back,
        about=about,
        given={"first": today, "last": today},
        choices={"substitute": [nobody, *(await stand_ins_for(user_id))]},
    )


async def _own_opened(request: Request) -> Opened:
    return await _opened(_own(request), back="/profile", about="")


async def _other_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    person = await person_of(_other(request), by=by)
    opened = await _opened(person.id, back=f"/staff/{person.id}", about=person.name)
    return replace(opened, can=person.active and person.within(by))


async def _set(request: Request, user_id: int, values: Values) -> str:
    """Write it down; answers what is said then."""
    await service.set_absence(
        user_id,
        first=values["first"],
        last=values["last"],
        reason=values["reason"],
        substitute=int(values["substitute"]) if values["substitute"] else None,
        by=signed_in(request).actor,
    )
    return "away_both" if await left_to_team(user_id) else "away"


async def uncovered_words(user_id: int, done: str) -> str:
    """Whom a person does not stand in for, being away, said after an absence that makes it so."""
    found = await left_to_team(user_id) if done == "away_both" else []
    return "; ".join(
        _("{name}: {first} – {last}", name=one.name, first=one.first, last=one.last)
        for one in found
    )


async def _set_own(request: Request, values: Values) -> str:
    return f"/profile?done={await _set(request, _own(request), values)}"


async def _set_other(request: Request, values: Values) -> str:
    user = _other(request)
    return f"/staff/{user}?done={await _set(request, user, values)}"


OWN = Dialog(
    path="/profile/absence",
    right=SIGNED_IN,
    title=N_("Say when you are away"),
    commit=N_("Save"),
    fields=_FIELDS,
    opened=_own_opened,
    do=_set_own,
)
OF_OTHERS = Dialog(
    path="/staff/{user:int}/absence",
    right=USER_EDIT,
    title=N_("Say when the person is away"),
    commit=N_("Save"),
    fields=_FIELDS,
    opened=_other_opened,
    do=_set_other,
)


async def _off(request: Request, whose: Callable[[Request], int], back: str) -> Response:
    absence: int = request.path_params["absence"]
    await service.call_absence_off(whose(request), absence, by=signed_in(request).actor)
    return RedirectResponse(f"{back}?done=back", 303)


async def call_own_off(request: Request) -> Response:
    """End an absence of one's own."""
    return await _off(request, _own, "/profile")


async def call_off(request: Request) -> Response:
    """End an absence of somebody."""
    return await _off(request, _other, f"/staff/{_other(request)}")
