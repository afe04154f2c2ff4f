"""Pages of signing in: a number, a code that was sent, or a password."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import LANGUAGES, N_
from abonent.web.errors import TooManyAttempts, status_of
from abonent.web.forms import form_of, local_path
from abonent.web.middleware.identity import LANGUAGE_COOKIE
from abonent.web.portal.access import (
    COOKIE,
    HOME,
    SIGN_IN,
    address_of_caller,
    entered,
    portal_page,
)
from abonent.web.portal.codes import WAYS, ask_sign_in_code
from abonent.web.portal.errors import CodeOver, WrongCode, WrongNumberOrPassword
from abonent.web.portal.queries import Subscriber
from abonent.web.portal.rules import CODE_LIFE, SESSION_LIFE, normal_number
from abonent.web.portal.sessions import (
    Entered,
    choose_language,
    enter_by_code,
    enter_by_password,
    leave,
    leave_everywhere,
)

ASKED_COOKIE = "abonent_my_asked"
_YEAR = 365 * 24 * 3600
_LONGEST_NUMBER = 60


def _back(text: str) -> str:
    """Where to go after signing in: a page of the portal."""
    path = local_path(text, default=HOME)
    return path if path == HOME or path.startswith(f"{HOME}/") else HOME


async def show_sign_in(request: Request) -> Response:
    """Ask for the number and where to send a code."""
    back = _back(request.query_params.get("next", ""))
    if request.state.subscriber is not None:
        return RedirectResponse(back, 303)
    given = {"number": "", "way": "phone", "next": back}
    return portal_page(request, "sign_in.html", {"given": given, "error": None})


async def ask_code(request: Request) -> Response:
    """Send a code, and go on to where it is typed: whether there is such a number is not told."""
    form = await form_of(request)
    given = {"number": form.get("number", ""), "way": form.get("way", "phone")}
    given["next"] = _back(form.get("next", ""))
    try:
        number = _number(given["number"])
        way = given["way"] if given["way"] in WAYS else "phone"
        asked = await ask_sign_in_code(number, way=way, ip=address_of_caller(request))
    except (Malformed, TooManyAttempts) as error:
        context = {"given": given, "error": _text(error)}
        return portal_page(request, "sign_in.html", context, status=status_of(error))
    response = RedirectResponse(_code_address(given["next"]), 303)
    _set(response, request, ASKED_COOKIE, asked, int(CODE_LIFE.total_seconds()), path=SIGN_IN)
    return response


def _code_address(back: str) -> str:
    return f"{SIGN_IN}/code" + ("" if back == HOME else f"?next={quote(back, safe='')}")


def _number(text: str) -> str:
    number = normal_number(text)
    if not number:
        raise Malformed.of("number", text, N_("Give the number of your contract or account."))
    if len(number) > _LONGEST_NUMBER:
        raise Malformed.of("number", text, N_("So long a number does not exist."))
    return number


async def show_code(request: Request) -> Response:
    """Ask for the code that was sent."""
    if ASKED_COOKIE not in request.cookies:
        return RedirectResponse(SIGN_IN, 303)
    back = _back(request.query_params.get("next", ""))
    return portal_page(request, "code.html", {"next": back, "error": None, "over": False})


async def check_code(request: Request) -> Response:
    """Let the subscriber in for the right code."""
    form = await form_of(request)
    back = _back(form.get("next", ""))
    try:
        opened = await enter_by_code(
            request.cookies.get(ASKED_COOKIE, ""),
            code=form.get("code", ""),
            ip=address_of_caller(request),
            agent=request.headers.get("user-agent", ""),
        )
    except (WrongCode, CodeOver, TooManyAttempts) as error:
        context = {"next": back, "error": error.text(), "over": isinstance(error, CodeOver)}
        return portal_page(request, "code.html", context, status=status_of(error))
    response = _let_in(request, opened, back)
    response.delete_cookie(ASKED_COOKIE, path=SIGN_IN, httponly=True, samesite="lax")
    return response


async def show_password(request: Request) -> Response:
    """Ask for number and password."""
    given = {"number": "", "next": _back(request.query_params.get("next", ""))}
    return portal_page(request, "password.html", {"given": given, "error": None})


async def check_password(request: Request) -> Response:
    """Let the subscriber in for the right password."""
    form = await form_of(request)
    given = {"number": form.get("number", ""), "next": _back(form.get("next", ""))}
    try:
        opened = await enter_by_password(
            _number(given["number"]),
            password=form.get("password", ""),
            ip=address_of_caller(request),
            agent=request.headers.get("user-agent", ""),
        )
    except (WrongNumberOrPassword, TooManyAttempts, Malformed) as error:
        context = {"given": given, "error": _text(error)}
        return portal_page(request, "password.html", context, status=status_of(error))
    return _let_in(request, opened, given["next"])


def _text(error: DomainError) -> str:
    return error.errors[0].text() if isinstance(error, Malformed) else error.text()


def _let_in(request: Request, opened: Entered, back: str) -> Response:
    response = RedirectResponse(back, 303)
    _set(response, request, COOKIE, opened.secret, int(SESSION_LIFE.total_seconds()), path=HOME)
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    await leave(entered(request))
    return _out()


async def sign_out_everywhere(request: Request) -> Response:
    """End every session of the contract."""
    await leave_everywhere(entered(request))
    return _out()


def _out() -> Response:
    response = RedirectResponse(SIGN_IN, 303)
    response.delete_cookie(COOKIE, path=HOME, httponly=True, samesite="lax")
    # The chat's window keeps the link of the talk; pages of the portal have no scripts to drop it.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


async def change_language(request: Request) -> Response:
    """Keep the language with the browser, and with the contract of who is signed in."""
    form = await form_of(request)
    language = form.get("language", "")
    if language not in LANGUAGES:
        raise Malformed.of("language", language, N_("This language is not known."))
    who: Subscriber | None = request.state.subscriber
    if who is not None:
        await choose_language(who, language=language)
    response = RedirectResponse(_back(form.get("next", "")), 303)
    _set(response, request, LANGUAGE_COOKIE, language, _YEAR, path="/")
    return response


def _set(
    response: Response, request: Request, name: str, value: str, seconds: int, *, path: str
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
