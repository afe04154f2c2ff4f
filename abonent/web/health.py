"""Addresses for machines: is the process alive, can it serve, what does it measure."""

from __future__ import annotations

import asyncpg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from abonent.kernel.db import DatabaseUnreachableError, reading
from abonent.kernel.migrate import pending_migrations
from abonent.web.render import desk_of

_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnreachableError)


async def alive(request: Request) -> Response:  # noqa: ARG001  the shape of an endpoint
    """Answer as long as the process runs; asks nothing of anybody."""
    return PlainTextResponse("ok")


async def ready(request: Request) -> Response:
    """Answer 200 when the database is reached and up to date, 503 with the reason otherwise."""
    try:
        async with reading() as connection:
            await connection.fetchval("SELECT 1")
        pending = await _pending(request)
    except _FAILURES as error:
        reason = type(error).__name__
        return JSONResponse({"ready": False, "database": reason}, status_code=503)
    if pending:
        return JSONResponse({"ready": False, "migrations": pending}, status_code=503)
    return JSONResponse({"ready": True})


async def _pending(request: Request) -> list[str]:
    """Return the migrations still to run; asked of the database until there is none."""
    state = request.app.state
    if getattr(state, "migrated", False):
        return []
    pending = await pending_migrations(desk_of(request).settings.database_url or "")
    state.migrated = not pending
    return pending


async def metrics(request: Request) -> Response:  # noqa: ARG001
    """Answer with the measurements of this process in the Prometheus text format."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
