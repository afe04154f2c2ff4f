"""Signing in and out, and how the pages look before anybody is known."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import LANGUAGES, N_
from abonent.web import service
from abonent.web.errors import TooManyAttempts, WrongPassword, status_of
from abonent.web.forms import form_of, go_to, local_path
from abonent.web.middleware.identity import COOKIE, LANGUAGE_COOKIE, THEME_COOKIE
from abonent.web.render import identity_of, page, signed_in
from abonent.web.rules import SESSION_LIFE
from abonent.web.service.users import THEMES

_YEAR = 365 * 24 * 3600


async def show_sign_in(request: Request) -> Response:
    """Show the form, or lead on who is signed in already."""
    back = local_path(request.query_params.get("next", "/"))
    if identity_of(request) is not None:
        return RedirectResponse(back, 303)
    return page(request, "sign_in.html", {"login": "", "next": back, "error": None})


async def sign_in(request: Request) -> Response:
    """Open a session and lead to where the user wanted to go."""
    form = await form_of(request)
    login, back = form.get("login", ""), local_path(form.get("next", "/"))
    try:
        if not login.strip():
            raise Malformed.of("login", login, N_("Give your login."))
        opened = await service.sign_in(
            login,
            password=form.get("password", ""),
            ip=request.client.host if request.client else "",
            agent=request.headers.get("user-agent", ""),
        )
    except (WrongPassword, TooManyAttempts, Malformed) as error:
        context = {"login": login, "next": back, "error": _text(error)}
        return page(request, "sign_in.html", context, status=status_of(error))
    response = RedirectResponse(back, 303)
    _set_cookie(response, request, COOKIE, opened.secret, int(SESSION_LIFE.total_seconds()))
    return response


def _text(error: DomainError) -> str:
    return error.errors[0].text() if isinstance(error, Malformed) else error.text()


async def sign_out(request: Request) -> Response:
    """End the session and forget its cookie."""
    identity = signed_in(request)
    await service.sign_out(identity.session_id, user_id=identity.user_id, by=identity.actor)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


async def change_display(request: Request) -> Response:
    """Keep language and theme: with the user who is signed in, and with the browser."""
    form, identity = await form_of(request), identity_of(request)
    language, theme = form.get("language", ""), form.get("theme", "")
    if identity is not None:
        await service.change_display(
            identity.user_id,
            language=language or identity.language,
            theme=theme or identity.theme,
            single_keys=identity.single_keys,
            by=identity.actor,
        )
    response = go_to(request, local_path(form.get("next", "/")))
    if language in LANGUAGES:
        _set_cookie(response, request, LANGUAGE_COOKIE, language, _YEAR)
    if theme in THEMES:
        _set_cookie(response, request, THEME_COOKIE, theme, _YEAR)
    return response


def _set_cookie(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
