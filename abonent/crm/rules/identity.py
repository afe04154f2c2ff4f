"""How sure one is of who asks, and what follows for an action; pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """How strictly identity is asked for."""

    REMIND = "remind"
    """Dialogs show the level they need; what is done below it is written down."""
    REQUIRE = "require"
    """Nothing is done below its level."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is confirmed on an account in this conversation; level 0 is nothing."""

    mode: Mode
    minutes: int
    level: int = 0
    way: str = ""
    at: datetime | None = None
    until: datetime | None = None


class Verdict(StrEnum):
    """What becomes of an action."""

    DONE = "done"
    LAPSE = "lapse"
    """It is done, and written down as done below its level."""
    REFUSED = "refused"


def verdict(mode: Mode, *, needed: int, confirmed: int) -> Verdict:
    """What becomes of an action that needs a level, with what is confirmed.

    >>> verdict(Mode.REMIND, needed=2, confirmed=1), verdict(Mode.REQUIRE, needed=2, confirmed=1)
    (<Verdict.LAPSE: 'lapse'>, <Verdict.REFUSED: 'refused'>)
    """
    if mode is Mode.OFF or confirmed >= needed:
        return Verdict.DONE
    return Verdict.REFUSED if mode is Mode.REQUIRE else Verdict.LAPSE
