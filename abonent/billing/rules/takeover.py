"""An account that comes from another system: its book on the day it is taken over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from abonent.billing.rules.book import (
    Book,
    Charge,
    Freeze,
    Kind,
    Mode,
    Policy,
    Posting,
    Promise,
    Service,
    Span,
    Tariff,
    Term,
)
from abonent.billing.rules.charging import charge_days, post
from abonent.billing.rules.opening import react
from abonent.billing.rules.periods import DAY, FAR, BillingDay, period_on
from abonent.billing.rules.schedule import next_due


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service as the other system had it; `fee_open` when its connection is still to be paid."""

    tariff: Tariff
    starts_on: date
    priority: int = 1
    fee_open: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands on the morning it is taken over, before that day charges anything.

    `paid_until` is the last day paid for; `suspended_since` says the services are cut off.
    """

    billing_day: int
    services: tuple[RunningService, ...] = ()
    balance: int = 0
    credit_limit: int = 0
    paid_until: date | None = None
    freeze: Span | None = None
    suspended_since: date | None = None
    promise: int = 0
    promise_until: date = FAR


@dataclass(frozen=True, slots=True)
class Debt:
    """An unpaid bill of the other system for [start, end), due on a day."""

    service: int | None
    start: date
    end: date
    due_on: date
    amount: int


def take_over(account: int, standing: Standing, *, day: date, policy: Policy) -> Book:
    """The book of an account taken over on `day`; its first day is opened unless it is cut off.

    Days paid for elsewhere are held like any others: the ordinary charge for exactly these days
    and a credit of its amount, so the balance stays and giving back works by the same rules.
    A paid 56000 for April, taken over on 16 April with balance 0: -28000 and +28000.
    """
    book = Book(
        account,
        day,
        (BillingDay(date.min, standing.billing_day),),
        credit_limit=standing.credit_limit,
        policy=policy,
    )
    if standing.balance:
        post(book, Posting(0, day, Kind.OPENING, standing.balance))
    if standing.freeze:
        book.freezes = (Freeze(1, *standing.freeze),)
    if standing.promise:
        book.last_promise = 1
        book.promise = Promise(1, standing.promise, day, standing.promise_until)
    for number, running in enumerate(standing.services, 1):
        book.services.append(_service(book, number, running, standing))
    if standing.paid_until:
        for service in book.services:
            _hold_paid(book, service, standing.paid_until)
    if standing.suspended_since is None:
        react(book)
    book.transitions.clear()
    return book


def first_due(book: Book, standing: Standing) -> date:
    """When the account is opened first: tomorrow where it came cut off and money may bring it back."""
    due = next_due(book)
    return due if standing.suspended_since is None else min(due, book.day + DAY)


def _service(book: Book, number: int, running: RunningService, standing: Standing) -> Service:
    begins = max(running.starts_on, book.day)
    service = Service(
        no=number,
        starts_on=running.starts_on,
        terms=(Term(running.starts_on, running.tariff),),
        priority=running.priority,
        settled_to=begins,
        billed_to=begins,
        connection_fee=running.tariff.connection_fee if running.fee_open else 0,
    )
    if running.tariff.mode is Mode.ARREARS:
        period = period_on(book.billing_days, book.day)
        billed = standing.paid_until + DAY if standing.paid_until else period.start
        service.billed_to = max(running.starts_on, billed)
        if standing.suspended_since:
            service.pauses = (Span(standing.suspended_since, FAR),)
    return service


def _hold_paid(book: Book, service: Service, paid_until: date) -> None:
    """Hold the days from today on that were paid for in the other system, period by period."""
    if service.terms[0].tariff.mode is Mode.ARREARS:
        return
    first = max(book.day, service.starts_on)
    days = [date.fromordinal(n) for n in range(first.toordinal(), paid_until.toordinal() + 1)]
    days = [day for day in days if not book.frozen(day)]
    if not days:
        return
    before = book.balance
    for _, run in groupby(days, key=lambda day: period_on(book.billing_days, day)):
        charge_days(book, service, list(run))
    if price := before - book.balance:
        post(
            book,
            Posting(
                0,
                book.day,
                Kind.OPENING,
                price,
                service=service.no,
                tariff=service.terms[0].tariff,
                period=Span(days[0], days[-1] + DAY),
                note={"cause": "paid"},
            ),
        )
    service.served = service.covered(book.day)
    if service.terms[0].tariff.mode is Mode.DAILY:
        service.settled_to = days[-1] + DAY


def post_debt(book: Book, debt: Debt) -> Posting:
    """Post an unpaid bill with its own period and due day; before that day it cuts nobody off.

    Tax was accounted for where the bill was made: the entry carries none.
    """
    tariff = None if debt.service is None else book.service(debt.service).term_on(book.day).tariff
    posting = post(
        book,
        Posting(
            0,
            book.day,
            Kind.OPENING,
            -debt.amount,
            service=debt.service,
            tariff=tariff,
            period=Span(debt.start, debt.end),
            due_on=debt.due_on,
            note={"cause": "debt"},
        ),
    )
    if debt.service is not None and debt.due_on > book.day:
        held = {debt.start: debt.amount}
        charge = Charge(posting.no, book.day, Mode.ARREARS, held, "none", 0, debt.due_on)
        book.service(debt.service).charges.append(charge)
    react(book)
    return posting
