"""The opening of a day and every change of funds: who is served, and who pays (ENGINE 4)."""

from __future__ import annotations

from datetime import date, timedelta

from abonent.billing.rules.book import (
    Book,
    Charge,
    Mode,
    Promise,
    PromiseState,
    Service,
    Transition,
)
from abonent.billing.rules.charging import (
    advance_days,
    billed_period,
    charge_connection,
    charge_days,
    charge_today,
    give_back,
    settle,
)
from abonent.billing.rules.fees import priced, share_on
from abonent.billing.rules.periods import DAY, FAR, period_on
from abonent.billing.rules.schedule import next_due
from abonent.billing.rules.standing import funds, unlent


def bring_to(book: Book, day: date, due: date | None = None) -> date:
    """Open every day on which something must happen, up to `day`; answer when next it must.

    Days on which nothing happens to the account are passed without being opened. `due` is
    the day the last answer named, when it was kept.
    """
    due = due or next_due(book)
    while due <= day:
        open_day(book, due)
        due = next_due(book)
    book.day = max(book.day, day)
    return due


def open_day(book: Book, day: date) -> None:
    """Open one day: judge the promise, charge what is postpaid, give back, charge."""
    book.day = day  # first: what an opening posts carries its day
    for service in book.services:
        service.accrued = None
        service.charges = [c for c in service.charges if _matters(c, day)]
    settle(book, day - DAY)
    for service in book.services:
        service.was_served, service.served = service.served, False
    over = _judge_promises(book)
    for service in book.in_order():
        _bill_arrears(book, service)
    if book.policy.grants and not over and not book.frozen(day):
        _grant_automatically(book)
    _give_back_unfunded(book)
    _charge(book)
    _forget_accrued(book)
    _note_transitions(book)


def _forget_accrued(book: Book) -> None:
    """Entries of days before are closed: what follows posts its own."""
    for service in book.services:
        service.accrued = None


def react(book: Book) -> None:
    """Steps 3 and 4 again, after a posting or a change; once more changes nothing."""
    for service in book.services:
        service.was_served = service.served
    _give_back_unfunded(book)
    _charge(book)
    _note_transitions(book)


def touch(book: Book, day: date, due: date | None = None) -> None:
    """Bring the book to `day` and post what daily services have accrued, before acting on it."""
    bring_to(book, day, due)
    settle(book, day)
    _forget_accrued(book)


def _matters(charge: Charge, day: date) -> bool:
    """A charge still matters while it holds a day from today on, or is not yet due."""
    return any(d >= day for d in charge.amounts) or (charge.due_on or day) > day


def _judge_promises(book: Book) -> bool:
    """Step 1: each is judged by what is there without promises; none is kept by another.

    True when the engine's own ended: today it may cut off, and gives none anew.
    """
    own = book.automatic
    for promise in (book.promise, own):
        if promise and promise.ends_on <= book.day:
            promise.state = PromiseState.KEPT if unlent(book) >= 0 else PromiseState.BROKEN
            end_promise(book, promise)
    return book.automatic is not own


def end_promise(book: Book, promise: Promise) -> None:
    """Let a promise count no longer; its state says what became of it."""
    if promise is book.automatic:
        book.automatic = None
    else:
        book.promise = None
    book.ended.append(promise)


def _bill_arrears(book: Book, service: Service) -> None:
    """Step 2: on a period's first day, charge the served days of the one that ended."""
    if not _starts_period(book) or service.starts_on >= book.day:
        return
    days = billed_period(book, service, book.day)
    if days:
        due_days = service.term_on(days[0]).tariff.due_days
        charge_connection(book, service, due_on=book.day + timedelta(due_days))
        charge_days(book, service, days)
    service.billed_to = book.day


def _starts_period(book: Book) -> bool:
    """True on a period's first day, and on the day a new billing day begins."""
    return period_on(book.billing_days, book.day).start == book.day or any(
        change.since == book.day for change in book.billing_days[1:]
    )


def _give_back_unfunded(book: Book) -> None:
    """Step 3: while funds are below zero, the newest charge not served today gives back."""
    if funds(book) >= 0:
        return
    beyond = funds(book) - book.balance
    holding = [
        (charge.posted_on, service.order, charge.no, service, charge)
        for service in book.services
        if not service.served
        for charge in service.charges
        if _holds_ahead(book, charge)
    ]
    for *_, service, charge in sorted(holding, key=lambda each: each[:3], reverse=True):
        give_back(book, service, charge, [d for d in charge.amounts if d >= book.day], "funds")
        if book.balance + beyond >= 0:
            return


