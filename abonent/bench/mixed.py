"""A small base on which every rule moves: for kills and for races, not for speed."""

from __future__ import annotations

from datetime import date
from random import Random

from abonent.billing.rules.periods import DAY
from abonent.billing.service import accounts, days, freezes, payments, promises, services, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database
from abonent.kernel.errors import Refused
from abonent.kernel.settings import Settings

FIRST_DAY = date(2026, 1, 25)
TARIFFS = (
    ("net", "advance", 56_000, 0),
    ("net-day", "daily", 62_000, 0),
    ("tv", "advance", 20_000, 0),
    ("phone", "arrears", 15_000, 10),
)


async def build(settings: Settings, size: int, seed: int) -> list[str]:
    """Open `size` accounts of every kind in a database; answers their numbers."""
    async with open_database(settings):
        return await build_here(size, seed)


async def build_here(size: int, seed: int) -> list[str]:
    """The same in the database that is open."""
    luck = Random(seed)
    numbers = [f"{n:05d}" for n in range(1, size + 1)]
    await days.begin(FIRST_DAY, by=SYSTEM)
    for code, mode, fee, due_days in TARIFFS:
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=code, kind="internet", mode=mode, fee=fee,
            due_days=due_days, tax_code="vat",
        )  # fmt: skip
    for number in numbers:
        await _account(number, luck)
    return numbers


async def _account(number: str, luck: Random) -> None:
    await accounts.open_new_account(
        number, by=SYSTEM, billing_day=luck.choice([1, 1, 1, 15, 28, 31])
    )
    for code in luck.choice((["net"], ["net"], ["net-day"], ["net", "tv"], ["net-day", "phone"])):
        await services.add_service(number, by=SYSTEM, tariff=code)
    amount = luck.choice([0, 3_000, 20_000, 60_000, 150_000, 300_000])
    if amount:
        await payments.take_payment(
            number, by=SYSTEM, amount=amount, source="cash", external_id=f"first-{number}"
        )
    elif luck.random() < 0.5:
        await promises.give_promise(number, by=SYSTEM, amount=70_000, days=luck.randint(2, 9))
    if luck.random() < 0.15:
        start = FIRST_DAY + luck.randint(2, 12) * DAY
        await freezes.freeze_account(
            number, by=SYSTEM, start=start, end=start + luck.randint(1, 20) * DAY, override=True
        )


async def pay_some(
    numbers: list[str], luck: Random, mark: str, count: int
) -> list[tuple[str, int]]:
    """Take some payments, each under a key of its own; answers (external id, amount) of each."""
    taken = []
    for n in range(count):
        number, amount = luck.choice(numbers), luck.randint(1, 40_000)
        external_id = f"{mark}-{n}"
        try:
            await payments.take_payment(
                number, by=SYSTEM, amount=amount, source="bank", external_id=external_id
            )
        except Refused:
            continue
        taken.append((external_id, amount))
    return taken
