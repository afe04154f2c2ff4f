from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from abonent import reactions
from abonent.kernel import events
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import (
    DatabaseUnreachableError,
    UnitOfWork,
    open_database,
    parse_address,
    reading,
    transaction,
    unit_of_work,
)
from abonent.kernel.errors import Conflict, Refused
from abonent.kernel.models import Audit, Outbox

INSERT = "INSERT INTO audit_personal (audit_id, personal) VALUES (1, '{}')"
CASHIER = Actor("user", "7", "Anna", frozenset({"billing.payment.take"}))


@dataclass(frozen=True)
class SomethingHappened:
    number: int


@dataclass(frozen=True)
class SomethingFollowed:
    number: int


@pytest.fixture
def reacting() -> Iterator[dict[type, list[events.Reaction]]]:
    table: dict[type, list[events.Reaction]] = {}
    events.install_reactions(table)
    yield table
    reactions.install()


async def count(table: str) -> int:
    async with reading() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608


async def _audit_and_refuse(action: str) -> None:
    async with unit_of_work(CASHIER) as uow:
        await uow.audit(action, "account:12")
        await uow.connection.execute(INSERT)
        raise Refused("NO", "No.")


async def test_a_unit_of_work_commits_its_audit_and_outbox_rows(db):
    async with unit_of_work(CASHIER) as uow:
        await uow.audit("office:payment:taken", "account:12", account_id=12, after={"amount": 5})
        await uow.send("mail", {"to": "a@b.c"}, key="welcome:12")
        await uow.send("mail", {"to": "a@b.c"}, key="welcome:12")
    audit = await Audit.get()
    assert (audit.actor_kind, audit.actor_id, audit.account_id) == ("user", "7", 12)
    assert audit.after == {"amount": 5}
    assert await Outbox.all().count() == 1


async def test_personal_values_are_kept_beside_the_audit_row(db):
    async with unit_of_work(CASHIER) as uow:
        await uow.audit("office:person:renamed", "person:1", personal={"before": "Иванова"})
    row = await db.fetchrow(
        "SELECT a.after, p.personal FROM audit a JOIN audit_personal p ON p.audit_id = a.id"
    )
    assert row["after"] is None
    assert json.loads(row["personal"]) == {"before": "Иванова"}


async def test_a_failed_unit_of_work_leaves_nothing(db):
    with pytest.raises(Refused):
        await _audit_and_refuse("office:payment:taken")
    assert await count("audit") == await count("audit_personal") == 0


async def test_an_inner_unit_of_work_that_fails_takes_only_its_own_with_it(db):
    async with unit_of_work(CASHIER) as outer:
        await outer.audit("a:b:outer", "x")
        with pytest.raises(Refused):
            await _audit_and_refuse("a:b:lost")
        async with unit_of_work(SYSTEM) as inner:
            await inner.audit("a:b:kept", "x")
    rows = await Audit.all().order_by("id")
    assert [(row.action, row.actor_kind) for row in rows] == [
        ("a:b:outer", "user"),
        ("a:b:kept", "system"),
    ]


async def test_reactions_get_all_events_of_a_type_at_once_before_commit(db, reacting):
    seen: list[Any] = []

    async def follow(uow: UnitOfWork, happened: Any) -> None:
        seen.append([event.number for event in happened])
        assert uow.connection.is_in_transaction()
        uow.record(SomethingFollowed(len(happened)))

    async def note(uow: UnitOfWork, followed: Any) -> None:
        seen.append(followed)
        await uow.audit("a:b:noted", "x")

    reacting[SomethingHappened] = [follow]
    reacting[SomethingFollowed] = [note]
    async with unit_of_work(SYSTEM) as uow:
        uow.record(SomethingHappened(1))
        async with unit_of_work(SYSTEM) as inner:
            inner.record(SomethingHappened(2))
    assert seen == [[1, 2], [SomethingFollowed(2)]]
    assert await count("audit") == 1


async def test_a_reaction_that_fails_rolls_all_back(db, reacting):
    async def fail(_uow: UnitOfWork, _happened: Any) -> None:
        raise Refused("NO", "No.")

    reacting[SomethingHappened] = [fail]

    async def happen() -> None:
        async with unit_of_work(SYSTEM) as uow:
            await uow.connection.execute(INSERT)
            uow.record(SomethingHappened(1))

    with pytest.raises(Refused):
        await happen()
    assert await count("audit_personal") == 0


