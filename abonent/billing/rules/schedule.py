"""When an account must be opened next: the day before which nothing can happen to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from abonent.billing.rules.book import Book, Mode, Service
from abonent.billing.rules.fees import priced
from abonent.billing.rules.periods import DAY, FAR, days_between, month_end, next_period_start
from abonent.billing.rules.standing import funds


def next_due(book: Book) -> date:
    """The first day after the book's on which its opening changes anything.

    FAR when nothing ever will by itself. Every day in between may be passed unopened: the
    same services are served, and daily ones accrue their shares.
    """
    if funds(book) < 0 and _holds_ahead(book):
        return book.day + DAY
    known = min((d for d in _known_days(book) if d > book.day), default=FAR)
    return _first_change_of_money(book, known)


def _holds_ahead(book: Book) -> bool:
    """True when a prepaid charge holds a day after the book's: step 3 would take it back."""
    return any(
        day > book.day
        for service in book.services
        for charge in service.charges
        if charge.mode is not Mode.ARREARS
        for day in charge.amounts
    )


def _known_days(book: Book) -> Iterator[date]:
    """Days fixed by dates alone: promises, freezes, periods, services, terms, dues."""
    for promise in (book.promise, book.automatic):
        if promise:
            yield promise.ends_on
    for freeze in book.freezes:
        yield freeze.starts_on
        yield freeze.ends_on
    prepaid = False
    period = False
    for service in book.services:
        yield service.starts_on
        if service.ends_on > book.day:
            period = True
            yield service.ends_on
            yield service.next_term(book.day)
            prepaid = prepaid or _ever_prepaid(service, book.day)
        elif service.billed_to < service.ends_on and service.ever(Mode.ARREARS):
            period = True
    if period:
        yield next_period_start(book.billing_days, book.day)
    if prepaid:
        yield from _dues(book)


def _ever_prepaid(service: Service, day: date) -> bool:
    return service.mode_on(day) is not Mode.ARREARS or service.next_term(day) < FAR


def _dues(book: Book) -> Iterator[date]:
    for service in book.services:
        for charge in service.charges:
            if charge.due_on:
                yield charge.due_on


def _first_change_of_money(book: Book, known: date) -> date:
    """The first day before `known` on which coverage ends, money runs out or money suffices."""
    if book.frozen(book.day):
        return known
    running = [s for s in book.in_order() if s.living(book.day) and not _postpaid(book, s)]
    daily = [s for s in running if s.served and s.mode_on(book.day) is Mode.DAILY]
    paid = [s for s in running if s.served and s.mode_on(book.day) is not Mode.DAILY]
    waiting = [s for s in running if not s.served]
    if daily:
        known = min(known, _settlement_day(book, known))
    for service in paid:
        known = min(known, _coverage_end(service, book.day, known))
    if waiting:
        return _walk(book, daily, waiting, known) if daily or funds(book) >= 0 else known
    return _walk(book, daily, [], known) if daily else known


def _postpaid(book: Book, service: Service) -> bool:
    return service.mode_on(book.day) is Mode.ARREARS


def _settlement_day(book: Book, known: date) -> date:
    """The last day of the calendar month or of the billing period, if still ahead."""
    ends = {month_end(book.day), next_period_start(book.billing_days, book.day) - DAY}
    ends.add(month_end(book.day + DAY))
    return min((d for d in ends if book.day < d < known), default=known)


def _coverage_end(service: Service, day: date, known: date) -> date:
    """The first day before `known` that no charge of an advance service holds."""
    held = service.held_days()
    day += DAY
    while day < known and day in held:
        day += DAY
    return day


def _walk(book: Book, daily: list[Service], waiting: list[Service], known: date) -> date:
    """Day by day in the order of step 4: who could no longer, or could again, be charged."""
    left = funds(book)
    days = days_between(book.day + DAY, known)
    order = [
        (s.served, priced(book, s, days)[1] if s.served else _dues_ahead(book, s))
        for s in sorted([*daily, *waiting], key=lambda s: s.order)
    ]
    for day in days:
        for served, asked in order:
            if served:
                if asked[day] > left:
                    return day
                left -= asked[day]
            elif asked.get(day, left + 1) <= left:
                return day
    return known


def _dues_ahead(book: Book, service: Service) -> dict[date, int]:
    """What a waiting service will ask for on each day to the end of its period."""
    end = min(
        next_period_start(book.billing_days, book.day),
        service.ends_on,
        service.next_term(book.day),
    )
    days = days_between(book.day + DAY, end)
    held = service.held_days() if service.charges else set()
    covered = held.intersection(days)
    shares = priced(book, service, [d for d in days if d not in held and not book.frozen(d)])[1]
    daily = service.mode_on(book.day) is Mode.DAILY
    dues = dict.fromkeys(covered, 0)
    total = 0
    for day in reversed(shares):
        total = shares[day] if daily else total + shares[day]
        dues[day] = total + service.connection_fee
    return dues
