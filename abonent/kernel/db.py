"""The database session: one pool, one transaction per use case, committed in one place.

Connections are returned to the pool without a reset query (it would cost every use case one more
round trip), so the rule is: change session settings with SET LOCAL only, take advisory locks for
the transaction only, and LISTEN on a connection of your own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
import asyncpg.connection
from tortoise import context as tortoise_context
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.connection import get_connections
from tortoise.timezone import get_default_timezone

import abonent
from abonent.kernel import clock, i18n
from abonent.kernel.actor import Actor
from abonent.kernel.content import use_content
from abonent.kernel.errors import Conflict, DatabaseUnreachableError
from abonent.kernel.fiscal.receipts import use_fiscal
from abonent.kernel.i18n import N_
from abonent.kernel.money import Currency, use_currency
from abonent.kernel.sealing import use_secrets_of
from abonent.kernel.settings import Settings, mask_password
from abonent.kernel.site import use_site
from abonent.kernel.work import UnitOfWork, unit_of_work_on

APP = "abonent"
MIGRATIONS = "abonent.migrations"
CONNECTION = "default"

Connection: TypeAlias = Any
"""A raw asyncpg connection; the library publishes no types."""

__all__ = [
    "Connection",
    "DatabaseUnreachableError",
    "UnitOfWork",
    "open_database",
    "reading",
    "transaction",
    "unit_of_work",
]


class PooledConnection(asyncpg.connection.Connection):  # type: ignore[misc]
    """A connection whose return to the pool costs no round trip (see the module's rule)."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        """Reset nothing; an unfinished transaction is still rolled back by the pool."""
        return ""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    """Open the pool and the ORM for the block; `settings.database_url` must be set.

    The first database a process opens serves all its tasks; one opened inside another's block (in
    tests) serves the task that opened it.
    """
    context = tortoise_context.TortoiseContext()
    use_currency(Currency(settings.currency, settings.minor_digits))
    use_fiscal(on=settings.fiscal != "none")
    use_content(settings.content)
    use_site(settings)
    config = await asyncio.to_thread(_read_files, settings)
    first = tortoise_context.get_current_context() is None
    async with context:
        await context.init(config=config, _enable_global_fallback=first)
        await asyncio.to_thread(get_default_timezone)  # each init makes Tortoise forget its zone
        try:
            await _connect(settings)
            yield
        finally:
            await context.close_connections()


@asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """Run the block in a transaction, or in a savepoint inside the ambient one.

    The ORM inside the block uses the same connection. A lock that could not be had in time, or a
    deadlock, becomes Conflict BUSY.
    """
    ambient = _client()
    try:
        if isinstance(ambient, TransactionWrapper):
            async with ambient._connection.transaction():  # noqa: SLF001  Tortoise has no accessor
                yield ambient._connection  # noqa: SLF001
        else:
            async with (
                _acquired(ambient) as connection,
                _bound(ambient, connection),
                connection.transaction(),
            ):
                yield connection
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
        raise Conflict(
            "BUSY", N_("Somebody else is working with this record. Try again.")
        ) from error


@asynccontextmanager
async def reading() -> AsyncIterator[Connection]:
    """Give a connection for reads: the ambient transaction's one, or one from the pool.

    Outside a transaction each statement sees its own snapshot.
    """
    ambient = _client()
    if isinstance(ambient, TransactionWrapper):
        yield ambient._connection  # noqa: SLF001
    else:
        async with _acquired(ambient) as connection:
            yield connection


@asynccontextmanager
async def unit_of_work(by: Actor) -> AsyncIterator[UnitOfWork]:
    """Run one use case for an actor: transaction, events, reactions, audit, outbox, commit.

    Inside another unit of work it joins as a savepoint: what it recorded is kept only if its block
    ends well, and is acted upon when the outermost one commits.
    """
    async with transaction() as connection, unit_of_work_on(connection, by) as work:
        yield work


def orm_config(settings: Settings, *, models: list[str] | None = None) -> dict[str, Any]:
    """Answer Tortoise's configuration: one connection, one app with every room's models."""
    if settings.database_url is None:
        raise ValueError("no database address: the embedded server is started by its own module")
    credentials = parse_address(settings.database_url) | {
        "minsize": min(2, settings.pool_size),
        "maxsize": settings.pool_size,
        "connection_class": PooledConnection,
        "server_settings": {
            "application_name": "abonent",
            "lock_timeout": f"{settings.lock_timeout_ms}ms",
            "timezone": "UTC",
            "jit": "off",
            # Many work at once: only what reads a whole table is worth several processes.
            "parallel_setup_cost": "20000",
        },
    }
    return {
        "connections": {
            CONNECTION: {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
        },
        "apps": {
            APP: {
                "models": model_modules() if models is None else models,
                "default_connection": CONNECTION,
                "migrations": MIGRATIONS,
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def model_modules() -> list[str]:
    """List the `models` module of every room that has one."""
    return room_modules("models")


def room_modules(name: str) -> list[str]:
    """List the module of that name in every room that has it ("models", "jobs")."""
    rooms = [module.name for module in iter_modules(abonent.__path__) if module.ispkg]
    modules = [f"{APP}.{room}.{name}" for room in rooms]
    return [module for module in modules if find_spec(module) is not None]


def parse_address(url: str) -> dict[str, Any]:
    """Split a postgresql:// address into asyncpg's arguments; `?host=/folder` names a socket."""
    parts = urlsplit(url)
    extra = dict(parse_qsl(parts.query))
    host = extra.pop("host", None) or parts.hostname or "localhost"
    port = extra.pop("port", None) or parts.port or 5432
    address: dict[str, Any] = {
        "host": host,
        "port": int(port),
        "user": extra.pop("user", None) or unquote(parts.username or "") or None,
        "password": extra.pop("password", None) or unquote(parts.password or "") or None,
        "database": unquote(parts.path.lstrip("/")) or "abonent",
    }
    if mode := extra.pop("sslmode", None):
        address["ssl"] = mode
    if extra:
        raise ValueError(f"not understood in the database address: {', '.join(sorted(extra))}")
    return address


def _read_files(settings: Settings) -> dict[str, Any]:
    """Read now, in a thread, what would otherwise be read later in the event loop."""
    i18n.use_time_zone(clock.zone(settings.timezone))
    i18n.load_catalogues()
    use_secrets_of(settings)
    return orm_config(settings)


async def _connect(settings: Settings) -> None:
    try:
        await _client().create_connection(with_db=True)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        address = mask_password(settings.database_url or "")
        raise DatabaseUnreachableError(f"{address}: {error}") from error


def _client() -> AsyncpgDBClient:
    client = get_connections().get(CONNECTION)
    if not isinstance(client, AsyncpgDBClient):
        raise TypeError("the database is not PostgreSQL through asyncpg")
    return client


@asynccontextmanager
async def _acquired(client: AsyncpgDBClient) -> AsyncIterator[Connection]:
    pool = client._pool  # noqa: SLF001  Tortoise has no accessor
    if pool is None:
        raise DatabaseUnreachableError("the database was not opened")
    try:
        connection = await pool.acquire()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachableError(str(error)) from error
    try:
        yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # The pool detaches a connection that broke; asking it anything would raise again.
        if connection._con is None or connection.is_closed():  # noqa: SLF001
            raise DatabaseUnreachableError(str(error)) from error
        raise
    finally:
        await pool.release(connection)


@asynccontextmanager
async def _bound(client: AsyncpgDBClient, connection: Connection) -> AsyncIterator[None]:
    """Let the ORM of this task use the connection.

    Tortoise's own transaction block loses a pooled connection when BEGIN fails, which after a
    restart of the server would empty the pool; here the pool's block always returns it.
    """
    wrapper = TransactionWrapper(client)
    wrapper._connection = connection  # noqa: SLF001
    token = get_connections().set(CONNECTION, wrapper)
    try:
        yield
    finally:
        get_connections().reset(token)
