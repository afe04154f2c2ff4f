"""Charging: the month's first day for everybody, ordinary days, ten in a row, single payments."""

from __future__ import annotations

import asyncio
import resource
from datetime import date
from statistics import median

from abonent.bench import by_hand
from abonent.bench.base import FIRST_DAY, build, database_name, own_database
from abonent.billing.rules.periods import DAY
from abonent.billing.service import days, payments
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, reading
from abonent.kernel.settings import Settings

CASHIERS, TURNS, PAYMENTS, WARM = 2, 7, 500, 200
"""How many pay at once, turns of each side, payments in a turn, and before the first turn."""
MARCH = date(2026, 3, 1)
_SOME = "SELECT number FROM billing_account ORDER BY hashtext(number) LIMIT $1"
_BALANCES = "SELECT sum(balance)::bigint FROM billing_account"


async def charge(settings: Settings, accounts: int) -> dict[str, object]:
    """The month's first day with every account charged, against the same rows by hand."""
    async with own_database(settings) as base:
        await build(base, accounts)
        async with own_database(base, database_name(base)) as other:
            hand = await by_hand.charge_month(
                other, MARCH, batch=days.BATCH, clients=settings.processes
            )
            by_sql = await _balances(other)
        async with own_database(base, database_name(base)) as other:
            closed = await _close(other, FIRST_DAY)
            by_engine = await _balances(other)
    if by_sql != by_engine:
        raise AssertionError(f"balances differ: {by_sql} by hand, {by_engine} by the engine")
    return {
        "accounts": accounts,
        "processes": settings.processes,
        "by hand, s": round(hand, 2),
        "engine, s": round(closed.seconds, 2),
        "ratio (target 3, then 1.5)": round(closed.seconds / hand, 2),
        "charges": closed.charges,
        "largest memory of this process, MiB": _memory(),
    }


async def _balances(settings: Settings) -> int:
    async with open_database(settings), reading() as connection:
        return int(await connection.fetchval(_BALANCES))


async def _close(settings: Settings, through: date) -> days.Closed:
    async with open_database(settings):
        return await days.close_days(by=SYSTEM, through=through, settings=settings)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def day(settings: Settings, accounts: int) -> dict[str, object]:
    """A full day, then ten ordinary ones in a row with a 28th of the accounts changing each."""
    async with own_database(settings) as base:
        await build(base, accounts)
        full = (await _close(base, FIRST_DAY)).seconds
    async with own_database(settings) as base:
        await build(base, accounts, spread=True)
        await _close(base, FIRST_DAY)
        seconds = []
        async with open_database(base):
            for number in range(10):
                through = MARCH + number * DAY
                closed = await days.close_days(by=SYSTEM, through=through, settings=base)
                seconds.append(closed.seconds)
    ordinary = sorted(seconds)[len(seconds) // 2]
    return {
        "accounts": accounts,
        "full day, s": round(full, 2),
        "ordinary day (median of ten), s": round(ordinary, 3),
        "accounts changing": accounts // 28,
        "share of the full day (target 5 %)": f"{ordinary / full:.1%}",
        "slowest / fastest of ten (target 1.3)": round(max(seconds) / min(seconds), 2),
    }


async def single_payments(settings: Settings, accounts: int) -> dict[str, object]:
    """Payments one by one through the use case and by hand, in turns after a warm-up of both."""
    async with own_database(settings) as base:
        await build(base, accounts)
        async with open_database(base), by_hand.cashiers(base, CASHIERS) as hands:
            async with reading() as connection:
                rows = await connection.fetch(_SOME, 2 * (WARM + TURNS * PAYMENTS))
            numbers = [row["number"] for row in rows]
            await hands.pay(_some(numbers, WARM))
            await _pay(_some(numbers, WARM))
            turns = [
                (await hands.pay(_some(numbers, PAYMENTS)), await _pay(_some(numbers, PAYMENTS)))
                for _turn in range(TURNS)
            ]
    hand, own = (PAYMENTS / median(seconds) for seconds in zip(*turns, strict=True))
    shares = sorted(theirs / ours for theirs, ours in turns)
    return {
        "payments each": TURNS * PAYMENTS,
        "by hand, per second": round(hand),
        "use case, per second": round(own),
        "share of the hand-written speed (target 50 %)": f"{median(shares):.0%}",
        "least and greatest share of the turns": f"{shares[0]:.0%} to {shares[-1]:.0%}",
    }


def _some(numbers: list[str], count: int) -> list[str]:
    return [numbers.pop() for _number in range(count)]


async def _pay(numbers: list[str]) -> float:
    started = clock.monotonic()
    await asyncio.gather(*(_payer(numbers) for _cashier in range(CASHIERS)))
    return clock.monotonic() - started


async def _payer(numbers: list[str]) -> None:
    while numbers:
        number = numbers.pop()
        await payments.take_payment(
            number, by=SYSTEM, amount=10_000, source="cash", external_id=f"bench-{number}"
        )
