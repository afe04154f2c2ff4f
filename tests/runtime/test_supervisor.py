"""The supervisor over real child processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.embedded.process import exists, wait_until
from abonent.kernel.embedded.supervisor import Program, Supervisor, longer
from abonent.kernel.embedded.valkey import EmbeddedValkey, start_valkey

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN_CHILD = """
import pathlib, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
signal.pause()
"""


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    made.stop()


def sleeper() -> Program:
    return Program(SLEEPER, os.environ)


def test_a_part_that_dies_is_started_again(supervisor: Supervisor) -> None:
    started: list[Program] = []

    def start() -> Program:
        started.append(sleeper())
        return started[-1]

    first = supervisor.start("web", start)
    os.kill(first.pid, signal.SIGKILL)
    assert wait_until(lambda: not first.alive(), seconds=10)
    supervisor.look()
    assert len(started) == 2
    assert started[1].alive()


def test_a_part_that_keeps_dying_waits_longer_each_time(supervisor: Supervisor) -> None:
    pauses = [0.0]
    while len(pauses) < 8:
        pauses.append(longer(pauses[-1]))
    assert pauses == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]

    started: list[Program] = []

    def start() -> Program:
        started.append(Program([sys.executable, "-c", ""], os.environ))
        return started[-1]

    supervisor.start("worker", start)
    for _ in range(2):
        assert wait_until(lambda: not started[-1].alive(), seconds=10)
        supervisor.look()
    # The first death restarts at once, the second one has to wait.
    assert len(started) == 2


def test_a_part_that_cannot_start_again_is_tried_later(supervisor: Supervisor) -> None:
    attempts: list[int] = []

    def start() -> Program:
        attempts.append(1)
        if len(attempts) > 1:
            raise ServerStartError("no luck")
        return sleeper()

    first = supervisor.start("postgres", start)
    first.stop()
    supervisor.look()
    supervisor.look()
    assert len(attempts) == 2


def test_a_program_takes_its_own_children_along(tmp_path: Path) -> None:
    note = tmp_path / "child"
    program = Program([sys.executable, "-c", STUBBORN_CHILD, str(note)], os.environ)
    assert wait_until(lambda: note.exists() and note.read_text() != "", seconds=20)
    child = int(note.read_text())
    os.kill(program.pid, signal.SIGKILL)
    assert wait_until(lambda: not program.alive(), seconds=10)
    assert wait_until(lambda: not exists(child), seconds=10)


def test_a_killed_server_is_restarted_and_all_stops(
    supervisor: Supervisor, empty_home: Path
) -> None:
    started: list[EmbeddedValkey] = []

    def start() -> EmbeddedValkey:
        started.append(start_valkey(empty_home))
        return started[-1]

    server = supervisor.start("valkey", start)
    program = supervisor.start("web", sleeper)
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until(lambda: not server.alive(), seconds=10)
    supervisor.look()
    assert started[-1].answers()
    supervisor.stop()
    assert not started[-1].alive()
    assert not program.alive()
