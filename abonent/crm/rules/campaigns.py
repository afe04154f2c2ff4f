"""Campaigns: their states, the draw of the control, how long one takes, what its effect is worth.

Pure functions. Money is in minor units, shares are in hundredths of a percent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import sqrt

from abonent.crm.rules.contacting import DAY, Frame, Window, next_hour
from abonent.kernel.i18n import N_
from abonent.kernel.money import half_up
from abonent.kernel.workflow import Move, State, Ticking, Workflow

VIEW, EDIT, LAUNCH = "crm.campaign.view", "crm.campaign.edit", "crm.campaign.launch"
GOALS = {
    "paid": N_("paid anything"),
    "debt_gone": N_("paid the debt off"),
    "returned": N_("is served again"),
    "tariff": N_("changed the tariff"),
    "request": N_("turned to us with a request"),
}
LONGEST = {
    "name": 20, "number": 10, "company": 20, "phone": 16, "url": 30, "balance": 11, "debt": 11,
}  # fmt: skip
"""What a campaign's words may name in braces, with how many letters each may take."""
COMING = frozenset({"day", "amount"})
"""What a template may name besides: when money runs out, and what is charged then."""
CAMPAIGN_STOPPED = "CAMPAIGN_STOPPED"
"""Why a message of a campaign that was stopped meanwhile does not go."""
NO_CHARGE = "NO_CHARGE"
"""Why somebody is not told of a charge that is near: their money lasts, or they paid since."""
OPT_OUT = ("стоп", "stop")
"""One of these words stands in an advertisement: answered with it, nothing more of it comes."""
LEAST_LEFT = 50
"""Of fewer finished messages nothing is concluded about the gateway."""
LOOKED_BACK = 200
REFUSED_BOUND = 2_000
"""A campaign stops by itself where the gateway refuses a larger share of the latest messages."""
COUNT_HOLDS = timedelta(hours=24)
"""A count that is older is made again before the launch: people pay, move, withdraw consents."""
_PARTS = 10_000
_SURE = 1.96
_MOST_DAYS = 366


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    COUNTED = "counted"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"
    STOPPED = "stopped"


_C = CampaignState
CAMPAIGN = Workflow(
    room="crm",
    code="campaign",
    label=N_("Campaign"),
    begin=_C.DRAFT,
    states=(
        State(code=_C.DRAFT, label=N_("draft")),
        State(code=_C.COUNTED, label=N_("dry run made"), tone="info"),
        State(code=_C.RUNNING, label=N_("goes out"), tone="info"),
        State(code=_C.PAUSED, label=N_("paused"), tone="warn"),
        State(code=_C.ENDED, label=N_("ended"), tone="good", ticking=Ticking.ENDED),
        State(code=_C.STOPPED, label=N_("stopped for good"), tone="bad", ticking=Ticking.ENDED),
    ),
    moves=(
        Move(
            name="count", label=N_("Count recipients"), sources=(_C.DRAFT,), target=_C.COUNTED, right=EDIT,
            by_itself=True,
        ),
        Move(
            name="change", label=N_("Change"), sources=(_C.COUNTED,), target=_C.DRAFT, right=EDIT,
        ),
        Move(
            name="launch", label=N_("Launch"), sources=(_C.COUNTED,), target=_C.RUNNING,
            right=LAUNCH,
        ),
        Move(name="pause", label=N_("Pause"), sources=(_C.RUNNING,), target=_C.PAUSED, right=LAUNCH),
        Move(
            name="halt", label=N_("The gateway refuses too many"), sources=(_C.RUNNING,),
            target=_C.PAUSED, right=LAUNCH, by_itself=True,
        ),
        Move(
            name="resume", label=N_("Go on"), sources=(_C.PAUSED,), target=_C.RUNNING, right=LAUNCH,
        ),
        Move(
            name="finish", label=N_("End"), sources=(_C.RUNNING, _C.PAUSED), target=_C.ENDED,
            right=LAUNCH, by_itself=True,
        ),
        Move(
            name="stop", label=N_("Stop for good"),
            sources=(_C.DRAFT, _C.COUNTED, _C.RUNNING, _C.PAUSED), target=_C.STOPPED, right=LAUNCH,
            note=True,
        ),
    ),
)  # fmt: skip


