"""The servers a command works on: the operator's own where set, the home's embedded ones otherwise."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from abonent.billing.queries.outside.agreements import SEALED_KEYS
from abonent.kernel.db import parse_address
from abonent.kernel.embedded.sharing import shared_servers
from abonent.kernel.migrate import migrate
from abonent.kernel.sealing import seal_what_lies_open, use_secrets_of
from abonent.kernel.settings import Settings, SettingsError, secret_key
from abonent.web.service.factors import SEALED_FACTORS

_UNREADABLE = (
    "Warning: stored secrets cannot be read ({purposes}): they were sealed with another secret key. Set"
    " ABONENT_SECRET_KEY to what it was, or put the file “secret” back into {home}; else set them anew."
)


@contextmanager
def connect(
    settings: Settings, *, migrated: bool = True, queue: bool = False
) -> Iterator[Settings]:
    """Settings whose addresses are filled in, with the embedded servers up while the block runs.

    Not inside an event loop: starting servers blocks. `migrated` brings an embedded database up to this
    version first (the operator's own server is migrated by `abonent migrate` and `abonent run` alone);
    `queue` asks for Valkey too.
    """
    own_database, own_queue = settings.database_url is None, queue and settings.redis_url is None
    if not own_database and not own_queue:
        yield settings
        return
    with shared_servers(settings.home, postgres=own_database, valkey=own_queue) as servers:
        changes = {}
        if servers.postgres is not None:
            changes["database_url"] = servers.postgres.dsn()
        if servers.valkey is not None:
            changes["redis_url"] = servers.valkey.url
        filled = settings.having(**changes)
        if own_database and migrated and filled.database_url:
            asyncio.run(bring_up(filled))
        yield filled


async def bring_up(settings: Settings, *, report: Callable[[str], object] | None = None) -> None:
    """Bring the database up to this version, and seal whatever secret lies open in it.

    Where the installation's own secret is no good, or another than it was, that is said and all else
    goes on: only what needs the sealed ones is refused.
    """
    dsn = settings.database_url or ""
    await migrate(dsn, report=report)
    try:
        secret_key(settings)
    except (OSError, SettingsError) as error:
        print(f"Warning: {error}", file=sys.stderr)
    use_secrets_of(settings)
    connection = await asyncpg.connect(**parse_address(dsn))
    try:
        done = await seal_what_lies_open(connection, (SEALED_KEYS, SEALED_FACTORS))
    finally:
        await connection.close()
    if done.unreadable:
        purposes = ", ".join(done.unreadable)
        print(_UNREADABLE.format(purposes=purposes, home=settings.home), file=sys.stderr)
