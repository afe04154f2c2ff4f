"""`abonent verify`: every cached figure made again from entries, every account that differs named.

It runs nightly and in tests. Accounts are taken in batches, each in one state of the database, so
memory is bounded by a batch and payments may come in meanwhile. Helper processes share the
batches; this process proves what concerns the whole base meanwhile, then joins them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from abonent.billing.queries import proof as asked
from abonent.billing.queries.accruals import accruals
from abonent.billing.queries.books import Installation, installation
from abonent.billing.queries.turnover import LEVELS, Sheet, turnover
from abonent.billing.rules.periods import DAY
from abonent.billing.service.account_proof import prove_accounts, tasks
from abonent.billing.service.differences import MOST, Difference, Proof
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.crew import Crew, crew
from abonent.kernel.db import reading
from abonent.kernel.settings import Settings
from abonent.kernel.snapshot import shared_snapshot

FEW = 4
"""Batches up to which no helper is started: they are proved before one has."""

Progress = Callable[[str, int, int], None]
"""Told what is being checked, how many are done and how many there are."""


async def verify(
    *, by: Actor, progress: Progress | None = None, settings: Settings | None = None
) -> Proof:
    """Prove the books of the whole installation; nothing is changed.

    With `settings`, helper processes share the accounts of a large base.
    """
    by.require("billing.verify")
    started = clock.monotonic()
    tell = progress or _silent
    accounts, whole = _Accounts(await tasks(), await _counted(), tell), Proof()
    async with crew(settings, "proof", answers=True) as helpers:
        async with _sharing(helpers, accounts) as shared:
            # One thing at a time is shown: the accounts, which helpers are already busy with.
            await _whole_base(whole, by, _silent if shared else tell)
            await accounts.prove()
        # What a helper that died gave back.
        await accounts.prove()
    proof = accounts.proof()
    proof.join(whole)
    proof.seconds = clock.monotonic() - started
    return proof


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


async def _counted() -> int:
    async with reading() as connection:
        return int(await connection.fetchval(asked.COUNTED))


class _Accounts:
    """The accounts of the base as tasks, and what their proofs came to."""

    def __init__(self, waiting: deque[str], total: int, tell: Progress) -> None:
        self.waiting = waiting
        self._total = total
        self._tell = tell
        self._sum = Proof()
        self._found: dict[int, list[Difference]] = {}

    async def prove(self) -> None:
        """Work the tasks off in this process."""
        while self.waiting:
            task = self.waiting.popleft()
            self._take(task, await prove_accounts(task))

    def answered(self, task: str, answer: bytes) -> None:
        """Take what a helper found."""
        self._take(task, Proof.unpacked(answer))

    def _take(self, task: str, part: Proof) -> None:
        room = MOST - sum(map(len, self._found.values()))
        if part.differences and room > 0:
            self._found[int(task.partition(" ")[0])] = part.differences[:room]
        part.differences = []
        self._sum.join(part)
        self._tell("accounts", self._sum.accounts, self._total)

    def proof(self) -> Proof:
        """The sum of the parts, differences in order of accounts whoever was first."""
        found = self._found
        self._sum.differences = [one for after in sorted(found) for one in found[after]]
        return self._sum


@asynccontextmanager
async def _sharing(helpers: Crew | None, accounts: _Accounts) -> AsyncIterator[bool]:
    """Let helpers work while the block runs, and wait for them at its end; tells whether any do."""
    if helpers is None or len(accounts.waiting) <= FEW:
        yield False
        return
    sharing = asyncio.create_task(helpers.share(accounts.waiting, accounts.answered))
    try:
        yield True
        await sharing
    finally:
        sharing.cancel()


async def _whole_base(proof: Proof, by: Actor, tell: Progress) -> None:
    """Runs, the inbox, roll-ups and the sheet: what no single account shows."""
    async with shared_snapshot() as connection:
        for row in await connection.fetch(asked.UNFINISHED):
            proof.add("RUN", None, str(row["day"]), 0, f"{row['waiting']} batches")
        tell("payments", 0, 1)
        await _payments(connection, proof)
        here = await installation(connection)
        await _months(connection, proof, here, tell)
        tell("levels of the sheet", 0, len(LEVELS))
        await _sheets(connection, proof, by, here.day)


async def _payments(connection: Any, proof: Proof) -> None:
    rows = await connection.fetch(asked.PAYMENTS, MOST)
    numbers = await asked.numbers_of(connection, [row["account_id"] for row in rows])
    for row in rows:
        number = numbers.get(row["account_id"])
        subject = f"{row['subject']}, entry {row['no']}"
        proof.add("PAYMENT", number, subject, row["expected"], row["found"])


async def _months(connection: Any, proof: Proof, here: Installation, tell: Progress) -> None:
    """Compare every roll-up with its entries; a closed month without one is named itself."""
    months = await asked.months(connection, here.first_day, here.day)
    whole = True
    for done, row in enumerate(months):
        tell("months", done, len(months))
        if row["kept"]:
            await _roll_up(connection, proof, row["month"], opening=whole)
            whole = True
        elif row["closed"] and await asked.roll_up_differences(connection, row["month"], most=1):
            proof.add("MONTH", None, f"{row['month']:%Y-%m}", "a roll-up", "none")
            whole = False


async def _roll_up(connection: Any, proof: Proof, month: date, *, opening: bool) -> None:
    rows = await asked.roll_up_differences(connection, month, most=MOST, opening=opening)
    numbers = await asked.numbers_of(connection, [row["account_id"] for row in rows])
    for row in rows:
        subject = f"{month:%Y-%m} {row['section']} {row['line']}".rstrip()
        number = numbers.get(row["account_id"])
        proof.add("MONTH", number, subject, row["expected"], row["found"])
    for row in await asked.place_differences(connection, month, most=MOST):
        subject = f"{month:%Y-%m} place {row['place_id']} {row['section']} {row['line']}".rstrip()
        proof.add("MONTH", None, subject, row["expected"], row["found"])


async def _sheets(connection: Any, proof: Proof, by: Actor, today: date) -> None:
    """The running month's sheet at every level: equal totals, closing with what is owed."""
    first, end = today.replace(day=1), today + DAY
    owed = await connection.fetchval(asked.OWED)
    here = await installation(connection)
    async for accrual in accruals(connection, here=here, start=date(1900, 1, 1), end=end):
        owed += -accrual.amount if accrual.section == "payment" else accrual.amount
    top: tuple[int, ...] | None = None
    for level in LEVELS:
        totals = [0, 0, 0, 0, 0]
        async for sheet in _pages(by, first, end, level):
            for place, amount in enumerate(_figures(sheet)):
                totals[place] += amount
            if sum(row.closing for row in sheet.rows) != sheet.total.closing:
                rows = sum(row.closing for row in sheet.rows)
                proof.add("SHEET", None, level, sheet.total.closing, rows)
        if totals[-1] != owed:
            proof.add("SHEET", None, f"{level}, closing", owed, totals[-1])
        top = top or tuple(totals)
        if top != tuple(totals):
            proof.add("SHEET", None, level, top, tuple(totals))


async def _pages(by: Actor, start: date, end: date, level: Any) -> Any:
    after: str | None = None
    limit = 20_000 if level == "account" else None
    while True:
        sheet = await turnover(by=by, start=start, end=end, level=level, after=after, limit=limit)
        yield sheet
        after = sheet.next
        if after is None:
            return


def _figures(sheet: Sheet) -> tuple[int, int, int, int, int]:
    total = sheet.total
    charged, paid = sum(total.charges.values()), sum(total.payments.values())
    return total.opening, charged, paid, total.corrections, total.closing
