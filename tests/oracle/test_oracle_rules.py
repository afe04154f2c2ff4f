"""The oracle against rules of the engine that no worked example shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.oracle.calendar_periods import share
from tests.oracle.oracle import Oracle, Refused

A = "A-1"


def opened(first_day: date, *, billing_day: int = 1, **tariffs: tuple[str, int]) -> Oracle:
    """Open an installation with one account and tariffs given as code=(mode, fee)."""
    oracle = Oracle(first_day)
    for code, (mode, fee) in tariffs.items():
        oracle.tariff(code, mode, fee)  # type: ignore[arg-type]
    oracle.account(A, billing_day)
    return oracle


def go(oracle: Oracle, day: date) -> None:
    """Close days until `day` is open."""
    while oracle.day < day:
        oracle.close_day()


def april(day: int) -> date:
    """Give a day of April 2026."""
    return date(2026, 4, day)


def test_a_change_that_is_not_covered_names_what_is_missing() -> None:
    """Section 4: refused with the missing amount unless asked to apply anyway."""
    oracle = opened(april(1), mid=("advance", 60000), top=("advance", 120000))
    oracle.pay(A, 70000)
    oracle.service(A, "mid")
    go(oracle, april(16))
    with pytest.raises(Refused) as refusal:
        oracle.change_tariff(A, 1, "top")
    # Tomorrow: 14 days at 4000 against 10000 and 14 days at 2000 given back.
    assert refusal.value.missing == 56000 - 38000
    assert oracle.change_tariff(A, 1, "top", anyway=True) == april(17)
    assert oracle.balance(A) == 38000
    go(oracle, april(17))
    assert oracle.state(A, 1) == "suspended"


def test_a_served_day_keeps_its_charge_when_another_service_waits_for_money() -> None:
    """A change of today may not lose today's share to a service before it in the order."""
    oracle = opened(
        april(1), big=("advance", 90000), low=("advance", 30000), mid=("advance", 33000)
    )
    oracle.service(A, "big", priority=1)
    oracle.service(A, "low", priority=2)
    oracle.pay(A, 60000)
    go(oracle, april(16))
    assert [oracle.state(A, each) for each in (1, 2)] == ["suspended", "served"]
    assert oracle.change_tariff(A, 2, "mid") == april(16)
    assert [oracle.state(A, each) for each in (1, 2)] == ["suspended", "served"]
    assert oracle.net(A, 2, april(16)) == 1100


def test_a_billing_day_change_charges_a_tail_of_the_new_period() -> None:
    """Section 4: postpaid by the old shares, then the tail by the new."""
    oracle = opened(date(2026, 3, 1), tv=("arrears", 30000), inet=("advance", 31000))
    oracle.pay(A, 200000)
    oracle.service(A, "tv")
    oracle.service(A, "inet")
    oracle.billing_day(A, 11, april(1))
    go(oracle, april(1))
    # The old period's 30000, then 10 of the 31 days of 11 March to 11 April.
    assert oracle.balance(A) == 200000 - 31000 - 30000 - 10000
    go(oracle, april(11))
    tail = sum(share(30000, place, 31) for place in range(22, 32))
    assert oracle.balance(A) == 129000 - tail - 31000


def test_an_outage_gives_back_past_dates_once_and_recalculation_respects_it() -> None:
    """Section 4: compensation, and recalculation over it."""
    oracle = opened(april(1), inet=("advance", 60000))
    oracle.pay(A, 60000)
    oracle.service(A, "inet")
    go(oracle, april(10))
    begun, over = datetime(2026, 4, 3, 20, tzinfo=UTC), datetime(2026, 4, 5, 2, tzinfo=UTC)
    assert oracle.compensate(A, begun, over, "outage-1") == 4000
    assert oracle.compensate(A, begun, over, "outage-1") == 0
    rows = oracle.recalculate(A, 1, april(2), april(5), discount_percent=50)
    assert [row[3] for row in rows] == [-1000, 0, 0]
    assert oracle.balance(A) == 4000
    oracle.recalculate(A, 1, april(2), april(5), discount_percent=50, confirm=True)
    assert oracle.balance(A) == 5000
    oracle.recalculate(A, 1, april(2), april(5), discount_percent=50, confirm=True)
    assert oracle.balance(A) == 5000


def test_a_compensated_postpaid_day_is_left_out_of_its_charge() -> None:
    """A day not charged yet has nothing to give back, and is never charged."""
    oracle = opened(april(1), tv=("arrears", 30000))
    oracle.service(A, "tv")
    go(oracle, april(10))
    begun = datetime(2026, 4, 3, tzinfo=UTC)
    assert oracle.compensate(A, begun, begun + timedelta(days=1), "outage-2") == 0
    go(oracle, date(2026, 5, 1))
    assert oracle.balance(A) == -29000


def test_a_hand_suspension_counts_from_tomorrow_and_is_lifted_today() -> None:
    """Postpaid services are suspended by hand, not by lack of funds."""
    oracle = opened(april(1), tv=("arrears", 30000))
    oracle.service(A, "tv")
    go(oracle, april(10))
    oracle.suspend(A, 1, on=True)
    assert oracle.state(A, 1) == "served"
    go(oracle, april(15))
    assert oracle.state(A, 1) == "suspended"
    oracle.suspend(A, 1, on=False)
    assert oracle.state(A, 1) == "served"
    go(oracle, date(2026, 5, 1))
    assert oracle.balance(A) == -26000


