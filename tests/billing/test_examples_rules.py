"""Every worked example of the engine's contract, on the pure rules."""

from __future__ import annotations

from datetime import date

import pytest

from abonent.billing.rules.periods import Period, day_share, span_share
from tests.billing.subject import Subject


def through(subject: Subject, day: date) -> None:
    """Close days until `day` is open."""
    while subject.day < day:
        subject.close_day()


def opened(first: date, mode: str, fee: int, billing_day: int = 1) -> Subject:
    subject = Subject(first)
    subject.tariff("t", mode, fee)
    subject.account("1", billing_day)
    return subject


def test_a_a_rest_of_a_month_costs_its_day_shares() -> None:
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert span_share(56000, march, date(2026, 3, 14), date(2026, 4, 1)) == 32516


def test_a2_shares_of_february_sum_to_the_fee() -> None:
    assert [day_share(50000, 28, k) for k in (1, 2, 28)] == [1786, 1785, 1786]
    assert sum(day_share(50000, 28, k) for k in range(1, 29)) == 50000


def test_b_a_daily_service_runs_until_its_money_is_out() -> None:
    s = opened(date(2026, 3, 1), "daily", 56000)
    s.service("1", "t")
    s.pay("1", 10000)
    through(s, date(2026, 3, 5))
    assert s.state("1", 1) == "served"
    through(s, date(2026, 3, 6))
    assert (s.state("1", 1), s.balance("1")) == ("suspended", 968)
    through(s, date(2026, 3, 10))
    s.pay("1", 30000)
    assert (s.state("1", 1), s.balance("1")) == ("served", 29161)


def test_c_an_advance_service_is_paid_promised_broken_and_paid_again() -> None:
    s = opened(date(2026, 3, 14), "advance", 56000)
    s.service("1", "t")
    s.pay("1", 56000)
    assert s.balance("1") == 23484
    through(s, date(2026, 4, 1))
    assert (s.state("1", 1), s.balance("1")) == ("suspended", 23484)
    s.promise("1", 40000, 5)
    assert (s.state("1", 1), s.balance("1")) == ("served", -32516)
    through(s, date(2026, 4, 6))
    assert (s.state("1", 1), s.balance("1")) == ("suspended", 14151)
    s.pay("1", 40000)
    assert (s.state("1", 1), s.balance("1")) == ("served", 7484)


def test_d_a_change_of_tariff_up_takes_effect_today_and_down_tomorrow() -> None:
    s = opened(date(2026, 4, 1), "advance", 56000)
    s.tariff("big", "advance", 90000)
    s.tariff("small", "advance", 30000)
    s.pay("1", 100000)
    s.service("1", "t")
    through(s, date(2026, 4, 16))
    assert s.change_tariff("1", 1, "big") == date(2026, 4, 16)
    assert s.balance("1") == 27000
    assert s.change_tariff("1", 1, "small") == date(2026, 4, 17)
    assert s.balance("1") == 69000
    through(s, date(2026, 4, 17))
    assert (s.state("1", 1), s.balance("1")) == ("served", 55000)


def test_d3_a_scheduled_change_ends_the_old_tariff_and_step_four_decides() -> None:
    s = opened(date(2026, 3, 20), "advance", 56000)
    s.tariff("big", "advance", 90000)
    s.service("1", "t", from_=date(2026, 4, 1))
    s.change_tariff("1", 1, "big", on=date(2026, 4, 16))
    through(s, date(2026, 4, 1))
    s.pay("1", 60000)
    assert s.balance("1") == 32000
    through(s, date(2026, 4, 16))
    assert (s.state("1", 1), s.balance("1")) == ("suspended", 32000)


def test_e_money_reaches_services_by_priority() -> None:
    s = opened(date(2026, 4, 1), "advance", 56000)
    s.tariff("tv", "advance", 20000)
    s.service("1", "t", priority=1)
    s.service("1", "tv", priority=2)
    s.pay("1", 60000)
    assert (s.state("1", 1), s.state("1", 2), s.balance("1")) == ("served", "suspended", 4000)
    through(s, date(2026, 4, 11))
    s.pay("1", 20000)
    assert (s.state("1", 2), s.balance("1")) == ("served", 10667)


