"""Who the demo's subscribers are, how they pay, and what they will do: all before the first day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import NamedTuple

from abonent.billing.rules.periods import clamped, period_of
from abonent.crm.demo import tariffs
from abonent.crm.demo.people import Person, person

FIRST_NUMBER = 100_001
SOURCES = ("card", "sbp", "bank", "terminal", "cash")
_SOURCE_WEIGHTS = (35, 25, 20, 10, 10)


class Habit(StrEnum):
    """How somebody pays."""

    EARLY = "early"
    LAST_DAY = "last_day"
    LATE = "late"
    ROUND = "round"
    AHEAD = "ahead"
    PROMISES = "promises"
    FORGETS = "forgets"
    STOPPED = "stopped"


_WEIGHTS = {
    Habit.EARLY: 44,
    Habit.LAST_DAY: 18,
    Habit.LATE: 12,
    Habit.ROUND: 12,
    Habit.AHEAD: 4,
    Habit.PROMISES: 3,
    Habit.FORGETS: 4,
    Habit.STOPPED: 3,
}


@dataclass(frozen=True, slots=True)
class Household:
    """One subscriber of the demo with the services, the age of the contract and the habit."""

    index: int
    person: Person
    since: date
    billing_day: int
    services: list[str]
    habit: Habit
    source: str

    @property
    def number(self) -> str:
        """The account's number."""
        return str(FIRST_NUMBER + self.index)

    @property
    def fee(self) -> int:
        """What a month costs."""
        return sum(tariffs.BY_CODE[code].fee for code in self.services)


class Payer(NamedTuple):
    """What paying takes to know of a subscriber: kept for all of them at once."""

    subscriber: int
    billing_day: int
    fee: int
    habit: Habit
    source: str


class Payment(NamedTuple):
    """A payment that will come."""

    subscriber: int
    amount: int
    source: str


def household(index: int, *, seed: int, first: date) -> Household:
    """The subscriber with an index; the same seed and first day always give the same one."""
    chance = Random(seed * 1_000_003 + index)
    company = chance.random() < 0.03
    since = first - timedelta(days=int(chance.triangular(20, 2600, 500)))
    billing_day = 1 if chance.random() < 0.6 else chance.randint(2, 28)
    return Household(
        index=index,
        person=person(index, chance, company=company),
        since=since,
        billing_day=billing_day,
        services=tariffs.choose(chance, company=company),
        habit=chance.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))[0],
        source="bank" if company else chance.choices(SOURCES, _SOURCE_WEIGHTS)[0],
    )


def payer_of(one: Household) -> Payer:
    """The part of a household that paying needs."""
    return Payer(one.index, one.billing_day, one.fee, one.habit, one.source)


def opening_balance(one: Household, *, seed: int) -> int:
    """What stands on the account on the first morning: a little, or a debt."""
    chance = Random(seed * 7_000_003 + one.index)
    if one.habit is Habit.STOPPED:
        return -one.fee * chance.randint(0, 3)
    if one.habit is Habit.ROUND:
        return chance.randint(0, 40) * 1000
    return chance.choice((0, 0, 0, 0, 10000, 4400, -15000))


def paid_until(one: Household, first: date) -> date:
    """The last day paid for before the demo began: the end of the period."""
    return period_of(first, one.billing_day).end - timedelta(1)


def payments_of_month(
    payers: list[Payer], month: date, *, seed: int
) -> Iterator[tuple[date, Payment]]:
    """What comes in for the periods that start in a month, with the day it comes."""
    for payer in payers:
        start = clamped(month.year, month.month, payer.billing_day)
        chance = Random(
            (seed * 9_000_011 + payer.subscriber) * 1300 + month.year * 12 + month.month
        )
        paid = _paid(payer, month, chance)
        if paid:
            offset, amount = paid
            yield start + timedelta(offset), Payment(payer.subscriber, amount, payer.source)


def _paid(payer: Payer, month: date, chance: Random) -> tuple[int, int] | None:
    """Days from the period's start, and the amount; None when nothing comes this month."""
    fee = payer.fee
    match payer.habit:
        case Habit.EARLY:
            return chance.randint(-6, -1), fee
        case Habit.LAST_DAY:
            return chance.randint(-1, 2), fee
        case Habit.LATE:
            return chance.randint(3, 18), fee
        case Habit.ROUND:
            return chance.randint(-5, 4), -(-fee // 10000) * 10000 + chance.choice((0, 0, 10000))
        case Habit.AHEAD:
            return (chance.randint(-6, -1), fee * 3) if month.month % 3 == 1 else None
        case Habit.PROMISES:
            return chance.randint(2, 9), fee
        case Habit.FORGETS:
            return (chance.randint(-3, 12), fee) if chance.random() < 0.65 else None
        case Habit.STOPPED:
            return None
