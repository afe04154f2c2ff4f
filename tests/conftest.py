"""Fixtures for tests against a real PostgreSQL.

`db` rolls everything back after the test. `fresh_database` is a database of its own for tests that
commit, kill or start processes. ABONENT_TEST_POSTGRES=debian runs all on the distribution's server.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from argon2 import PasswordHasher
from blockbuster import BlockBuster, blockbuster_ctx

from abonent import reactions
from abonent.kernel.db import open_database, parse_address, transaction
from abonent.kernel.embedded.home import temporary_home
from abonent.kernel.embedded.postgres import EmbeddedPostgres, start_postgres
from abonent.kernel.ids import new_id
from abonent.kernel.migrate import migrate
from abonent.kernel.settings import Settings
from abonent.web import passwords

TEMPLATE = "abonent_template"
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "may_block: start-up code that reads files in its loop")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that workers side by side end together."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def no_blocking_calls(request: pytest.FixtureRequest) -> Iterator[BlockBuster | None]:
    """Fail a test whose event loop waits for a file, a socket, a process or a sleep of ours."""
    if request.node.get_closest_marker("may_block"):
        yield None
        return
    with blockbuster_ctx("abonent") as blockbuster:
        for function in blockbuster.functions.values():
            # Looks for a password file and certificates, once per connection.
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
            # Shows the source lines of a traceback.
            function.can_block_in("structlog/dev.py", "__call__")
        yield blockbuster


@pytest.fixture(scope="session", autouse=True)
def installed_reactions() -> None:
    reactions.install()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash with argon2id as ever, but at its least cost: thousands of sign-ins wait for it here."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", hasher)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """Run one server for the whole session, without the syncs that only a power cut needs."""
    with temporary_home("abonent-test") as home:
        kind = os.environ.get("ABONENT_TEST_POSTGRES")
        server = start_postgres(home, kind=kind, settings=FAST)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
async def template_database(postgres: EmbeddedPostgres) -> str:
    """Migrate once; every other database is copied from this one."""
    postgres.create_database(TEMPLATE)
    await migrate(postgres.dsn(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
async def database(postgres: EmbeddedPostgres, template_database: str) -> AsyncIterator[Settings]:
    """Open the database that `db` tests share; nothing is ever committed in it."""
    name = await _copy(postgres, template_database)
    settings = _settings(postgres, name)
    async with open_database(settings):
        yield settings


@pytest.fixture
async def db(database: Settings) -> AsyncIterator[Any]:
    """Give a connection in a transaction that is rolled back; use cases join it as savepoints."""
    with suppress(_RollBackError):
        async with transaction() as connection:
            yield connection
            raise _RollBackError


@pytest.fixture
async def fresh_database(
    postgres: EmbeddedPostgres, database: Settings, template_database: str
) -> AsyncIterator[Settings]:
    """Open a committed database of the test's own; it is dropped afterwards."""
    name = await _copy(postgres, template_database)
    settings = _settings(postgres, name)
    try:
        async with open_database(settings):
            yield settings
    finally:
        await _administer(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


class _RollBackError(Exception):
    """Leaves the test's transaction without keeping anything."""


def _settings(server: EmbeddedPostgres, name: str) -> Settings:
    return Settings(home=server.home, database_url=server.dsn(name), day="manual")


async def _copy(server: EmbeddedPostgres, template: str) -> str:
    name = f"abonent_{new_id()}"
    await _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


async def _administer(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(**parse_address(server.dsn("postgres")))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
