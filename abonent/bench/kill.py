"""Kills: the run and the database are ended outright at seeded instants, resumed and proved.

Every kill is `kill -9`. After each the run goes on from where it was, and the proof is run; at the
end the base must equal one that was closed without any kill, and no payment may stand twice.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import asyncpg

from abonent import reactions
from abonent.bench import mixed
from abonent.billing.rules.periods import DAY
from abonent.billing.service import days
from abonent.billing.service.months import roll_up_closed_months
from abonent.billing.service.proof import verify
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import DatabaseUnreachableError, open_database, parse_address
from abonent.kernel.embedded.home import temporary_home
from abonent.kernel.embedded.postgres import EmbeddedPostgres, start_postgres
from abonent.kernel.migrate import migrate
from abonent.kernel.settings import Settings

BATCH = 40
"""Small batches, so that a kill falls between and inside many of them."""

_DAY = "SELECT day FROM billing_installation"
_STATES = """
SELECT a.number, a.balance, a.state, a.last_no, d.day FROM billing_account a
JOIN billing_account_due d USING (account_id) ORDER BY a.number
"""
_PAID = "SELECT external_id, amount FROM billing_inbox WHERE source = 'bank'"
_POSTED = """
SELECT coalesce(sum(amount), 0)::bigint FROM billing_entry WHERE kind = 'payment' AND source = 'bank'
"""


@dataclass(slots=True)
class Tally:
    """What happened: kills of each kind, those that fell into work, differences found."""

    run: int = 0
    database: int = 0
    inside: int = 0
    differences: list[str] = field(default_factory=list)


async def kill(
    settings: Settings, kills: int, *, accounts: int = 400, seed: int = 1
) -> dict[str, object]:
    """Kill the run and PostgreSQL `kills` times in all, verifying after each."""
    del settings
    started = clock.monotonic()
    with temporary_home("abonent-kill") as home, _server(home) as server:
        own = Settings(home=home, database_url=server.dsn(), day="manual", pool_size=4)
        await migrate(server.dsn())
        numbers = await mixed.build(own, accounts, seed)
        server.run_sql('CREATE DATABASE "control" TEMPLATE "abonent"')
        tally = await _kill_again_and_again(own, server, home, kills, Random(seed))
        through = await _open_day(own) - DAY
        control = own.having(database_url=server.dsn("control"))
        await _close(control, through)
        same = await _states(own) == await _states(control)
        paid = await _race(own, server, numbers, Random(seed + 1))
    return {
        "kills of the run": tally.run,
        "kills of PostgreSQL": tally.database,
        "that fell into work": tally.inside,
        "days closed": (through - mixed.FIRST_DAY).days + 1,
        "equal to the base closed without kills": same,
        "payments raced against closing and kills, each once": paid,
        "differences found by verify": tally.differences or 0,
        "seconds": round(clock.monotonic() - started),
    }


@contextmanager
def _server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = start_postgres(home)
    server.create_database("abonent")
    try:
        yield server
    finally:
        # The one running now: after a kill it is another process than the first.
        start_postgres(home).stop()


def _child(settings: Settings, through: date, pay: list[str], mark: str) -> None:
    """What is killed: a process that closes days, and takes payments meanwhile."""
    days.BATCH = BATCH
    reactions.install()
    logging.disable()
    # Its database is killed under it: that it ends so is what is wanted.
    with suppress(DatabaseUnreachableError):
        asyncio.run(_work(settings, through, pay, mark))


async def _work(settings: Settings, through: date, pay: list[str], mark: str) -> None:
    async with open_database(settings):
        await asyncio.gather(
            days.close_days(by=SYSTEM, through=through),
            mixed.pay_some(pay, Random(mark), mark, 60 if pay else 0),
        )


def _start(settings: Settings, through: date, pay: list[str], mark: str) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["abonent.bench.kill"])
    process = context.Process(target=_child, args=(settings, through, pay, mark))
    process.start()
    return process


async def _kill_again_and_again(
    settings: Settings, server: EmbeddedPostgres, home: Path, kills: int, luck: Random
) -> Tally:
    tally = Tally()
    span = 1.0
    while tally.run + tally.database < kills:
        through = await _open_day(settings) + 2 * DAY
        child = _start(settings, through, [], "")
        began = clock.monotonic()
        await asyncio.to_thread(child.join, luck.uniform(0.05, span))
        if child.is_alive():
            tally.inside += 1
        else:
            span = max(0.2, (clock.monotonic() - began))
        if luck.random() < 0.5:
            tally.run += 1
            child.kill()
        else:
            tally.database += 1
            server = await asyncio.to_thread(_restart, server, home)
        await asyncio.to_thread(child.join)
        await _check(settings, tally, f"after kill {tally.run + tally.database}")
    await _close(settings, await _open_day(settings))
    await _check(settings, tally, "after the last resume")
    return tally


def _restart(server: EmbeddedPostgres, home: Path) -> EmbeddedPostgres:
    server.kill()
    return start_postgres(home)


async def _check(settings: Settings, tally: Tally, when: str) -> None:
    """Finish what the kill interrupted, then prove the whole base."""
    async with open_database(settings):
        await days.finish_runs()
        await roll_up_closed_months()
        proof = await verify(by=SYSTEM)
    tally.differences += [f"{when}: {difference}" for difference in proof.differences[:3]]


async def _race(
    settings: Settings, server: EmbeddedPostgres, numbers: list[str], luck: Random
) -> bool:
    """Payments against closing, killed and sent again: every key stands once, with its amount."""
    for number in range(5):
        mark = f"race{number}"
        child = _start(settings, await _open_day(settings), numbers, mark)
        await asyncio.to_thread(child.join, luck.uniform(0.3, 1.5))
        child.kill()
        await asyncio.to_thread(child.join)
        async with open_database(settings):
            await mixed.pay_some(numbers, Random(mark), mark, 60)
            await days.finish_runs()
            clean = not (await verify(by=SYSTEM)).differences
        if not clean:
            return False
    connection = await asyncpg.connect(**parse_address(server.dsn()))
    try:
        paid = await connection.fetch(_PAID)
        posted = await connection.fetchval(_POSTED)
    finally:
        await connection.close()
    return len(paid) == 5 * 60 and sum(row["amount"] for row in paid) == posted


async def _open_day(settings: Settings) -> date:
    connection = await asyncpg.connect(**parse_address(settings.database_url or ""))
    try:
        day: date = await connection.fetchval(_DAY)
        return day
    finally:
        await connection.close()


async def _close(settings: Settings, through: date) -> None:
    async with open_database(settings):
        with suppress(Exception):
            await days.close_days(by=SYSTEM, through=through)


async def _states(settings: Settings) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(**parse_address(settings.database_url or ""))
    try:
        return [tuple(row) for row in await connection.fetch(_STATES)]
    finally:
        await connection.close()
