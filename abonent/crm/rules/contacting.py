"""Whether a person may be turned to now: holds, consent, the hours and counters of the law, caps.

One order, the same everywhere: 1 what holds a person back, 2 consent to advertising (38-FZ art. 18),
3 hours and counters of turning to debtors (230-FZ art. 7), 4 the provider's own hours and caps.
Nothing here reads the clock or the database; instants are aware.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from abonent.kernel.i18n import N_, gettext
from abonent.kernel.norms import Span

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
"""The law counts "in a month"; thirty days on end never lets more through than a calendar month."""
LOOKED_AHEAD = 10
"""Days ahead in which an hour that suits is looked for."""


class Way(StrEnum):
    """How a person is turned to; the law counts each apart."""

    CALL = "call"
    MESSAGE = "message"
    MEETING = "meeting"


class Purpose(StrEnum):
    """What for; a template's class."""

    SERVICE = "service"
    DEBT = "debt"
    AD = "ad"


class Window(StrEnum):
    """In which hours a message may go."""

    ANY = "any"
    DAY = "day"
    DEBT = "debt"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many within any stretch of so much time."""

    within: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A person was turned to, or will be: what waits for the morning counts already."""

    at: datetime
    way: Way
    purpose: Purpose
    template: str = ""
    capped: bool = True


