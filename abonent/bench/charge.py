"""Charging: the month's first day for everybody, ordinary days, ten in a row, single payments."""

from __future__ import annotations

import asyncio
import resource
from datetime import date

from abonent.bench import by_hand
from abonent.bench.base import FIRST_DAY, build, database_name, own_database
from abonent.billing.rules.periods import DAY
from abonent.billing.service import days, payments
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, reading
from abonent.kernel.settings import Settings

PAYMENTS, WARM = 2000, 200
"""Single payments timed, and before them as many as let both sides prepare their statements."""
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
    """Payments one by one through the use case, against one hand-written transaction each."""
    async with own_database(settings) as base:
        await build(base, accounts)
        async with open_database(base), reading() as connection:
            rows = await connection.fetch(_SOME, 2 * (WARM + PAYMENTS))
        numbers = [row["number"] for row in rows]
        hand = await by_hand.pay_one_by_one(base, numbers[: WARM + PAYMENTS], warm=WARM, clients=2)
        async with open_database(base):
            await _pay(numbers[-WARM:])
            started = clock.monotonic()
            await _pay(numbers[WARM + PAYMENTS : -WARM])
            own = clock.monotonic() - started
    return {
        "payments each": PAYMENTS,
        "by hand, per second": round(PAYMENTS / hand),
        "use case, per second": round(PAYMENTS / own),
        "share of the hand-written speed (target 50 %)": f"{hand / own:.0%}",
    }


async def _pay(numbers: list[str]) -> None:
    left = list(numbers)
    await asyncio.gather(_payer(left), _payer(left))


async def _payer(numbers: list[str]) -> None:
    while numbers:
        number = numbers.pop()
        await payments.take_payment(
            number, by=SYSTEM, amount=10_000, source="cash", external_id=f"bench-{number}"
        )
