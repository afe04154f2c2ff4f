"""Promised payments: who may have one, for how much and until when (ENGINE 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from abonent.billing.errors import PromiseRefused
from abonent.billing.rules.book import (
    Book,
    Kind,
    Promise,
    PromiseState,
)
from abonent.billing.rules.changes import move_money
from abonent.billing.rules.fees import price_on
from abonent.billing.rules.opening import end_promise, lacking, lacking_unlent, react
from abonent.billing.rules.standing import not_yet_due
from abonent.kernel.i18n import N_


@dataclass(frozen=True, slots=True)
class Offer:
    """One of the provider's promise offers; amounts in minor units, None means no such rule.

    `amount` None asks for what is missing; `highest_debt` None allows one monthly fee;
    `tariffs` and `channels` None allow all.
    """

    code: str
    name: str
    days: int = 5
    days_per_year: int = 1
    most_days: int = 10
    amount: int | None = None
    ceiling: int = 100_000
    fee: int = 0
    once_per_days: int = 30
    least_tenure_days: int = 60
    highest_debt: int | None = None
    ban_days: int = 90
    tariffs: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """What a promise would be: counted as funds until the opening of `until`."""

    amount: int
    until: date
    fee: int


def missing_today(book: Book) -> int:
    """What step 4 lacks today for every living prepaid service."""
    return lacking(book, book.services)


def terms_of(
    book: Book, offer: Offer, *, past: Iterable[Promise], since: date | None, channel: str
) -> Terms:
    """The terms of an offer for this account today, or PromiseRefused naming the rule.

    `past` are all promises of the account; `since` is the first day of its tenure.
    """
    _check_offer(book, offer, channel)
    check_state(book)
    _check_need(book)
    _check_record(book, offer, list(past), since)
    wanted = lacking_unlent(book) + offer.fee
    if offer.amount is None:
        _check_ceiling(offer, wanted)
    elif offer.amount < wanted:
        raise PromiseRefused(
            "DEBT_TOO_BIG",
            N_("{asked:money} is missing, the offer gives {ceiling:money}."),
            asked=wanted,
            ceiling=offer.amount,
        )
    years = (book.day - since).days // 365 if since else 0
    days = min(offer.days + offer.days_per_year * years, max(offer.most_days, offer.days))
    amount = wanted if offer.amount is None else offer.amount
    return Terms(amount, book.day + timedelta(days), offer.fee)


def check_state(book: Book) -> None:
    """Refuse where the account's state leaves no room for a promise, whoever grants it."""
    if book.promise:
        raise PromiseRefused(
            "ALREADY",
            N_("A promise is active; the next is possible from {allowed_from}."),
            book.promise.ends_on,
        )
    if book.frozen(book.day):
        ends = next(f.ends_on for f in book.freezes if f.starts_on <= book.day < f.ends_on)
        raise PromiseRefused("FROZEN", N_("The account is frozen until {allowed_from}."), ends)


def _check_offer(book: Book, offer: Offer, channel: str) -> None:
    if not offer.active:
        raise PromiseRefused("OFF", N_("This offer is switched off."))
    if offer.channels is not None and channel not in offer.channels:
        raise PromiseRefused("CHANNEL", N_("This offer is not given here."))
    if offer.tariffs is not None:
        for service in book.services:
            code = service.term_on(book.day).tariff.code
            if service.living(book.day) and code not in offer.tariffs:
                raise PromiseRefused(
                    "TARIFF_EXCLUDED", N_("Not with tariff {tariff}."), tariff=code
                )


def _check_need(book: Book) -> None:
    if not lacking_unlent(book):
        raise PromiseRefused("NOT_NEEDED", N_("Nothing is missing today."))


def _check_record(book: Book, offer: Offer, past: list[Promise], since: date | None) -> None:
    today = book.day
    tenured = (since or today) + timedelta(offer.least_tenure_days)
    if today < tenured:
        raise PromiseRefused("TOO_EARLY", N_("Possible from {allowed_from}."), tenured)
    own = [p for p in past if not p.automatic]
    broken = [p.ends_on for p in own if p.state is PromiseState.BROKEN]
    free = max(broken) + timedelta(offer.ban_days) if broken else today
    if today < free:
        raise PromiseRefused(
            "PREVIOUS_BROKEN", N_("A promise was broken; possible from {allowed_from}."), free
        )
    used = [p.granted_on for p in own]
    free = max(used) + timedelta(offer.once_per_days) if used else today
    if today < free:
        raise PromiseRefused(
            "USED_RECENTLY", N_("Used recently; possible from {allowed_from}."), free
        )
    lent = book.automatic.amount if book.automatic else 0
    debt = max(0, -(book.balance + not_yet_due(book) + lent))
    highest = monthly_fee(book) if offer.highest_debt is None else offer.highest_debt
    if debt > highest:
        raise PromiseRefused(
            "DEBT_TOO_BIG",
            N_("The debt is {asked:money}, at most {ceiling:money} is allowed."),
            asked=debt,
            ceiling=highest,
        )


def _check_ceiling(offer: Offer, wanted: int) -> None:
    if wanted > offer.ceiling:
        raise PromiseRefused(
            "DEBT_TOO_BIG",
            N_("{asked:money} is missing, the offer gives {ceiling:money}."),
            asked=wanted,
            ceiling=offer.ceiling,
        )


def monthly_fee(book: Book) -> int:
    """The fees of all living services today, after discounts."""
    return sum(price_on(book, s, book.day).fee for s in book.services if s.living(book.day))


def grant(book: Book, terms: Terms) -> Promise:
    """Record a promise; its fee is posted with it, and services it covers are served at once.

    One of the engine's own that is active ends on the spot, replaced: neither kept nor broken.
    """
    check_state(book)
    if book.automatic:
        book.automatic.state = PromiseState.REPLACED
        end_promise(book, book.automatic)
    book.last_promise += 1
    promise = Promise(book.last_promise, terms.amount, book.day, terms.until)
    book.promise = promise
    book.granted.append(promise)
    if terms.fee:
        move_money(book, Kind.PROMISE_FEE, -terms.fee, until=terms.until.isoformat())
    react(book)
    return promise
