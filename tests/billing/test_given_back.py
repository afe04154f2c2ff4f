"""Charges given back, whatever has happened to them before: the same as stating that their days were not
served, as the oracle reckons it, and no more than they took."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from abonent.billing.queries.accounts import look
from abonent.billing.queries.charged import charges_left
from abonent.billing.rules.held import Held, give_back, held
from abonent.billing.rules.proof import Finding, prove
from abonent.billing.rules.standing import funds
from abonent.billing.service import accounts, days, services, tariffs
from abonent.billing.service.corrections import give_charges_back
from abonent.billing.service.proof import verify
from abonent.kernel.actor import SYSTEM
from tests.billing.differential import DAY, Parties, check_served
from tests.billing.histories import ALL, write_history
from tests.billing.subject import Subject


def left(subject: Subject, number: str) -> list[Held]:
    """What the charges of an account hold on the open day."""
    book = subject._open(number)
    known = subject.incidents[number]
    compensated = {(service, day) for service, days in known.items() for day in days}
    return held(book, subject.entries[number], compensated)


def give(subject: Subject, number: str, one: Held) -> None:
    subject._act(number, lambda book: give_back(book, one, reason="ошибка"))


def proved(subject: Subject, number: str) -> list[Finding]:
    """What is wrong with the books, but for what only the database keeps."""
    book = subject._open(number)
    found = prove(book, subject.entries[number], due=subject.due[number], held_since=None)
    return [one for one in found if one.check != "HELD_SINCE"]


def play_with_returns(seed: int) -> int:
    """Play a history on all parties and give charges back on the way; answers how many."""
    parties = Parties(write_history(Random(seed), days=120, acts=ALL))
    chance, returned = Random(f"{seed} returns"), 0
    for step in parties.history.steps:
        parties.take(step)
        number = chance.choice(list(parties.services))
        charges = [one for one in left(parties.eager, number) if one.past is not None]
        if not charges or chance.random() < 0.6:
            continue
        one = chance.choice(charges)
        assert one.total > 0
        give(parties.eager, number, one)
        assert proved(parties.eager, number) == []
        # The one that is touched now and then has charged the same days by other entries.
        for party in (parties.oracle, parties.lazy):
            for day in one.days:
                told = (number, one.charge.service, day, day + DAY, None, None, False, True)
                party.recalculate(*told)
        assert one.charge.no not in {o.charge.no for o in left(parties.eager, number)}
        parties.compare(parties.eager)
        parties.compare(parties.lazy)
        returned += 1
    parties.compare(parties.lazy)
    parties.check_repeat()
    parties.check_days()
    check_served(parties)
    return returned


def test_what_is_given_back_is_what_the_oracle_gives_for_days_not_served() -> None:
    returned = [play_with_returns(seed) for seed in range(900, 960)]
    assert sum(returned) > 100


def test_a_fee_is_given_back_whole_and_once_with_its_tax() -> None:
    for seed in range(950, 970):
        parties = Parties(write_history(Random(seed), days=60, acts=ALL))
        for step in parties.history.steps:
            parties.take(step)
        subject = parties.eager
        for number in parties.services:
            fees = [one for one in left(subject, number) if one.past is None]
            for one in fees:
                give(subject, number, one)
                [back] = [e for e in subject.entries[number] if e.corrects == one.charge.no]
                assert (back.amount, back.tax) == (one.total, -one.charge.tax)
            assert [one for one in left(subject, number) if one.past is None] == []
            assert proved(subject, number) == []


async def test_a_fee_that_is_not_due_yet_goes_back_without_being_lent_beside(db: Any) -> None:
    """A connection fee is due with its postpaid charge: what it lent until then goes with it."""
    await days.begin(date(2027, 1, 1), by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="t", name="T", kind="internet", mode="arrears", fee=30_000, due_days=10,
        connection_fee=777,
    )  # fmt: skip
    await accounts.open_new_account("1", by=SYSTEM, billing_day=1)
    await services.add_service("1", by=SYSTEM, tariff="t")
    await days.close_days(by=SYSTEM, through=date(2027, 1, 31))
    loaded = await look("1")
    [fee] = [one for one in await charges_left(loaded, since=date(2027, 1, 1)) if one.past is None]
    assert (loaded.book.balance, funds(loaded.book)) == (-30_777, 0)
    give_back(loaded.book, fee, reason="ошибка")
    assert (loaded.book.balance, funds(loaded.book)) == (-30_000, 0), "as it is in memory"
    await give_charges_back("1", [fee.charge.no], by=SYSTEM, reason="ошибка")
    assert [funds((await look("1")).book), (await look("1")).book.balance] == [0, -30_000]
    await days.close_days(by=SYSTEM, through=date(2027, 2, 12))
    assert funds((await look("1")).book) == -30_000
    assert (await verify(by=SYSTEM)).differences == []