async def test_reactions_that_call_each_other_in_a_circle_are_refused(db, reacting):
    async def again(uow: UnitOfWork, happened: Any) -> None:
        uow.record(happened[0])

    reacting[SomethingHappened] = [again]
    with pytest.raises(RuntimeError, match="without end"):
        async with unit_of_work(SYSTEM) as uow:
            uow.record(SomethingHappened(1))


async def test_an_event_without_an_installed_table_of_reactions_is_refused(db, monkeypatch):
    monkeypatch.setattr("abonent.kernel.events._Registry.reactions", None)
    with pytest.raises(events.NoReactionsInstalledError):
        async with unit_of_work(SYSTEM) as uow:
            uow.record(SomethingHappened(1))


async def test_the_orm_and_the_raw_connection_share_one_transaction(db):
    async with unit_of_work(SYSTEM) as uow:
        await Outbox.create(
            id=1, kind="x", payload={"a": 1}, created_at="2026-01-01T00:00Z",
            due_at="2026-01-01T00:00Z",
        )  # fmt: skip
        assert await uow.connection.fetchval("SELECT count(*) FROM outbox") == 1
        async with in_transaction() as client:
            assert client._connection is uow.connection


async def test_a_unit_of_work_is_committed_and_visible_to_others(fresh_database):
    async with unit_of_work(SYSTEM) as uow:
        await uow.audit("a:b:c", "x")
    connection = await asyncpg.connect(**parse_address(fresh_database.database_url))
    assert await connection.fetchval("SELECT count(*) FROM audit") == 1
    await connection.close()


async def test_two_tasks_have_transactions_of_their_own(fresh_database):
    async def one(number: int) -> int:
        async with unit_of_work(SYSTEM) as uow:
            await uow.audit("a:b:c", str(number))
            return int(await uow.connection.fetchval("SELECT pg_backend_pid()"))

    first, second = await asyncio.gather(one(1), one(2))
    assert first != second
    assert await count("audit") == 2


async def test_a_task_started_inside_a_unit_of_work_cannot_use_it(db):
    async def intrude() -> None:
        async with unit_of_work(SYSTEM):
            pass

    async with unit_of_work(SYSTEM):
        with pytest.raises(RuntimeError, match="one task"):
            await asyncio.gather(intrude())


async def test_a_lock_that_is_not_had_in_time_is_a_conflict(fresh_database):
    settings = fresh_database.having(lock_timeout_ms=100)
    async with open_database(settings), unit_of_work(SYSTEM) as uow:
        await uow.connection.execute("LOCK TABLE outbox")
        holder = await asyncpg.connect(**parse_address(fresh_database.database_url))
        holding = holder.transaction()
        await holding.start()
        await holder.execute("LOCK TABLE audit")
        with pytest.raises(Conflict) as caught:
            async with unit_of_work(SYSTEM) as inner:
                await inner.connection.fetch("SELECT * FROM audit FOR UPDATE")
        assert caught.value.code == "BUSY"
        assert caught.value.text("ru").startswith("С этой записью")
        await holding.rollback()
        await holder.close()


async def test_a_unit_of_work_costs_two_round_trips_beside_its_own_work(fresh_database):
    async with transaction() as connection:
        statements: list[str] = []
        connection.add_query_logger(lambda record: statements.append(record.query))
        pool_connection = connection
    async with unit_of_work(SYSTEM) as uow:
        assert uow.connection is not pool_connection
        await uow.connection.fetchval("SELECT 1")
    assert [text.split()[0].rstrip(";") for text in statements] == [
        "COMMIT",
        "BEGIN",
        "SELECT",
        "COMMIT",
    ]


async def test_the_pool_survives_connections_that_the_server_ends(fresh_database):
    for _attempt in range(fresh_database.pool_size + 2):
        with pytest.raises(DatabaseUnreachableError):
            async with unit_of_work(SYSTEM) as uow:
                await uow.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with unit_of_work(SYSTEM) as uow:
        assert await uow.connection.fetchval("SELECT 1") == 1


async def test_an_unreachable_database_is_named_without_its_password(database):
    settings = database.having(database_url="postgresql://u:geheim@127.0.0.1:1/abonent")
    with pytest.raises(DatabaseUnreachableError) as caught:
        async with open_database(settings):
            pass
    assert "127.0.0.1:1" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_an_address_may_name_a_socket_folder_and_escape_its_parts():
    assert parse_address("postgresql://u%40x:p%2Fw@/db?host=%2Frun%2Fpg&sslmode=require") == {
        "host": "/run/pg",
        "port": 5432,
        "user": "u@x",
        "password": "p/w",
        "database": "db",
        "ssl": "require",
    }
    with pytest.raises(ValueError, match="colour"):
        parse_address("postgresql://u@h/db?colour=red")
