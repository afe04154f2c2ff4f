"""What the automaton does for billing by itself, and what people ask it to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import structlog

from abonent.billing.queries.closing import CLOSE_THROUGH, asked_closing
from abonent.billing.queries.day import day_state
from abonent.billing.rules.periods import DAY
from abonent.billing.service.days import close_days
from abonent.billing.service.imports.record import forget_troubles
from abonent.billing.service.proof import verify
from abonent.billing.service.tariff_months import keep_tariff_months
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.jobs import JobContext, cron, job
from abonent.kernel.settings import Settings

CLOSING_LOCK = 7_310_003
"""Held in a transaction of whoever closes days; a killed worker's is free at once."""

LONGEST = 6 * 3600

_log = structlog.get_logger(__name__)
_ALONE = "SELECT pg_try_advisory_xact_lock($1)"


class BooksDifferError(RuntimeError):
    """The nightly proof found differences: the job fails, so that somebody looks."""


@cron("billing.close_days", seconds=LONGEST)
async def close_past_days(context: JobContext) -> None:
    """Close every day the calendar has left behind, and go on with what a kill interrupted.

    It starts every minute and mostly finds nothing to do: so a day closes at 00:00, and a
    machine that was off catches up when it is back.
    """
    async with _alone() as alone:
        through = await _wanted(context.settings) if alone else None
        if through is not None:
            await close_days(by=SYSTEM, through=through, settings=context.settings)


@job(CLOSE_THROUGH, seconds=LONGEST)
async def close_through(context: JobContext, *, first: str, through: str, by: str) -> None:
    """Close the days somebody asked for; those already closed are left as they are.

    Where another worker is closing days, it shares the batches.
    """
    del first, by
    state = await day_state(by=SYSTEM)
    last = date.fromisoformat(through)
    if state is not None and state.day <= last:
        async with _alone():
            await close_days(by=SYSTEM, through=last, settings=context.settings)


async def _wanted(settings: Settings) -> date | None:
    """The last day to close now; None when nothing is to be done."""
    state = await day_state(by=SYSTEM)
    if state is None:
        return None
    wanted = []
    today = clock.calendar_day(settings.timezone)
    if state.automatic and settings.day == "auto" and state.day < today:
        wanted.append(today - DAY)
    asked = await asked_closing(by=SYSTEM)
    if asked is not None and asked.attempts:
        wanted.append(asked.through)
    if state.state == "closing":
        wanted.append(state.day - DAY)
    return max(wanted, default=None)


@asynccontextmanager
async def _alone() -> AsyncIterator[bool]:
    """Tell whether nobody else closes days; while the block runs, others are told so."""
    async with reading() as connection, connection.transaction():
        yield bool(await connection.fetchval(_ALONE, CLOSING_LOCK))


@cron("billing.verify", hour={3}, minute={0}, seconds=LONGEST)
async def prove_the_books(context: JobContext) -> None:
    """Prove the books every night; each account that differs is named in the log."""
    proof = await verify(by=SYSTEM, settings=context.settings)
    for found in proof.differences:
        _log.error("books.differ", check=found.check, account=found.account, subject=found.subject)
    if not proof.clean:
        raise BooksDifferError(proof.count)
    _log.info("books.proved", accounts=proof.accounts, entries=proof.entries)


@cron("billing.tariff_months", minute={7, 27, 47}, seconds=LONGEST)
async def keep_months_of_tariffs(_context: JobContext) -> None:
    """Compute the analysis of months that have closed since; mostly there are none."""
    for month in await keep_tariff_months():
        _log.info("tariff_month.kept", month=month.isoformat())


@cron("billing.forget_import_troubles", hour={4}, minute={35})
async def forget_import_troubles(context: JobContext) -> None:
    """Erase what was wrong with rows of files taken long ago."""
    del context
    await forget_troubles()
