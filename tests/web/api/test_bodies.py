"""A body beyond the limit over a real connection, with its length announced and without."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette

from abonent.web.service import create_token

TEN_MEGABYTES = b'{"through": "' + b"x" * 10_000_000 + b'"}'


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    server = _Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", access_log=False))
    task = asyncio.create_task(server.serve())
    try:
        await server.ready.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def _in_parts() -> AsyncIterator[bytes]:
    for start in range(0, len(TEN_MEGABYTES), 100_000):
        yield TEN_MEGABYTES[start : start + 100_000]


async def test_a_huge_body_is_answered_by_a_problem_document(
    api_app: Starlette, db: object
) -> None:
    token = await create_token("a program")
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    async with serving(api_app) as address, httpx.AsyncClient(trust_env=False) as client:
        for content in (TEN_MEGABYTES, _in_parts()):
            answer = await client.post(
                f"{address}/api/v1/day/close", content=content, headers=headers
            )
            assert answer.status_code == 413
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"
            problem = answer.json()
            assert problem["code"] == "TOO_LARGE"
            assert problem["detail"] == "At most 1000000 bytes are taken."


async def test_a_page_says_it_in_its_own_frame(api_app: Starlette, db: object) -> None:
    async with serving(api_app) as address, httpx.AsyncClient(trust_env=False) as client:
        form, headers = {"login": "x" * 10_000_000}, {"Origin": address}
        answer = await client.post(f"{address}/sign-in", data=form, headers=headers)
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith("text/html")
