"""Addresses for machines: is the process alive, can it serve, what does it measure."""

from __future__ import annotations

from ipaddress import ip_address
from pkgutil import iter_modules

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from abonent import migrations
from abonent.kernel.actor import Actor
from abonent.kernel.db import APP, DatabaseUnreachableError, reading
from abonent.kernel.metrics import exposition
from abonent.web.errors import NotSignedIn
from abonent.web.render import identity_of
from abonent.web.rights import METRICS
from abonent.web.service import authenticate_token

_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnreachableError)
# Read once: looking at the folder in a request would block the others.
_MIGRATIONS = tuple(module.name for module in iter_modules(migrations.__path__))
_APPLIED = "SELECT name FROM tortoise_migrations WHERE app = $1"


async def alive(request: Request) -> Response:  # noqa: ARG001  the shape of an endpoint
    """Answer as long as the process runs; asks nothing of anybody."""
    return PlainTextResponse("ok")


async def ready(request: Request) -> Response:  # noqa: ARG001
    """Answer 200 when the database is reached and up to date, 503 with the reason otherwise."""
    try:
        async with reading() as connection:
            applied = {row["name"] for row in await connection.fetch(_APPLIED, APP)}
    except _FAILURES as error:
        reason = type(error).__name__
        return JSONResponse({"ready": False, "database": reason}, status_code=503)
    pending = [name for name in _MIGRATIONS if name not in applied]
    if pending:
        return JSONResponse({"ready": False, "migrations": pending}, status_code=503)
    return JSONResponse({"ready": True})


async def metrics(request: Request) -> Response:
    """Answer with the measurements of this process in the Prometheus text format.

    To this machine itself; from elsewhere to who holds the right, signed in or with a token.
    """
    if not _from_here(request):
        (await _caller(request)).require(METRICS)
    text, content_type = exposition()
    return Response(text, headers={"Content-Type": content_type})


def _from_here(request: Request) -> bool:
    """Tell whether this machine asks for itself; a proxy on it asks for somebody else."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


async def _caller(request: Request) -> Actor:
    scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await authenticate_token(token.strip())
    identity = identity_of(request)
    if identity is None:
        raise NotSignedIn
    return identity.actor
