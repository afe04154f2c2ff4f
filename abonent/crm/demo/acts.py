"""What the demo's subscribers ask for from day to day, by the same use cases as anybody's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random

from abonent.billing.queries.accounts import read_account
from abonent.billing.rules.periods import period_of
from abonent.billing.service import freezes, promises, services
from abonent.crm.demo.plan import FIRST_NUMBER, Habit, Household, Payer, household
from abonent.crm.demo.tariffs import UPGRADES
from abonent.crm.rules.people import Address
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError

DEMO = Actor("import", "demo", "demo", frozenset({"*"}))
MOST_A_DAY = 40
_REASONS = ("Удержание: предложение конкурента", "Акция «Приведи друга»", "Перебои в доме")


def _times(chance: Random, expected: int) -> int:
    """How often something happens on a day, when it happens `expected` times in 10 000 days."""
    whole, rest = divmod(expected, 10_000)
    return min(MOST_A_DAY, whole + (chance.randrange(10_000) < rest))


async def connect_new(seed: int, day: date, *, count: int, first: int) -> list[Household]:
    """Sign new subscribers on, each with an account; their services start when they have paid."""
    chance = Random(f"{seed} new {day}")
    made: list[Household] = []
    for index in range(first, first + _times(chance, count * 2)):
        one = household(index, seed=seed, first=day)
        who = one.person
        await open_subscriber_account(
            one.number,
            by=DEMO,
            billing_day=one.billing_day,
            legal_entity="business" if who.kind == "company" else None,
            subscriber=NewSubscriber(who.name, who.kind, who.tax_id, who.phone, who.email),
            address=Address(who.district, who.street, who.house, who.flat),
            contract=f"{day.year}/{one.number}",
        )
        made.append(one)
    return made


async def start_services(one: Household) -> None:
    """Start what a new subscriber has chosen; the archive is not sold."""
    for priority, code in enumerate(one.services, 1):
        tariff = {"home10": "opt50", "night": "day100"}.get(code, code)
        await services.add_service(one.number, by=DEMO, tariff=tariff, priority=priority)


async def ask_promises(payers: list[Payer], day: date) -> None:
    """People who live on promises ask for one on the first day of their period."""
    asking = [
        payer
        for payer in payers
        if payer.habit is Habit.PROMISES and period_of(day, payer.billing_day).start == day
    ]
    for payer in asking[:MOST_A_DAY]:
        await unless_refused(promises.give_promise(_number(payer), by=DEMO, channel="portal"))


async def change_things(payers: list[Payer], seed: int, day: date) -> None:
    """Freezes, better tariffs, discounts, and people who leave."""
    chance = Random(f"{seed} acts {day}")
    expected: tuple[tuple[int, Callable[[str, date, Random], Awaitable[object]]], ...] = (
        (2, _freeze),
        (2, _upgrade),
        (2, _discount),
        (1, _leave),
    )
    for share, act in expected:
        for _ in range(_times(chance, len(payers) * share)):
            await unless_refused(act(_number(chance.choice(payers)), day, chance))


def _number(payer: Payer) -> str:
    return str(FIRST_NUMBER + payer.subscriber)


async def unless_refused(act: Awaitable[object]) -> bool:
    """A rule that says no is a part of life: the demo goes on. Answers whether it was done."""
    try:
        await act
    except DomainError:
        return False
    return True


async def _freeze(number: str, day: date, chance: Random) -> None:
    start = day + timedelta(chance.randint(1, 5))
    end = start + timedelta(chance.randint(7, 30))
    await freezes.freeze_account(number, by=DEMO, start=start, end=end, reason="Отпуск")


async def _upgrade(number: str, day: date, chance: Random) -> None:
    del day
    view = await read_account(number, by=DEMO)
    for service in view.services:
        if better := UPGRADES.get(service.tariff):
            await services.change_tariff(
                number,
                service.no,
                by=DEMO,
                tariff=better,
                on=chance.choice(("asap", "next-period")),
                anyway=True,
            )


async def _discount(number: str, day: date, chance: Random) -> None:
    await services.grant_discount(
        number,
        1,
        by=DEMO,
        percent=chance.choice((1000, 2000, 3000, 5000)),
        start=day,
        end=day + timedelta(chance.choice((30, 60, 90))),
        reason=chance.choice(_REASONS),
    )


async def _leave(number: str, day: date, chance: Random) -> None:
    del day, chance
    view = await read_account(number, by=DEMO)
    for service in view.services:
        await services.end_service(number, service.no, by=DEMO)
