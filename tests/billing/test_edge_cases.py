"""Edge cases of the engine's contract that need nothing but its rules."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from abonent.billing.rules.book import Book, Kind, Mode, Policy, Service, Tariff, Term, Version
from abonent.billing.rules.changes import pay
from abonent.billing.rules.opening import bring_to, react
from abonent.billing.rules.periods import FAR, BillingDay, Period, period_of
from abonent.billing.rules.schedule import next_due
from tests.billing.subject import Refusal, Subject

A = "1"


def through(subject: Subject, day: date) -> None:
    while subject.day < day:
        subject.close_day()


def opened(first: date, mode: str, fee: int, billing_day: int = 1) -> Subject:
    subject = Subject(first, keeps_due=True)
    subject.tariff("t", mode, fee)
    subject.account(A, billing_day)
    return subject


@pytest.mark.parametrize(
    ("day", "billing_day", "expected"),
    [
        (date(2028, 2, 29), 29, Period(date(2028, 2, 29), date(2028, 3, 29))),
        (date(2027, 2, 28), 29, Period(date(2027, 2, 28), date(2027, 3, 29))),
        (date(2028, 2, 28), 30, Period(date(2028, 1, 30), date(2028, 2, 29))),
        (date(2028, 2, 29), 31, Period(date(2028, 2, 29), date(2028, 3, 31))),
        (date(2027, 12, 31), 31, Period(date(2027, 12, 31), date(2028, 1, 31))),
        (date(2028, 1, 30), 31, Period(date(2027, 12, 31), date(2028, 1, 31))),
    ],
)
def test_a_period_is_clamped_to_the_month_and_counted_from_the_configured_day(
    day: date, billing_day: int, expected: Period
) -> None:
    assert period_of(day, billing_day) == expected


@pytest.mark.parametrize("billing_day", [29, 30, 31])
def test_late_billing_days_charge_every_day_of_a_leap_year_once(billing_day: int) -> None:
    s = opened(date(2028, 1, 1), "advance", 30000, billing_day)
    s.service(A, "t")
    s.pay(A, 10_000_000)
    through(s, date(2029, 1, 15))
    assert s.state(A, 1) == "served"
    assert len([e for e in s.entries[A] if e.kind is Kind.CHARGE]) == 13
    assert all(s.net(A, 1, date(2028, 1, 1) + timedelta(n)) > 900 for n in range(366))


def test_a_service_connected_and_cancelled_the_same_day_is_charged_that_day() -> None:
    s = opened(date(2026, 4, 10), "advance", 60000)
    s.pay(A, 60000)
    s.service(A, "t")
    assert s.end(A, 1) == date(2026, 4, 11)
    assert (s.balance(A), s.state(A, 1)) == (58000, "served")
    s.close_day()
    assert (s.balance(A), s.state(A, 1)) == (58000, "ended")


def test_a_planned_service_cancelled_before_its_start_never_lives() -> None:
    s = opened(date(2026, 4, 10), "advance", 60000)
    s.pay(A, 60000)
    s.service(A, "t", date(2026, 4, 20))
    assert s.end(A, 1) == date(2026, 4, 20)
    assert s.state(A, 1) == "ended"
    through(s, date(2026, 4, 21))
    assert s.balance(A) == 60000


def test_of_two_changes_on_one_day_the_last_one_holds() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.tariff("mid", "advance", 60000)
    s.tariff("top", "advance", 90000)
    s.pay(A, 200_000)
    s.service(A, "t")
    through(s, date(2026, 4, 16))
    assert s.change_tariff(A, 1, "top") == date(2026, 4, 16)
    assert s.change_tariff(A, 1, "mid") == date(2026, 4, 17)
    assert s.change_tariff(A, 1, "t") == date(2026, 4, 17)
    through(s, date(2026, 5, 1))
    assert s.balance(A) == 200_000 - 15000 - 3000 - 14000 - 30000


def test_a_promise_that_ends_on_the_periods_first_day_is_judged_before_the_charge() -> None:
    s = opened(date(2026, 4, 25), "advance", 30000)
    s.service(A, "t")
    s.promise(A, 6000, 6)
    assert (s.state(A, 1), s.balance(A)) == ("served", -6000)
    s.pay(A, 6000)
    through(s, date(2026, 5, 1))
    assert (s.state(A, 1), s.balance(A)) == ("suspended", 0)


def test_a_freeze_over_a_period_edge_gives_back_only_what_is_held() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.pay(A, 60000)
    s.service(A, "t")
    through(s, date(2026, 4, 20))
    s.freeze(A, date(2026, 4, 26), date(2026, 5, 6))
    assert s.balance(A) == 35000
    through(s, date(2026, 5, 5))
    assert (s.state(A, 1), s.balance(A)) == ("frozen", 35000)
    s.close_day()
    assert s.state(A, 1) == "served"
    assert s.balance(A) == 35000 - (30000 - 4839)


def test_a_discount_that_ends_in_mid_period_prices_each_day_by_itself() -> None:
    s = opened(date(2026, 4, 1), "daily", 30000)
    s.pay(A, 30000)
    s.service(A, "t")
    s.discount(A, 1, date(2026, 4, 5), date(2026, 4, 11), percent=50)
    through(s, date(2026, 4, 30))
    assert s.balance(A) == 3000
    assert [s.net(A, 1, date(2026, 4, d)) for d in (4, 5, 10, 11)] == [1000, 500, 500, 1000]


def test_a_fee_of_one_minor_unit_is_charged_on_one_day() -> None:
    s = opened(date(2026, 4, 1), "daily", 1)
    s.service(A, "t")
    s.pay(A, 1)
    through(s, date(2026, 4, 30))
    assert (s.balance(A), s.state(A, 1)) == (0, "served")
    assert [d for d in range(1, 31) if s.net(A, 1, date(2026, 4, d))] == [15]
    through(s, date(2026, 5, 15))
    assert s.state(A, 1) == "served"
    s.close_day()
    assert s.state(A, 1) == "suspended"


def test_a_zero_fee_is_served_until_funds_are_below_zero() -> None:
    s = opened(date(2026, 4, 1), "advance", 0)
    s.service(A, "t")
    assert (s.state(A, 1), s.money_lasts_until(A)) == ("served", None)
    s.fee(A, 100, into_debt=True)
    assert s.state(A, 1) == "served"
    s.close_day()
    assert s.state(A, 1) == "suspended"
    s.pay(A, 100)
    assert s.state(A, 1) == "served"


def test_reversing_a_spent_payment_leaves_the_served_days_owed() -> None:
    s = opened(date(2026, 4, 1), "daily", 30000)
    payment = s.pay(A, 30000)
    s.service(A, "t")
    through(s, date(2026, 4, 10))
    s.reverse(A, payment)
    assert (s.balance(A), s.state(A, 1)) == (-10000, "served")
    s.close_day()
    assert (s.balance(A), s.state(A, 1)) == (-10000, "suspended")


def test_an_account_without_services_is_never_due() -> None:
    s = opened(date(2026, 4, 1), "daily", 30000)
    s.pay(A, 30000)
    assert next_due(s.books[A]) == FAR
    through(s, date(2027, 4, 1))
    assert s.balance(A) == 30000


def test_days_without_service_are_not_charged_when_a_daily_service_returns_on_another_tariff() -> (
    None
):
    s = opened(date(2026, 4, 1), "daily", 30000)
    s.tariff("adv", "advance", 30000)
    s.service(A, "t")
    through(s, date(2026, 4, 16))
    s.change_tariff(A, 1, "adv", anyway=True)
    s.pay(A, 30000)
    through(s, date(2026, 4, 30))
    assert s.balance(A) == 15000


def test_a_connection_fee_of_a_postpaid_service_is_due_with_its_charge() -> None:
    s = Subject(date(2026, 4, 1))
    s.tariff("tv", "arrears", 30000, due_days=10, connection_fee=5000)
    s.account(A, 1)
    s.service(A, "tv")
    through(s, date(2026, 5, 10))
    assert (s.balance(A), s.funds(A)) == (-35000, 0)
    s.close_day()
    assert s.funds(A) == -35000


def test_a_change_of_today_keeps_a_served_day_served_whoever_waits_before_it() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.tariff("mid", "advance", 33000)
    s.tariff("big", "advance", 90000)
    s.service(A, "big", priority=1)
    s.service(A, "t", priority=2)
    s.pay(A, 60000)
    through(s, date(2026, 4, 16))
    assert s.change_tariff(A, 2, "mid") == date(2026, 4, 16)
    assert [s.state(A, n) for n in (1, 2)] == ["suspended", "served"]


def test_stating_the_recorded_tariff_moves_nobody_to_a_price_for_new_services() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.pay(A, 90000)
    s.service(A, "t")
    s.version("t", 60000, date(2026, 4, 10), "keep")
    through(s, date(2026, 5, 1))
    rows = s.recalculate(A, 1, date(2026, 4, 15), date(2026, 4, 20), tariff="t")
    assert {row[3] for row in rows} == {0}


def test_days_stated_as_served_or_not_are_so_even_where_they_cost_nothing() -> None:
    s = opened(date(2026, 4, 1), "advance", 0)
    s.service(A, "t")
    through(s, date(2026, 4, 10))
    days = date(2026, 4, 2), date(2026, 4, 4)
    s.recalculate(A, 1, *days, served=False, confirm=True)
    assert [s.served(A, 1, date(2026, 4, d)) for d in (1, 2, 3, 4)] == [True, False, False, True]
    before = len(s.entries[A])
    s.recalculate(A, 1, *days, served=False, confirm=True)
    assert len(s.entries[A]) == before


def test_only_a_living_postpaid_service_is_suspended_by_hand() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.service(A, "t")
    for asked in (True, False):
        with pytest.raises(Refusal, match="NOT_POSTPAID"):
            s.suspend(A, 1, asked)
    s.tariff("tv", "arrears", 30000)
    s.service(A, "tv")
    s.end(A, 2)
    s.suspend(A, 2, True)
    s.close_day()
    with pytest.raises(Refusal, match="ALREADY_ENDED"):
        s.suspend(A, 2, False)


def test_days_never_charged_are_corrected_by_one_entry_for_each_tax_rate() -> None:
    s = Subject(date(2026, 4, 1), tax=((date(2026, 1, 1), 20), (date(2026, 4, 6), 22)))
    s.tariff("t", "advance", 30000)
    s.account(A, 1)
    s.service(A, "t")
    through(s, date(2026, 4, 11))
    s.recalculate(A, 1, date(2026, 4, 1), date(2026, 4, 11), served=True, confirm=True)
    made = [(e.amount, e.tax_rate, e.period) for e in s.entries[A]]
    assert made == [
        (-5000, 2000, (date(2026, 4, 1), date(2026, 4, 6))),
        (-5000, 2200, (date(2026, 4, 6), date(2026, 4, 11))),
    ]


def test_a_service_stated_before_its_start_is_charged_once_when_it_becomes_postpaid() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.tariff("tv", "arrears", 30000)
    s.service(A, "t", date(2026, 4, 20))
    through(s, date(2026, 4, 10))
    s.recalculate(A, 1, date(2026, 4, 5), date(2026, 4, 10), served=True, confirm=True)
    s.change_tariff(A, 1, "tv")
    through(s, date(2026, 5, 1))
    assert s.balance(A) == -5000 - 11000


def test_of_a_charge_split_by_a_tax_rate_the_later_entry_gives_back_first() -> None:
    s = Subject(date(2026, 4, 1), tax=((date(2026, 1, 1), 20), (date(2026, 4, 16), 22)))
    s.tariff("t", "advance", 60000)
    s.account(A, 1)
    s.credit(A, 60000)
    s.service(A, "t")
    s.credit(A, 30000)
    s.close_day()
    assert (s.balance(A), s.state(A, 1)) == (-30000, "served")
    assert s.net(A, 1, date(2026, 4, 16)) == 0
    s.credit(A, 29999)
    s.close_day()
    assert (s.balance(A), s.state(A, 1)) == (-4000, "suspended")


def test_a_second_refusal_to_end_names_an_ended_service() -> None:
    s = opened(date(2026, 4, 1), "advance", 30000)
    s.service(A, "t", date(2026, 4, 20))
    s.end(A, 1)
    with pytest.raises(Refusal):
        s.end(A, 1)


def test_nobody_is_cut_off_on_days_off_though_each_day_lacks_more() -> None:
    off = frozenset({date(2026, 4, 4), date(2026, 4, 5)})
    s = Subject(date(2026, 4, 1), Policy(quiet_days=True, days_off=off), keeps_due=True)
    s.tariff("t", "daily", 30000)
    s.account(A, 1)
    s.pay(A, 2500)
    s.service(A, "t")
    through(s, date(2026, 4, 5))
    assert (s.state(A, 1), s.balance(A), s.funds(A)) == ("served", -2500, 0)
    s.close_day()
    assert (s.state(A, 1), s.balance(A)) == ("suspended", -2500)


def test_days_of_grace_are_given_once() -> None:
    s = Subject(date(2026, 4, 1), Policy(grace_days=3), keeps_due=True)
    s.tariff("t", "advance", 30000)
    s.account(A, 1)
    s.pay(A, 30000)
    s.service(A, "t")
    through(s, date(2026, 5, 3))
    assert (s.state(A, 1), s.balance(A)) == ("served", -30000)
    s.close_day()
    assert s.state(A, 1) == "suspended"
    assert s.balance(A) == -(30000 - 27097)
    through(s, date(2026, 6, 15))
    assert (s.state(A, 1), s.balance(A)) == ("suspended", -2903)


@pytest.mark.parametrize(
    ("mode", "paid"),
    [(Mode.ADVANCE, 1), (Mode.DAILY, 100_000_000_000), (Mode.ARREARS, 1)],
)
def test_ten_thousand_services_on_one_account_open_in_time(mode: Mode, paid: int) -> None:
    tariff = Tariff(1, "t", "t", "tv", mode, (Version(1, date(2000, 1, 1), 30000),))
    first = date(2026, 4, 1)
    book = Book(1, first, (BillingDay(date.min, 1),))
    book.services = [
        Service(no, first, (Term(first, tariff),), settled_to=first, billed_to=first)
        for no in range(1, 10_001)
    ]
    began = time.process_time()
    react(book)
    pay(book, amount=paid, source="cash")
    bring_to(book, date(2026, 5, 1))
    assert (
        time.process_time() - began < 60
    )  # about 3 on an idle machine; anything quadratic takes far longer
    served = sum(service.served for service in book.services)
    assert served == (10_000 if paid > 1 and mode is not Mode.ARREARS else 0)