def test_a_connection_fee_is_part_of_the_first_due() -> None:
    """Lacking funds, neither the fee nor the days are posted."""
    oracle = opened(april(1))
    oracle.tariff("inet", "advance", 60000, connection_fee=5000)
    oracle.pay(A, 60000)
    oracle.service(A, "inet")
    assert (oracle.balance(A), oracle.state(A, 1)) == (60000, "suspended")
    oracle.pay(A, 5000)
    assert (oracle.balance(A), oracle.state(A, 1)) == (0, "served")
    go(oracle, date(2026, 5, 1))
    oracle.pay(A, 60000)
    assert (oracle.balance(A), oracle.state(A, 1)) == (0, "served")


def test_nobody_is_cut_off_on_quiet_days() -> None:
    """Section 5: the engine lends what step 4 lacks until the first day that is not quiet."""
    oracle = Oracle(april(1), quiet=lambda day: day.isoweekday() in {5, 6, 7})
    oracle.tariff("inet", "daily", 30000)
    oracle.account(A, 1)
    oracle.pay(A, 2500)
    oracle.service(A, "inet")
    go(oracle, april(5))
    assert oracle.state(A, 1) == "served"
    assert oracle.balance(A) == -2500
    go(oracle, april(6))
    assert oracle.state(A, 1) == "suspended"
    assert {promise.outcome for promise in oracle.promises(A)} == {"broken"}


def test_days_of_grace_are_given_once_and_lend_what_lacks_on_each() -> None:
    """Section 5: until the first day on which cutting off is allowed."""
    oracle = Oracle(april(1), grace=3)
    oracle.tariff("inet", "daily", 30000)
    oracle.account(A, 1)
    oracle.pay(A, 2500)
    oracle.service(A, "inet")
    go(oracle, april(5))
    assert oracle.promised(A) == [(True, 2500, april(6), "active")]
    assert oracle.state(A, 1) == "served"
    go(oracle, april(9))
    assert oracle.promised(A) == [(True, 2500, april(6), "broken")]
    assert (oracle.state(A, 1), oracle.balance(A)) == ("suspended", -2500)


def test_a_promise_by_hand_takes_the_place_of_an_automatic_one() -> None:
    """Section 5: an automatic promise never counts for ALREADY."""
    oracle = Oracle(april(1), grace=3)
    oracle.tariff("inet", "daily", 30000)
    oracle.account(A, 1)
    oracle.pay(A, 2500)
    oracle.service(A, "inet")
    go(oracle, april(4))
    oracle.promise(A, 5000, 3)
    assert [each.outcome for each in oracle.promises(A)] == ["replaced", "active"]
    assert oracle.funds(A) == 2500 - 4000 + 5000
    with pytest.raises(Refused):
        oracle.promise(A, 5000, 3)


def test_a_service_stated_before_its_start_is_charged_once() -> None:
    """Section 1: also when it becomes postpaid before it starts."""
    oracle = opened(april(1), inet=("advance", 30000), tv=("arrears", 30000))
    oracle.service(A, "inet", april(20))
    go(oracle, april(10))
    oracle.recalculate(A, 1, april(5), april(10), served=True, confirm=True)
    assert oracle.balance(A) == -5000
    oracle.change_tariff(A, 1, "tv")
    go(oracle, date(2026, 5, 1))
    assert oracle.balance(A) == -5000 - 11000
    assert oracle.net(A, 1, april(7)) == 1000


def test_of_a_due_split_by_a_tax_rate_the_later_days_go_back_first() -> None:
    """Section 4, step 3: each entry of a due is a charge, and the newest gives back first."""
    oracle = Oracle(april(1), tax=[(date(2026, 1, 1), 20), (april(16), 22)])
    oracle.tariff("inet", "advance", 60000)
    oracle.account(A, 1)
    oracle.pay(A, 70000)
    oracle.service(A, "inet")
    go(oracle, april(11))
    oracle.reverse(A, 1)
    go(oracle, april(12))
    # -60000 with 38000 held: 30000 of the days from the 16th go back, then 8000 of those before.
    assert (oracle.balance(A), oracle.state(A, 1)) == (-22000, "suspended")
    oracle.pay(A, 25000)
    oracle.fee(A, 10000, into_debt=True)
    assert oracle.state(A, 1) == "suspended"


def test_entries_do_not_span_a_change_of_tax_rate() -> None:
    """Section 2: each entry has one rate, that of its days."""
    oracle = Oracle(april(1), tax=[(date(2026, 1, 1), 20), (april(16), 22)])
    oracle.tariff("inet", "advance", 60000)
    oracle.account(A, 1)
    oracle.pay(A, 60000)
    oracle.service(A, "inet")
    charges = [posting for posting in oracle.postings(A) if posting.kind == "charge"]
    assert [(each.amount, each.rate, each.tax) for each in charges] == [
        (-30000, 20, 5000),
        (-30000, 22, 5410),
    ]


def test_a_zero_fee_is_refused_while_funds_are_below_zero() -> None:
    """Section 4: coverage is recorded even when the share is 0, and 0 is refused in debt."""
    oracle = opened(april(1), free=("advance", 0))
    oracle.service(A, "free")
    assert oracle.state(A, 1) == "served"
    assert oracle.money_lasts_until(A) is None
    oracle.fee(A, 100, into_debt=True)
    go(oracle, april(2))
    assert oracle.state(A, 1) == "suspended"
    oracle.pay(A, 100)
    assert oracle.state(A, 1) == "served"
