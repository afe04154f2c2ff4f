"""The business day and the progress of its run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_DAY = """
SELECT i.day, i.first_day, i.closing,
    (SELECT count(*) FROM billing_run r WHERE r.finished_at IS NULL) AS unfinished,
    (SELECT coalesce(sum(b.size), 0) FROM billing_run r JOIN billing_batch b USING (day)
     WHERE r.finished_at IS NULL AND NOT b.done) AS waiting
FROM billing_installation i
"""
_RUNS = """
SELECT r.*, coalesce(b.batches, 0) AS batches, coalesce(b.done, 0) AS done,
    coalesce(b.size, 0) AS size, coalesce(b.reached, 0) AS reached,
    coalesce(b.charges, 0) AS batch_charges, coalesce(b.amount, 0) AS batch_amount
FROM billing_run r LEFT JOIN LATERAL (
    SELECT count(*) AS batches, count(*) FILTER (WHERE done) AS done, sum(size) AS size,
        sum(size) FILTER (WHERE done) AS reached, sum(charges) AS charges, sum(amount)::bigint AS amount
    FROM billing_batch b WHERE b.day = r.day) b ON true
ORDER BY r.day DESC LIMIT $1
"""
_TOTALS = """
SELECT coalesce(sum(accounts), 0)::bigint AS accounts, coalesce(sum(charges), 0)::bigint AS charges,
    coalesce(sum(amount), 0)::bigint AS amount
FROM billing_run WHERE day > $1 AND day <= $2::date + 1
"""


@dataclass(frozen=True, slots=True)
class DayState:
    """The open day; `closing` while a run has not reached every account, `lagging` how many wait."""

    day: date
    first_day: date
    automatic: bool
    state: str
    lagging: int


@dataclass(frozen=True, slots=True)
class RunState:
    """The run that opened a day: how far it is and what it charged (minor units, positive)."""

    day: date
    started_at: datetime
    finished_at: datetime | None
    size: int
    reached: int
    charges: int
    amount: int

    @property
    def share(self) -> int:
        """Whole percent of accounts reached."""
        return 100 if not self.size else self.reached * 100 // self.size


async def day_state(*, by: Actor) -> DayState | None:
    """The business day, None before the installation has one."""
    by.require("billing.day.view")
    async with reading() as connection:
        row = await connection.fetchrow(_DAY)
    if row is None:
        return None
    state = "closing" if row["unfinished"] else "open"
    automatic = row["closing"] == "auto"
    return DayState(row["day"], row["first_day"], automatic, state, int(row["waiting"]))


async def runs(*, by: Actor, most: int = 31) -> list[RunState]:
    """The latest runs, newest first."""
    by.require("billing.day.view")
    async with reading() as connection:
        return [_run(row) for row in await connection.fetch(_RUNS, most)]


def _run(row: Any) -> RunState:
    return RunState(
        row["day"],
        row["started_at"],
        row["finished_at"],
        int(row["size"]),
        int(row["reached"]),
        int(row["batch_charges"]),
        int(row["batch_amount"]),
    )


async def run_totals(first: date, last: date, *, by: Actor) -> tuple[int, int, int]:
    """Accounts, charges and amount (positive) of the runs that closing `first` to `last` made."""
    by.require("billing.day.close")
    async with reading() as connection:
        row = await connection.fetchrow(_TOTALS, first, last)
    return row["accounts"], row["charges"], row["amount"]
