"""What will happen if nothing else does: until when money lasts, and what is asked then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from abonent.billing.rules.book import Book, Mode, Service, copied
from abonent.billing.rules.opening import due_today, open_day
from abonent.billing.rules.periods import DAY, FAR
from abonent.billing.rules.schedule import next_due
from abonent.billing.rules.standing import funds

HORIZON = timedelta(days=400)
"""How far ahead is looked; money that lasts longer is said to last without an end."""


class Outlook(NamedTuple):
    """The last day money lasts through (None: no end in sight) and what is missing after it."""

    until: date | None
    missing: int


def outlook(book: Book) -> Outlook:
    """Play the coming days on a copy until a service that is now served is cut off for money.

    A freeze or the end of a service is no lack of money.
    """
    trial = copied(book)
    watched = {
        s.no for s in trial.services if s.served and s.mode_on(trial.day) is not Mode.ARREARS
    }
    limit = book.day + HORIZON
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
