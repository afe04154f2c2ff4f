"""Who is at the other end: the session cookie becomes an identity, the identity a language."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from abonent.kernel import clock
from abonent.kernel.i18n import LANGUAGES, speaking
from abonent.web.queries import Identity, identify
from abonent.web.rules import SEEN_STEP
from abonent.web.service import touch_session

COOKIE = "abonent_session"
LANGUAGE_COOKIE = "abonent_language"
THEME_COOKIE = "abonent_theme"


class IdentityOfRequest:
    """Puts ``identity`` into the request's state and sets the current language."""

    def __init__(self, app: ASGIApp, *, language: str) -> None:
        self.app = app
        self.language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        identity = await _identity(connection)
        scope.setdefault("state", {})["identity"] = identity
        language = identity.language if identity else self._asked_language(connection)
        with speaking(language):
            await self.app(scope, receive, send)

    def _asked_language(self, connection: HTTPConnection) -> str:
        asked = connection.cookies.get(LANGUAGE_COOKIE, "")
        return asked if asked in LANGUAGES else self.language


async def _identity(connection: HTTPConnection) -> Identity | None:
    secret = connection.cookies.get(COOKIE)
    if not secret:
        return None
    identity = await identify(secret)
    if identity is not None and clock.now() - identity.last_seen_at > SEEN_STEP:
        await touch_session(identity.session_id)
    return identity
