"""Loyalty in figures, the draw of whom to ask, the states of a survey; pure functions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from math import sqrt

from abonent.kernel.i18n import N_
from abonent.kernel.money import half_up
from abonent.kernel.workflow import Move, State, Ticking, Workflow

VIEW, EDIT = "crm.survey.view", "crm.survey.edit"
ASKED_AT = time(7, 45)
"""When each day, by the company's clock, the program asks."""
STANDINGS = {
    "promoter": (N_("would recommend"), "good"),
    "passive": (N_("neutral"), ""),
    "detractor": (N_("would not recommend"), "bad"),
}
NORM = 25
"""The index that is held high in telecommunications, in points."""
LEAST = 5
"""A building of which fewer answered is told nothing of: its score would be chance."""
_SURE = 1.96
"""How many standard errors hold 95 of 100 samples."""
_PARTS = 10_000
_SPREAD = 28
"""Whom a month asks is spread over so many of its days."""


class SurveyState(StrEnum):
    """Where a survey stands."""

    SENT = "sent"
    UNSENT = "unsent"
    ANSWERED = "answered"
    LOOP = "loop"
    CLOSED = "closed"


_S = SurveyState

SURVEY = Workflow(
    room="crm",
    code="survey",
    label=N_("Survey"),
    begin=_S.SENT,
    states=(
        State(code=_S.SENT, label=N_("sent"), ticking=Ticking.WAITS),
        State(code=_S.UNSENT, label=N_("not sent: a rule forbids it"), ticking=Ticking.ENDED),
        State(code=_S.ANSWERED, label=N_("answered"), tone="info"),
        State(code=_S.LOOP, label=N_("with the shift supervisor"), tone="warn"),
        State(code=_S.CLOSED, label=N_("finished"), tone="good", ticking=Ticking.ENDED),
    ),
    moves=(
        Move(
            name="refuse",
            label=N_("Not to be sent"),
            sources=(_S.SENT,),
            target=_S.UNSENT,
            right=EDIT,
            by_itself=True,
        ),
        Move(
            name="score",
            label=N_("Give the score"),
            sources=(_S.SENT,),
            target=_S.ANSWERED,
            right=EDIT,
            by_itself=True,
        ),
        Move(
            name="turn",
            label=N_("A low score: to the shift supervisor"),
            sources=(_S.ANSWERED,),
            target=_S.LOOP,
            right=EDIT,
            by_itself=True,
        ),
        Move(
            name="end",
            label=N_("Finish"),
            sources=(_S.ANSWERED, _S.LOOP),
            target=_S.CLOSED,
            right=EDIT,
            by_itself=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Who answered how: those who would recommend, the neutral, those who would not."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @property
    def answers(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> int | None:
        """The index in points, −100 to 100; None of nothing.

        >>> Standing(198, 127, 87).score
        27
        """
        if not self.answers:
            return None
        return half_up(100 * (self.promoters - self.detractors), self.answers)

    @property
    def margin(self) -> int | None:
        """The margin of the index in tenths of a point, 95 of 100; None of nothing.

        >>> Standing(198, 127, 87).margin
        76
        """
        if not self.answers:
            return None
        n, difference = self.answers, self.promoters - self.detractors
        spread = (self.promoters + self.detractors) * n - difference * difference
        return round(1000 * _SURE * sqrt(spread / n**3))

    def share(self, of: int) -> int | None:
        """A part in hundredths of a percent; None of nothing."""
        return half_up(of * 10_000, self.answers) if self.answers else None


def drawn(month: date, subscriber: int, share: int) -> int | None:
    """The day of the month from which a person is asked; None for who is not drawn in it.

    Each month draws anew, each person with a chance of `share` percent, and the same month always
    draws the same people: a run that is made again asks nobody else. SQL counts alike.

    >>> drawn(date(2026, 4, 1), 17, 100) is None
    False
    """
    digest = hashlib.md5(f"{month:%Y-%m}:{subscriber}".encode(), usedforsecurity=False).hexdigest()
    if int(digest[:7], 16) % _PARTS >= share * 100:
        return None
    return 1 + int(digest[7:14], 16) % _SPREAD
