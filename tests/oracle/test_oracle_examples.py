"""The oracle against the worked examples of the engine's rules, row by row."""

from __future__ import annotations

from datetime import date, timedelta

from tests.oracle.calendar_periods import share
from tests.oracle.oracle import Oracle

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


def served_days(oracle: Oracle, service: int, first: date, last: date) -> list[date]:
    """List the served days from first to last, both included."""
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    return [day for day in days if oracle.served(A, service, day)]


def test_a_the_days_14_to_31_of_march_cost_32516() -> None:
    """Row A."""
    assert sum(share(56000, day, 31) for day in range(14, 32)) == 32516


def test_a2_the_shares_of_february_sum_to_the_fee() -> None:
    """Row A2."""
    assert [share(50000, day, 28) for day in (1, 2, 28)] == [1786, 1785, 1786]
    assert sum(share(50000, day, 28) for day in range(1, 29)) == 50000


def test_b_a_daily_service_is_served_while_money_lasts() -> None:
    """Rows B and B2."""
    oracle = opened(date(2026, 3, 1), inet=("daily", 56000))
    oracle.pay(A, 10000)
    service = oracle.service(A, "inet")
    assert oracle.money_lasts_until(A) == date(2026, 3, 5)
    go(oracle, date(2026, 3, 6))
    assert oracle.state(A, service) == "suspended"
    assert oracle.balance(A) == 968
    go(oracle, date(2026, 3, 10))
    assert oracle.money_lasts_until(A) is None
    assert oracle.balance(A) == 968
    oracle.pay(A, 30000)
    assert oracle.state(A, service) == "served"
    assert oracle.net(A, service, date(2026, 3, 10)) == 1807
    assert oracle.balance(A) == 29161
    served = served_days(oracle, service, date(2026, 3, 1), date(2026, 3, 10))
    assert [day.day for day in served] == [1, 2, 3, 4, 5, 10]


def row_c() -> Oracle:
    """Play row C up to the evening of 1 April."""
    oracle = opened(date(2026, 3, 14), inet=("advance", 56000))
    oracle.service(A, "inet")
    assert oracle.state(A, 1) == "suspended"
    oracle.pay(A, 56000)
    assert oracle.balance(A) == 23484
    assert oracle.state(A, 1) == "served"
    assert oracle.money_lasts_until(A) == date(2026, 3, 31)
    go(oracle, april(1))
    return oracle


def test_c_an_advance_service_is_suspended_when_its_due_exceeds_funds() -> None:
    """Rows C and C2."""
    oracle = row_c()
    assert oracle.state(A, 1) == "suspended"
    assert oracle.balance(A) == 23484


def test_c_a_broken_promise_pays_exactly_the_days_it_served() -> None:
    """Rows C3, C4 and C5."""
    oracle = row_c()
    oracle.promise(A, 40000, 5)
    assert oracle.balance(A) == -32516
    assert oracle.state(A, 1) == "served"
    assert oracle.money_lasts_until(A) == april(5)
    go(oracle, april(6))
    assert oracle.promises(A)[0].outcome == "broken"
    assert oracle.balance(A) == 14151
    assert oracle.state(A, 1) == "suspended"
    assert sum(oracle.net(A, 1, april(day)) for day in range(1, 31)) == 56000 - 46667
    oracle.pay(A, 40000)
    assert oracle.balance(A) == 7484
    assert oracle.state(A, 1) == "served"


def test_d_a_dearer_tariff_applies_today_and_a_cheaper_one_tomorrow() -> None:
    """Rows D and D2."""
    oracle = opened(
        april(1), mid=("advance", 56000), top=("advance", 90000), low=("advance", 30000)
    )
    oracle.pay(A, 100000)
    oracle.service(A, "mid")
    go(oracle, april(16))
    assert oracle.balance(A) == 44000
    assert oracle.change_tariff(A, 1, "top") == april(16)
    assert oracle.balance(A) == 27000
    assert oracle.change_tariff(A, 1, "low") == april(17)
    assert oracle.balance(A) == 69000
    go(oracle, april(17))
    assert oracle.balance(A) == 55000
    assert oracle.net(A, 1, april(16)) == 3000
    assert len(served_days(oracle, 1, april(1), april(17))) == 17


def test_d3_an_advance_charge_stops_at_a_scheduled_change() -> None:
    """Row D3."""
    oracle = opened(date(2026, 3, 20), mid=("advance", 56000), top=("advance", 90000))
    oracle.service(A, "mid")
    assert oracle.change_tariff(A, 1, "top", april(16)) == april(16)
    go(oracle, april(1))
    oracle.pay(A, 60000)
    assert oracle.balance(A) == 32000
    go(oracle, april(16))
    assert oracle.state(A, 1) == "suspended"
    assert oracle.balance(A) == 32000


def test_e_priority_decides_who_is_served_and_money_serves_the_other() -> None:
    """Rows E and E2."""
    oracle = opened(april(1), inet=("advance", 56000), tv=("advance", 20000))
    tv = oracle.service(A, "tv", priority=2)
    inet = oracle.service(A, "inet", priority=1)
    oracle.pay(A, 60000)
    assert (oracle.state(A, inet), oracle.state(A, tv)) == ("served", "suspended")
    assert oracle.balance(A) == 4000
    go(oracle, april(11))
    oracle.pay(A, 20000)
    assert oracle.state(A, tv) == "served"
    assert oracle.balance(A) == 10667


