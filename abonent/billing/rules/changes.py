"""What people ask for, as changes of a book: each leaves it settled, served and explained.

Every function takes a book already brought to the open day with `opening.touch`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from abonent.billing.errors import (
    FreezeOverlaps,
    NotEnoughFunds,
    NotPeriodStart,
    NotPostpaid,
    NotRefundable,
    TooEarly,
    TooLate,
)
from abonent.billing.rules.book import (
    Book,
    Charge,
    Discount,
    Freeze,
    Kind,
    Mode,
    Posting,
    Service,
    Span,
    Tariff,
    Term,
    copied,
)
from abonent.billing.rules.charging import correct, give_back_span, post, settle
from abonent.billing.rules.fees import share_on
from abonent.billing.rules.opening import due_today, react, serve_if_covered
from abonent.billing.rules.periods import (
    DAY,
    FAR,
    BillingDay,
    next_period_start,
    period_on,
)
from abonent.billing.rules.standing import funds


def add_service(book: Book, service: Service) -> None:
    """Start a service today or later; the first charge carries its connection fee."""
    if service.starts_on < book.day:
        raise TooEarly("from", service.starts_on, book.day)
    service.billed_to = service.settled_to = service.starts_on
    book.services.append(service)
    react(book)


def pay(
    book: Book, *, amount: int, source: str, settles: tuple[int, ...] = (), **note: object
) -> Posting:
    """Take a payment: whoever it reaches is served at once."""
    posting = post(
        book,
        Posting(0, book.day, Kind.PAYMENT, amount, source=source, settles=settles, note=dict(note)),
    )
    react(book)
    return posting


def move_money(
    book: Book,
    kind: Kind,
    amount: int,
    *,
    source: str | None = None,
    corrects: int | None = None,
    **note: object,
) -> Posting:
    """Post money that belongs to no service: reversals, refunds, bonuses, fees."""
    posting = post(
        book,
        Posting(0, book.day, kind, amount, source=source, corrects=corrects, note=dict(note)),
    )
    react(book)
    return posting


def charge_fee(book: Book, *, amount: int, kind: str, reason: str, into_debt: bool) -> Posting:
    """A one-off fee; without `into_debt` it is refused when funds do not cover it."""
    if not into_debt and amount > funds(book):
        raise NotEnoughFunds(amount - funds(book))
    return move_money(book, Kind.FEE, -amount, source=kind, reason=reason)


def refundable(book: Book) -> int:
    """What may be paid back: the balance without unspent bonus money."""
    return max(0, book.balance - book.bonus_left)


def refund(book: Book, *, amount: int, method: str) -> Posting:
    """Pay money back to the subscriber."""
    if amount > refundable(book):
        raise NotRefundable(amount, refundable(book))
    return move_money(book, Kind.REFUND, -amount, source=method)


def set_credit(book: Book, limit: int) -> None:
    """A lower limit cuts off at tomorrow's opening, never today."""
    book.credit_limit = limit
    react(book)


def freeze(book: Book, *, no: int, start: date, end: date) -> Freeze:
    """Pause the whole account on [start, end), tomorrow at the earliest; held days go back."""
    if start <= book.day:
        raise TooEarly("from", start, book.day + DAY)
    for other in book.freezes:
        if start < other.ends_on and other.starts_on < end:
            raise FreezeOverlaps(start, end, other.starts_on, other.ends_on)
    made = Freeze(no, start, end)
    book.freezes = (*book.freezes, made)
    for service in book.in_order():
        give_back_span(book, service, start, end, "freeze")
    react(book)
    return made


def end_freeze(book: Book, freeze_no: int, on: date | None) -> Freeze:
    """Let a freeze end on a day, tomorrow at the earliest; one not begun never happens."""
    found = next(f for f in book.freezes if f.no == freeze_no)
    if found.ends_on <= book.day:
        raise TooLate("on", on or book.day, found.ends_on)
    end = min(found.ends_on, max(on or book.day + DAY, book.day + DAY))
    changed = replace(found, ends_on=max(end, found.starts_on))
    kept = [f for f in book.freezes if f.no != freeze_no]
    if changed.ends_on > changed.starts_on:
        kept.append(changed)
    book.freezes = tuple(sorted(kept, key=lambda f: f.starts_on))
    react(book)
    return changed


@dataclass(frozen=True, slots=True)
class TariffChange:
    """When a change takes effect and, if money lacks for it, how much."""

    effective_on: date
    missing: int


def plan_tariff_change(
    book: Book, service: Service, tariff: Tariff, on: date | str
) -> TariffChange:
    """When a change of tariff would take effect: "asap", "next-period" or a date (ENGINE 4).

    As early as allowed is today when the service is not served today, or when today's new
    share is not lower and the new due is covered; otherwise tomorrow.
    """
    _check_not_ended(book, service)
    plan = _planned(book, service, tariff, on)
    if plan.effective_on >= service.ends_on:
        raise TooLate("service", plan.effective_on, service.ends_on)
    return plan


def _planned(book: Book, service: Service, tariff: Tariff, on: date | str) -> TariffChange:
    today = book.day
    asked = next_period_start(book.billing_days, today) if on == "next-period" else on
    if service.starts_on > today:
        later = asked if isinstance(asked, date) else service.starts_on
        return TariffChange(max(service.starts_on, later), 0)
    if isinstance(asked, date):
        if asked <= today:
            raise TooEarly("on", asked, today + DAY)
        return TariffChange(asked, 0)
    return _as_early_as_allowed(book, service, tariff)


