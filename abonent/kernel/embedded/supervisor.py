"""Keeps the parts of an installation running: starts them in order, restarts what dies, stops all.

A part that dies is started again at once; one that keeps dying waits longer each time, up to half a
minute, and has its slate wiped after a minute of health.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from abonent.kernel.embedded.errors import ServerStartError

LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0

_LOOK_EVERY = 0.2
_STOP_SECONDS = 15.0

_log = structlog.get_logger(__name__)


class Running(Protocol):
    """Something that was started."""

    @property
    def pid(self) -> int:
        """The number of its main process."""

    def alive(self) -> bool:
        """Whether it still runs."""

    def stop(self) -> None:
        """Stop it in order and return when it is gone."""


R = TypeVar("R", bound=Running)


class Program:
    """A child process with a session of its own, so that Ctrl+C reaches the supervisor alone."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the child still runs; when it does not, neither do children of its own."""
        if self._process.poll() is None:
            return True
        self._end_group()
        return False

    def stop(self) -> None:
        """Ask the child to stop, and end it and its own children if it takes too long."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self._end_group()
        self._process.wait()

    def _end_group(self) -> None:
        # Workers that outlive a killed parent would keep its port.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


@dataclass
class Part:
    """One supervised part: its name in the log and how to start it."""

    name: str
    start: Callable[[], Running]
    running: Running | None = None
    started_at: float = 0.0
    pause: float = 0.0
    due_at: float | None = None


class Supervisor:
    """Runs parts in the order given; later parts may need earlier ones."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._stopping = False

    def start(self, name: str, start: Callable[[], R]) -> R:
        """Start one more part and keep it running from now on; raises what `start` raises."""
        first = start()
        part = Part(name, start)
        self._parts.append(part)
        self._note_start(part, first)
        return first

    def watch(self) -> None:
        """Look after the parts until interrupted."""
        while not self._stopping:
            self.look()
            time.sleep(_LOOK_EVERY)

    def look(self) -> None:
        """Look at every part once; start again what is dead and due."""
        now = time.monotonic()
        for part in self._parts:
            if part.running is not None and not part.running.alive():
                self._note_death(part, now)
            if part.due_at is not None and now >= part.due_at:
                self._restart(part)

    def stop(self) -> None:
        """Stop the parts in reverse order; the programs, which are many, side by side."""
        self._stopping = True
        programs = [part.running for part in self._parts if isinstance(part.running, Program)]
        if programs:
            with ThreadPoolExecutor(len(programs)) as pool:
                list(pool.map(Program.stop, programs))
        for part in reversed(self._parts):
            if part.running is not None and not isinstance(part.running, Program):
                part.running.stop()

    def _note_start(self, part: Part, running: Running) -> None:
        part.running, part.due_at = running, None
        part.started_at = time.monotonic()
        _log.info("part.started", part=part.name, pid=running.pid)

    def _note_death(self, part: Part, now: float) -> None:
        if now - part.started_at > HEALTHY_AFTER:
            part.pause = 0.0
        _log.error("part.died", part=part.name, restart_in_seconds=part.pause)
        part.running, part.due_at = None, now + part.pause
        part.pause = longer(part.pause)

    def _restart(self, part: Part) -> None:
        try:
            self._note_start(part, part.start())
        except (OSError, ServerStartError) as error:
            _log.error("part.start_failed", part=part.name, error=str(error))
            part.due_at = time.monotonic() + part.pause
            part.pause = longer(part.pause)


def longer(pause: float) -> float:
    """The pause after the next death: 0, 1, 2, 4 seconds and so on."""
    return min(LONGEST_PAUSE, pause * 2 or 1.0)
