from __future__ import annotations

import asyncio

import asyncpg
import pytest
from tortoise import Tortoise

from abonent.kernel.db import model_modules, parse_address, reading
from abonent.kernel.migrate import migrate, pending_migrations

pytestmark = pytest.mark.may_block

COLUMNS = """
SELECT column_name, is_nullable = 'YES' AS optional FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1
"""


@pytest.fixture
async def empty_database(postgres):
    connection = await asyncpg.connect(**parse_address(postgres.dsn("postgres")))
    await connection.execute("CREATE DATABASE abonent_empty TEMPLATE template0")
    yield postgres.dsn("abonent_empty")
    await connection.execute("DROP DATABASE abonent_empty WITH (FORCE)")
    await connection.close()


async def test_two_processes_migrating_at_once_do_the_work_once(empty_database):
    missing = await pending_migrations(empty_database)
    assert missing[0] == "0001_kernel"
    done = await asyncio.gather(migrate(empty_database), migrate(empty_database))
    assert sorted(done, key=len) == [[], missing]
    assert await pending_migrations(empty_database) == []


async def test_migrating_again_reports_nothing(empty_database):
    reported: list[str] = []
    await migrate(empty_database, report=reported.append)
    await migrate(empty_database, report=reported.append)
    assert len(reported) == len(set(reported)) > 0


async def test_every_model_mirrors_its_table(db):
    assert "abonent.kernel.models" in model_modules()
    for model in Tortoise.apps["abonent"].values():
        async with reading() as connection:
            columns = {
                row["column_name"]: row["optional"]
                for row in await connection.fetch(COLUMNS, model._meta.db_table)
            }
        fields = {
            field.source_field or name: field.null
            for name, field in model._meta.fields_map.items()
            if field.has_db_field
        }
        assert fields == columns, model.__name__


async def test_the_database_speaks_russian_whatever_the_caller_speaks(db):
    assert await db.fetchval("SELECT lower('ЁЖ')") == "ёж"