def _as_early_as_allowed(book: Book, service: Service, tariff: Tariff) -> TariffChange:
    today = book.day
    if _served_today(book, service):
        share = share_on(book, service, today, Term(today, tariff))
        if share >= share_on(book, service, today):
            missing = _missing_for(book, service, tariff, today)
            if not missing:
                return TariffChange(today, 0)
        return TariffChange(today + DAY, _missing_for(book, service, tariff, today + DAY))
    return TariffChange(today, _missing_for(book, service, tariff, today))


def _served_today(book: Book, service: Service) -> bool:
    if service.mode_on(book.day) is Mode.ARREARS:
        frozen = book.frozen(book.day) or service.paused(book.day)
        return service.living(book.day) and not frozen
    return service.served


def _missing_for(book: Book, service: Service, tariff: Tariff, start: date) -> int:
    """What funds lack for the new tariff from `start`, once the old one has given back."""
    if tariff.mode is Mode.ARREARS:
        return 0
    trial = copied(book)
    own = trial.service(service.no)
    _replace_term(trial, own, tariff, start)
    have = funds(trial)
    trial.day = start
    return max(0, due_today(trial, own) - have)


def _replace_term(book: Book, service: Service, tariff: Tariff, start: date) -> None:
    give_back_span(book, service, start, FAR, "tariff")
    kept = tuple(t for t in service.terms if t.since < start)
    if start <= service.starts_on or not kept:
        service.terms = (Term(service.starts_on, tariff),)
    else:
        service.terms = (*kept, Term(start, tariff))


def change_tariff(book: Book, service: Service, tariff: Tariff, start: date) -> None:
    """Replace the tariff from a day on; what the old one holds from there goes back at once."""
    before = _served_today(book, service)
    _replace_term(book, service, tariff, start)
    if start == book.day:
        service.settled_to = min(service.settled_to, start)
        service.served = False
        if before:
            _stay_served(book, service)
    react(book)


def _stay_served(book: Book, service: Service) -> None:
    """Today was served under the old tariff and stays so: its share precedes what others ask."""
    if service.mode_on(book.day) is not Mode.ARREARS:
        serve_if_covered(book, service, funds(book) - book.balance)
        return
    parts = [
        part
        for p in service.pauses
        for part in (
            p._replace(end=min(p.end, book.day)),
            p._replace(start=max(p.start, book.day + DAY)),
        )
    ]
    service.pauses = tuple(p for p in parts if p.start < p.end)


def end_service(book: Book, service: Service, on: date | None) -> date:
    """End a service, tomorrow at the earliest; one that has not begun never begins."""
    earliest = book.day + DAY
    _check_not_ended(book, service)
    if on is not None and on < earliest:
        raise TooEarly("on", on, earliest)
    if service.starts_on > book.day:
        service.ends_on = max(on or service.starts_on, service.starts_on)
    else:
        service.ends_on = on or earliest
    give_back_span(book, service, service.ends_on, FAR, "end")
    react(book)
    return service.ends_on


def _check_not_ended(book: Book, service: Service) -> None:
    if service.ends_on <= max(book.day, service.starts_on):
        raise TooLate("service", book.day, service.ends_on)


def add_discount(book: Book, service: Service, discount: Discount) -> Discount:
    """Give a discount; days already charged from the open day on are adjusted at once.

    Earlier days keep their fee, postpaid ones also where they are charged later. Answers the
    discount with the day it is recorded on.
    """
    recorded = replace(discount, recorded_on=book.day)
    service.discounts = (*service.discounts, recorded)
    reprice(book, service)
    return recorded


def reprice(book: Book, service: Service) -> None:
    """Post, per charge, the difference between what its days from today on hold and cost now.

    It is posted even below zero funds (ENGINE 4, discounts and prices).
    """
    for charge in list(service.charges):
        if charge.mode is Mode.ARREARS:
            continue
        _reprice_charge(book, service, charge)
    react(book)


def _reprice_charge(book: Book, service: Service, charge: Charge) -> None:
    changed: dict[date, int] = {}
    for day, held in charge.amounts.items():
        if day < book.day:
            continue
        cost = share_on(book, service, day)
        if cost != held:
            changed[day] = held - cost
    if changed:
        for day, difference in changed.items():
            charge.amounts[day] -= difference
        correct(book, service, charge, changed, Kind.ADJUSTMENT)


def pause_service(book: Book, service: Service, *, paused: bool) -> None:
    """Suspend a postpaid service by hand from tomorrow, or serve it again from today.

    Raises NotPostpaid, and TooLate for a service that has ended.
    """
    if service.mode_on(book.day) is not Mode.ARREARS:
        raise NotPostpaid(service.no)
    _check_not_ended(book, service)
    kept = [p for p in service.pauses if p.end <= book.day or p.start <= book.day]
    if paused:
        if not any(p.end == FAR for p in kept):
            kept.append(Span(book.day + DAY, FAR))
    else:
        kept = [p._replace(end=min(p.end, book.day)) for p in kept]
    service.pauses = tuple(p for p in kept if p.end > p.start)
    react(book)


def change_billing_day(book: Book, *, day: int, start: date) -> None:
    """Periods start on another day of the month from a coming period start on."""
    if start <= book.day:
        raise TooEarly("from", start, next_period_start(book.billing_days, book.day))
    kept = tuple(b for b in book.billing_days if b.since <= book.day)
    period = period_on(kept, start)
    if period.start != start:
        raise NotPeriodStart(start, period.end)
    book.billing_days = (*kept, BillingDay(start, day))


def settle_today(book: Book) -> None:
    """Post what daily services have accrued through the open day."""
    settle(book, book.day)
