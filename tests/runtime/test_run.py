"""`abonent run`, for real: one start, crashes of every part, a second start; all in one story."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from abonent.kernel.embedded.postgres import running_postgres
from abonent.kernel.embedded.process import processes_in, wait_until
from abonent.kernel.embedded.valkey import running_valkey

PATIENCE = 120.0
STOP_WITHIN = 30.0
COMMAND = [sys.executable, "-m", "abonent", "run", "--no-demo"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def environment(home: Path, port: int) -> dict[str, str]:
    ours = {"ABONENT_HOME": str(home), "ABONENT_PORT": str(port), "ABONENT_PROCESSES": "1"}
    outer = {name: value for name, value in os.environ.items() if not name.startswith("ABONENT_")}
    return {**outer, **ours, "PYTHONPATH": str(ROOT)}


@contextmanager
def running(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`abonent run` as a child, waited for until it is ready, and stopped as an operator would."""
    log = home / "run.txt"
    with log.open("wb") as output:
        child = subprocess.Popen(
            COMMAND, cwd=ROOT, env=environment(home, port), stdout=output, stderr=output
        )
    try:
        told = wait_until(
            lambda: b"Abonent is ready" in log.read_bytes() or child.poll() is not None,
            seconds=PATIENCE,
        )
        assert told, log.read_text()
        assert child.poll() is None, log.read_text()
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(STOP_WITHIN)


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def child_of(parent: int, word: str) -> int | None:
    """The supervisor's child whose command line has that word."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(status[1]) == parent and status[0] != "Z" and word.encode() in command:
            return int(entry.name)
    return None


def replaced(parent: int, word: str, old: int) -> bool:
    return child_of(parent, word) not in (None, old)


def refusal(home: Path, port: int) -> str:
    """What a start that must not succeed says."""
    answer = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(home, port),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert answer.returncode == 1
    return answer.stderr


def test_every_part_that_is_killed_comes_back_and_a_second_start_keeps_the_data(
    home: Path, port: int
) -> None:
    with running(home, port) as supervisor:
        postgres = running_postgres(home)
        assert postgres is not None
        postgres.run_sql("CREATE TABLE kept AS SELECT 1 AS one", database="abonent")
        assert "already runs on" in refusal(home, port)

        postgres.kill()
        assert wait_until(lambda: running_postgres(home) is not None, seconds=PATIENCE)
        for word in ("serve", "worker"):
            pid = child_of(supervisor.pid, word)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            assert wait_until(lambda: replaced(supervisor.pid, word, pid), seconds=PATIENCE)  # noqa: B023 - called at once
        assert wait_until(lambda: ready(port), seconds=PATIENCE)
    assert supervisor.returncode == 0
    assert running_postgres(home) is None
    assert running_valkey(home) is None
    assert list(processes_in(home / "postgres")) == []
    assert not ready(port)

    with running(home, port):
        postgres = running_postgres(home)
        assert postgres is not None
        assert postgres.run_sql("SELECT one FROM kept", database="abonent") == "1"


def test_when_the_supervisor_is_killed_its_programs_end_and_the_next_start_works(
    home: Path, port: int
) -> None:
    with running(home, port) as supervisor:
        supervisor.kill()
        supervisor.wait()
        assert wait_until(lambda: not ready(port), seconds=STOP_WITHIN)
    with running(home, port):
        assert ready(port)


def test_a_busy_port_is_refused_before_anything_starts(home: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert f"127.0.0.1:{port} cannot be used" in refusal(home, port)
    assert running_postgres(home) is None
