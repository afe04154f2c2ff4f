"""Moves of money in a book: post, charge days, give days back, settle daily services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from abonent.billing.rules.book import (
    CHARGE_KINDS,
    Book,
    Charge,
    Kind,
    Mode,
    Posting,
    Service,
    Slice,
    Span,
)
from abonent.billing.rules.fees import priced
from abonent.billing.rules.periods import DAY, next_period_start


def post(book: Book, posting: Posting) -> Posting:
    """Add a posting: number it, move the balance and the bonus (bonus money is spent first)."""
    book.last_no += 1
    posting.no = book.last_no
    book.postings.append(posting)
    book.balance += posting.amount
    _move_bonus(book, posting.kind, posting.amount)
    return posting


def _move_bonus(book: Book, kind: Kind, amount: int) -> None:
    if kind is Kind.BONUS:
        book.bonus_left = max(0, book.bonus_left + amount)
    elif kind in CHARGE_KINDS:
        spent = min(book.bonus_left, -amount)
        book.bonus_left -= spent
        book.bonus_used += spent
    elif kind in {Kind.RETURN, Kind.ADJUSTMENT, Kind.CORRECTION, Kind.COMPENSATION} and amount > 0:
        restored = min(book.bonus_used, amount)
        book.bonus_left += restored
        book.bonus_used -= restored


def rated_runs(service: Service, days: Iterable[date]) -> list[tuple[int, list[date]]]:
    """Days split where the tax rate or the tariff changes: no entry spans either."""
    days = list(days)
    if days and len(service.terms) == 1:
        tax = service.terms[0].tariff.tax
        if not any(days[0] < rate.since <= days[-1] for rate in tax.rates):
            return [(tax.rate_on(days[0]), days)]
    runs: list[tuple[int, list[date]]] = []
    before: tuple[int, int] | None = None
    for day in days:
        tariff = service.term_on(day).tariff
        key = (tariff.id, tariff.tax.rate_on(day))
        if key != before:
            runs.append((key[1], []))
        runs[-1][1].append(day)
        before = key
    return runs


def charge_days(
    book: Book,
    service: Service,
    days: Iterable[date],
    *,
    through: date | None = None,
    asked: tuple[list[Slice], dict[date, int]] | None = None,
) -> None:
    """Charge some days of a service: one posting per tax rate, held until given back.

    `asked` is the calculation of these days where it has been made already.
    """
    runs = rated_runs(service, days)
    for rate, run in runs:
        tariff = service.term_on(run[0]).tariff
        slices, amounts = asked if asked and len(runs) == 1 else priced(book, service, run)
        due_on = book.day + timedelta(tariff.due_days) if tariff.mode is Mode.ARREARS else None
        posting = post(
            book,
            Posting(
                no=0,
                day=book.day,
                kind=Kind.CHARGE,
                amount=-sum(amounts.values()),
                service=service.no,
                tariff=tariff,
                period=Span(run[0], run[-1] + DAY),
                through=through and run[-1],
                slices=slices,
                tax_code=tariff.tax.code,
                tax_rate=rate,
                due_on=due_on,
            ),
        )
        service.charges.append(
            Charge(posting.no, book.day, tariff.mode, amounts, tariff.tax.code, rate, due_on)
        )


def charge_connection(book: Book, service: Service, *, due_on: date | None = None) -> None:
    """Post the connection fee that waited for the first charge; it is due when that is."""
    if not service.connection_fee:
        return
    tariff = service.term_on(book.day).tariff
    posting = post(
        book,
        Posting(
            no=0,
            day=book.day,
            kind=Kind.CONNECTION,
            amount=-service.connection_fee,
            service=service.no,
            tariff=tariff,
            tax_code=tariff.tax.code,
            tax_rate=tariff.tax.rate_on(book.day),
            due_on=due_on,
        ),
    )
    if due_on and due_on > book.day:
        service.charges.append(fee_charge(posting))
    service.connection_fee = 0


def fee_charge(posting: Posting) -> Charge:
    """A fee posted with a postpaid charge stands in the balance until that is due; no day is held."""
    return Charge(
        posting.no,
        posting.day,
        Mode.ARREARS,
        {posting.day: -posting.amount},
        posting.tax_code or "none",
        posting.tax_rate,
        posting.due_on,
    )


def correct(
    book: Book,
    service: Service,
    charge: Charge,
    amounts: dict[date, int],
    kind: Kind,
    **note: object,
) -> int:
    """Post a correction of one charge: `amounts` per day, positive to the subscriber's good.

    Returns its amount. The caller changes what the charge holds.
    """
    days = sorted(amounts)
    posting = Posting(
        no=0,
        day=book.day,
        kind=kind,
        amount=sum(amounts.values()),
        service=service.no,
        tariff=service.term_on(days[0]).tariff,
        period=Span(days[0], days[-1] + DAY),
        amounts=amounts,
        tax_code=charge.tax_code,
        tax_rate=charge.tax_rate,
        corrects=charge.no,
        note=dict(note),
    )
    return post(book, posting).amount


def give_back(
    book: Book, service: Service, charge: Charge, days: Iterable[date], cause: str
) -> None:
    """Return what a charge holds for days that will not be served; they are free again."""
    back = {day: charge.amounts.pop(day) for day in sorted(days) if day in charge.amounts}
    if back:
        correct(book, service, charge, back, Kind.RETURN, cause=cause)


def give_back_span(book: Book, service: Service, start: date, end: date, cause: str) -> None:
    """Return all that any prepaid charge of a service holds on [start, end)."""
    for charge in list(service.charges):
        if charge.mode is not Mode.ARREARS:
            give_back(book, service, charge, [d for d in charge.amounts if start <= d < end], cause)


def settle(book: Book, through: date) -> None:
    """Post the days that daily services have been served and not yet charged for.

    They were covered by funds on each of those days, so nothing is asked here. The posting
    carries the last day it covers.
    """
    for service in book.in_order():
        if not service.served or service.settled_to > through:
            continue
        if service.mode_on(through) is not Mode.DAILY:
            continue
        days = _days(service.settled_to, min(through + DAY, service.ends_on))
        if days:
            charge_days(book, service, days, through=days[-1])
            service.settled_to = days[-1] + DAY
            service.accrued = book.postings[-1]


def charge_today(book: Book, service: Service, asked: tuple[list[Slice], dict[date, int]]) -> None:
    """Charge today's share of a daily service, in one entry with the days just settled."""
    last, today = service.accrued, book.day
    tariff = service.term_on(today).tariff
    if last is None or last.through != today - DAY or last.day != today:
        last = None  # it holds today already, or is another day's: what is written stays
    if last is None or last.tariff is not tariff or last.tax_rate != tariff.tax.rate_on(today):
        charge_days(book, service, [today], through=today, asked=asked)
    else:
        _extend(book, service, last, asked)
    service.settled_to = today + DAY


