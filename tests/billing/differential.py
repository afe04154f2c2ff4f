"""One history played on the engine and on the oracle, compared at every step and every day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from abonent.billing.rules.book import Policy
from abonent.billing.rules.history import was_served
from tests.billing.histories import History, Step
from tests.billing.subject import Refusal, Subject
from tests.oracle.forecast import copy_of, cut_off
from tests.oracle.opening import open_day
from tests.oracle.oracle import Oracle
from tests.oracle.state import Refused

DAY = timedelta(days=1)
PLAYED_AHEAD = 70
"""The oracle plays so many days to see until when money lasts."""

WEEKENDS = frozenset(
    day for day in (date(2027, 1, 1) + n * DAY for n in range(2200)) if day.isoweekday() > 5
)


class Disagreement(AssertionError):
    """The parties answered differently."""


@dataclass
class Parties:
    """The oracle, the engine looked at every day, and the engine touched only now and then."""

    history: History
    oracle: Oracle = field(init=False)
    eager: Subject = field(init=False)
    lazy: Subject = field(init=False)
    payments: dict[int, list[int]] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    account_days: int = 0

    def __post_init__(self) -> None:
        first, tax = self.history.first_day, self.history.tax
        quiet, grace = self.history.quiet, self.history.grace
        policy = Policy(grace, quiet, WEEKENDS)
        nobody_cut = (lambda day: bool({day, day + DAY} & WEEKENDS)) if quiet else None
        self.oracle = Oracle(first, tax=tax, quiet=nobody_cut, grace=grace)
        self.eager = Subject(first, policy, keeps_due=not self.history.asks_anew, tax=tax)
        self.lazy = Subject(first, policy, keeps_due=True, tax=tax)
        for party in self.all:
            for tariff in self.history.tariffs:
                party.tariff(*tariff)
            for account in self.history.accounts:
                party.account(*account)
        self.services = {account[0]: 0 for account in self.history.accounts}

    @property
    def all(self) -> tuple[Any, Any, Any]:
        return self.oracle, self.eager, self.lazy

    def take(self, step: Step) -> None:
        if step.name == "close":
            self.close(*step.args)
        elif step.name == "reverse":
            self.reverse(step)
        elif step.name == "lasts":
            self.check_outlook(*step.args)
        elif self.possible(step):
            self.call(step)

    def possible(self, step: Step) -> bool:
        """Leave out what a shrunk history has lost the service for."""
        if step.name not in {"change_tariff", "end", "discount", "suspend", "recalculate"}:
            return True
        number, service = step.args[:2]
        return bool(service <= self.services[number])

    def call(self, step: Step) -> None:
        answers = [answer_of(party, step.name, step.args) for party in self.all]
        if step.name == "pay":
            self.payments[step.key] = [answer[1] for answer in answers]
            return
        if not answers[0] == answers[1] == answers[2]:
            raise Disagreement(f"{step}: {answers}")
        if step.name == "service" and answers[0][0]:
            self.services[step.args[0]] += 1

    def reverse(self, step: Step) -> None:
        for party, payment in zip(self.all, self.payments.pop(step.key, []), strict=False):
            party.reverse(step.args[0], payment)

    def close(self, days: int, glances: bool) -> None:  # noqa: FBT001 - a recorded argument
        for _ in range(days):
            for party in self.all:
                party.close_day()
            self.account_days += len(self.services)
            self.compare(self.eager)
        if glances:
            self.compare(self.lazy)

    def compare(self, subject: Subject) -> None:
        for number, services in self.services.items():
            seen = look(subject, number, services)
            if (wanted := look(self.oracle, number, services)) != seen:
                which = "eager" if subject is self.eager else "lazy"
                raise Disagreement(f"{self.oracle.day} {which}: oracle {wanted}, engine {seen}")

    def check_outlook(self, number: str) -> None:
        """Money lasts as long as the engine says, or at least to the end of what is played."""
        today, seen = self.oracle.day, self.eager.money_lasts_until(number)
        account = self.oracle._find(number)
        watched = {
            own.id
            for own in account.services
            if today in own.served and own.mode_on(today) != "arrears"
        }
        played, wanted = copy_of(account), None
        for ahead in range(1, PLAYED_AHEAD + 1 if watched else 0):
            open_day(played, today + ahead * DAY)
            if cut_off(played, watched, today + ahead * DAY):
                wanted = today + (ahead - 1) * DAY
                break
        if wanted != (seen if seen and (seen - today).days < PLAYED_AHEAD else None):
            raise Disagreement(f"{today} lasts: oracle {wanted}, engine {seen}")

    def check_repeat(self) -> None:
        for number, services in self.services.items():
            before = look(self.eager, number, services), self.eager.books[number].last_no
            self.eager.repeat(number)
            after = look(self.eager, number, services), self.eager.books[number].last_no
            if before != after:
                raise Disagreement(f"{self.oracle.day} repeat: {before} became {after}")

    def check_days(self) -> None:
        """What each day of each service costs, and whether it was served."""
        for subject in (self.eager, self.lazy):
            for number, services in self.services.items():
                for no in range(1, services + 1):
                    self.check_service(subject, number, no)

    def check_service(self, subject: Subject, number: str, no: int) -> None:
        own = self.oracle._find(number).find_service(no)
        past = subject.history(number, no)
        wanted = {day: net for day, net in own.net.items() if net}
        seen = {day: net for day, net in past.net.items() if net}
        if wanted != seen:
            differing = sorted(d for d in wanted | seen if wanted.get(d) != seen.get(d))
            rows = [(str(d), wanted.get(d), seen.get(d)) for d in differing[:5]]
            raise Disagreement(f"net of {number}/{no}: day, oracle, engine {rows}")
        rates = self.oracle.taxed(number, no), subject.taxed(number, no)
        if rates[0] != rates[1]:
            raise Disagreement(f"by tax rate, {number}/{no}: oracle, engine {rates}")


def answer_of(party: Any, name: str, args: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, getattr(party, name)(*args)
    except (Refusal, Refused):
        return False, None


def look(party: Any, number: str, services: int) -> tuple[Any, ...]:
    states = [str(party.state(number, no)) for no in range(1, services + 1)]
    return party.balance(number), party.funds(number), states, party.promised(number)


def check_served(parties: Parties) -> None:
    """Each day of each service: served or not, on all sides."""
    first, today = parties.history.first_day, parties.oracle.day
    days = [first + timedelta(n) for n in range((today - first).days + 1)]
    for number, services in parties.services.items():
        for no in range(1, services + 1):
            for subject in (parties.eager, parties.lazy):
                for day, seen in served_days(subject, number, no, days):
                    if seen != parties.oracle.served(number, no, day):
                        raise Disagreement(f"served {number}/{no} on {day}: engine {seen}")


def served_days(
    subject: Subject, number: str, no: int, days: list[date]
) -> list[tuple[date, bool]]:
    book, past = subject.books[number], subject.history(number, no)
    return [(day, was_served(book, book.service(no), past, day)) for day in days]


def play(history: History) -> int:
    """Play a history; returns its account-days or raises Disagreement."""
    parties = Parties(history)
    for step in history.steps:
        parties.take(step)
        if step.name not in {"close", "lasts"}:
            parties.compare(parties.eager)
            parties.check_repeat()
    parties.compare(parties.lazy)
    parties.check_days()
    check_served(parties)
    for number in parties.services:
        parties.check_outlook(number)
    return parties.account_days
