"""The engine's pure rules behind the interface the oracle has: the subject of the comparison."""

# ruff: noqa: FBT001, FBT002, PLR0917 - calls read like the commands they stand for

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

from abonent.billing.rules import changes, promises, recalculation
from abonent.billing.rules.book import (
    Book,
    Discount,
    Kind,
    Mode,
    Policy,
    Posting,
    Promise,
    Service,
    Tariff,
    Term,
    Version,
    copied,
)
from abonent.billing.rules.charging import settle
from abonent.billing.rules.forecast import outlook
from abonent.billing.rules.history import History, history_of, was_served
from abonent.billing.rules.opening import bring_to, react
from abonent.billing.rules.periods import BillingDay
from abonent.billing.rules.schedule import next_due
from abonent.billing.rules.standing import funds, state_of
from abonent.billing.rules.taxes import Tax, TaxRate
from abonent.kernel.errors import Refused

Answer = TypeVar("Answer")
Row = tuple[date, int, int, int]


class Refusal(Exception):
    """A rule said no."""


class Subject:
    """Books in memory; one call is one use case, as the services make it.

    With `keeps_due` the next due day is remembered from the last use case, as the database
    does; without, it is asked anew at each look. `tax` are rates in percent, by their first day.
    """

    def __init__(
        self,
        first_day: date,
        policy: Policy | None = None,
        *,
        keeps_due: bool = False,
        tax: tuple[tuple[date, int], ...] = (),
    ) -> None:
        self.day = first_day
        self.policy = policy or Policy()
        self.keeps_due = keeps_due
        self.tax = Tax("vat", tuple(TaxRate(since, rate * 100) for since, rate in sorted(tax)))
        self.tariffs: dict[str, Tariff] = {}
        self.books: dict[str, Book] = {}
        self.due: dict[str, date] = {}
        self.entries: dict[str, list[Posting]] = {}
        self.freezes: dict[str, int] = {}
        self.incidents: dict[str, dict[int, dict[date, str]]] = {}
        self.ended: dict[str, list[Promise]] = {}

    # tariffs

    def tariff(
        self, code: str, mode: str, fee: int, due_days: int = 0, connection_fee: int = 0
    ) -> None:
        version = Version(1, date(2000, 1, 1), fee)
        self.tariffs[code] = Tariff(
            len(self.tariffs) + 1,
            code,
            code,
            "internet",
            Mode(mode),
            (version,),
            due_days,
            connection_fee,
            self.tax,
        )

    def version(self, code: str, fee: int, from_: date, existing: str = "move") -> None:
        old = self.tariffs[code]
        kept = tuple(v for v in old.versions if v.valid_from != from_)
        made = Version(len(old.versions) + 1, from_, fee, existing == "move")
        new = replace(old, versions=tuple(sorted((*kept, made), key=lambda v: v.valid_from)))
        self.tariffs[code] = new
        for number in self.books:
            book = self._open(number)
            on_it = [s for s in book.services if any(t.tariff is old for t in s.terms)]
            for service in on_it:
                service.terms = tuple(
                    Term(t.since, new if t.tariff is old else t.tariff) for t in service.terms
                )
            for service in on_it:
                changes.reprice(book, service)
            self._keep(number)

    # accounts and days

    def account(self, number: str, billing_day: int, credit_limit: int = 0) -> None:
        self.books[number] = Book(
            len(self.books) + 1,
            self.day,
            (BillingDay(date.min, billing_day),),
            credit_limit=credit_limit,
            policy=self.policy,
        )
        self.entries[number] = []
        self.freezes[number] = 0
        self.ended[number] = []
        self.incidents[number] = {}

    def close_day(self) -> None:
        self.day = date.fromordinal(self.day.toordinal() + 1)

    def _open(self, number: str) -> Book:
        """Bring a book to the open day and settle it, as every use case begins."""
        book = self.books[number]
        if book.day == self.day and number in self.due:
            return book
        kept = self.due.get(number) if self.keeps_due else None
        self.due[number] = bring_to(book, self.day, kept)
        settle(book, self.day)
        self._write(number)
        return book

    def _write(self, number: str) -> None:
        book = self.books[number]
        self.entries[number] += book.postings
        book.postings = []
        self.ended[number] += book.ended
        book.ended = []

    def _keep(self, number: str) -> None:
        self._write(number)
        self.due[number] = next_due(self.books[number])

    def _act(self, number: str, action: Callable[[Book], Answer]) -> Answer:
        book = self._open(number)
        trial = copied(book)
        try:
            answer = action(trial)
        except Refused as refused:
            raise Refusal(refused.code) from refused
        self.books[number] = trial
        self._keep(number)
        return answer

    # use cases

    def service(
        self, number: str, tariff: str, from_: date | None = None, priority: int = 1
    ) -> int:
        def add(book: Book) -> int:
            start = from_ or self.day
            made = Service(
                len(book.services) + 1,
                start,
                (Term(start, self.tariffs[tariff]),),
                priority=priority,
                connection_fee=self.tariffs[tariff].connection_fee,
            )
            changes.add_service(book, made)
            return made.no

        return self._act(number, add)

    def pay(self, number: str, amount: int) -> int:
        return self._act(number, lambda b: changes.pay(b, amount=amount, source="cash").no)

    def reverse(self, number: str, payment: int) -> None:
        amount = next(e.amount for e in self.entries[number] if e.no == payment)
        self._act(number, lambda b: changes.move_money(b, Kind.REVERSAL, -amount, corrects=payment))

    def promise(self, number: str, amount: int, days: int, fee: int = 0) -> None:
        def grant(book: Book) -> None:
            until = date.fromordinal(self.day.toordinal() + days)
            promises.grant(book, promises.Terms(amount, until, fee))

        self._act(number, grant)

    def freeze(self, number: str, from_: date, to: date) -> int:
        no = self.freezes[number] + 1
        self._act(number, lambda b: changes.freeze(b, no=no, start=from_, end=to))
        self.freezes[number] = no
        return no

    def unfreeze(self, number: str, freeze: int, on: date | None = None) -> None:
        if all(f.no != freeze for f in self.books[number].freezes):
            raise Refusal("NOT_FOUND")
        self._act(number, lambda b: changes.end_freeze(b, freeze, on))

    def change_tariff(
        self,
        number: str,
        service: int,
        tariff: str,
        on: date | str = "asap",
        anyway: bool = False,
    ) -> date:
        def change(book: Book) -> date:
            own = book.service(service)
            plan = changes.plan_tariff_change(book, own, self.tariffs[tariff], on)
            if plan.missing and not anyway:
                raise Refused("NOT_ENOUGH_FUNDS", "")
            changes.change_tariff(book, own, self.tariffs[tariff], plan.effective_on)
            return plan.effective_on

        return self._act(number, change)

    def end(self, number: str, service: int, on: date | None = None) -> date:
        return self._act(number, lambda b: changes.end_service(b, b.service(service), on))

    def discount(
        self, number: str, service: int, from_: date, to: date, percent: int = 0, amount: int = 0
    ) -> None:
        def add(book: Book) -> None:
            own = book.service(service)
            made = Discount(len(own.discounts) + 1, from_, to, percent * 100, amount)
            changes.add_discount(book, own, made)

        self._act(number, add)

    def credit(self, number: str, limit: int) -> None:
        self._act(number, lambda b: changes.set_credit(b, limit))

    def fee(self, number: str, amount: int, into_debt: bool = False) -> None:
        self._act(
            number,
            lambda b: changes.charge_fee(
                b, amount=amount, kind="visit", reason="", into_debt=into_debt
            ),
        )

    def suspend(self, number: str, service: int, on: bool) -> None:
        self._act(number, lambda b: changes.pause_service(b, b.service(service), paused=on))

    def billing_day(self, number: str, day: int, from_: date) -> None:
        self._act(number, lambda b: changes.change_billing_day(b, day=day, start=from_))

    def history(self, number: str, service: int) -> History:
        return history_of(self.entries[number], service)

    def compensate(self, number: str, from_dt: datetime, to_dt: datetime, incident: str) -> int:
        def pay_back(book: Book) -> int:
            total = 0
            days = recalculation.outage_days(from_dt, to_dt, UTC, book.day)
            for service in book.services:
                past = self.history(number, service.no)
                own = [d for d in days if was_served(book, service, past, d)]
                service.compensated |= set(own)
                known = self.incidents[number].setdefault(service.no, {})
                known.update({d: incident for d in own if d not in known})
                rows = recalculation.outage_differences(past, days)
                total += recalculation.post_differences(
                    book, service, past, rows, kind=Kind.COMPENSATION, note={"incident": incident}
                )
            return total

        return self._act(number, pay_back)

    def recalculate(
        self,
        number: str,
        service: int,
        from_: date,
        to: date,
        tariff: str | None = None,
        discount_percent: int | None = None,
        served: bool | None = None,
        confirm: bool = False,
    ) -> list[Row]:
        def put_right(book: Book) -> list[Row]:
            own = book.service(service)
            past = self.history(number, service)
            truth = recalculation.Truth(
                from_,
                to,
                self.tariffs[tariff] if tariff else None,
                None if discount_percent is None else discount_percent * 100,
                None,
                served,
            )
            known = self.incidents[number].get(service, {})
            rows = recalculation.differences(book, own, past, truth, known)
            if confirm:
                note: dict[str, object] = {} if served is None else {"served": served}
                recalculation.post_differences(
                    book, own, past, rows, kind=Kind.CORRECTION, note=note
                )
                recalculation.mark_unserved(own, truth)
            return [(r.day, r.was, r.should, r.difference) for r in rows]

        return self._act(number, put_right)

    # reading

    def balance(self, number: str) -> int:
        return self._open(number).balance

    def funds(self, number: str) -> int:
        return funds(self._open(number))

    def state(self, number: str, service: int) -> str:
        book = self._open(number)
        return state_of(book, book.service(service)).value

    def promised(self, number: str) -> list[tuple[bool, int, date, str]]:
        book = self._open(number)
        known = [*self.ended[number], book.promise, book.automatic]
        rows = [(p.automatic, p.amount, p.ends_on, p.state.value) for p in known if p]
        return sorted(rows, key=str)

    def taxed(self, number: str, service: int) -> dict[int, int]:
        self._open(number)
        charged: dict[int, int] = {}
        for entry in self.entries[number]:
            if entry.service == service and entry.kind is not Kind.CONNECTION:
                rate = entry.tax_rate // 100
                charged[rate] = charged.get(rate, 0) - entry.amount
        return {rate: amount for rate, amount in charged.items() if amount}

    def net(self, number: str, service: int, day: date) -> int:
        self._open(number)
        return self.history(number, service).net.get(day, 0)

    def served(self, number: str, service: int, day: date) -> bool:
        book = self._open(number)
        return was_served(book, book.service(service), self.history(number, service), day)

    def money_lasts_until(self, number: str) -> date | None:
        return outlook(self._open(number)).until

    def repeat(self, number: str) -> None:
        """Run the steps again: nothing may change."""
        react(self._open(number))