def test_f_a_freeze_gives_back_the_days_inside_it() -> None:
    """Row F."""
    oracle = opened(date(2026, 6, 1), inet=("advance", 60000))
    oracle.pay(A, 60000)
    oracle.service(A, "inet")
    go(oracle, date(2026, 6, 5))
    oracle.freeze(A, date(2026, 6, 11), date(2026, 6, 21))
    assert oracle.balance(A) == 20000
    go(oracle, date(2026, 6, 11))
    assert oracle.state(A, 1) == "frozen"
    go(oracle, date(2026, 6, 30))
    assert oracle.balance(A) == 20000
    served = served_days(oracle, 1, date(2026, 6, 1), date(2026, 6, 30))
    assert [day.day for day in served] == [*range(1, 11), *range(21, 31)]
    oracle.pay(A, 40000)
    assert oracle.balance(A) == 60000
    go(oracle, date(2026, 7, 1))
    assert oracle.balance(A) == 0


def test_f2_a_freeze_known_before_is_left_out_of_the_charge() -> None:
    """Row F2."""
    oracle = opened(date(2026, 5, 31), inet=("advance", 60000))
    oracle.service(A, "inet", date(2026, 6, 1))
    oracle.freeze(A, date(2026, 6, 11), date(2026, 6, 21))
    oracle.pay(A, 60000)
    assert oracle.state(A, 1) == "planned"
    go(oracle, date(2026, 6, 1))
    assert oracle.balance(A) == 20000


def test_g_postpaid_days_are_charged_on_the_next_periods_first_day() -> None:
    """Row G."""
    oracle = opened(date(2026, 1, 20), tv=("arrears", 30000))
    oracle.service(A, "tv")
    go(oracle, date(2026, 1, 31))
    assert oracle.balance(A) == 0
    go(oracle, date(2026, 2, 1))
    assert oracle.balance(A) == -11613
    go(oracle, date(2026, 3, 1))
    assert oracle.balance(A) == -41613
    served = served_days(oracle, 1, date(2026, 1, 20), date(2026, 3, 1))
    assert len(served) == 12 + 28 + 1


def test_m_an_arrears_charge_counts_from_its_due_day() -> None:
    """Row M."""
    oracle = opened(date(2026, 1, 1), inet=("advance", 56000))
    oracle.tariff("tv", "arrears", 30000, due_days=15)
    tv = oracle.service(A, "tv", priority=2)
    inet = oracle.service(A, "inet", priority=1)
    oracle.pay(A, 56000)
    go(oracle, date(2026, 2, 1))
    oracle.pay(A, 56000)
    assert (oracle.state(A, inet), oracle.state(A, tv)) == ("served", "served")
    assert (oracle.balance(A), oracle.funds(A)) == (-30000, 0)
    go(oracle, date(2026, 2, 15))
    assert oracle.balance(A) == -30000
    go(oracle, date(2026, 2, 16))
    assert (oracle.state(A, inet), oracle.state(A, tv)) == ("suspended", "served")
    assert oracle.balance(A) == -4000


def test_h_billing_day_31_is_clamped_but_never_forgotten() -> None:
    """Row H."""
    oracle = opened(date(2026, 1, 31), billing_day=31, inet=("advance", 60000))
    oracle.pay(A, 1000000)
    oracle.service(A, "inet")
    go(oracle, date(2026, 5, 30))
    charges = [posting for posting in oracle.postings(A) if posting.kind == "charge"]
    assert [posting.day for posting in charges] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        april(30),
    ]
    assert {posting.amount for posting in charges} == {-60000}


def test_k_a_discount_known_before_lowers_the_charge() -> None:
    """Row K."""
    oracle = opened(date(2026, 3, 31), inet=("advance", 60000))
    oracle.pay(A, 60000)
    oracle.service(A, "inet", april(1))
    oracle.discount(A, 1, april(11), april(21), percent=50)
    go(oracle, april(1))
    assert oracle.balance(A) == 10000


def test_k2_a_discount_given_later_posts_the_difference_at_once() -> None:
    """Row K2."""
    oracle = opened(april(1), inet=("advance", 60000))
    oracle.pay(A, 60000)
    oracle.service(A, "inet")
    go(oracle, april(5))
    oracle.discount(A, 1, april(11), april(21), percent=50)
    assert oracle.balance(A) == 10000


def test_r_a_reversal_suspends_at_tomorrows_opening() -> None:
    """Row R."""
    oracle = opened(april(1), inet=("advance", 60000))
    payment = oracle.pay(A, 60000)
    oracle.service(A, "inet")
    go(oracle, april(10))
    oracle.reverse(A, payment)
    assert oracle.state(A, 1) == "served"
    assert oracle.balance(A) == -60000
    go(oracle, april(11))
    assert oracle.state(A, 1) == "suspended"
    assert oracle.balance(A) == -20000


def test_x_an_ended_service_gives_back_its_unused_days() -> None:
    """Row X."""
    oracle = opened(april(1), inet=("advance", 60000))
    oracle.pay(A, 60000)
    oracle.service(A, "inet")
    go(oracle, april(10))
    assert oracle.end(A, 1) == april(11)
    assert oracle.state(A, 1) == "served"
    assert oracle.balance(A) == 40000
    go(oracle, april(11))
    assert oracle.state(A, 1) == "ended"
    assert oracle.balance(A) == 40000
