"""Promises by hand beside the engine's own (ENGINE 5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.errors import PromiseRefused
from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.past import past_of
from abonent.billing.rules.book import Policy, PromiseState
from abonent.billing.rules.promises import Offer, terms_of
from abonent.billing.service import accounts, days, payments, promises, services, tariffs
from abonent.kernel.actor import SYSTEM
from tests.billing.subject import Refusal, Subject

A = "1"
OFFER = Offer("standard", "Standard", fee=100, least_tenure_days=0)
APRIL = date(2026, 4, 1)
MAY = date(2026, 5, 1)


def through(subject: Subject, day: date) -> None:
    while subject.day < day:
        subject.close_day()


def lent_in_may(policy: Policy, mode: str = "advance") -> Subject:
    """April is paid, and on 1 May (a Friday) the engine lends what lacks."""
    s = Subject(APRIL, policy, keeps_due=True)
    s.tariff("t", mode, 31000)
    s.account(A, 1)
    s.pay(A, 31000)
    s.service(A, "t")
    through(s, MAY)
    assert (s.state(A, 1), s.promised(A)[0][:2]) == ("served", (True, s.funds(A) - s.balance(A)))
    return s


def test_a_promise_by_hand_replaces_the_engines_own() -> None:
    s = lent_in_may(Policy(grace_days=3))
    terms = terms_of(s.books[A], OFFER, past=[], since=APRIL, channel="office")
    assert (terms.amount, terms.until) == (31100, date(2026, 5, 6))
    s.promise(A, terms.amount, 5, terms.fee)
    assert s.promised(A) == [
        (False, 31100, date(2026, 5, 6), "active"),
        (True, 31000, date(2026, 5, 4), "replaced"),
    ]
    assert (s.balance(A), s.funds(A), s.state(A, 1)) == (-31100, 0, "served")
    with pytest.raises(Refusal, match="ALREADY"):
        s.promise(A, 100, 1)
    through(s, date(2026, 5, 5))
    assert s.state(A, 1) == "served"
    s.pay(A, 31100)
    s.close_day()
    assert s.promised(A)[0] == (False, 31100, date(2026, 5, 6), "kept")


def test_a_smaller_promise_by_hand_cuts_off_tomorrow_and_never_today() -> None:
    s = lent_in_may(Policy(grace_days=9))
    s.promise(A, 500, 5)
    assert (s.funds(A), s.state(A, 1)) == (-30500, "served")
    s.books[A].policy = Policy()
    s.close_day()
    assert (s.state(A, 1), s.balance(A)) == ("suspended", -1000)


def test_what_the_engine_lent_is_not_needed_anew_once_it_is_paid() -> None:
    s = lent_in_may(Policy(grace_days=3))
    s.pay(A, 31000)
    with pytest.raises(PromiseRefused) as refusal:
        terms_of(s.books[A], OFFER, past=[], since=APRIL, channel="office")
    assert refusal.value.code == "NOT_NEEDED"


def test_what_the_engine_lent_is_no_debt_to_an_offer() -> None:
    s = lent_in_may(Policy(grace_days=3))
    strict = Offer("strict", "Strict", least_tenure_days=0, highest_debt=0)
    terms = terms_of(s.books[A], strict, past=[], since=APRIL, channel="office")
    assert terms.amount == 31000


def test_nobody_is_cut_off_on_days_off_although_a_promise_by_hand_is_too_small() -> None:
    weekend = frozenset({date(2026, 5, 2), date(2026, 5, 3)})
    s = Subject(APRIL, Policy(quiet_days=True, days_off=weekend), keeps_due=True)
    s.tariff("t", "daily", 31000)
    s.account(A, 1)
    s.pay(A, 30000)
    s.service(A, "t")
    through(s, date(2026, 4, 30))
    assert s.state(A, 1) == "suspended"
    s.promise(A, 1100, 5)
    through(s, date(2026, 5, 3))
    assert s.state(A, 1) == "served"
    assert s.promised(A) == [
        (False, 1100, date(2026, 5, 5), "active"),
        (True, 2900, date(2026, 5, 4), "active"),
    ]
    s.close_day()
    assert s.state(A, 1) == "suspended"


def test_no_promise_is_kept_by_another() -> None:
    weekend = frozenset({date(2026, 5, 2), date(2026, 5, 3)})
    s = Subject(APRIL, Policy(quiet_days=True, days_off=weekend), keeps_due=True)
    s.tariff("t", "daily", 31000)
    s.account(A, 1)
    s.pay(A, 30000)
    s.service(A, "t")
    through(s, date(2026, 4, 30))
    s.promise(A, 1100, 3)
    through(s, date(2026, 5, 3))
    assert s.promised(A)[0] == (False, 1100, date(2026, 5, 3), "broken")
    assert s.state(A, 1) == "served"


def test_a_replaced_promise_stops_no_later_one_of_the_engine() -> None:
    s = lent_in_may(Policy(grace_days=3), "daily")
    s.promise(A, 3000, 3)
    through(s, date(2026, 5, 4))  # on this day the replaced one would have ended
    assert s.state(A, 1) == "served"
    assert [row[3] for row in s.promised(A)] == ["broken", "replaced", "active"]


def test_the_engine_lends_to_a_served_service_whose_money_goes_to_one_before_it() -> None:
    s = Subject(APRIL, Policy(grace_days=2), keeps_due=True)
    s.tariff("big", "advance", 30000)
    s.tariff("t", "daily", 15000)
    s.account(A, 1)
    s.pay(A, 25500)
    s.service(A, "big", None, 1)
    s.service(A, "t", None, 2)
    through(s, date(2026, 4, 9))
    assert [s.state(A, no) for no in (1, 2)] == ["suspended", "served"]
    s.close_day()  # now 21000 suffice for the 21 days of the first one
    assert [s.state(A, no) for no in (1, 2)] == ["served", "served"]
    assert s.promised(A) == [(True, 500, date(2026, 4, 12), "active")]


async def _on_grace(db: Any) -> None:
    await days.begin(APRIL, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="t", name="T", kind="internet", mode="daily", fee=31000
    )
    await db.execute("UPDATE billing_policy SET grace_days = 3")
    await db.execute("UPDATE billing_offer SET least_tenure_days = 0")
    await db.execute("UPDATE billing_installation SET catalogue = catalogue + 1")
    await accounts.open_new_account(A, by=SYSTEM, billing_day=1)
    await payments.take_payment(A, by=SYSTEM, amount=31000, source="cash", external_id="a")
    await services.add_service(A, by=SYSTEM, tariff="t")
    await days.close_days(by=SYSTEM, through=MAY)


async def test_a_replaced_promise_is_kept_as_such_and_counts_for_no_refusal(db: Any) -> None:
    await _on_grace(db)
    (own,) = (await past_of(A, by=SYSTEM))[0]
    assert (own.automatic, own.amount, own.state) == (True, 2000, "active")
    (offered,) = await promises.offers(A, by=SYSTEM)
    assert offered.terms is not None
    assert offered.terms.amount == 2000
    await promises.give_promise(A, by=SYSTEM, offer="standard")
    given, own = (await past_of(A, by=SYSTEM))[0]
    assert (given.automatic, given.amount, given.state) == (False, 2000, "active")
    assert (own.automatic, own.amount, own.state) == (True, 2000, "replaced")
    with pytest.raises(PromiseRefused) as refusal:
        await promises.give_promise(A, by=SYSTEM, offer="standard")
    assert refusal.value.code == "ALREADY"


async def test_both_promises_are_kept_beside_each_other(db: Any) -> None:
    await _on_grace(db)
    await promises.give_promise(A, by=SYSTEM, offer="standard")
    await days.close_days(by=SYSTEM, through=date(2026, 5, 3))
    states = [(p.automatic, p.amount, p.state) for p in (await past_of(A, by=SYSTEM))[0]]
    assert states[:2] == [(True, 2000, "active"), (False, 2000, "active")]
    seen = await read_account(A, by=SYSTEM)
    assert (seen.balance, seen.funds) == (-4000, 0)
    assert seen.promise is not None
    assert (seen.promise.automatic, seen.promise.state) == (False, PromiseState.ACTIVE)
    await days.close_days(by=SYSTEM, through=date(2026, 5, 6))
    states = [(p.automatic, p.amount, p.state) for p in (await past_of(A, by=SYSTEM))[0]]
    assert states == [(True, 3000, "broken"), (False, 2000, "broken"), (True, 2000, "replaced")]


async def test_a_promise_that_ended_on_a_day_the_run_has_not_reached_makes_room(db: Any) -> None:
    await days.begin(APRIL, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="t", name="T", kind="internet", mode="daily", fee=30000, tax_code="vat"
    )
    await accounts.open_new_account(A, by=SYSTEM, billing_day=1)
    await payments.take_payment(A, by=SYSTEM, amount=500, source="cash", external_id="1")
    await services.add_service(A, by=SYSTEM, tariff="t")
    await promises.give_promise(A, by=SYSTEM, amount=5000, days=1)
    await days.move_day(APRIL, by=SYSTEM)
    _loaded, promise = await promises.give_promise(A, by=SYSTEM, amount=7000, days=2)
    assert (promise.no, promise.ends_on) == (2, date(2026, 4, 4))
    assert [p.state for p in (await past_of(A, by=SYSTEM))[0]] == ["active", "broken"]