def test_f_a_freeze_gives_held_days_back_at_once() -> None:
    s = opened(date(2026, 6, 1), "advance", 60000)
    s.pay("1", 60000)
    s.service("1", "t")
    through(s, date(2026, 6, 5))
    s.freeze("1", date(2026, 6, 11), date(2026, 6, 21))
    assert s.balance("1") == 20000
    through(s, date(2026, 6, 11))
    assert s.state("1", 1) == "frozen"
    through(s, date(2026, 6, 21))
    assert (s.state("1", 1), s.balance("1")) == ("served", 20000)


def test_f2_a_freeze_known_before_is_not_charged() -> None:
    s = opened(date(2026, 5, 20), "advance", 60000)
    s.pay("1", 60000)
    s.service("1", "t", from_=date(2026, 6, 1))
    s.freeze("1", date(2026, 6, 11), date(2026, 6, 21))
    through(s, date(2026, 6, 1))
    assert s.balance("1") == 20000


def test_g_postpaid_days_are_charged_on_the_next_period() -> None:
    s = opened(date(2026, 1, 20), "arrears", 30000)
    s.service("1", "t")
    through(s, date(2026, 2, 1))
    assert s.balance("1") == -11613
    through(s, date(2026, 3, 1))
    assert (s.state("1", 1), s.balance("1")) == ("served", -41613)


def test_m_an_unpaid_postpaid_charge_stops_prepaid_only_when_due() -> None:
    s = opened(date(2026, 1, 1), "advance", 56000)
    s.tariff("tv", "arrears", 30000, due_days=15)
    s.service("1", "tv", priority=2)
    s.service("1", "t", priority=1)
    s.pay("1", 56000)
    through(s, date(2026, 2, 1))
    s.pay("1", 56000)
    assert (s.state("1", 1), s.state("1", 2), s.balance("1")) == ("served", "served", -30000)
    through(s, date(2026, 2, 16))
    assert (s.state("1", 2), s.balance("1")) == ("suspended", -4000)


def test_h_billing_day_31_is_counted_from_the_configured_day() -> None:
    s = opened(date(2026, 1, 31), "advance", 60000, billing_day=31)
    s.pay("1", 600000)
    s.service("1", "t")
    through(s, date(2026, 5, 1))
    s.balance("1")
    assert [e.day for e in s.entries["1"] if e.kind == "charge"] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


def test_k_a_discount_is_taken_day_by_day() -> None:
    s = opened(date(2026, 3, 20), "advance", 60000)
    s.pay("1", 60000)
    s.service("1", "t", from_=date(2026, 4, 1))
    s.discount("1", 1, date(2026, 4, 11), date(2026, 4, 21), percent=50)
    through(s, date(2026, 4, 1))
    assert s.balance("1") == 10000


def test_k2_a_discount_on_charged_days_is_given_back_at_once() -> None:
    s = opened(date(2026, 4, 1), "advance", 60000)
    s.pay("1", 60000)
    s.service("1", "t")
    through(s, date(2026, 4, 5))
    s.discount("1", 1, date(2026, 4, 11), date(2026, 4, 21), percent=50)
    assert s.balance("1") == 10000


def test_r_a_reversed_payment_cuts_off_tomorrow() -> None:
    s = opened(date(2026, 4, 1), "advance", 60000)
    payment = s.pay("1", 60000)
    s.service("1", "t")
    through(s, date(2026, 4, 10))
    s.reverse("1", payment)
    assert (s.state("1", 1), s.balance("1")) == ("served", -60000)
    through(s, date(2026, 4, 11))
    assert (s.state("1", 1), s.balance("1")) == ("suspended", -20000)


def test_x_an_ended_service_gives_back_its_unused_days() -> None:
    s = opened(date(2026, 4, 1), "advance", 60000)
    s.pay("1", 60000)
    s.service("1", "t")
    through(s, date(2026, 4, 10))
    assert s.end("1", 1) == date(2026, 4, 11)
    assert (s.state("1", 1), s.balance("1")) == ("served", 40000)
    through(s, date(2026, 4, 11))
    assert s.state("1", 1) == "ended"


if __name__ == "__main__":
    pytest.main([__file__])


def test_days_accrued_and_the_day_that_settles_them_are_one_entry() -> None:
    s = opened(date(2026, 3, 1), "daily", 31000)
    s.pay("1", 100000)
    s.service("1", "t")
    through(s, date(2026, 4, 2))
    s.balance("1")
    spans = [(e.period.start.day, e.through) for e in s.entries["1"] if e.period]
    assert spans[:2] == [(1, date(2026, 3, 1)), (2, date(2026, 3, 31))]
