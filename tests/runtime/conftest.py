"""Homes of their own for tests that start, kill and stop servers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from abonent.kernel.embedded.home import temporary_home
from abonent.kernel.embedded.postgres import start_postgres
from abonent.kernel.embedded.sharing import stop_servers


@pytest.fixture(autouse=True)
def no_blocking_calls() -> None:
    """Commands start and stop servers around event loops of their own: here blocking is the work."""


@pytest.fixture(scope="session")
def made_home() -> Iterator[Path]:
    """A home with a fresh data folder, to be copied: making one takes a second each time."""
    with temporary_home("abonent-made") as folder:
        start_postgres(folder, settings={"fsync": "off"}).stop()
        yield folder


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home of the test's own, made before; whatever runs in it at the end is stopped."""
    with temporary_home("abonent-runtime") as folder:
        # The programs are not written to, so a link does; the data keeps its owner.
        (folder / "server").symlink_to(made_home / "server")
        copy = ["/bin/cp", "-a", *(str(made_home / part) for part in ("postgres", "postgres.json"))]
        subprocess.run([*copy, str(folder)], check=True)
        yield folder
        stop_servers(folder)


@pytest.fixture
def empty_home() -> Iterator[Path]:
    """A home in which nothing was made yet."""
    with temporary_home("abonent-empty") as folder:
        yield folder
        stop_servers(folder)