def _extend(
    book: Book, service: Service, last: Posting, asked: tuple[list[Slice], dict[date, int]]
) -> None:
    """Let today join the entry of the days before it."""
    (part,), amounts = asked
    end, amount = part.end, -amounts[book.day]
    if last.slices[-1].end == part.start and last.slices[-1][2:] == part[2:]:
        part = last.slices.pop()._replace(end=end)
    last.slices.append(part)
    last.amount += amount
    last.period, last.through = Span(last.slices[0].start, end), book.day
    service.charges[-1].amounts |= amounts
    book.balance += amount
    _move_bonus(book, Kind.CHARGE, amount)


def advance_days(book: Book, service: Service, day: date) -> list[date]:
    """The days an advance charge of `day` takes (ENGINE 4, step 4).

    From that day to the end of the period, the service or its present tariff, whichever is
    first; without frozen days and days already charged.
    """
    end = min(next_period_start(book.billing_days, day), service.ends_on, service.next_term(day))
    days = _days(day, end)
    if not book.freezes and not service.charges:
        return days
    held = service.held_days()
    return [d for d in days if d not in held and not book.frozen(d)]


def billed_period(book: Book, service: Service, end: date) -> list[date]:
    """The served postpaid days before `end` that no entry charges yet."""
    if not service.ever(Mode.ARREARS):
        return []
    return [
        day
        for day in _days(max(service.billed_to, service.starts_on), min(end, service.ends_on))
        if service.mode_on(day) is Mode.ARREARS
        and not book.frozen(day)
        and not service.paused(day)
        and day not in service.compensated
    ]


def _days(start: date, end: date) -> list[date]:
    """The days of [start, end)."""
    return [date.fromordinal(n) for n in range(start.toordinal(), end.toordinal())]


def first_slice(posting: Posting) -> Slice | None:
    """The only slice of a plain charge, None when the calculation has several lines."""
    return posting.slices[0] if len(posting.slices) == 1 else None