def _holds_ahead(book: Book, charge: Charge) -> bool:
    return charge.mode is not Mode.ARREARS and any(d >= book.day for d in charge.amounts)


def due_today(book: Book, service: Service) -> int:
    """What a living prepaid service asks for to be served on the book's day."""
    if service.mode_on(book.day) is Mode.DAILY:
        share = 0 if book.frozen(book.day) else share_on(book, service, book.day)
        return share + service.connection_fee
    _, amounts = priced(book, service, advance_days(book, service, book.day))
    return sum(amounts.values()) + service.connection_fee


def _charge(book: Book) -> None:
    """Step 4: in order, serve what is paid, charge what funds cover, leave the rest cut off."""
    today = book.day
    if book.frozen(today):
        return
    beyond = funds(book) - book.balance  # constant here: no charge of this step is postpaid
    for service in book.in_order():
        if not service.living(today) or service.mode_on(today) is Mode.ARREARS or service.served:
            continue
        serve_if_covered(book, service, beyond)


def serve_if_covered(book: Book, service: Service, beyond: int) -> None:
    """Step 4 for one service that is not served yet: paid already, or funds cover its due.

    `beyond` is what funds hold beyond the balance.
    """
    if service.covered(book.day):
        service.served = True
        return
    daily = service.mode_on(book.day) is Mode.DAILY
    days = [book.day] if daily else advance_days(book, service, book.day)
    asked = priced(book, service, days)
    if sum(asked[1].values()) + service.connection_fee > book.balance + beyond:
        return
    charge_connection(book, service)
    if daily:
        charge_today(book, service, asked)
    else:
        charge_days(book, service, days, asked=asked)
    service.served = True


def _note_transitions(book: Book) -> None:
    for service in book.services:
        if service.served != service.was_served:
            book.transitions.append(Transition(service.no, book.day, service.served))


def lacking(book: Book, services: list[Service]) -> int:
    """How much funds lack today for these services to be served, 0 when nothing is missing.

    On a frozen day nothing is: step 4 does not run.
    """
    if book.frozen(book.day):
        return 0
    wanting = [s for s in services if _wants_money(book, s)]
    if not wanting:
        return 0
    return max(0, _asked(book, wanting) - funds(book))


def lacking_unlent(book: Book) -> int:
    """What step 4 would lack today had the engine lent nothing by a promise of its own."""
    if book.automatic is None:
        return lacking(book, book.services)
    wanting = [s for s in book.services if _wants_money(book, s)]
    return max(0, _asked(book, wanting) - funds(book) + book.automatic.amount)


def _asked(book: Book, wanting: list[Service]) -> int:
    return sum(due_today(book, s) for s in wanting if not s.covered(book.day))


def _wants_money(book: Book, service: Service) -> bool:
    living = service.living(book.day) and not service.served
    return living and service.mode_on(book.day) is not Mode.ARREARS


def _promise_for(book: Book, wanted: list[Service]) -> int:
    """The least promise that keeps `wanted` served, whatever others take before them."""
    if not any(_wants_money(book, service) for service in wanted):
        return 0
    amount = lacking(book, wanted)
    while True:
        short, left = 0, funds(book) + amount
        for service in book.in_order():
            if not _wants_money(book, service) or service.covered(book.day):
                continue
            due = due_today(book, service)
            if due <= left:
                left -= due
            elif service in wanted:
                short = due - left
                break
        if not short:
            return amount
        amount += short


def _grant_automatically(book: Book) -> None:
    """A promise of the engine's own: for services served yesterday, until they may be cut off.

    One that is active grows by what is lacking since, and ends on its own day.
    """
    active = book.automatic
    until = book.day + timedelta(book.policy.grace_days)
    while until < FAR and not book.policy.may_cut(until):
        until += DAY
    if until == book.day and not active:
        return
    yesterday = book.day - DAY
    amount = _promise_for(
        book, [s for s in book.services if s.was_served or _postpaid_served(book, s, yesterday)]
    )
    if amount and active:
        active.amount += amount
    elif amount:
        book.last_promise += 1
        book.automatic = Promise(book.last_promise, amount, book.day, until, automatic=True)
        book.granted.append(book.automatic)


def _postpaid_served(book: Book, service: Service, day: date) -> bool:
    if service.mode_on(day) is not Mode.ARREARS:
        return False
    return service.living(day) and not book.frozen(day) and not service.paused(day)
