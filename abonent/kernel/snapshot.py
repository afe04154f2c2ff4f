"""One unmoving view of the database for reports that take several statements."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from abonent.kernel.db import reading, transaction

_CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
"""The same statement serves one building and the whole base: a plan made for one is bad for the other."""
_ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@asynccontextmanager
async def snapshot() -> AsyncIterator[Any]:
    """Give a connection whose statements all see the same state.

    Inside an ambient transaction it is that transaction's connection, as it stands.
    """
    async with reading() as connection:
        if connection.is_in_transaction():
            yield connection
            return
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_CUSTOM_PLANS)
            yield connection


@asynccontextmanager
async def shared_snapshot() -> AsyncIterator[Any]:
    """The same, joined by every read of this task inside the block. Not for generators."""
    async with reading() as connection:
        nested = connection.is_in_transaction()
    async with transaction() as connection:
        if not nested:
            await connection.execute(_ONE_STATE)
            await connection.execute(_CUSTOM_PLANS)
        yield connection
