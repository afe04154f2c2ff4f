"""Cross-origin protection without tokens: the browser says where a request comes from.

A state-changing request passes when the browser calls it same-origin (``Sec-Fetch-Site``, sent to
https and localhost) or, where that is absent, when ``Origin`` names this host. With neither it is
refused, because a cookie would be trusted blindly. Calls to the API carry a bearer token and no
cookie, those of banks and terminals a password or a signature; there is nothing for another site to
abuse.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from abonent.kernel.i18n import _
from abonent.web.failures import failure

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})


class CrossOriginProtection:
    """Refuses with 403 what another site sent in the name of somebody signed in here."""

    def __init__(
        self, app: ASGIApp, *, exempt: tuple[str, ...] = ("/api/", "/hooks/", "/pay/")
    ) -> None:
        self.app = app
        self.exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        exempt = scope["type"] != "http" or scope["path"].startswith(self.exempt)
        if exempt or comes_from_here(scope["method"], Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        text = _("The request came from another site and was not carried out.")
        response = failure(Request(scope), 403, text=text, code="CROSS_ORIGIN")
        await response(scope, receive, send)


def comes_from_here(method: str, headers: Headers) -> bool:
    """Tell whether a request may be believed to come from a page of this host."""
    if method in _SAFE:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")
