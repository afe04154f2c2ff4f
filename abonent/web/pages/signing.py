"""Signing in and out, and how the pages look before anybody is known."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import LANGUAGES, N_
from abonent.web import service
from abonent.web.errors import NotSignedIn, TooManyAttempts, WrongPassword, status_of
from abonent.web.forms import form_of, go_to, local_path
from abonent.web.middleware.identity import COOKIE, LANGUAGE_COOKIE, THEME_COOKIE
from abonent.web.pages.second_factor import (
    REFUSALS,
    address_of_caller,
    recovery_page,
    said,
    setup_context,
)
from abonent.web.queries import Pending, pending_sign_in
from abonent.web.render import identity_of, page, signed_in
from abonent.web.rules import SESSION_LIFE, Stage
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
            ip=address_of_caller(request),
            agent=request.headers.get("user-agent", ""),
        )
    except (WrongPassword, TooManyAttempts, Malformed) as error:
        context = {"login": login, "next": back, "error": said(error)}
        return page(request, "sign_in.html", context, status=status_of(error))
    if opened.stage is Stage.OPEN:
        return _entered(RedirectResponse(back, 303), request, opened)
    path = f"/sign-in/{opened.stage}?{urlencode({'next': back})}"
    return _entered(RedirectResponse(path, 303), request, opened)


def _entered(response: Response, request: Request, opened: service.SignedIn) -> Response:
    """Give the browser the session; one that waits for its second factor ends with the browser's."""
    whole = int(SESSION_LIFE.total_seconds()) if opened.stage is Stage.OPEN else None
    _set_cookie(response, request, COOKIE, opened.secret, whole)
    return response


async def show_code(request: Request) -> Response:
    """Ask for the code from the phone."""
    back = local_path(request.query_params.get("next", "/"))
    if await _pending(request, Stage.CODE) is None:
        return RedirectResponse(_again(back), 303)
    return page(request, "staff/code.html", {"next": back, "error": None})


async def send_code(request: Request) -> Response:
    """Take the code and lead to where the user wanted to go."""
    form = await form_of(request)
    back = local_path(form.get("next", "/"))
    try:
        opened = await service.pass_code(
            request.cookies.get(COOKIE, ""),
            form.get("code", ""),
            ip=address_of_caller(request),
            agent=request.headers.get("user-agent", ""),
        )
    except NotSignedIn:
        return RedirectResponse(_again(back), 303)
    except REFUSALS as error:
        context = {"next": back, "error": said(error)}
        return page(request, "staff/code.html", context, status=status_of(error))
    return _entered(RedirectResponse(back, 303), request, opened)


async def show_setup(request: Request) -> Response:
    """Show who has to sign in with a code from now on what to take into the phone."""
    back = local_path(request.query_params.get("next", "/"))
    return await _setup(request, back)


async def _setup(request: Request, back: str, error: DomainError | None = None) -> Response:
    waiting = await _pending(request, Stage.SETUP)
    setup = await service.start_setup(waiting.user_id, by=SYSTEM) if waiting else None
    if setup is None:
        return RedirectResponse(_again(back), 303)
    context = setup_context(setup) | {"next": back, "error": said(error) if error else None}
    return page(request, "staff/setup.html", context, status=status_of(error) if error else 200)


async def send_setup(request: Request) -> Response:
    """Take the first code, and show the recovery codes."""
    form = await form_of(request)
    back = local_path(form.get("next", "/"))
    try:
        opened, codes = await service.pass_setup(
            request.cookies.get(COOKIE, ""),
            form.get("code", ""),
            ip=address_of_caller(request),
            agent=request.headers.get("user-agent", ""),
        )
    except NotSignedIn:
        return RedirectResponse(_again(back), 303)
    except REFUSALS as error:
        return await _setup(request, back, error)
    return _entered(recovery_page(request, codes, onward=back), request, opened)


async def _pending(request: Request, stage: Stage) -> Pending | None:
    waiting = await pending_sign_in(request.cookies.get(COOKIE, ""))
    return waiting if waiting is not None and waiting.stage is stage else None


def _again(back: str) -> str:
    return f"/sign-in?{urlencode({'next': back})}"


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


def _set_cookie(
    response: Response, request: Request, name: str, value: str, seconds: int | None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
