"""Bringing a database up to date, one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor
from tortoise.transactions import in_transaction

from abonent.kernel.db import APP, CONNECTION, orm_config, parse_address
from abonent.kernel.settings import Settings

LOCK = 4_702_118
"""Any fixed number; one per product."""


async def migrate(dsn: str, *, report: Callable[[str], object] | None = None) -> list[str]:
    """Run what is missing and answer the names of the migrations run.

    A second process waits at the advisory lock and then finds nothing to do. Each migration and
    its record are one transaction: a kill leaves the database before or after it, never between.
    """
    done: list[str] = []
    async with _only_one(dsn), _orm(dsn) as (context, apps):
        client = context.connections.get(CONNECTION)
        executor = MigrationExecutor(client, apps)
        await executor.recorder.ensure_schema(AsyncpgSchemaEditor(client, atomic=False))
        for step in await executor.plan(_latest()):
            name = step.migration.name
            if report is not None:
                report(name)
            await _apply(step, apps)
            done.append(name)
    return done


async def pending_migrations(dsn: str) -> list[str]:
    """Name the migrations this program has and the database lacks."""
    async with _orm(dsn) as (context, apps):
        executor = MigrationExecutor(context.connections.get(CONNECTION), apps)
        return [step.migration.name for step in await executor.plan(_latest())]


async def _apply(step: PlanStep, apps: dict[str, dict[str, object]]) -> None:
    async with in_transaction(CONNECTION) as client:
        target = MigrationTarget(APP, step.migration.name)
        await MigrationExecutor(client, apps).migrate([target], direction="forward")


def _latest() -> list[MigrationTarget]:
    return [MigrationTarget(APP, "__latest__")]


@asynccontextmanager
async def _only_one(dsn: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(**parse_address(dsn))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        yield
    finally:
        await connection.close()


@asynccontextmanager
async def _orm(dsn: str) -> AsyncIterator[tuple[TortoiseContext, dict[str, dict[str, object]]]]:
    settings = Settings(database_url=dsn, pool_size=1, lock_timeout_ms=60_000)
    # Migrations are SQL: no room's models are needed, but Tortoise wants some.
    config = orm_config(settings, models=["abonent.kernel.models"])
    async with TortoiseContext() as context:
        await context.init(config=config)
        yield context, config["apps"]
