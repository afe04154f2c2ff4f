"""`abonent run`: the whole program, supervised, from an empty machine to a page in the browser."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg
import httpx

from abonent.cli.commands import find_command
from abonent.cli.connection import bring_up
from abonent.cli.serve import check_port_free
from abonent.kernel.embedded.errors import HomeInUseError, ServerStartError
from abonent.kernel.embedded.home import exclusive, open_home
from abonent.kernel.embedded.postgres import start_postgres
from abonent.kernel.embedded.sharing import counted_as_user, stop_servers
from abonent.kernel.embedded.supervisor import Program, Running, Supervisor
from abonent.kernel.embedded.valkey import start_valkey
from abonent.kernel.settings import PREFIX, Settings

_READY_SECONDS = 90.0
_SETTLED_SECONDS = 30.0
_IS_USED = "SELECT EXISTS (SELECT FROM billing_installation)"
# What a worker has begun to send is due again when its lease is over, in two minutes.
_IS_SENDING = """
SELECT EXISTS (SELECT FROM outbox WHERE state = 'WAITING' AND due_at <= now() + interval '2 minutes')
"""
_SIGN_INS_THERE = "SELECT login FROM web_user WHERE login = ANY($1::text[]) AND active"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--no-demo", action="store_true", help="leave an empty database empty: no demo provider"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Start everything, say where it is, and look after it until interrupted."""
    with _sole_supervisor(settings):
        check_port_free(settings)
        supervisor = Supervisor()
        try:
            connected = _start_servers(supervisor, settings)
            made = _prepare(connected, demo=not arguments.no_demo)
            _start_programs(supervisor, connected)
            if made:
                wait_settled(connected, seconds=_SETTLED_SECONDS)
            _welcome(connected)
            supervisor.watch()
        except KeyboardInterrupt:
            print("\nStopping.", flush=True)
        finally:
            supervisor.stop()
            if settings.database_url is None or settings.redis_url is None:
                # Catches a server that was interrupted between its start and its entry above.
                stop_servers(settings.home)
    return 0


@contextmanager
def _sole_supervisor(settings: Settings) -> Iterator[None]:
    home = open_home(settings.home)
    lock = home / "run.lock"
    with exclusive(lock, wait=False) as ours, counted_as_user(home):
        if not ours:
            holder = lock.read_text().strip()
            raise HomeInUseError(
                f"Abonent already runs on {home} (process {holder}). Stop it, or set ABONENT_HOME and "
                "ABONENT_PORT for a second installation."
            )
        lock.write_text(f"{os.getpid()}\n")
        yield


def _start_servers(supervisor: Supervisor, settings: Settings) -> Settings:
    """Start the embedded servers that the operator has not replaced; settings with every address."""
    changes = {}
    if settings.database_url is None:
        postgres = supervisor.start("postgres", lambda: start_postgres(settings.home))
        changes["database_url"] = postgres.dsn()
    if settings.redis_url is None:
        valkey = supervisor.start("valkey", lambda: start_valkey(settings.home))
        changes["redis_url"] = valkey.url
    return settings.having(**changes)


def _prepare(settings: Settings, *, demo: bool) -> bool:
    """Make the database ready; tells whether it was empty and the demo was made."""
    dsn = settings.database_url or ""
    asyncio.run(bring_up(settings))
    if not demo or find_command("demo") is None or asyncio.run(_asked(dsn, _IS_USED)):
        return False
    print("The database is empty: loading the demo provider.", flush=True)
    subprocess.run(_command("demo", "--no-sign-ins"), check=True, env=_environment(settings))
    return True


async def _asked(dsn: str, question: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval(question))
    finally:
        await connection.close()


def _start_programs(supervisor: Supervisor, settings: Settings) -> None:
    environment = _environment(settings)
    web = supervisor.start("web", lambda: Program(_command("serve", "--supervised"), environment))
    supervisor.start("worker", lambda: Program(_command("worker", "--supervised"), environment))
    _wait_ready(web, settings)


def _welcome(settings: Settings) -> None:
    lines = [
        "",
        f"Abonent is ready: {address(settings)}",
        *_sign_ins(settings),
        "Ctrl+C stops it.",
        "",
    ]
    print("\n".join(lines), flush=True)


def _sign_ins(settings: Settings) -> list[str]:
    """The demo's sign-ins that are in this database: login, password, what the person does."""
    demo = find_command("demo")
    known: Sequence[tuple[str, str, str]] = getattr(demo.load(), "SIGN_INS", ()) if demo else ()
    there = asyncio.run(_present(settings.database_url or "", [login for login, _, _ in known]))
    lines = [
        f"  {login:<12} {secret:<16} {what}" for login, secret, what in known if login in there
    ]
    if not lines or demo is None:
        return []
    number, secret, what = getattr(demo.load(), "SUBSCRIBER", ("", "", ""))
    return ["Demo sign-ins:", *lines, f"  {number:<12} {secret:<16} {what}"]


async def _present(dsn: str, logins: list[str]) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return {row["login"] for row in await connection.fetch(_SIGN_INS_THERE, logins)}
    finally:
        await connection.close()


def _wait_ready(web: Running, settings: Settings) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(settings):
        if not web.alive():
            raise ServerStartError(
                "The web server stopped while starting; the lines above say why."
            )
        if time.monotonic() > deadline:
            raise ServerStartError(f"{address(settings)}readyz does not answer.")
        time.sleep(0.1)


def wait_settled(settings: Settings, *, seconds: float) -> bool:
    """Wait until what the demo has left to be sent is sent, told line by line; tells whether it is.

    The sign-ins are to stand below those lines, where whoever starts the program looks.
    """
    deadline = time.monotonic() + seconds
    while asyncio.run(_asked(settings.database_url or "", _IS_SENDING)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"{address(settings)}readyz", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def address(settings: Settings) -> str:
    """Where the pages are, as this machine reaches them."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}/"


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "abonent", *arguments]


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of the parts: the operator's, with the servers' addresses filled in."""
    return {
        **os.environ,
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}DATABASE_URL": settings.database_url or "",
        f"{PREFIX}REDIS_URL": settings.redis_url or "",
        "PYTHONUNBUFFERED": "1",
    }
