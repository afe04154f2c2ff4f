"""How much one request may bring; whoever reads more gets an error the edge can put into words."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from abonent.kernel.i18n import _

OWN_LIMIT = "abonent.body_limit"
"""Where a route leaves a limit of its own (see `PageRoute`), in the request's scope."""

_PATIENCE = 32
"""How many times the limit is still listened to: a caller who is cut off while sending sees no answer."""


class BodyLimit:
    """Raises HTTPException 413 where a body beyond the limit is read.

    `most` holds where the route says nothing. The route is known when its body is first read.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        announced = int(declared) if declared.isdecimal() else 0
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            most = scope.get(OWN_LIMIT, self.most)
            message = await receive()
            read += len(message.get("body", b""))
            if max(announced, read) > most:
                await self._listen_out(receive, message, read)
                raise HTTPException(413, _("At most {most} bytes are taken.", most=most))
            return message

        await self.app(scope, receive_within_limit, send)

    async def _listen_out(self, receive: Receive, message: Message, read: int) -> None:
        while message.get("more_body") and read < self.most * _PATIENCE:
            message = await receive()
            read += len(message.get("body", b""))
