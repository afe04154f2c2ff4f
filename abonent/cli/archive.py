"""PostgreSQL's own dump and restore programs, run against the database of the settings."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from abonent.kernel.embedded.binaries import packaged_folder, recorded_binaries, system_folders
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.settings import Settings

_CONTENTS = """
SELECT count(*) FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%'
"""


@dataclass(frozen=True)
class DatabaseFacts:
    """What the archive programs must know: the server's major version and the number of tables."""

    major: int
    tables: int


def database_facts(settings: Settings) -> DatabaseFacts:
    """Ask the database."""
    return asyncio.run(_ask(settings.database_url or ""))


def run_program(name: str, settings: Settings, arguments: Sequence[str], *, major: int) -> None:
    """Run `pg_dump` or `pg_restore` against the database; raises `ServerStartError` with its complaint.

    The program is the server's own version where there is one, else the next newer.
    """
    dsn, password = _without_password(settings.database_url or "")
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    if password:
        environment["PGPASSWORD"] = password
    program = _find_program(name, major, settings.home)
    command = [program, f"--dbname={dsn}", *arguments]
    answer = subprocess.run(
        command, check=False, capture_output=True, text=True, errors="replace", env=environment
    )
    if answer.returncode:
        raise ServerStartError(f"{name} failed: {answer.stderr.strip()}")


async def _ask(dsn: str) -> DatabaseFacts:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetchval(_CONTENTS)
        return DatabaseFacts(connection.get_server_version().major, tables)
    finally:
        await connection.close()


def _without_password(dsn: str) -> tuple[str, str]:
    """A program's arguments can be read by every user of the machine; its environment cannot."""
    parts = urlsplit(dsn)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}@{host}" if user else host).geturl(), unquote(password)


def _find_program(name: str, major: int, home: Path) -> str:
    found: dict[int, str] = {}
    for folder in _folders(home):
        program = folder / name
        if program.exists():
            found.setdefault(_major_of(program), str(program))
    for candidate in sorted(found):
        if candidate >= major:
            return found[candidate]
    raise ServerStartError(
        f"No {name} for PostgreSQL {major} here (found versions: {sorted(found) or 'none'}). "
        f"Install postgresql-client-{major}."
    )


def _folders(home: Path) -> Iterator[Path]:
    recorded = recorded_binaries(home)
    if recorded is not None:
        yield recorded.folder
    yield from system_folders()
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent
    packaged = packaged_folder()
    if packaged is not None:
        yield packaged


def _major_of(program: Path) -> int:
    answer = subprocess.run(
        [str(program), "--version"], check=False, capture_output=True, text=True
    )
    match = re.search(r"(\d+)", answer.stdout)
    return int(match.group(1)) if match else 0
