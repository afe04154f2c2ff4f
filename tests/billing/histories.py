"""Random histories of accounts: what may happen to them, drawn from one source of chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

DAY = timedelta(days=1)
PREPAID = ("advance", "advance", "daily")
FEES = (0, 1, 7, 29, 30, 31, 999, 10001, 30000, 30011, 56000, 90000)
BILLING_DAYS = (1, 1, 15, 28, 29, 30, 31)


@dataclass(frozen=True)
class Step:
    """One call on every party; `key` names a payment that a reversal can point to."""

    name: str
    args: tuple[Any, ...] = ()
    key: int = 0


@dataclass(frozen=True)
class History:
    """What is played; with `asks_anew` the next due day is computed again on each day.

    With `quiet` nobody is cut off at a weekend or before it, with `grace` not for so many days.
    `tax` are rates in percent by their first day.
    """

    first_day: date
    tariffs: tuple[tuple[Any, ...], ...]
    accounts: tuple[tuple[Any, ...], ...]
    steps: tuple[Step, ...]
    asks_anew: bool = False
    quiet: bool = False
    grace: int = 0
    tax: tuple[tuple[date, int], ...] = ()


@dataclass
class Writer:
    """Writes a history step by step; knows only what is needed to write sensible ones."""

    chance: Random
    day: date
    modes: dict[str, str]
    services: dict[str, list[str]]
    steps: list[Step] = field(default_factory=list)
    payments: list[tuple[str, int]] = field(default_factory=list)
    versions: set[tuple[str, date]] = field(default_factory=set)
    keys: int = 0

    def write(self, name: str, *args: Any) -> None:
        self.steps.append(Step(name, args))

    def soon(self, back: int = 2, ahead: int = 45) -> date:
        return self.day + self.chance.randint(-back, ahead) * DAY

    def tariff(self) -> str:
        return self.chance.choice(list(self.modes))

    # what happens

    def pay(self, number: str, _: int) -> None:
        amount = self.chance.choice([self.chance.randint(1, 3000), self.chance.randint(1, 130000)])
        self.keys += 1
        self.payments.append((number, self.keys))
        self.steps.append(Step("pay", (number, amount), self.keys))

    def reverse(self, number: str, _: int) -> None:
        own = [payment for payment in self.payments if payment[0] == number]
        if own:
            payment = self.chance.choice(own)
            self.payments.remove(payment)
            self.steps.append(Step("reverse", (number,), payment[1]))

    def promise(self, number: str, _: int) -> None:
        fee = self.chance.choice([0, 0, 500])
        amount = self.chance.choice([500, 20000, 60000, 120000])
        self.write("promise", number, amount, self.chance.randint(1, 12), fee)

    def credit(self, number: str, _: int) -> None:
        self.write("credit", number, self.chance.choice([0, 0, 1000, 20000, 100000]))

    def fee(self, number: str, _: int) -> None:
        self.write("fee", number, self.chance.randint(1, 9000), self.chance.random() < 0.5)

    def service(self, number: str, _: int) -> None:
        own = self.services[number]
        if len(own) >= 4:
            return
        start = self.chance.choice([None, None, self.soon(0, 40)])
        tariff = self.tariff()
        own.append(tariff)
        self.write("service", number, tariff, start, self.chance.randint(1, 3))

    def freeze(self, number: str, _: int) -> None:
        start = self.soon(0, 25)
        self.write("freeze", number, start, start + self.chance.randint(1, 40) * DAY)

    def unfreeze(self, number: str, _: int) -> None:
        on = self.chance.choice([None, self.soon(1, 20)])
        self.write("unfreeze", number, self.chance.randint(1, 3), on)

    def change_tariff(self, number: str, service: int) -> None:
        on = self.chance.choice(["asap", "asap", "next-period", self.soon(1, 40)])
        self.write("change_tariff", number, service, self.tariff(), on, self.chance.random() < 0.35)

    def end(self, number: str, service: int) -> None:
        self.write("end", number, service, self.chance.choice([None, self.soon(1, 40)]))

    def connect_and_cancel(self, number: str, _: int) -> None:
        self.service(number, 0)
        self.write("end", number, len(self.services[number]), None)

    def discount(self, number: str, service: int) -> None:
        start = self.soon(45, 40)
        size = self.chance.choice([(50, 0), (33, 0), (100, 0), (70, 0), (0, 5000), (0, 90000)])
        self.write(
            "discount", number, service, start, start + self.chance.randint(1, 50) * DAY, *size
        )

    def suspend(self, number: str, service: int) -> None:
        self.write("suspend", number, service, self.chance.random() < 0.6)

    def billing_day(self, number: str, _: int) -> None:
        day = self.chance.choice(BILLING_DAYS)
        for ahead in self.chance.sample(range(1, 70), 12):
            start = self.day + ahead * DAY
            if start.day in {*BILLING_DAYS, day}:
                self.write("billing_day", number, day, start)

    def version(self, _: str, __: int) -> None:
        tariff, start = self.tariff(), self.soon(0, 40)
        if (tariff, start) not in self.versions:
            self.versions.add((tariff, start))
            existing = self.chance.choice(["move", "keep"])
            self.write("version", tariff, self.chance.choice(FEES), start, existing)

    def compensate(self, number: str, _: int) -> None:
        first = self.soon(40, 0)
        begun = datetime(first.year, first.month, first.day, self.chance.randint(0, 23), tzinfo=UTC)
        over = begun + timedelta(hours=self.chance.randint(1, 90))
        self.write("compensate", number, begun, over, f"outage-{len(self.steps)}")

    def recalculate(self, number: str, service: int) -> None:
        start = self.soon(60, -1)
        end = min(self.day, start + self.chance.randint(1, 30) * DAY)
        tariff = self.chance.choice([None, self.tariff()])
        percent = self.chance.choice([None, 0, 50])
        served = self.chance.choice([None, None, True, False])
        confirm = self.chance.random() < 0.7
        self.write("recalculate", number, service, start, end, tariff, percent, served, confirm)

    def lasts(self, number: str, _: int) -> None:
        self.write("lasts", number)


Act = Callable[[Writer, str, int], None]
MONEY: tuple[Act, ...] = (
    Writer.pay,
    Writer.pay,
    Writer.pay,
    Writer.reverse,
    Writer.promise,
    Writer.promise,
    Writer.credit,
    Writer.fee,
)
PLAIN: tuple[Act, ...] = (
    *MONEY,
    Writer.service,
    Writer.service,
    Writer.freeze,
    Writer.freeze,
    Writer.unfreeze,
    Writer.change_tariff,
    Writer.change_tariff,
    Writer.change_tariff,
    Writer.end,
    Writer.connect_and_cancel,
    Writer.discount,
    Writer.discount,
    Writer.suspend,
    Writer.suspend,
    Writer.billing_day,
    Writer.version,
)
CORRECTIONS: tuple[Act, ...] = (Writer.compensate, Writer.recalculate, Writer.recalculate)
ALL: tuple[Act, ...] = (*PLAIN, *CORRECTIONS, Writer.lasts)


def write_history(
    chance: Random,
    *,
    days: int = 150,
    acts: tuple[Act, ...] = ALL,
    quiet: bool = False,
    grace: int = 0,
) -> History:
    """A history of some days over one or two accounts, each with up to four services."""
    connection_fee = chance.choice([0, 0, 777])
    modes = {"adv": "advance", "adv2": "advance", "day": "daily", "day2": "daily", "arr": "arrears"}
    tariffs = tuple(
        (code, mode, chance.choice(FEES), chance.choice([0, 10, 40]), connection_fee)
        for code, mode in modes.items()
    )
    accounts = tuple(
        (f"A-{no}", chance.choice(BILLING_DAYS), chance.choice([0, 0, 5000]))
        for no in range(1, chance.choice([1, 1, 2]) + 1)
    )
    first = date(2027, 1, 1) + chance.randint(0, 800) * DAY
    writer = Writer(chance, first, modes, {account[0]: [] for account in accounts})
    for number in writer.services:
        writer.service(number, 0)
    while (writer.day - first).days < days:
        for _ in range(chance.choice([0, 1, 1, 2])):
            number = chance.choice(list(writer.services))
            chance.choice(acts)(writer, number, chance.randint(1, len(writer.services[number])))
        passed = chance.choice([1, 1, 1, 2, 3, 7, chance.randint(8, 40)])
        writer.write("close", passed, chance.random() < 0.3)
        writer.day += passed * DAY
    asks_anew = chance.random() < 0.1
    rates = [(first + chance.randint(-20, days) * DAY, chance.choice([0, 10, 22])) for _ in "12"]
    tax = ((date(2000, 1, 1), 20), *rates[: chance.randint(0, 2)])
    return History(first, tariffs, accounts, tuple(writer.steps), asks_anew, quiet, grace, tax)
