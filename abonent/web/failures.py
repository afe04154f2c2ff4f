"""Pages for what went wrong: a domain error, an unknown address, a failure of the program."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import DomainError, FieldError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.errors import NotSignedIn, status_of
from abonent.web.render import fragment, page, wants_fragment

_log = structlog.get_logger("abonent.web")

_TITLES = {
    400: N_("The input has mistakes"),
    401: N_("You are not signed in"),
    403: N_("This is not open to you"),
    404: N_("There is no such page"),
    405: N_("This address does not take such a request"),
    409: N_("Somebody was there first"),
    413: N_("What was sent is too large"),
    422: N_("A rule does not allow this"),
    429: N_("Too many attempts"),
    500: N_("The program failed"),
    503: N_("The database does not answer"),
}
# Where a code says more than its family does.
_TITLES_BY_CODE = {"NO_DAY": N_("The business day has not begun")}
_ADVICE = {
    403: N_("The administrator can give the right."),
    404: N_("The link may be old, or the record was moved. Try the search line."),
    413: N_("Split the file, or hand it to the administrator for the import command."),
    500: N_("Nothing was half-done. Try again; if it repeats, tell the administrator the number."),
    503: N_("Try again in a minute. What you typed is kept."),
}


async def domain_error(request: Request, error: Exception) -> Response:
    """Answer with the page of a domain error; asks to sign in where nobody is."""
    if not isinstance(error, DomainError):
        raise error
    reads = request.method in {"GET", "HEAD"} and not wants_fragment(request)
    if isinstance(error, NotSignedIn) and reads:
        return RedirectResponse(sign_in_address(request), 303)
    fields = error.errors if isinstance(error, Malformed) else ()
    return failure(request, status_of(error), text=error.text(), code=error.code, fields=fields)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer with the page of an HTTP error such as 404 or 405."""
    if not isinstance(error, HTTPException):
        raise error
    response = failure(request, error.status_code)
    response.headers.update(error.headers or {})
    return response


def failure(
    request: Request,
    status: int,
    *,
    text: str = "",
    code: str = "",
    number: str = "",
    fields: tuple[FieldError, ...] = (),
) -> Response:
    """Render a failure: a notice for a script, a whole page for a person."""
    context = {
        "status": status,
        "title": _(_TITLES_BY_CODE.get(code) or _TITLES.get(status, _TITLES[500])),
        "text": text,
        "advice": _(_ADVICE[status]) if status in _ADVICE else "",
        "code": code,
        "number": number,
        "fields": fields,
        "return_to": sign_in_address(request),
    }
    if not wants_fragment(request):
        return page(request, _template(request), context, status=status)
    response = fragment(request, "failure.html", "notice", context, status=status)
    if status == 401:
        # The text that was typed stays on the page; a banner tells what to do.
        response.headers["HX-Reswap"] = "none"
    elif request.method not in {"GET", "HEAD"}:
        # Told above the form, which stays with all that was typed.
        response.headers["HX-Reswap"] = "afterbegin"
    return response


def _template(request: Request) -> str:
    """A subscriber on the portal sees the portal's page, not the desk's."""
    path = request.url.path
    return "portal/failure.html" if path == "/my" or path.startswith("/my/") else "failure.html"


def sign_in_address(request: Request) -> str:
    """Return the address of the sign-in page that leads back to this one."""
    if request.method not in {"GET", "HEAD"} or request.url.path in {"/", "/sign-in"}:
        return "/sign-in"
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(back, safe='')}"
