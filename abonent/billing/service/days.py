"""The operating day: its first one, closing, and the run that opens the next for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from abonent.billing.errors import AlreadyExists, BadDay
from abonent.billing.events import ServiceSwitched
from abonent.billing.queries.books import installation
from abonent.billing.rules.book import CHARGE_KINDS
from abonent.billing.rules.opening import bring_to
from abonent.billing.rules.periods import DAY
from abonent.billing.service.books import DAY_LOCK, keep, lock_accounts
from abonent.billing.service.months import roll_up_closed_months, roll_up_months
from abonent.billing.service.plain_run import ChangedMeanwhileError, Done, open_plain
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.crew import Crew, crew
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Conflict
from abonent.kernel.ids import new_id
from abonent.kernel.settings import Settings
from abonent.kernel.work import UnitOfWork

BATCH = 20_000
"""Accounts per transaction: bounds the memory of a run and what a kill can cost."""

FEW = 6
"""Batches up to which no helper process is started."""

PIECE = 500
"""Books in memory at a time on the ordinary path."""

_ALONE = "SELECT pg_advisory_xact_lock($1)"
_SHARE_DAY = "SELECT pg_advisory_xact_lock_shared($1)"
_INIT = """
INSERT INTO billing_installation (id, day, first_day, closing, catalogue, moved_at)
VALUES (1, $1, $1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING day
"""
_CLOSING = "UPDATE billing_installation SET closing = $1"
_MONTHS = "SELECT billing_make_month($1), billing_make_month(($1::date + interval '1 month')::date)"
_MOVE = "UPDATE billing_installation SET day = $1, moved_at = $2"
_RUN = "INSERT INTO billing_run (day, started_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_BATCHES = """
INSERT INTO billing_batch (day, no, first, last, size)
SELECT $1, part, min(account_id), max(account_id), count(*) FROM (
    SELECT account_id, at * (n / $2 + 1) / n AS part FROM (
        SELECT account_id, row_number() OVER (ORDER BY account_id) - 1 AS at, count(*) OVER () AS n
        FROM billing_account_due WHERE day <= $1) due) parts
GROUP BY part
"""
_UNFINISHED = "SELECT day FROM billing_run WHERE finished_at IS NULL ORDER BY day"
_CLAIM = """
SELECT no, first, last, size FROM billing_batch WHERE day = $1 AND NOT done
ORDER BY no LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_DUE = """
SELECT account_id FROM billing_account_due
WHERE account_id >= $1 AND account_id <= $2 AND day <= $3 ORDER BY account_id
"""
_DONE = """
UPDATE billing_batch SET done = true, accounts = $3, charges = $4, amount = $5
WHERE day = $1 AND no = $2
"""
_WAITING = "SELECT count(*) FROM billing_batch WHERE day = $1 AND NOT done"
_WAIT = (
    "SELECT count(*) FROM (SELECT 1 FROM billing_batch WHERE day = $1 AND NOT done FOR UPDATE) b"
)
_FINISH = """
UPDATE billing_run r SET finished_at = $2, accounts = b.accounts, charges = b.charges, amount = b.amount
FROM (SELECT coalesce(sum(accounts), 0) AS accounts, coalesce(sum(charges), 0) AS charges,
    coalesce(sum(amount), 0)::bigint AS amount FROM billing_batch WHERE day = $1) b
WHERE r.day = $1 AND r.finished_at IS NULL RETURNING true
"""
_TOTALS = """
SELECT coalesce(sum(accounts), 0)::bigint AS accounts, coalesce(sum(charges), 0)::bigint AS charges,
    coalesce(sum(amount), 0)::bigint AS amount FROM billing_run WHERE day > $1 AND day <= $2
"""

Progress = Callable[[date, int, int], None]
"""Told the day being opened, accounts reached and accounts in all."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing days did: the day now open, and the sums over their runs.

    `seconds` without the rolling up of months.
    """

    day: date
    accounts: int
    charges: int
    amount: int
    seconds: float


async def begin(day: date, *, by: Actor, automatic: bool = False) -> None:
    """Set the first business day of an empty installation; a second time is refused."""
    by.require("billing.day.close")
    async with unit_of_work(by) as work:
        closing = "auto" if automatic else "manual"
        row = (day, closing, new_id(), clock.now())
        if await work.connection.fetchval(_INIT, *row) is None:
            here = await installation(work.connection)
            raise AlreadyExists("day", here.day)
        await work.connection.execute(_MONTHS, day)
        await work.audit("billing:installation:begun", day.isoformat())


async def set_closing(*, by: Actor, automatic: bool) -> None:
    """Let the automaton close days from now on, or leave it to people."""
    by.require("billing.day.close")
    async with unit_of_work(by) as work:
        await installation(work.connection)
        closing = "auto" if automatic else "manual"
        await work.connection.execute(_CLOSING, closing)
        await work.audit("billing:closing:set", closing)


async def close_days(
    *,
    by: Actor,
    through: date | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Closed:
    """Close business days through one (default: the open one) and open the next for everybody.

    A run that a kill left unfinished is finished first. Several processes may do this at once:
    the batches are shared between them. With `settings`, helper processes share large runs.
    """
    by.require("billing.day.close")
    started = clock.monotonic()
    async with reading() as connection:
        first = (await installation(connection)).day
    last = first if through is None else through
    if last < first and not await _unfinished():
        raise BadDay("through", last, first)
    day = first
    async with crew(settings, "day") as helpers:
        rolling = await finish_runs(progress=progress, helpers=helpers)
        while day <= last:
            await move_day(day, by=by)
            rolling += await finish_runs(progress=progress, helpers=helpers)
            day += DAY
    seconds = clock.monotonic() - started - rolling
    await roll_up_closed_months()
    async with reading() as connection:
        totals = await connection.fetchrow(_TOTALS, first, day)
    return Closed(day, totals["accounts"], totals["charges"], totals["amount"], seconds)


async def move_day(day: date, *, by: Actor) -> bool:
    """Close `day` and open the next, with its run and batches; False when somebody already did.

    It waits for every use case in flight: what they post carries the day they began on.
    """
    async with unit_of_work(by) as work:
        await work.connection.execute(_ALONE, DAY_LOCK)
        here = await installation(work.connection)
        if here.day != day:
            return False
        opened = day + DAY
        now = clock.now()
        await work.connection.execute(_MONTHS, opened)
        await work.connection.execute(_MOVE, opened, now)
        await work.connection.execute(_RUN, opened, now)
        await work.connection.execute(_BATCHES, opened, BATCH)
        await work.audit("billing:day:closed", day.isoformat())
    return True


async def _unfinished() -> list[date]:
    async with reading() as connection:
        return [row["day"] for row in await connection.fetch(_UNFINISHED)]


async def finish_runs(*, progress: Progress | None = None, helpers: Crew | None = None) -> float:
    """Work through the batches of every unfinished run, then close the runs.

    Answers how many seconds of it went into rolling up months.
    """
    rolling = 0.0
    for day in await _unfinished():
        lanes = await _share_out(day, helpers) if helpers else 1
        finished = None
        while finished is None:
            await _side_by_side(lanes, day, progress)
            finished = await _finish(day)
        rolling += finished
    return rolling


async def _share_out(day: date, helpers: Crew) -> int:
    """How many batches this process opens at a time; many of them are shared with helpers.

    A few are over before a helper has started.
    """
    waiting = await _waiting(day)
    if waiting > FEW:
        await helpers.tell(day.isoformat())
        return 1
    return max(1, min(waiting, 1 + helpers.size))


async def _side_by_side(lanes: int, day: date, progress: Progress | None) -> None:
    """Open batches in so many lanes; the first fault ends them all and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for _lane in range(lanes):
                group.create_task(_open_batches(day, progress))
    except ExceptionGroup as faults:
        raise faults.exceptions[0] from None


async def _open_batches(day: date, progress: Progress | None) -> None:
    while await run_batch(day):
        if progress:
            await _tell(day, progress)


async def _waiting(day: date) -> int:
    async with reading() as connection:
        return int(await connection.fetchval(_WAITING, day))


async def _tell(day: date, progress: Progress) -> None:
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT coalesce(sum(size) FILTER (WHERE done), 0) AS reached,"
            " coalesce(sum(size), 0) AS size FROM billing_batch WHERE day = $1",
            day,
        )
    progress(day, int(row["reached"]), int(row["size"]))


async def run_batch(day: date) -> bool:
    """Open the day for one batch of accounts in one transaction; False when none is left.

    The mark of the batch, the entries and the balances commit together. Plain accounts go in
    columns, unless somebody changes one of them meanwhile.
    """
    try:
        return await _run_batch(day, fast=True)
    except (ChangedMeanwhileError, Conflict):
        return await _run_batch(day, fast=False)


async def _run_batch(day: date, *, fast: bool) -> bool:
    async with unit_of_work(SYSTEM) as work:
        batch = await work.connection.fetchrow(_CLAIM, day)
        if batch is None:
            return False
        await work.connection.execute(_SHARE_DAY, DAY_LOCK)
        bounds = batch["first"], batch["last"]
        done = await open_plain(work.connection, *bounds, day) if fast else Done()
        for account, service in done.cut:
            work.record(ServiceSwitched(account, service, day, served=False))
        if done.accounts < batch["size"]:
            await _open_rest(work, *bounds, day, done)
        row = (batch["no"], done.accounts, done.charges, done.amount)
        await work.connection.execute(_DONE, day, *row)
    return True


async def _open_rest(work: UnitOfWork, first: int, last: int, day: date, done: Done) -> None:
    """Lock the accounts still due, a piece at a time, open each of their due days, keep them."""
    rows = await work.connection.fetch(_DUE, first, last, day)
    due = [row["account_id"] for row in rows]
    for start in range(0, len(due), PIECE):
        found = await lock_accounts(work, due[start : start + PIECE])
        books = [loaded for loaded in found if loaded.due <= day]
        for loaded in books:
            bring_to(loaded.book, loaded.open_day, loaded.due)
            charges = [p.amount for p in loaded.book.postings if p.kind in CHARGE_KINDS]
            done.charges += len(charges)
            done.amount -= sum(charges)
        done.accounts += len(books)
        if books:
            await keep(work, *books)


async def _finish(day: date) -> float | None:
    """Wait for batches other processes hold, then close the run.

    The run that opens a month rolls up the one before in the same transaction: whatever happens,
    a finished run has left no closed month without its roll-up. Answers the seconds this took;
    None when a batch came back undone: its process died.
    """
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute("SET LOCAL lock_timeout = 0")
        if await work.connection.fetchval(_WAIT, day):
            return None
        ours = await work.connection.fetchval(_FINISH, day, clock.now())
        started = clock.monotonic()
        if ours and day.day == 1:
            await roll_up_months(work.connection, day)
    return clock.monotonic() - started
