"""Points of a card of quality, the draw of a sample, the states of an appeal; pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from abonent.kernel.i18n import N_
from abonent.kernel.money import half_up
from abonent.kernel.workflow import Move, State, Ticking, Workflow


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the card: its points, and whether failing it makes the whole 0."""

    code: str
    points: int
    critical: bool


@dataclass(frozen=True, slots=True)
class Score:
    """The points of a contact, with the critical lines that were not met."""

    points: int
    critical: tuple[str, ...]


def score_of(lines: Sequence[Line], shares: Mapping[str, int]) -> Score:
    """The sum of points, each line by the percent that was met; a critical line not met makes it 0.

    >>> score_of([Line("a", 25, True), Line("b", 75, False)], {"a": 50, "b": 100})
    Score(points=88, critical=())
    >>> score_of([Line("a", 25, True), Line("b", 75, False)], {"a": 0, "b": 100})
    Score(points=0, critical=('a',))
    """
    failed = tuple(line.code for line in lines if line.critical and not shares[line.code])
    hundredths = sum(line.points * shares[line.code] for line in lines)
    return Score(0 if failed else half_up(hundredths, 100), failed)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that may be judged."""

    id: int
    actor: str
    complaint: bool


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(day.weekday())


def draw(week: date, candidates: Sequence[Candidate], *, size: int) -> dict[int, str]:
    """Choose what is judged of a week: of each employee all complaints, then others up to `size`.

    The choice follows from the week and the conversations alone: drawn again it is the same, and
    nobody can tell beforehand which ones it will be without knowing their ids.
    """
    chosen = {one.id: "complaint" for one in candidates if one.complaint}
    for actor in sorted({one.actor for one in candidates}):
        own = [one for one in candidates if one.actor == actor]
        room = size - sum(one.complaint for one in own)
        others = sorted((one.id for one in own if not one.complaint), key=lambda x: _lot(week, x))
        chosen |= dict.fromkeys(others[: max(0, room)], "random")
    return chosen


def _lot(week: date, conversation: int) -> bytes:
    return hashlib.sha256(f"{week.isoformat()} {conversation}".encode()).digest()


APPEAL = Workflow(
    room="crm",
    code="quality",
    label=N_("Card of quality"),
    begin="given",
    states=(
        State(code="given", label=N_("to be heard"), tone="info"),
        State(code="agreed", label=N_("heard and agreed"), tone="good", ticking=Ticking.ENDED),
        State(code="appealed", label=N_("appealed"), tone="warn"),
        State(code="upheld", label=N_("stays after the appeal"), ticking=Ticking.ENDED),
        State(code="changed", label=N_("changed after the appeal"), ticking=Ticking.ENDED),
    ),
    moves=(
        Move(
            name="agree",
            label=N_("Agree"),
            sources=("given",),
            target="agreed",
            right="desk.open",
        ),
        Move(
            name="appeal",
            label=N_("Appeal"),
            sources=("given",),
            target="appealed",
            right="desk.open",
            note=True,
        ),
        Move(
            name="uphold",
            label=N_("Leave as it is"),
            sources=("appealed",),
            target="upheld",
            right="crm.quality.decide",
            note=True,
        ),
        Move(
            name="change",
            label=N_("Judge anew"),
            sources=("appealed",),
            target="changed",
            right="crm.quality.decide",
            note=True,
        ),
    ),
)
"""Who was judged agrees or appeals; the head leaves the card as it is or judges anew."""
