from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.embedded.home import temporary_home
from abonent.kernel.embedded.valkey import start_valkey
from abonent.kernel.models import Outbox, OutboxState

PATIENCE = 60


@pytest.fixture
def queue():
    with temporary_home("abonent-queue") as home:
        server = start_valkey(home)
        yield server.url
        server.stop()


@pytest.fixture
async def process(fresh_database, queue, tmp_path) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = {
        "ABONENT_HOME": str(tmp_path),
        "ABONENT_DATABASE_URL": fresh_database.database_url,
        "ABONENT_REDIS_URL": queue,
        "ABONENT_LOG_FORMAT": "json",
        "ABONENT_LOG_LEVEL": "DEBUG",
    }
    program = [sys.executable, "-m", "abonent", "worker"]
    running = await asyncio.create_subprocess_exec(
        *program, env=os.environ | settings, stderr=asyncio.subprocess.PIPE
    )
    yield running
    if running.returncode is None:
        running.kill()
        await running.wait()


async def test_a_worker_process_delivers_and_stops_cleanly_when_told(process, tmp_path):
    async with unit_of_work(SYSTEM) as uow:
        await uow.send("mail", {"to": ["a@example.org"], "subject": "s", "text": "t"})
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if b"outbox.done" in line:
                break
        process.send_signal(signal.SIGTERM)
        _output, rest = await process.communicate()
    assert process.returncode == 0, rest.decode()
    assert b"worker.stopped" in rest
    assert (await Outbox.get()).state is OutboxState.DONE
    assert len(list((tmp_path / "mail").iterdir())) == 1
