"""An outside judge of the JSON API: schemathesis reads its description and tries to break it."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from abonent.kernel.crew import environment
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from abonent.web.service import create_token
from tests.web.seed import small_provider

EXAMPLES = 12


@asynccontextmanager
async def served(settings: Settings, home: Path) -> AsyncIterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = settings.having(home=home, host="127.0.0.1", port=port, processes=1, log_level="ERROR")
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "abonent", "serve", "--supervised", env=environment(own)
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(90):
            while not await answers(client, address):
                assert server.returncode is None
                await asyncio.sleep(0.2)
        yield address
    finally:
        server.terminate()
        await server.wait()


async def answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.may_block
async def test_no_call_of_the_api_fails_the_server(
    fresh_database: Settings, tmp_path: Path
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    token = await create_token("judge", rights=["*"])
    async with served(fresh_database, tmp_path / "home") as address:
        judge = await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / "schemathesis", "run",
            f"{address}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {token}",
            "--checks", "not_a_server_error",
            "--exclude-path", "/api/v1/day/close",
            "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color",
            "--generation-database", "none",
            "--suppress-health-check", "all",
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _nothing = await judge.communicate()
    assert judge.returncode == 0, said.decode()[-6000:]
