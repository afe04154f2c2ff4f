"""The user's own page: appearance, keys, password, devices."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.web import service
from abonent.web.errors import TooManyAttempts, WrongPassword
from abonent.web.forms import by_field, form_of
from abonent.web.pages.staff.absences import uncovered_words
from abonent.web.queries import open_sessions
from abonent.web.render import page, signed_in
from abonent.web.rules import ABSENCES
from abonent.web.staff import absences_of

_DONE = {
    "password": N_("The password is changed; other devices have to sign in again."),
    "session": N_("The session is ended."),
    "sessions": N_("Every other session is ended."),
    "factor": N_("The second factor is on: the next sign-in asks for a code."),
    "factor-off": N_("The second factor is off."),
    "keys": N_("Saved."),
    "away": N_("The absence is set"),
    "away_both": N_(
        "The absence is set. Nobody stands in for these colleagues on these days: their work goes to the team"
    ),
    "back": N_("The absence is called off"),
}


async def show_profile(request: Request) -> Response:
    """Show the page; ``done`` in the address says what was just carried out."""
    done = request.query_params.get("done", "")
    uncovered = await uncovered_words(signed_in(request).user_id, done)
    return await _profile(request, done=_DONE.get(done, ""), uncovered=uncovered)


async def _profile(
    request: Request,
    *,
    done: str = "",
    uncovered: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    user_id = signed_in(request).user_id
    context = {
        "sessions": await open_sessions(user_id),
        "absences": await absences_of(user_id),
        "reasons": ABSENCES,
        "done": done,
        "uncovered": uncovered,
        "errors": errors or {},
    }
    return page(request, "profile.html", context, status=status)


async def change_keys(request: Request) -> Response:
    """Switch the single-letter keys on or off."""
    form, identity = await form_of(request), signed_in(request)
    await service.change_display(
        identity.user_id,
        language=identity.language,
        theme=identity.theme,
        single_keys=form.get("single_keys") == "on",
        by=identity.actor,
    )
    return RedirectResponse("/profile?done=keys", 303)


async def change_password(request: Request) -> Response:
    """Change the password of the user; wrong input comes back beside its field."""
    form, identity = await form_of(request), signed_in(request)
    try:
        if form.get("password") != form.get("again"):
            raise Malformed.of("again", "", N_("The two passwords differ."))
        await service.change_password(
            identity.user_id,
            old=form.get("old", ""),
            new=form.get("password", ""),
            session_id=identity.session_id,
            by=identity.actor,
        )
    except Malformed as error:
        return await _profile(request, errors=by_field(error.errors), status=422)
    except TooManyAttempts as error:
        wrong = FieldError("old", "", error.text())
        return await _profile(request, errors=by_field((wrong,)), status=429)
    except WrongPassword:
        wrong = FieldError("old", "", N_("This is not your present password."))
        return await _profile(request, errors=by_field((wrong,)), status=422)
    return RedirectResponse("/profile?done=password", 303)


async def end_session(request: Request) -> Response:
    """End a session of the user on another device."""
    identity = signed_in(request)
    session_id = request.path_params["session_id"]
    await service.revoke_session(session_id, user_id=identity.user_id, by=identity.actor)
    return RedirectResponse("/profile?done=session", 303)


async def end_others(request: Request) -> Response:
    """End every session of the user but this one."""
    identity = signed_in(request)
    await service.end_other_sessions(
        identity.user_id, session_id=identity.session_id, by=identity.actor
    )
    return RedirectResponse("/profile?done=sessions", 303)
