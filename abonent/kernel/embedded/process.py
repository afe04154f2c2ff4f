"""Processes of our servers: launched, told apart from strangers that inherited their number, waited for, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from abonent.kernel.embedded.account import Account

_PROC = Path("/proc")
_STEP_SECONDS = 0.02


# Kept so that an ended child is reaped; a server outlives the command that started it if others use it.
_children: dict[int, subprocess.Popen[bytes]] = {}


def launch(
    command: Sequence[str], *, environment: Mapping[str, str], account: Account | None, log: Path
) -> int:
    """Start a server in a session of its own and answer its process number.

    Of its own, because Ctrl+C in the terminal is for the supervisor alone, which stops things in order.
    """
    with log.open("wb") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=dict(environment),
            start_new_session=True,
            **(account.popen_arguments() if account else {}),
        )
    _children[child.pid] = child
    return child.pid


def exists(pid: int) -> bool:
    """Whether a process with this number runs (a zombie does not)."""
    child = _children.get(pid)
    if child is not None:
        if child.poll() is None:
            return True
        del _children[pid]
        return False
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


def is_alive(pid: int, folder: Path) -> bool:
    """Whether our server runs: a child by its number, one of another parent by its directory too."""
    return exists(pid) and (pid in _children or works_in(pid, folder))


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


def end(pid: int, *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn, giving the process that many seconds before the next."""
    for number, seconds in steps:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not exists(pid), seconds=seconds):
            return


def _state(pid: int) -> str:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return "?"
    return text.rpartition(")")[2].split()[0]
