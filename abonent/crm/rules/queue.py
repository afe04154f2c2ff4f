"""The walk-in queue: what states a ticket goes through, how long one waits, when one may book.

A ticket stands at BOOKED (a time was taken on the portal), ARRIVED (it waits), CALLED, SERVING,
DONE or NO_SHOW; who does not come says so in time and is CANCELLED.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from abonent.kernel.i18n import N_
from abonent.kernel.money import half_up
from abonent.kernel.norms import Hours
from abonent.kernel.workflow import Move, State, Ticking, Workflow

TAKE, WORK, VIEW = "crm.queue.take", "crm.queue.work", "crm.queue.view"
EDIT, BOOK = "crm.queue.edit", "crm.queue.book"
OUTCOMES = {
    "served": N_("Question settled"),
    "again": N_("Will come again"),
    "request": N_("Left a request"),
    "left": N_("Left without waiting for the end"),
}
"""How a visit ended."""
UNFINISHED = "unfinished"
"""The outcome of a visit that nobody finished until the day was over."""
EARLY = timedelta(minutes=30)
"""So long before the office opens its terminal gives tickets already."""
LATE = timedelta(minutes=15)
"""So long after the booked time who booked is still awaited."""
LOAD_BONUS = 10
"""How many minutes at most a long line of a service counts as waited already."""


class TicketState(StrEnum):
    """Where a ticket stands."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    CALLED = "called"
    SERVING = "serving"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


_S = TicketState
_LIVE = (_S.BOOKED, _S.ARRIVED, _S.CALLED)
_AT_WINDOW = (_S.CALLED, _S.SERVING)


def _own(name: str, label: str, source: TicketState, target: TicketState) -> Move:
    """A move that the client makes, or the program for the client."""
    return Move(
        name=name, label=label, sources=(source,), target=target, right=BOOK, by_itself=True
    )


QUEUE = Workflow(
    room="crm",
    code="queue",
    label=N_("Ticket of the queue"),
    begin=_S.BOOKED,
    states=(
        State(code=_S.BOOKED, label=N_("booked"), tone="info", ticking=Ticking.WAITS),
        State(code=_S.ARRIVED, label=N_("waits"), tone="warn"),
        State(code=_S.CALLED, label=N_("called"), tone="info"),
        State(code=_S.SERVING, label=N_("at the window"), tone="good"),
        State(code=_S.DONE, label=N_("served"), ticking=Ticking.ENDED),
        State(code=_S.NO_SHOW, label=N_("did not come"), tone="bad", ticking=Ticking.ENDED),
        State(code=_S.CANCELLED, label=N_("cancelled"), ticking=Ticking.ENDED),
    ),
    moves=(
        _own("arrive", N_("Came to the office"), _S.BOOKED, _S.ARRIVED),
        _own("cancel", N_("Cancel the booking"), _S.BOOKED, _S.CANCELLED),
        Move(
            name="call",
            label=N_("Call next"),
            sources=(_S.ARRIVED,),
            target=_S.CALLED,
            right=WORK,
        ),
        Move(
            name="recall",
            label=N_("Call again"),
            sources=(_S.CALLED,),
            target=_S.CALLED,
            right=WORK,
        ),
        Move(
            name="start",
            label=N_("The client is here"),
            sources=(_S.CALLED,),
            target=_S.SERVING,
            right=WORK,
        ),
        Move(
            name="finish",
            label=N_("Finish the visit"),
            sources=(_S.SERVING,),
            target=_S.DONE,
            right=WORK,
            reasons=OUTCOMES,
        ),
        Move(
            name="redirect",
            label=N_("Pass on"),
            sources=_AT_WINDOW,
            target=_S.ARRIVED,
            right=WORK,
        ),
        Move(
            name="put_back",
            label=N_("Back to the queue"),
            sources=(_S.CALLED,),
            target=_S.ARRIVED,
            right=WORK,
        ),
        Move(
            name="no_show",
            label=N_("Did not come"),
            sources=(_S.CALLED,),
            target=_S.NO_SHOW,
            right=WORK,
        ),
        Move(
            name="expire",
            label=N_("Did not come until the end"),
            sources=_LIVE,
            target=_S.NO_SHOW,
            right=WORK,
            by_itself=True,
        ),
        Move(
            name="end",
            label=N_("Ended with the day"),
            sources=(_S.SERVING,),
            target=_S.DONE,
            right=WORK,
            by_itself=True,
        ),
    ),
)


def number_of(letter: str, count: int) -> str:
    """How a ticket is called: the letter of its service and its place in the day, "А012"."""
    return f"{letter}{count:03}"


@dataclass(frozen=True, slots=True)
class Place:
    """A window as the queue sees it: which services it takes, whether it works, is taken up."""

    id: int
    services: frozenset[int]
    works: bool
    busy: bool


def expected_minutes(
    service: int, waiting: Mapping[int, int], minutes: Mapping[int, int], places: Collection[Place]
) -> int | None:
    """How long who takes a ticket now is likely to wait; None where no window takes the service.

    The line of each service is spread evenly over the windows that take it; what falls on the
    windows of this service, shared by them, is what stands before a newcomer. Where all of them are
    taken up, half a visit is added until the first one is free.

    Two windows for payments (6 minutes each), 5 people wait: 5 x 6 / 2 = 15 minutes, and 2 more
    (half of 6 by two windows, rounded up) when both are taken up.
    """
    own = [p for p in places if p.works and service in p.services]
    if not own:
        return None
    work = 0
    for line, people in waiting.items():
        takers = [p for p in places if p.works and line in p.services]
        shared = sum(line in p.services for p in own)
        if shared:
            work += half_up(people * minutes[line] * 60 * shared, len(takers))
    if all(p.busy for p in own):
        work += minutes[service] * 30
    return -(-work // (60 * len(own)))


def slots_of(hours: Hours, day: date, *, minutes: int) -> Iterator[datetime]:
    """The times of a day that one may book, each so many minutes before the office closes."""
    step = timedelta(minutes=minutes)
    for span in hours.of(day):
        at, end = hours.at(day, span.opens), hours.at(day, span.closes)
        while at + step <= end:
            yield at
            at += step


def free_slots(
    slots: Sequence[datetime],
    taken: Mapping[datetime, Mapping[int, int]],
    service: int,
    places: Collection[Place],
) -> list[datetime]:
    """Those slots that still have room for a service.

    Half of its windows (one at least) are given to who books, the rest stays for who walks in; in
    one slot no more are booked in all than there are windows.
    """
    windows = sum(service in place.services for place in places)
    most = max(1, windows // 2) if windows else 0
    found = []
    for at in slots:
        booked = taken.get(at, {})
        if booked.get(service, 0) < most and sum(booked.values()) < len(places):
            found.append(at)
    return found


def is_open(hours: Hours, now: datetime) -> bool:
    """Tell whether a terminal gives tickets now: from shortly before opening until closing."""
    day = hours.local(now).date()
    return any(
        hours.at(day, span.opens) - EARLY <= now < hours.at(day, span.closes)
        for span in hours.of(day)
    )
