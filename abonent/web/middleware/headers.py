"""Security headers on every answer, with a policy that allows only our own files."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; media-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_SECURE = "max-age=31536000"


class SecurityHeaders:
    """Puts a fresh nonce into the request's state and the headers on the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), nonce=nonce, secure=_is_secure(scope))
            await send(message)

        await self.app(scope, receive, send_with_headers)


def framed_by(nonce: str, sites: Sequence[str]) -> str:
    """The policy of a page that some sites may show in a frame."""
    ancestors = " ".join(("'self'", *sites))
    return _POLICY.format(nonce=nonce).replace(
        "frame-ancestors 'none'", f"frame-ancestors {ancestors}"
    )


def _complete(headers: MutableHeaders, *, nonce: str, secure: bool) -> None:
    # The old header knows no named sites: beside a policy that names them it would only forbid.
    framed = "frame-ancestors" in headers.get("Content-Security-Policy", "")
    for name, value in _ALWAYS.items():
        if not (framed and name == "X-Frame-Options"):
            headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce))
    if secure:
        headers.setdefault("Strict-Transport-Security", _SECURE)
    if headers.get("content-type", "").startswith("text/html"):
        # One address answers with a page or a part of it; neither is kept on a shared computer.
        headers.setdefault("Cache-Control", "no-store")
        headers.add_vary_header("HX-Request, HX-Request-Type")


def _is_secure(scope: Scope) -> bool:
    return bool(scope.get("scheme") == "https")
