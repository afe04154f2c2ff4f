"""What to pay so that services go on: through the period that lacks money, and the next one."""

from __future__ import annotations

from datetime import date

import pytest

from abonent.billing.rules.book import Book, Mode, Service, Tariff, Term, Version, copied
from abonent.billing.rules.changes import pay
from abonent.billing.rules.forecast import Provision, asked_through, outlook, provisions
from abonent.billing.rules.opening import open_day
from abonent.billing.rules.periods import DAY, BillingDay

TODAY = date(2026, 11, 14)
_BILLED = date(2026, 11, 1)


def book(*modes: Mode, balance: int, fee: int = 60000, billing_day: int = 1) -> Book:
    """An account whose services began before today, with what it had left this morning."""
    began = date(2026, 10, 25)
    made = Book(1, TODAY - DAY, (BillingDay(began, billing_day),), balance=balance)
    for no, mode in enumerate(modes, 1):
        tariff = Tariff(no, f"t{no}", f"T{no}", "internet", mode, (Version(no, began, fee),))
        made.services.append(
            Service(no, began, (Term(began, tariff),), settled_to=TODAY, billed_to=_BILLED)
        )
    open_day(made, TODAY)
    made.postings.clear()
    return made


def ways(made: Book) -> list[Provision]:
    return provisions(made, outlook(made))


def test_a_daily_service_is_asked_for_the_whole_of_the_period_that_lacks_money() -> None:
    made = book(
        Mode.DAILY, balance=35934
    )  # 17 days to the end of November cost 34000, 1 December 1935
    assert outlook(made).until == date(2026, 11, 30)
    assert outlook(made).missing == 1
    first, second = ways(made)
    assert first == Provision(60000 - 1934, date(2026, 12, 31))
    assert second == Provision(120000 - 1934, date(2027, 1, 31))


def test_a_suspended_service_is_asked_for_the_rest_of_today_s_period() -> None:
    first, second = ways(book(Mode.ADVANCE, balance=-500))
    assert first == Provision(500 + 34000, date(2026, 11, 30))
    assert second == Provision(500 + 94000, date(2026, 12, 31))


def test_a_promise_is_no_money() -> None:
    made = book(Mode.ADVANCE, balance=0)
    owed = asked_through(made, date(2026, 11, 30))
    assert owed == 34000
    made.credit_limit = 4000
    assert asked_through(made, date(2026, 11, 30)) == 30000


def test_nothing_is_asked_where_nothing_is_served_in_advance() -> None:
    assert ways(book(balance=0)) == []
    assert ways(book(Mode.ARREARS, balance=0)) == []


@pytest.mark.parametrize("modes", [(Mode.ADVANCE,), (Mode.DAILY,), (Mode.ADVANCE, Mode.DAILY)])
@pytest.mark.parametrize("balance", [-12345, 0, 1, 33999, 70000, 130001])
@pytest.mark.parametrize("billing_day", [1, 14, 31])
def test_a_kopeck_less_does_not_suffice(
    modes: tuple[Mode, ...], balance: int, billing_day: int
) -> None:
    made = book(*modes, balance=balance, billing_day=billing_day)
    for amount, through in ways(made):
        enough, short = copied(made), copied(made)
        pay(enough, amount=amount, source="cash")
        assert all(s.served for s in enough.services)
        assert (outlook(enough).until or date.max) >= through
        if amount > 1:
            pay(short, amount=amount - 1, source="cash")
            cut = not all(s.served for s in short.services)
            assert cut or (outlook(short).until or date.max) < through
