"""Several commands on one home: the first starts PostgreSQL, the last to leave stops it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from abonent.kernel.embedded.home import open_home
from abonent.kernel.embedded.postgres import EmbeddedPostgres, start_postgres


@contextmanager
def using_home(home: Path) -> Iterator[None]:
    """Count as a user of the home's servers while the block runs.

    A shared lock is the count: the kernel takes a killed user off by itself.
    """
    with (open_home(home) / "users.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


@contextmanager
def shared_postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    """The home's PostgreSQL, started if it is not running, and stopped after if nobody else uses it."""
    lock = open_home(home) / "users.lock"
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        server = start_postgres(home)
        try:
            yield server
        finally:
            if _is_last(handle.fileno()):
                server.stop()


def _is_last(descriptor: int) -> bool:
    """Whether the shared lock can become an exclusive one: then nobody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
