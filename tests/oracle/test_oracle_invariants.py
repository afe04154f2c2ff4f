"""The oracle against the promises of section 1, in any order of events."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.oracle.changes import When
from tests.oracle.opening import settle
from tests.oracle.oracle import Oracle, Refused
from tests.oracle.prices import share_on
from tests.oracle.state import Account, Service

A = "A-1"
DAY = timedelta(days=1)
TARIFFS = ["adv-low", "adv-high", "day-low", "day-high", "arr", "free"]
Act = Callable[[], object]


def opened(chance: random.Random) -> Oracle:
    """Open an installation near a month of every length, with a tariff of each mode."""
    first = date(2027, chance.randint(1, 12), 1) + chance.randint(0, 400) * DAY
    quiet = chance.choice([None, lambda day: day.isoweekday() > 5])
    oracle = Oracle(first, quiet=quiet)
    oracle.tariff("adv-low", "advance", 30011, connection_fee=chance.choice([0, 777]))
    oracle.tariff("adv-high", "advance", 56000)
    oracle.tariff("day-low", "daily", 20001)
    oracle.tariff("day-high", "daily", 70001, connection_fee=chance.choice([0, 555]))
    oracle.tariff("arr", "arrears", 30000, due_days=chance.choice([0, 10, 40]))
    oracle.tariff("free", "advance", 0)
    oracle.account(A, chance.randint(1, 31), chance.choice([0, 0, 5000]))
    oracle.service(A, chance.choice(TARIFFS))
    return oracle


def money_acts(oracle: Oracle, chance: random.Random) -> list[Act]:
    """List what may happen to the money."""
    return [
        lambda: oracle.pay(A, chance.randint(1, 60000)),
        lambda: oracle.pay(A, chance.randint(1, 60000)),
        lambda: oracle.reverse(A, chance.randint(1, 6)),
        lambda: oracle.promise(A, chance.randint(1, 60000), chance.randint(1, 9), 100),
        lambda: oracle.credit(A, chance.choice([0, 0, 1000, 20000])),
        lambda: oracle.fee(A, chance.randint(1, 9000), into_debt=chance.random() < 0.5),
    ]


def service_acts(oracle: Oracle, chance: random.Random, service: int) -> list[Act]:
    """List what may happen to a service."""
    soon = oracle.day + chance.randint(-3, 40) * DAY
    later = soon + chance.randint(1, 40) * DAY
    tariff = chance.choice(TARIFFS)
    some: When = chance.choice(["asap", "asap", "next-period", soon])
    percent, amount = chance.choice([(50, 0), (33, 0), (70, 0), (0, 5000)])
    return [
        lambda: oracle.service(A, tariff, chance.choice([None, soon]), chance.randint(1, 3)),
        lambda: oracle.change_tariff(A, service, tariff, some, anyway=chance.random() < 0.3),
        lambda: oracle.change_tariff(A, service, tariff, some, anyway=chance.random() < 0.3),
        lambda: oracle.end(A, service, chance.choice([None, soon])),
        lambda: oracle.discount(A, service, soon, later, percent, amount),
        lambda: oracle.suspend(A, service, on=chance.random() < 0.5),
        lambda: oracle.freeze(A, soon, later),
        lambda: oracle.unfreeze(A, chance.randint(1, 3), chance.choice([None, soon])),
        lambda: oracle.billing_day(A, chance.randint(1, 31), soon),
        lambda: oracle.version(
            tariff, chance.randint(3000, 60000), soon, chance.choice(["move", "keep"])
        ),
    ]


def check(oracle: Oracle, account: Account) -> None:
    """Check every day of every service, the balance, and that settling again changes nothing."""
    for service in account.services:
        day = service.start
        while day <= oracle.day:
            check_day(account, service, day)
            day += DAY
    assert account.balance == oracle.balance(A)
    before = (account.balance, [set(each.served) for each in account.services])
    settle(account, oracle.day)
    assert before == (account.balance, [set(each.served) for each in account.services])


def check_day(account: Account, service: Service, day: date) -> None:
    """A prepaid day is charged exactly once if served, and never if it was not."""
    net, served = service.net.get(day, 0), day in service.served
    if service.mode_on(day) == "arrears":
        assert net == (share_on(account, service, day) if day in service.billed else 0)
    elif served:
        assert net == share_on(account, service, day)
    else:
        assert net == 0
    assert not (served and account.frozen_on(day))
    assert not served or service.lives_on(day)


@pytest.mark.parametrize("seed", range(40))
def test_a_day_is_charged_exactly_if_served_in_any_order_of_events(seed: int) -> None:
    """Play a hundred days of random events; look at every day after each."""
    chance = random.Random(seed)
    oracle = opened(chance)
    account = oracle._accounts[A]
    for _ in range(100):
        for _ in range(chance.choice([0, 0, 1, 2])):
            service = chance.randint(1, len(account.services))
            acts = [money_acts(oracle, chance), service_acts(oracle, chance, service)]
            with suppress(Refused):
                chance.choice(chance.choice(acts))()
            check(oracle, account)
        if chance.random() < 0.1:
            lasts = oracle.money_lasts_until(A)
            assert lasts is None or lasts >= oracle.day
        oracle.close_day()
        check(oracle, account)
        if account.funds(oracle.day) < 0:
            prepaid = [each for each in account.services if each.mode_on(oracle.day) != "arrears"]
            assert not any(oracle.day in each.served for each in prepaid)


@pytest.mark.parametrize("seed", range(30))
def test_money_lasts_exactly_until_the_day_it_says(seed: int) -> None:
    """Without further events the services are served to that day and not on the next."""
    chance = random.Random(seed)
    oracle = Oracle(date(2026, chance.randint(1, 12), 3))
    oracle.tariff("adv", "advance", chance.randint(1000, 60000))
    oracle.tariff("day", "daily", chance.randint(1000, 60000))
    oracle.account(A, chance.randint(1, 31))
    oracle.service(A, "adv")
    oracle.service(A, "day", None, 2)
    oracle.pay(A, 150000)
    lasts = oracle.money_lasts_until(A)
    assert lasts is not None
    while oracle.day < lasts:
        oracle.close_day()
        assert {oracle.state(A, each) for each in (1, 2)} == {"served"}
    oracle.close_day()
    assert "suspended" in {oracle.state(A, each) for each in (1, 2)}


@pytest.mark.parametrize("seed", range(40))
def test_corrections_are_posted_once(seed: int) -> None:
    """A second compensation or recalculation of the same facts posts nothing."""
    chance = random.Random(seed)
    oracle = opened(chance)
    oracle.pay(A, 90000)
    for _ in range(60):
        oracle.close_day()
    past = oracle.day - chance.randint(5, 50) * DAY
    begun = datetime(past.year, past.month, past.day, 20, tzinfo=UTC)
    oracle.compensate(A, begun, begun + timedelta(hours=chance.randint(1, 90)), "one")
    after = oracle.balance(A)
    assert oracle.compensate(A, begun, begun + timedelta(hours=1), "one") == 0
    assert oracle.balance(A) == after
    stated = {"discount_percent": 25, "served": chance.choice([None, True, False])}
    first, last = past - 3 * DAY, past + 5 * DAY
    rows = oracle.recalculate(A, 1, first, last, "adv-high", **stated, confirm=True)  # type: ignore[arg-type]
    assert oracle.balance(A) == after - sum(row[3] for row in rows)
    assert all(oracle.net(A, 1, row[0]) == row[2] for row in rows)
    again = oracle.recalculate(A, 1, first, last, "adv-high", **stated, confirm=True)  # type: ignore[arg-type]
    assert not any(row[3] for row in again)
