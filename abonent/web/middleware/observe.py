"""One log line and one measurement per request, labelled with the route and not the address."""

from __future__ import annotations

import asyncio
import logging
import secrets
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from abonent.kernel import clock
from abonent.kernel.db import DatabaseUnreachableError
from abonent.kernel.metrics import histogram
from abonent.web.failures import failure

_log = structlog.get_logger("abonent.web")
_SECONDS = histogram(
    "abonent_http_request_seconds",
    "Time to answer HTTP requests",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 10),
)
_SLOW_SECONDS = 1.0
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    DatabaseUnreachableError,
)


class Observe:
    """Times each request, gives it a number and logs how it ended.

    Without `every` what went well and quickly is logged for debugging alone: on a console it would
    carry away what the reader looks for.
    """

    def __init__(self, app: ASGIApp, *, every: bool = True) -> None:
        self.app = app
        self.every = every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(6)
        scope.setdefault("state", {})["number"] = number
        started, status = clock.monotonic(), 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting_status)
        finally:
            seconds = clock.monotonic() - started
            aloud = self.every or status >= HTTPStatus.BAD_REQUEST or seconds >= _SLOW_SECONDS
            _note(scope, status=status, seconds=seconds, number=number, aloud=aloud)


def _note(scope: Scope, *, status: int, seconds: float, number: str, aloud: bool) -> None:
    route = route_label(scope)
    # A made-up method would otherwise make a new series each time.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _SECONDS.labels(method, route, str(status)).observe(seconds)
    if scope["path"] in _QUIET:
        return
    _log.log(
        logging.INFO if aloud else logging.DEBUG,
        "request",
        method=method,
        route=route,
        status=status,
        milliseconds=round(seconds * 1000),
        actor=_actor(scope),
        number=number,
    )


def route_label(scope: Scope) -> str:
    """Return the path pattern of the matched route; one label for all that matched none."""
    if scope["path"].startswith("/static/"):
        return "/static"
    path: str | None = getattr(scope.get("route"), "path", None)
    return (scope.get("root_path", "") + path) if path else "unmatched"


def _actor(scope: Scope) -> str:
    identity: Any = scope.get("state", {}).get("identity")
    return f"user:{identity.user_id}" if identity else ""


async def _report(error: Exception, *, number: str, route: str) -> None:
    """Log a failure with its traceback, in a thread: writing one reads the source files."""
    await asyncio.to_thread(_log.error, "failure", number=number, route=route, exc_info=error)


class CatchFailures:
    """Turns a failure of the program into a page with a number that the log knows too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a failure after the answer began is passed on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting_start)
        except Exception as error:
            if started:
                raise
            number = scope.get("state", {}).get("number", "")
            await _report(error, number=number, route=route_label(scope))
            status = 503 if isinstance(error, _UNREACHABLE) else 500
            response = failure(Request(scope), status, number=number)
            await response(scope, receive, send)
