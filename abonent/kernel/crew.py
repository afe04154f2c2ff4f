"""Helper processes of one long piece of work: started when needed, told what to do, gone with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from abonent.kernel.settings import PREFIX, Settings

_log = structlog.get_logger(__name__)
GRACE = 10.0
"""Seconds a helper may take to end by itself once it is told that there is no more."""

AHEAD = 2
"""Tasks a helper holds at a time: one to work on, one to go on with while this process is busy."""

LONGEST = 2**26
"""Bytes one answer may have."""


class Crew:
    """Processes that run `abonent crew NAME` and read one task a line from their standard input."""

    def __init__(self, settings: Settings, name: str, size: int, *, answers: bool) -> None:
        self._settings = settings
        self._name = name
        self._answers = answers
        self.size = size
        self._members: list[asyncio.subprocess.Process] = []

    async def tell(self, task: str) -> None:
        """Give every helper a task; the first one starts them. A helper that died is left out."""
        await self._muster()
        for member in self._members:
            await _tell(member, task)

    async def share(self, waiting: deque[str], take: Callable[[str, bytes], None]) -> None:
        """Let every helper work off tasks that this process may work off too, until none waits.

        Each task is answered by one line, which `take` is given; the tasks of a helper that died
        wait again.
        """
        await self._muster()
        await asyncio.gather(*(_serve(member, waiting, take) for member in self._members))

    async def _muster(self) -> None:
        if not self._members:
            starts = [self._start() for _ in range(self.size)]
            self._members = list(await asyncio.gather(*starts))

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "abonent",
            "crew",
            self._name,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if self._answers else asyncio.subprocess.DEVNULL,
            limit=LONGEST,
            env=environment(self._settings),
        )

    async def dismiss(self) -> None:
        """Close their input: each finishes what it holds and ends."""
        for member in self._members:
            if member.stdin:
                member.stdin.close()
        for member in self._members:
            try:
                await asyncio.wait_for(member.wait(), GRACE)
            except TimeoutError:
                _log.warning("crew.killed", pid=member.pid)
                member.kill()
                await member.wait()


async def _tell(member: asyncio.subprocess.Process, task: str) -> None:
    if member.stdin and member.returncode is None:
        with suppress(BrokenPipeError, ConnectionResetError):
            member.stdin.write(f"{task}\n".encode())
            await member.stdin.drain()


async def _serve(
    member: asyncio.subprocess.Process, waiting: deque[str], take: Callable[[str, bytes], None]
) -> None:
    held: deque[str] = deque()
    while member.stdout:
        while waiting and len(held) < AHEAD:
            held.append(waiting.popleft())
            await _tell(member, held[-1])
        answer = await member.stdout.readline() if held else b""
        if not answer.endswith(b"\n"):
            break
        take(held.popleft(), answer)
    waiting.extendleft(reversed(held))


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child reads the very settings of this process."""
    own = {
        PREFIX + name.upper(): str(value)
        for name, value in settings.model_dump(exclude_none=True).items()
        if not hasattr(value, "get_secret_value")
    }
    return {**os.environ, **own}


@asynccontextmanager
async def crew(
    settings: Settings | None, name: str, *, answers: bool = False
) -> AsyncIterator[Crew | None]:
    """A crew of one process less than the settings allow; None where it would be empty.

    With `answers` their standard output is read: see `Crew.share`.
    """
    size = settings.processes - 1 if settings else 0
    if settings is None or size < 1:
        yield None
        return
    members = Crew(settings, name, size, answers=answers)
    try:
        yield members
    finally:
        await members.dismiss()
