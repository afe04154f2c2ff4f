"""Routes that declare who may call them; a route without a declaration cannot be written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps

from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from abonent.billing.queries.reach import check_building, check_reach
from abonent.kernel.actor import OVER_ALL, Actor
from abonent.kernel.errors import Forbidden
from abonent.kernel.i18n import N_
from abonent.web.errors import NotSignedIn
from abonent.web.middleware.bodies import OWN_LIMIT
from abonent.web.render import identity_of

ACCOUNT = "/accounts/{number"
BUILDING = "/buildings/{place"
"""Below these an address is about one account or building: outside the districts that an actor is
confined to there is none."""

LARGEST = 2**63 - 1
"""The largest number of a record."""

Endpoint = Callable[[Request], Awaitable[Response]]

Reach = Callable[[Request, Actor], Awaitable[None]]
"""Raises NotFound where what an address names does not exist for the actor."""

# Declarations that are not rights: a page for everybody, a page for everyone who signed in.
PUBLIC = "public"
SIGNED_IN = "signed-in"


class PageRoute(Route):
    """A route with the right its caller must hold.

    `body_limit` is the largest body it takes, in bytes, where a file comes in; otherwise the
    application's limit for forms holds.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        *,
        right: str,
        methods: Sequence[str] = ("GET",),
        name: str | None = None,
        body_limit: int | None = None,
    ) -> None:
        self.right = right
        self.body_limit = body_limit
        served = guarded(endpoint, right, reach=_reach_of(path))
        super().__init__(path, served, methods=list(methods), name=name)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route; a number of thousands of digits names nothing."""
        try:
            return super().matches(scope)
        except ValueError:
            return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that this route matched."""
        if self.body_limit is not None:
            scope[OWN_LIMIT] = self.body_limit
        await super().handle(scope, receive, send)


def _reach_of(path: str) -> Reach | None:
    """What besides the right decides whether the page exists for an actor."""
    if path.startswith(ACCOUNT):
        return _reach_account
    return _reach_building if path.startswith(BUILDING) else None


async def _reach_account(request: Request, actor: Actor) -> None:
    await check_reach(request.path_params["number"], by=actor)


async def _reach_building(request: Request, actor: Actor) -> None:
    await check_building(request.path_params["place"], by=actor)


def guarded(endpoint: Endpoint, right: str, *, reach: Reach | None = None) -> Endpoint:
    """Return the endpoint behind a check of the right and of what the address is about.

    Raises NotSignedIn when nobody is signed in, Forbidden when the right is not held, and what
    `reach` raises.
    """

    @wraps(endpoint)
    async def checked(request: Request) -> Response:
        _check_address(request)
        _check_letters(request)
        if right == PUBLIC:
            return await endpoint(request)
        identity = identity_of(request)
        if identity is None:
            raise NotSignedIn
        if right != SIGNED_IN and not identity.actor.may(right):
            lacking = N_("Your role does not include this right: {right}.")
            message = OVER_ALL if identity.actor.holds(right) else lacking
            raise Forbidden("FORBIDDEN", message, right=right)
        if reach is not None:
            await reach(request, identity.actor)
        return await endpoint(request)

    return checked


def _check_address(request: Request) -> None:
    """Nothing is named by what the database cannot hold: a NUL, or a number beyond its largest."""
    parts = request.path_params.values()
    if any(part > LARGEST if isinstance(part, int) else "\x00" in str(part) for part in parts):
        raise HTTPException(404)
    if any("\x00" in value for value in request.query_params.values()):
        raise HTTPException(400)


def _check_letters(request: Request) -> None:
    """Forms are written in UTF-8: read by any other name of a codec, one holds half letters, or takes minutes."""
    _kind, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise HTTPException(400)
