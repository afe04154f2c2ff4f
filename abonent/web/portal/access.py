"""Routes of the portal: who is signed in, which of the contract's accounts a page is about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.billing.errors import AccountNotFound
from abonent.crm.queries.portal import OwnAccount
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import LANGUAGES, speaking
from abonent.web.access import PUBLIC, PageRoute
from abonent.web.failures import domain_error, http_error
from abonent.web.middleware.identity import LANGUAGE_COOKIE
from abonent.web.portal.queries import Subscriber, who_is
from abonent.web.portal.rules import SEEN_STEP
from abonent.web.portal.sessions import touch
from abonent.web.render import desk_of, page

HOME = "/my"
COOKIE = "abonent_my"
SIGN_IN = f"{HOME}/sign-in"

Endpoint = Callable[[Request], Awaitable[Response]]


class PortalRoute(PageRoute):
    """A route of the portal, for subscribers alone unless it is `open` to everybody.

    The desk's sign-in opens none of them: they have a session of their own. Where the address names
    an account it is one of the subscriber's own, or the page does not exist.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        *,
        methods: Sequence[str] = ("GET",),
        open: bool = False,  # noqa: A002  the word for it
        body_limit: int | None = None,
    ) -> None:
        admitted = _admitted(endpoint, everybody=open)
        super().__init__(
            HOME + path, admitted, right=PUBLIC, methods=methods, body_limit=body_limit
        )


def _admitted(endpoint: Endpoint, *, everybody: bool) -> Endpoint:
    async def checked(request: Request) -> Response:
        who = await _who(request)
        request.state.subscriber = who
        with speaking(_language(request, who)):
            try:
                if who is None and not everybody:
                    return RedirectResponse(_sign_in_address(request), 303)
                if who is not None:
                    _check_own(request, who)
                return await endpoint(request)
            except DomainError as error:
                return await domain_error(request, error)
            except HTTPException as error:
                return await http_error(request, error)

    return checked


async def _who(request: Request) -> Subscriber | None:
    secret = request.cookies.get(COOKIE)
    who = await who_is(secret) if secret else None
    if who is not None and clock.now() - who.last_seen_at > SEEN_STEP:
        await touch(who.session_id)
    return who


def _language(request: Request, who: Subscriber | None) -> str:
    asked = (who.language if who else None) or request.cookies.get(LANGUAGE_COOKIE, "")
    return asked if asked in LANGUAGES else desk_of(request).settings.language


def _check_own(request: Request, who: Subscriber) -> None:
    number = request.path_params.get("number")
    if number is not None and not who.actor.reaches(number):
        raise AccountNotFound(number)


def _sign_in_address(request: Request) -> str:
    if request.method not in {"GET", "HEAD"} or request.url.path == HOME:
        return SIGN_IN
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN}?next={quote(back, safe='')}"


def entered(request: Request) -> Subscriber:
    """Who is signed in, on a page that is not open to everybody."""
    who: Subscriber = request.state.subscriber
    return who


def own(request: Request) -> tuple[str, Actor]:
    """The account the address names, and the subscriber as an actor."""
    return request.path_params["number"], entered(request).actor


def here(request: Request) -> str:
    """The address of the account's home."""
    return f"{HOME}/{request.path_params['number']}"


def address_of_caller(request: Request) -> str:
    """The network address a request comes from."""
    return request.client.host if request.client else ""


def portal_page(
    request: Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> Response:
    """Render a page of the portal."""
    who: Subscriber | None = request.state.subscriber
    number = request.path_params.get("number")
    mine: OwnAccount | None = None
    if who is not None:
        mine = next((a for a in who.accounts if a.number == number), None)
    known = {"who": who, "mine": mine, "number": number, **(context or {})}
    return page(request, f"portal/{template}", known, status=status)
