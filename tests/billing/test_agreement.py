"""The promises of the engine in any order of events, and its agreement with the oracle."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abonent.billing.rules.book import CHARGE_KINDS, Kind, Mode
from abonent.billing.rules.fees import share_on
from abonent.billing.rules.history import day_amounts
from tests.billing.differential import answer_of, play
from tests.billing.histories import ALL, PLAIN, History, Step, write_history
from tests.billing.subject import Subject

BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@BOUNDED
@given(st.randoms(use_true_random=False))
def test_engine_and_oracle_agree_on_what_chance_brings(chance: Random) -> None:
    play(write_history(chance, days=60, acts=ALL))


@pytest.mark.parametrize("seed", range(40))
def test_engine_and_oracle_agree_on_known_histories(seed: int) -> None:
    play(write_history(Random(seed), acts=ALL))


@pytest.mark.parametrize("seed", range(500, 515))
def test_engine_and_oracle_agree_where_nobody_is_cut_off_on_days_off(seed: int) -> None:
    play(write_history(Random(seed), acts=ALL, quiet=True))


@pytest.mark.parametrize("seed", range(600, 615))
def test_engine_and_oracle_agree_where_days_of_grace_are_given(seed: int) -> None:
    play(write_history(Random(seed), acts=ALL, quiet=seed % 3 == 0, grace=1 + seed % 5))


@dataclass
class Watched:
    """The engine alone, with what was seen on each day."""

    subject: Subject
    payments: dict[int, int] = field(default_factory=dict)
    written: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    served: set[tuple[str, int, date]] = field(default_factory=set)

    def take(self, step: Step) -> None:
        if step.name == "close":
            for _ in range(step.args[0]):
                self.subject.close_day()
                self.look()
        elif step.name == "pay":
            self.payments[step.key] = self.subject.pay(*step.args)
        elif step.name == "reverse":
            self.subject.reverse(step.args[0], self.payments[step.key])
        elif step.name != "lasts":
            answer_of(self.subject, step.name, step.args)
        self.look()

    def look(self) -> None:
        for number in self.subject.books:
            balance = self.subject.balance(number)
            assert balance == sum(entry.amount for entry in self.subject.entries[number])
            for service in self.subject.books[number].services:
                if service.served:
                    self.served.add((number, service.no, self.subject.day))
            self.check_repeat(number)
            self.check_written(number)

    def check_repeat(self, number: str) -> None:
        book = self.subject.books[number]
        before = book.balance, book.last_no, [s.served for s in book.services]
        self.subject.repeat(number)
        assert before == (book.balance, book.last_no, [s.served for s in book.services])

    def check_written(self, number: str) -> None:
        """Entries are numbered without gaps, explain their amounts and never change."""
        kept = self.written.setdefault(number, [])
        for entry in self.subject.entries[number][len(kept) :]:
            assert entry.no == len(kept) + 1
            if entry.service and entry.kind is not Kind.CONNECTION:
                assert sum(day_amounts(entry).values()) == entry.amount
            kept.append(astuple(entry))

    def check_days(self) -> None:
        """A prepaid day is charged its share if it was served, and nothing if it was not."""
        for number, book in self.subject.books.items():
            assert [astuple(e) for e in self.subject.entries[number]] == self.written[number]
            for service in book.services:
                net = self.subject.history(number, service.no).net
                day = service.starts_on
                while day <= self.subject.day:
                    if service.mode_on(day) is not Mode.ARREARS:
                        served = (number, service.no, day) in self.served
                        assert net.get(day, 0) == (share_on(book, service, day) if served else 0)
                        assert not served or (service.living(day) and not book.frozen(day))
                    day = date.fromordinal(day.toordinal() + 1)


def watch(history: History) -> Watched:
    subject = Subject(history.first_day, keeps_due=True)
    for tariff in history.tariffs:
        subject.tariff(*tariff)
    for account in history.accounts:
        subject.account(*account)
    watched = Watched(subject)
    for step in history.steps:
        watched.take(step)
    return watched


@pytest.mark.parametrize("seed", range(1000, 1025))
def test_a_prepaid_day_is_charged_exactly_if_it_was_served(seed: int) -> None:
    watch(write_history(Random(seed), days=120, acts=PLAIN)).check_days()


@pytest.mark.parametrize("seed", range(2000, 2010))
def test_corrections_explain_themselves_and_change_no_entry(seed: int) -> None:
    watched = watch(write_history(Random(seed), days=120, acts=ALL))
    for number, entries in watched.subject.entries.items():
        assert [astuple(e) for e in entries] == watched.written[number]
        charges = {e.no: e.kind for e in entries if e.kind in CHARGE_KINDS or e.amount > 0}
        assert all(e.corrects in charges for e in entries if e.corrects)