@dataclass(frozen=True, slots=True)
class Frame:
    """What the law and the provider's policy say on the day; `worked` tells a working day."""

    limits: Mapping[Way, Sequence[Limit]]
    working: Span
    rest: Span
    quiet: Span
    cap: int
    worked: Callable[[date], bool]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of who is to be turned to. A company is no debtor in the sense of 230-FZ."""

    company: bool = False
    holds: Collection[str] = ()
    consents: bool = False
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: may it be said by this way, for this purpose, at this instant?"""

    way: Way
    purpose: Purpose
    at: datetime
    window: Window = Window.ANY
    template: str = ""
    cap: int | None = None
    capped: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. Where allowed, `at` is when: later than asked where the hour does not suit.

    A refusal's `code` names the rule, its words say why, `at` is when it is allowed next, None for
    never on its own.
    """

    allowed: bool
    at: datetime | None
    code: str = ""
    message: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str | None = None) -> str:
        """Say it in a language (default: the current one)."""
        if not self.message:
            return gettext(N_("May be sent now."), language)
        said = gettext(self.message, language, **self.params)
        if self.allowed or self.at is None:
            return said
        # The stop between two sentences belongs to each of them already.
        again = gettext(N_("Next time: {at}."), language, at=self.at)
        return f"{said} {again}"

    def __str__(self) -> str:
        return self.text()


HELD = {
    "bankruptcy": N_("The person is bankrupt: nothing about debts is said directly (230-FZ)."),
    "incapacity": N_("The person is incapable: nothing about debts is said directly (230-FZ)."),
    "in_patient": N_("The person is in hospital: nothing about debts is said directly (230-FZ)."),
    "disability_1": N_(
        "The person has a disability of group I: nothing about debts is said directly (230-FZ)."
    ),
    "minor": N_("The person is a minor: nothing about debts is said directly (230-FZ)."),
    "refusal": N_("The person has refused to be turned to about debts (230-FZ, article 8)."),
    "representative": N_(
        "The person has a representative: only that one is turned to about debts (230-FZ, article 8)."
    ),
    "silence": N_("The person has asked not to be written to."),
}
OVER = {
    Way.CALL: N_("The law allows no more calls about debts: {most} in {days} days."),
    Way.MESSAGE: N_("The law allows no more messages about debts: {most} in {days} days."),
    Way.MEETING: N_("The law allows no more meetings about debts: {most} in {days} days."),
}


def decide(asked: Question, person: Person, frame: Frame) -> Verdict:
    """Answer whether, when and why not. The first rule that says no is the one that is named."""
    return (
        _held(asked, person)
        or _without_consent(asked, person)
        or _by_debt(asked, person, frame)
        or _by_policy(asked, person, frame)
    )


def _held(asked: Question, person: Person) -> Verdict | None:
    for hold in sorted(person.holds):
        if (hold == "silence" and asked.capped) or (
            hold != "silence" and asked.purpose is Purpose.DEBT
        ):
            return Verdict(allowed=False, at=None, code=hold.upper(), message=HELD[hold])
    return None


def _without_consent(asked: Question, person: Person) -> Verdict | None:
    if asked.purpose is not Purpose.AD or person.consents:
        return None
    words = N_("Without a consent to advertising nothing of it is sent (38-FZ, article 18).")
    return Verdict(allowed=False, at=None, code="NO_CONSENT", message=words)


def _by_debt(asked: Question, person: Person, frame: Frame) -> Verdict | None:
    if asked.purpose is not Purpose.DEBT or person.company:
        return None
    at = next_hour(asked.at, Window.DEBT, frame)
    told = [a.at for a in person.attempts if a.purpose is Purpose.DEBT and a.way is asked.way]
    limits = frame.limits[asked.way]
    over = exceeded(at, told, limits)
    if over is None:
        return _then(asked.at, at)
    free = next_free(at, told, limits, frame)
    days = over.within // DAY
    words, params = OVER[asked.way], {"most": over.most, "days": days}
    return Verdict(allowed=False, at=free, code="TOO_MANY", message=words, params=params)


def _by_policy(asked: Question, person: Person, frame: Frame) -> Verdict:
    at = next_hour(asked.at, asked.window, frame)
    day = at.astimezone(frame.zone).date()
    that_day = [
        one
        for one in person.attempts
        if one.way is asked.way and one.at.astimezone(frame.zone).date() == day
    ]
    tomorrow = next_hour(_instant(day + DAY, time.min, frame), asked.window, frame)
    same = sum(one.template == asked.template for one in that_day if one.template)
    if asked.cap is not None and asked.template and same >= asked.cap:
        words = N_("This message went to the person {most} times that day already.")
        said = {"most": asked.cap}
        return Verdict(allowed=False, at=tomorrow, code="CAP", message=words, params=said)
    counted = sum(one.capped and one.purpose is not Purpose.DEBT for one in that_day)
    if asked.capped and asked.purpose is not Purpose.DEBT and counted >= frame.cap:
        words = N_("The person got {most} messages that day already: that is enough for one day.")
        said = {"most": frame.cap}
        return Verdict(allowed=False, at=tomorrow, code="DAY_FULL", message=words, params=said)
    return _then(asked.at, at)


def _then(asked: datetime, at: datetime) -> Verdict:
    if at == asked:
        return Verdict(allowed=True, at=at)
    words = N_("The hour does not suit: it goes out {at}.")
    return Verdict(allowed=True, at=at, code="LATER", message=words, params={"at": at})


def next_hour(at: datetime, window: Window, frame: Frame) -> datetime:
    """The first instant from one on that lies in the hours of a window; ends are outside."""
    if window is Window.ANY:
        return at
    day = at.astimezone(frame.zone).date()
    for ahead in range(LOOKED_AHEAD):
        span = _span(day + ahead * DAY, window, frame)
        opens, closes = (
            _instant(day + ahead * DAY, one, frame) for one in (span.opens, span.closes)
        )
        if at < closes:
            return max(at, opens)
    raise ValueError(f"no hour of {window} within {LOOKED_AHEAD} days")


def exceeded(at: datetime, told: Sequence[datetime], limits: Sequence[Limit]) -> Limit | None:
    """The limit that one more at an instant would break, in any stretch that it lies in.

    Those that will go out later count too: one more before them must not make theirs too many.
    """
    for limit in limits:
        ends = [at, *(one for one in told if at < one < at + limit.within)]
        if any(sum(end - limit.within < one <= end for one in told) >= limit.most for end in ends):
            return limit
    return None


def next_free(
    at: datetime, told: Sequence[datetime], limits: Sequence[Limit], frame: Frame
) -> datetime:
    """The first instant in the hours of debts at which one more breaks no limit."""
    leaving = {one + limit.within for one in told for limit in limits}
    for moment in sorted(one for one in leaving if one > at):
        then = next_hour(moment, Window.DEBT, frame)
        if exceeded(then, told, limits) is None:
            return then
    raise ValueError("a limit of none at all")


def _span(day: date, window: Window, frame: Frame) -> Span:
    if window is Window.DAY:
        return frame.quiet
    return frame.working if frame.worked(day) else frame.rest


def _instant(day: date, clock: time, frame: Frame) -> datetime:
    return datetime.combine(day, clock, frame.zone)


def hours_of(text: str) -> Span:
    """Read hours such as "08:00-22:00", as rules of law write them.

    >>> hours_of("08:00-22:00").closes.hour
    22
    """
    opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
    return Span(opens, closes)
