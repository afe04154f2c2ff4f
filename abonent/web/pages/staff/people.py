"""People who sign in: their page, and the dialogs that change them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.billing.registers import district_choices
from abonent.kernel.actor import EVERYTHING
from abonent.kernel.i18n import N_
from abonent.web import service
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Choices, Field, Kind, Values, texts_of
from abonent.web.pages.staff.absences import uncovered_words
from abonent.web.queries import open_sessions
from abonent.web.registers.staff import office_choices
from abonent.web.render import page, signed_in
from abonent.web.rights import USER_EDIT
from abonent.web.rules import ABSENCES
from abonent.web.staff import Person, absences_of, all_roles, office_id, office_of, person_of

_ONE = "/staff/{user:int}"
_TICK = "district."
_DONE = {
    "added": N_("The person may sign in now"),
    "changed": N_("The person is changed"),
    "password": N_("The new password is set; their sessions are ended"),
    "locked": N_("The person is locked; their sessions are ended"),
    "unlocked": N_("The person may sign in again"),
    "sessions": N_("The sessions are ended"),
    "away": N_("The absence is set"),
    "away_both": N_(
        "The absence is set. Nobody stands in for these colleagues on these days: their work goes to the team"
    ),
    "back": N_("The absence is called off"),
    "factor": N_("The second factor is taken away; their sessions are ended"),
}
_WHO = (
    Field(name="name", label=N_("Person's name"), longest=100),
    Field(name="login", label=N_("Login"), longest=60, half=True),
    Field(name="role", label=N_("Role"), kind=Kind.CHOICE, half=True, open=True),
    Field(name="office", label=N_("Office"), kind=Kind.CHOICE, required=False),
)
_PASSWORD = Field(
    name="password",
    label=N_("Password"),
    kind=Kind.PASSWORD,
    hint=N_("At least 8 characters; a phrase is easier to remember."),
    attributes={"autocomplete": "new-password"},
)


async def show_person(request: Request) -> Response:
    """Show a person: who they are, where they are signed in, what can be done."""
    identity, by = signed_in(request), signed_in(request).actor
    person = await person_of(request.path_params["user"], by=by)
    done = request.query_params.get("done", "")
    context = {
        "person": person,
        "sessions": await open_sessions(person.id) if by.may(USER_EDIT) else [],
        "own": person.id == identity.user_id,
        "can": by.may(USER_EDIT) and person.within(by),
        "absences": await absences_of(person.id),
        "reasons": ABSENCES,
        "done": _DONE.get(done, ""),
        "uncovered": await uncovered_words(person.id, done),
    }
    return page(request, "staff/person.html", context)


async def _offered(request: Request) -> dict[str, Choices]:
    """The roles that the actor may give, and the offices."""
    by = signed_in(request).actor
    given = [one for one in await all_roles(by=by) if one.given and one.within(by)]
    # The first one stands where nobody chooses: never the one that may do everything.
    given.sort(key=lambda one: EVERYTHING in one.rights)
    roles = [(one.code, one.label) for one in given]
    return {"role": roles, "office": await office_choices()}


async def _districts(request: Request) -> list[str]:
    """The districts that the actor may give."""
    by = signed_in(request).actor
    return [name for name, _words in await district_choices() if by.sees(name)]


async def _ticked(request: Request) -> list[str] | None:
    """The ticked districts; None, which is all of them, where none is."""
    form = texts_of(await request.form())
    ticked = [n.removeprefix(_TICK) for n, v in form.items() if n.startswith(_TICK) and v == "on"]
    return ticked or None


async def _add_opened(request: Request) -> Opened:
    return Opened(
        back="/staff",
        choices=await _offered(request),
        context={"districts": await _districts(request), "person": None},
    )


async def _add(request: Request, values: Values) -> str:
    identity = signed_in(request)
    user_id = await service.add_user(
        values["login"],
        name=values["name"],
        role=values["role"],
        password=values["password"],
        language=identity.language,
        office=await office_id(values["office"]),
        districts=await _ticked(request),
        by=identity.actor,
    )
    return f"/staff/{user_id}?done=added"


async def _person(request: Request) -> Person:
    return await person_of(request.path_params["user"], by=signed_in(request).actor)


async def _change_opened(request: Request) -> Opened:
    by, person = signed_in(request).actor, await _person(request)
    given = {
        "name": person.name,
        "login": person.login,
        "role": person.role,
        "office": await office_of(person.office_id),
        "version": str(person.version),
    }
    given |= {f"{_TICK}{name}": "on" for name in person.districts or ()}
    known = {*await _districts(request), *(person.districts or ())}
    return Opened(
        back=f"/staff/{person.id}",
        given=given,
        choices=await _offered(request),
        context={"districts": sorted(known), "person": person},
        can=person.within(by),
    )


async def _change(request: Request, values: Values) -> str:
    user_id = request.path_params["user"]
    version = texts_of(await request.form()).get("version", "")
    await service.change_user(
        user_id,
        login=values["login"],
        name=values["name"],
        role=values["role"],
        office=await office_id(values["office"]),
        districts=await _ticked(request),
        version=int(version) if version.isdecimal() and len(version) < 10 else 0,
        by=signed_in(request).actor,
    )
    return f"/staff/{user_id}?done=changed"


async def _opened(request: Request) -> Opened:
    """A dialog that says whom it is about and asks little."""
    by, person = signed_in(request).actor, await _person(request)
    context: dict[str, Any] = {"person": person, "open": len(await open_sessions(person.id))}
    about = f"{person.name} · {person.login}"
    return Opened(back=f"/staff/{person.id}", about=about, context=context, can=person.within(by))


async def _set_password(request: Request, values: Values) -> str:
    user_id, by = request.path_params["user"], signed_in(request).actor
    await service.set_staff_password(user_id, password=values["password"], by=by)
    return f"/staff/{user_id}?done=password"


async def _lock(request: Request, values: Values) -> str:
    user_id, by = request.path_params["user"], signed_in(request).actor
    await service.lock_user(user_id, reason=values["reason"], by=by)
    return f"/staff/{user_id}?done=locked"


async def _unlock(request: Request, values: Values) -> str:
    del values
    user_id, by = request.path_params["user"], signed_in(request).actor
    await service.unlock_user(user_id, by=by)
    return f"/staff/{user_id}?done=unlocked"


async def _reset(request: Request, values: Values) -> str:
    user_id, by = request.path_params["user"], signed_in(request).actor
    await service.reset_second_factor(user_id, reason=values["reason"], by=by)
    return f"/staff/{user_id}?done=factor"


async def end_session(request: Request) -> Response:
    """End one session of a person."""
    user_id, session = request.path_params["user"], request.path_params["session"]
    await service.end_user_session(user_id, session, by=signed_in(request).actor)
    return RedirectResponse(f"/staff/{user_id}?done=sessions", 303)


async def end_sessions(request: Request) -> Response:
    """End every session of a person."""
    user_id = request.path_params["user"]
    await service.end_user_sessions(user_id, by=signed_in(request).actor)
    return RedirectResponse(f"/staff/{user_id}?done=sessions", 303)


ADD = Dialog(
    path="/staff/new",
    right=USER_EDIT,
    title=N_("Add a person"),
    commit=N_("Add"),
    fields=(*_WHO, _PASSWORD),
    opened=_add_opened,
    do=_add,
    below="staff/districts.html",
)
CHANGE = Dialog(
    path=f"{_ONE}/change",
    right=USER_EDIT,
    title=N_("Change the person"),
    commit=N_("Save"),
    fields=_WHO,
    opened=_change_opened,
    do=_change,
    below="staff/districts.html",
)
PASSWORD = Dialog(
    path=f"{_ONE}/password",
    right=USER_EDIT,
    title=N_("Set a new password"),
    commit=N_("Set the password"),
    fields=(_PASSWORD,),
    opened=_opened,
    do=_set_password,
    above="staff/sessions_end.html",
)
LOCK = Dialog(
    path=f"{_ONE}/lock",
    right=USER_EDIT,
    title=N_("Lock the person"),
    commit=N_("Lock"),
    fields=(Field(name="reason", label=N_("Reason"), hint=N_("It stands in the audit.")),),
    opened=_opened,
    do=_lock,
    above="staff/sessions_end.html",
)
UNLOCK = Dialog(
    path=f"{_ONE}/unlock",
    right=USER_EDIT,
    title=N_("Let the person sign in again"),
    commit=N_("Unlock"),
    opened=_opened,
    do=_unlock,
)
RESET = Dialog(
    path=f"{_ONE}/second-factor",
    right=USER_EDIT,
    title=N_("Take the second factor away"),
    commit=N_("Take it away"),
    fields=(
        Field(
            name="reason",
            label=N_("Reason"),
            hint=N_("How you made sure that it is the person who asks; it stands in the audit."),
        ),
    ),
    opened=_opened,
    do=_reset,
    above="staff/sessions_end.html",
)
