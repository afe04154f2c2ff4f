"""An embedded PostgreSQL: made once, started in under a second, repaired after any kill.

The server listens on a unix socket in a closed folder and on nothing else; the folder's mode is what
guards it. Starting is idempotent: a server that already runs on the home is taken over as it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog

from abonent.kernel.embedded import process as processes
from abonent.kernel.embedded.account import (
    Account,
    check_reachable,
    make_private_folder,
    server_account,
)
from abonent.kernel.embedded.binaries import Binaries, choose_binaries, recorded_binaries
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.embedded.home import exclusive, open_home, socket_folder
from abonent.kernel.embedded.tuning import machine_memory, server_settings, settings_file

SUPERUSER = "abonent"
DATABASE = "abonent"

_PORT = 5432
_START_SECONDS = 900.0  # crash recovery after a large run replays up to max_wal_size of log
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_DATABASE_EXISTS = "SELECT 1 FROM pg_database WHERE datname = :'name'"

_log = structlog.get_logger(__name__)


@dataclass
class EmbeddedPostgres:
    """A running server. `started_here` tells whether this call started it or found it running."""

    home: Path
    data: Path
    sockets: Path
    binaries: Binaries
    pid: int
    started_here: bool

    def dsn(self, database: str = DATABASE) -> str:
        """The address of one of its databases, for asyncpg and for PostgreSQL's own tools."""
        return (
            f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"
        )

    def alive(self) -> bool:
        """Whether the server process still runs."""
        return processes.is_alive(self.pid, self.data)

    def stop(self) -> None:
        """Stop it: open transactions roll back, a checkpoint is written; harsher if that takes too long."""
        if self.alive():
            processes.end(self.pid, (signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))

    def kill(self) -> None:
        """End the server the way a power cut would; the next start recovers."""
        if self.alive():
            processes.end(self.pid, (signal.SIGKILL, 10))

    def run_sql(self, statement: str, *, database: str = "postgres", **variables: str) -> str:
        """Run one statement through `psql` and return its bare output; `:'name'` reads a variable."""
        given = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        command = [self.binaries.program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", *given]
        answer = subprocess.run(
            [*command, "-d", self.dsn(database)],
            input=statement,
            capture_output=True,
            text=True,
            check=False,
            env=_ENVIRONMENT,
        )
        if answer.returncode:
            raise ServerStartError(f"PostgreSQL refused: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def create_database(self, name: str) -> None:
        """Make a database unless it exists."""
        if not self.run_sql(_DATABASE_EXISTS, name=name):
            self.run_sql('CREATE DATABASE :"name"', name=name)


def start_postgres(
    home: Path, *, kind: str | None = None, settings: Mapping[str, str] | None = None
) -> EmbeddedPostgres:
    """Start the home's PostgreSQL, making its data folder first if there is none; blocks until it answers.

    `kind` limits the choice of programs for a new data folder ("packaged" or "debian"); `settings` override
    the tuned ones (tests turn `fsync` off). Raises `ServerStartError` with what to do about it.
    """
    home = open_home(home)
    with exclusive(home / "postgres.lock"):
        data = home / "postgres"
        account = server_account(data)
        check_reachable(home, account)
        binaries = choose_binaries(home, data, account, kind)
        sockets = socket_folder(home, account)
        running = _running_pid(data)
        if running is not None:
            return _taken_over(
                EmbeddedPostgres(home, data, sockets, binaries, running, started_here=False)
            )
        wanted = dict(settings or {})
        if not (data / "PG_VERSION").exists():
            _initialise(data, binaries, account, sync=wanted.get("fsync") != "off")
        _clear_remains(data, sockets)
        _write_settings(data, binaries, account, wanted)
        server = _launch(home, data, sockets, binaries, account)
        server.create_database(DATABASE)
        return server


def running_postgres(home: Path) -> EmbeddedPostgres | None:
    """The home's PostgreSQL if it runs now, ready or not."""
    home = open_home(home)
    data = home / "postgres"
    pid, binaries = _running_pid(data), recorded_binaries(home)
    if pid is None or binaries is None:
        return None
    sockets = socket_folder(home, server_account(data))
    return EmbeddedPostgres(home, data, sockets, binaries, pid, started_here=False)


def _taken_over(server: EmbeddedPostgres) -> EmbeddedPostgres:
    if not processes.wait_until(lambda: _is_ready(server), seconds=_START_SECONDS):
        raise ServerStartError(f"PostgreSQL (process {server.pid}) runs but does not become ready.")
    server.create_database(DATABASE)
    return server


def _initialise(data: Path, binaries: Binaries, account: Account | None, *, sync: bool) -> None:
    """Make the data folder under another name first: a kill in between leaves nothing half-made."""
    _log.info("postgres.initialise", version=binaries.version, folder=str(data))
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    make_private_folder(draft, account)
    # The caller's LANG must not decide: in the C locale Russian letters have no case and no trigrams.
    locale = ["--locale=C.UTF-8"]
    if binaries.major >= 17:
        locale.append("--locale-provider=builtin")
    command = [binaries.program("initdb"), "-D", str(draft), "-U", SUPERUSER, "-E", "UTF8"]
    options = ["--auth=trust", "--data-checksums", "--no-instructions", *locale]
    answer = subprocess.run(
        [*command, *options, *([] if sync else ["--no-sync"])],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_ENVIRONMENT,
        **(account.popen_arguments() if account else {}),
    )
    if answer.returncode:
        raise ServerStartError(f"initdb failed: {answer.stderr.strip() or answer.stdout.strip()}")
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude = 'abonent.conf'\ninclude_if_exists = 'local.conf'\n")
    draft.rename(data)


def _write_settings(
    data: Path, binaries: Binaries, account: Account | None, wanted: Mapping[str, str]
) -> None:
    settings = server_settings(data, binaries.folder, memory=machine_memory())
    target = data / "abonent.conf"
    target.write_text(settings_file({**settings, **wanted}))
    if account is not None:
        os.chown(target, account.uid, account.gid)


def _clear_remains(data: Path, sockets: Path) -> None:
    """Remove what a killed server left: its child processes, and lock files naming dead or foreign processes."""
    for pid in list(processes.processes_in(data)):
        processes.end(pid, (signal.SIGQUIT, 2), (signal.SIGKILL, 5))
    (data / "postmaster.pid").unlink(missing_ok=True)
    for left in sockets.glob(f".s.PGSQL.{_PORT}*"):
        left.unlink(missing_ok=True)


def _launch(
    home: Path, data: Path, sockets: Path, binaries: Binaries, account: Account | None
) -> EmbeddedPostgres:
    start_log = home / "log" / "postgres-start.log"
    command = [binaries.program("postgres"), "-D", str(data), "-p", str(_PORT)]
    address = {"listen_addresses": "", "unix_socket_permissions": "0700"}
    address["unix_socket_directories"] = str(sockets)
    for name, value in address.items():
        command += ["-c", f"{name}={value}"]
    pid = processes.launch(command, environment=_ENVIRONMENT, account=account, log=start_log)
    server = EmbeddedPostgres(home, data, sockets, binaries, pid, started_here=True)
    processes.wait_until(lambda: _is_ready(server) or not server.alive(), seconds=_START_SECONDS)
    if not server.alive() or not _is_ready(server):
        server.stop()
        raise ServerStartError(f"PostgreSQL does not start:\n{_last_words(start_log, data)}")
    _log.info("postgres.started", version=binaries.version, pid=pid, folder=str(data))
    return server


def _running_pid(data: Path) -> int | None:
    """The server process that works on the data folder; None if there is none or it is a stranger."""
    lines = _pid_file(data)
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    return pid if processes.works_in(pid, data) else None


def _is_ready(server: EmbeddedPostgres) -> bool:
    """PostgreSQL writes its state into the eighth line of its own file."""
    lines = _pid_file(server.data)
    return len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready"


def _pid_file(data: Path) -> list[str]:
    with suppress(OSError):
        return (data / "postmaster.pid").read_text().splitlines()
    return []


def _last_words(start_log: Path, data: Path) -> str:
    logs = sorted((data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)[-1:]
    lines: list[str] = []
    for path in [start_log, *logs]:
        with suppress(OSError):
            lines += path.read_text(errors="replace").splitlines()[-8:]
    return "\n".join(lines)
