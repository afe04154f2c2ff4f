"""The servers a command works on: the operator's own where set, the home's embedded ones otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from abonent.kernel.embedded.sharing import shared_servers
from abonent.kernel.migrate import migrate
from abonent.kernel.settings import Settings


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
            asyncio.run(migrate(filled.database_url))
        yield filled
