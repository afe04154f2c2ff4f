"""The embedded Valkey, for real."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import redis

from abonent.kernel.embedded.process import wait_until
from abonent.kernel.embedded.valkey import EmbeddedValkey, running_valkey, start_valkey


def client(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def test_a_killed_server_comes_back(empty_home: Path) -> None:
    server = start_valkey(empty_home)
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until(lambda: not server.alive(), seconds=10)
    again = start_valkey(empty_home)
    with client(again) as connection:
        assert connection.ping()


def test_an_orderly_stop_keeps_the_queue(empty_home: Path) -> None:
    server = start_valkey(empty_home)
    with client(server) as connection:
        connection.set("job", "waiting")
    server.stop()
    assert running_valkey(empty_home) is None
    with client(start_valkey(empty_home)) as connection:
        assert connection.get("job") == b"waiting"


def test_a_running_server_is_taken_over(empty_home: Path) -> None:
    first, second = start_valkey(empty_home), start_valkey(empty_home)
    assert first.pid == second.pid
    second.stop()
    assert not first.alive()


def test_nobody_else_can_reach_the_socket(empty_home: Path) -> None:
    server = start_valkey(empty_home)
    assert server.socket.parent.stat().st_mode & 0o777 == 0o700
    with client(server) as connection:
        assert connection.config_get("port") == {"port": "0"}
