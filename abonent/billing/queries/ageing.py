"""Debts by age, of one account or of the whole base, on the open day or as they stood on a past one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from abonent.billing.queries.accruals import accruals
from abonent.billing.queries.books import Installation, Loaded, installation, load_books, load_one
from abonent.billing.queries.books import account_id as id_of
from abonent.billing.queries.entries import entries_of
from abonent.billing.queries.lines import WITHIN
from abonent.billing.rules.ageing import BUCKETS, OLDEST_BUCKET, AgedCharge, ageing
from abonent.billing.rules.book import Posting, Span
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.opening import touch
from abonent.billing.rules.periods import DAY
from abonent.kernel.actor import Actor
from abonent.kernel.snapshot import snapshot

BUCKET_NAMES = (*(name for _, name in BUCKETS), OLDEST_BUCKET)
BATCH = 1000

_FOLLOWING = """
SELECT account_id, balance FROM billing_account WHERE account_id > $1 ORDER BY account_id LIMIT $2
"""
_SUMS = """
SELECT account_id, sum(amount)::bigint AS balance FROM ({within}) moved
WHERE account_id = ANY($3::bigint[]) GROUP BY account_id
""".replace("{within}", WITHIN)
_EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Aged:
    """What an account owes on a day: its unpaid charges, oldest due first."""

    number: str
    account: int
    rows: list[AgedCharge]

    @property
    def owed(self) -> int:
        """The whole debt in minor units."""
        return sum(row.unpaid for row in self.rows)


async def account_ageing(number: str, *, by: Actor, on: date | None = None) -> Aged:
    """The unpaid charges of one account on a day (default: the open one); raises AccountNotFound.

    On a past day entries are cut by that day; on a later one today's debt is aged further.
    """
    by.require("billing.account.view")
    async with snapshot() as connection:
        here = await installation(connection)
        account = await id_of(connection, number)
        loaded = await load_one(connection, account)
        return await _aged(connection, loaded, here, on or here.day)


async def base_ageing(*, by: Actor, on: date | None = None) -> AsyncIterator[Aged]:
    """Every account in debt on a day, in order of their ids; memory is bounded by a batch."""
    by.require("billing.report.view")
    async with snapshot() as connection:
        here = await installation(connection)
        day = on or here.day
        last = 0
        while rows := await connection.fetch(_FOLLOWING, last, BATCH):
            last = rows[-1]["account_id"]
            owing = await _owing(connection, here, day, rows)
            for loaded in await load_books(connection, owing):
                aged = await _aged(connection, loaded, here, day)
                if aged.rows:
                    yield aged


def bucket_sums(rows: Sequence[AgedCharge]) -> dict[str, int]:
    """The unpaid money per bucket, every bucket named."""
    sums = dict.fromkeys(BUCKET_NAMES, 0)
    for row in rows:
        sums[row.bucket] += row.unpaid
    return sums


async def _owing(connection: Any, here: Installation, day: date, rows: Sequence[Any]) -> list[int]:
    """The accounts of a batch that are in debt on the day."""
    ids = [row["account_id"] for row in rows]
    if day >= here.day:
        balances = {row["account_id"]: row["balance"] for row in rows}
    else:
        sums = await connection.fetch(_SUMS, _EARLIEST, day + DAY, ids)
        balances = {row["account_id"]: row["balance"] for row in sums}
    end = min(day, here.day) + DAY
    waiting = accruals(connection, here=here, start=_EARLIEST, end=end, accounts=ids)
    async for accrual in waiting:
        moved = accrual.amount if accrual.section == "payment" else -accrual.amount
        balances[accrual.account] = balances.get(accrual.account, 0) + moved
    return sorted(account for account, balance in balances.items() if balance < 0)


async def _aged(connection: Any, loaded: Loaded, here: Installation, on: date) -> Aged:
    book = loaded.book
    posted = await entries_of(
        connection, book.account, here.catalogue, since=_EARLIEST, until=here.day
    )
    touch(book, here.day, loaded.due)
    rows = [cut for p in (*posted, *book.postings) if (cut := _until(p, on))]
    return Aged(loaded.number, book.account, ageing(rows, on=on))


def _until(posting: Posting, on: date) -> Posting | None:
    """An entry as it counts at the end of a day: daily ones by the days up to it."""
    if posting.through is None:
        return posting if posting.day <= on else None
    if posting.through <= on:
        return posting
    amounts = {day: amount for day, amount in day_amounts(posting).items() if day <= on}
    if not amounts or posting.period is None:
        return None
    span = Span(posting.period.start, on + DAY)
    return replace(
        posting, amount=sum(amounts.values()), amounts=amounts, slices=[], period=span,
        through=on, day=min(posting.day, on),
    )  # fmt: skip
