"""One unmoving view of the database for reports that take several statements."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from abonent.kernel.db import reading

_CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
"""The same statement serves one building and the whole base: a plan made for one is bad for the other."""


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
