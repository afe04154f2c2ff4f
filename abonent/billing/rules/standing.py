"""How an account stands on its day: what may be spent, and what each service is."""

from __future__ import annotations

from enum import StrEnum

from abonent.billing.rules.book import Book, Mode, Service


class ServiceState(StrEnum):
    """What the subscriber and the desk see of a service on a day."""

    PLANNED = "planned"
    SERVED = "served"
    SUSPENDED = "suspended"
    FROZEN = "frozen"
    ENDED = "ended"


def not_yet_due(book: Book) -> int:
    """Postpaid charges that stand in the balance but are not yet due (ENGINE 4), net."""
    return sum(
        sum(charge.amounts.values())
        for service in book.services
        for charge in service.charges
        if charge.due_on is not None and charge.due_on > book.day
    )


def funds(book: Book) -> int:
    """What may be spent: balance + not yet due + credit limit + what is promised."""
    return unlent(book) + sum(p.amount for p in (book.promise, book.automatic) if p)


def unlent(book: Book) -> int:
    """Funds without promises: what would remain if they ended now."""
    return book.balance + not_yet_due(book) + book.credit_limit


def state_of(book: Book, service: Service) -> ServiceState:
    """The state of a service on the book's day."""
    if max(book.day, service.starts_on) >= service.ends_on:
        return ServiceState.ENDED
    if book.day < service.starts_on:
        return ServiceState.PLANNED
    if book.frozen(book.day):
        return ServiceState.FROZEN
    if service.mode_on(book.day) is Mode.ARREARS:
        paused = service.paused(book.day)
        return ServiceState.SUSPENDED if paused else ServiceState.SERVED
    return ServiceState.SERVED if service.served else ServiceState.SUSPENDED


def account_state(book: Book) -> str:
    """The account in one word, for registers: what its living services are."""
    states = {state_of(book, s) for s in book.services} - {ServiceState.PLANNED}
    living = states - {ServiceState.ENDED}
    if not living:
        return "ended" if states else "idle"
    if len(living) > 1:
        return "partly"
    return living.pop().value
