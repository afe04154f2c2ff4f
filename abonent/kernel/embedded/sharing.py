"""Several commands on one home: the first starts the servers, the last to leave stops them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from abonent.kernel.embedded.home import open_home
from abonent.kernel.embedded.postgres import EmbeddedPostgres, running_postgres, start_postgres
from abonent.kernel.embedded.valkey import EmbeddedValkey, running_valkey, start_valkey


@dataclass(frozen=True)
class Servers:
    """The servers a command asked for; None for those it did not."""

    postgres: EmbeddedPostgres | None
    valkey: EmbeddedValkey | None


@contextmanager
def shared_servers(home: Path, *, postgres: bool = True, valkey: bool = False) -> Iterator[Servers]:
    """The home's servers, started where they are not running; stopped after if nobody else uses them.

    A shared lock counts the users: the system takes a killed one off by itself.
    """
    with (open_home(home) / "users.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        try:
            yield Servers(
                start_postgres(home) if postgres else None,
                start_valkey(home) if valkey else None,
            )
        finally:
            if _is_last(handle.fileno()):
                stop_servers(home)


@contextmanager
def counted_as_user(home: Path) -> Iterator[None]:
    """Count as a user while the block runs, so that no command stops the servers on leaving."""
    with (open_home(home) / "users.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


def stop_servers(home: Path) -> None:
    """Stop whichever of the home's servers run, whoever started them."""
    for server in (running_valkey(home), running_postgres(home)):
        if server is not None:
            server.stop()


def _is_last(descriptor: int) -> bool:
    """Whether the shared lock can become an exclusive one: then nobody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
