"""What will happen if nothing else does: until when money lasts, and what is asked then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from abonent.billing.rules.book import Book, Mode, Service, copied
from abonent.billing.rules.opening import due_today, lacking, open_day, react, touch
from abonent.billing.rules.periods import DAY, FAR, period_on
from abonent.billing.rules.schedule import next_due
from abonent.billing.rules.standing import funds, not_yet_due

_PLENTY = 10**15
HORIZON = timedelta(days=400)
"""How far ahead is looked; money that lasts longer is said to last without an end."""


class Outlook(NamedTuple):
    """The last day money lasts through (None: no end in sight) and what is missing after it."""

    until: date | None
    missing: int


def outlook(book: Book, *, ahead: timedelta = HORIZON) -> Outlook:
    """Play the coming days on a copy until a service that is now served is cut off for money.

    A freeze or the end of a service is no lack of money.
    """
    trial = copied(book)
    watched = {
        s.no for s in trial.services if s.served and s.mode_on(trial.day) is not Mode.ARREARS
    }
    limit = book.day + ahead
    while watched:
        due = next_due(trial)
        if due == FAR or due > limit:
            break
        open_day(trial, due)
        trial.postings.clear()
        cut = [s for s in trial.services if s.no in watched and _cut_off(trial, s)]
        if cut:
            asked = sum(due_today(trial, s) for s in cut if not s.covered(trial.day))
            return Outlook(due - DAY, max(0, asked - funds(trial)))
        watched -= {s.no for s in trial.services if s.ends_on <= due}
    return Outlook(None, 0)


def _cut_off(book: Book, service: Service) -> bool:
    if book.frozen(book.day) or service.served or not service.living(book.day):
        return False
    return service.mode_on(book.day) is not Mode.ARREARS


class Provision(NamedTuple):
    """A payment after which every prepaid service is served through a day, that day included."""

    amount: int
    through: date


def provisions(book: Book, found: Outlook) -> list[Provision]:
    """What to pay for the services through the period for which money is missing, and the next.

    The first is for today's period where money is missing now, else for the one in which it runs
    out. 60000 a month, paid to 30 November with 1934 left: 58066 through 31 December, 118066
    through 31 January. Empty when money lasts for more than a year; `found` is the book's outlook.
    """
    if lacking(book, book.services) or _own(book) < 0:
        day = book.day
    elif found.until:
        day = found.until + DAY
    else:
        return []
    answers: list[Provision] = []
    for _period in range(2):
        last = period_on(book.billing_days, day).end - DAY
        amount = asked_through(book, last)
        if amount > (answers[-1].amount if answers else 0):
            answers.append(Provision(amount, last))
        day = last + DAY
    return answers


def asked_through(book: Book, last: date) -> int:
    """What must be paid today for every service to be served through `last`, promises aside.

    The coming days are played on a copy that can pay for anything; what is asked is the most that
    it ever owed.
    """
    trial = copied(book)
    trial.balance += _PLENTY
    react(trial)
    least = _own(trial)
    due = next_due(trial)
    while due <= last:
        open_day(trial, due)
        trial.postings.clear()
        least = min(least, _own(trial))
        due = next_due(trial)
    touch(trial, last, due)
    return max(0, _PLENTY - min(least, _own(trial)))


def _own(book: Book) -> int:
    """Funds without any promise: that is a debt to come, not money."""
    return book.balance + not_yet_due(book) + book.credit_limit
