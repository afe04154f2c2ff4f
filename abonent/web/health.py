"""Addresses for machines: is the process alive, can it serve, what does it measure."""

from __future__ import annotations

from pkgutil import iter_modules

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from abonent import migrations
from abonent.kernel.db import APP, DatabaseUnreachableError, reading
from abonent.kernel.metrics import exposition

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


async def metrics(request: Request) -> Response:  # noqa: ARG001
    """Answer with the measurements of this process in the Prometheus text format."""
    text, content_type = exposition()
    return Response(text, headers={"Content-Type": content_type})