def in_control(campaign: int, who: str, percent: int) -> bool:
    """Tell whether somebody is not written to, so that the effect can be measured against them.

    The same campaign always draws the same people, another one draws others.

    >>> in_control(1, "s5", 0), in_control(1, "s5", 100)
    (False, True)
    """
    digest = hashlib.md5(f"{campaign}:{who}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:7], 16) % _PARTS < percent * 100


def may_go_now(hourly: int, daily: int | None, *, minute: int, hour: int, day: int) -> int:
    """How many more may go out now, after so many in the last minute, hour and on this day.

    >>> may_go_now(600, None, minute=4, hour=40, day=40), may_go_now(600, 50, minute=0, hour=9, day=49)
    (6, 1)
    """
    left = [-(-hourly // 60) - minute, hourly - hour]
    if daily is not None:
        left.append(daily - day)
    return max(0, min(left))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """When the last one goes out, None for never within a year; `left` do not go by the end."""

    at: datetime | None
    left: int


def foresee(
    recipients: int,
    span: tuple[datetime, datetime | None],
    rate: tuple[int, int | None],
    window: Window,
    frame: Frame,
) -> Foreseen:
    """Reckon when a campaign ends: so many an hour and a day, within the hours of its window."""
    (begin, end), (hourly, daily) = span, rate
    left, at = recipients, next_hour(begin, window, frame)
    for _day in range(_MOST_DAYS):
        closes = _closes(at, window, frame)
        until = min(closes, end) if end else closes
        if until <= at:
            return Foreseen(None, left)
        room = int((until - at).total_seconds() * hourly / 3600)
        going = min(left, room, daily if daily is not None else room)
        left -= going
        if not left:
            return Foreseen(at + timedelta(seconds=going * 3600 / hourly), 0)
        at = next_hour(closes, window, frame)
    return Foreseen(None, left)


def _closes(at: datetime, window: Window, frame: Frame) -> datetime:
    """The first instant after one that lies in the hours of a window at which they end."""
    day = at.astimezone(frame.zone).date()
    if window is Window.ANY:
        return datetime.combine(day + DAY, time.min, frame.zone)
    span = frame.quiet
    if window is Window.DEBT:
        span = frame.working if frame.worked(day) else frame.rest
    return datetime.combine(day, span.closes, frame.zone)


@dataclass(frozen=True, slots=True)
class Group:
    """Those written to, or the control: how many, how many reached the goal, what they paid.

    `squares` is the sum of the squares of what each paid: the margin is reckoned by it.
    """

    people: int = 0
    reached: int = 0
    amount: int = 0
    squares: int = 0

    @property
    def share(self) -> int | None:
        """Who reached the goal, in hundredths of a percent; None of nobody."""
        return half_up(self.reached * 10_000, self.people) if self.people else None


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of it: the difference of the shares, and of what a person paid, each with its margin.

    Shares are in hundredths of a percent. A margin holds the truth in 95 of 100 campaigns.
    """

    sent: Group
    control: Group

    @property
    def difference(self) -> int | None:
        """By how much more of those written to reached the goal."""
        if self.sent.share is None or self.control.share is None:
            return None
        return self.sent.share - self.control.share

    @property
    def margin(self) -> int | None:
        """The margin of the difference."""
        if self.difference is None:
            return None
        return round(10_000 * _SURE * sqrt(sum(map(_spread_of_share, (self.sent, self.control)))))

    @property
    def sure(self) -> bool:
        """Tell whether the difference is larger than chance."""
        return self.difference is not None and abs(self.difference) > (self.margin or 0)

    @property
    def brought(self) -> int | None:
        """What those written to paid beyond what they would have paid anyway, all together."""
        if not (self.sent.people and self.control.people):
            return None
        anyway = half_up(self.control.amount * self.sent.people, self.control.people)
        return self.sent.amount - anyway

    @property
    def brought_margin(self) -> int | None:
        """The margin of what it brought."""
        if self.brought is None:
            return None
        spread = sum(map(_spread_of_mean, (self.sent, self.control)))
        return round(self.sent.people * _SURE * sqrt(spread))


def _spread_of_share(group: Group) -> float:
    share = group.reached / group.people
    return share * (1 - share) / group.people


def _spread_of_mean(group: Group) -> float:
    mean = group.amount / group.people
    return max(0.0, group.squares / group.people - mean * mean) / group.people


def refused_too_often(states: Sequence[str]) -> bool:
    """Tell whether the gateway refuses so many of the latest messages that somebody should look.

    >>> refused_too_often(["rejected"] * 11 + ["delivered"] * 40), refused_too_often(["rejected"] * 9)
    (True, False)
    """
    known = [state for state in states if state not in {"queued", "sending"}]
    if len(known) < LEAST_LEFT:
        return False
    return known.count("rejected") * 10_000 > REFUSED_BOUND * len(known)
