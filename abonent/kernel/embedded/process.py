"""Processes of our servers: told apart from strangers that inherited their number, waited for, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_STEP_SECONDS = 0.02


def exists(pid: int) -> bool:
    """Whether a process with this number runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process runs and its working directory is `folder`: PostgreSQL's is its data folder.

    A number from a stale file may meanwhile belong to another program; its directory tells.
    """
    if not exists(pid):
        return False
    try:
        return (_PROC / str(pid) / "cwd").readlink() == folder
    except OSError:
        # Without /proc, or without the right to look, trust the file that named the process.
        return not _PROC.joinpath("self").exists()


def processes_in(folder: Path) -> Iterator[int]:
    """The processes whose working directory is `folder`."""
    for entry in _PROC.glob("[0-9]*"):
        if works_in(int(entry.name), folder):
            yield int(entry.name)


def wait_until(done: Callable[[], bool], *, seconds: float) -> bool:
    """Poll until `done()`; False when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_SECONDS)
    return True


def end(
    pid: int,
    gone: Callable[[], bool],
    *,
    steps: tuple[tuple[signal.Signals, float], ...],
) -> None:
    """Send each signal in turn, giving the process that many seconds before the next."""
    for number, seconds in steps:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(gone, seconds=seconds):
            return


def gone_test(pid: int, process: subprocess.Popen[bytes] | None) -> Callable[[], bool]:
    """A test for the end of a process, reaping it when it is our child."""
    if process is not None:
        return lambda: process.poll() is not None
    return lambda: not exists(pid)


def _state(pid: int) -> str:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return "?"
    return text.rpartition(")")[2].split()[0]
