"""How a script is walked: what its conditions are asked of, which stages and ends lie ahead."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from abonent.kernel.i18n import N_
from abonent.kernel.money import half_up
from abonent.kernel.scripts import Answer, Draft, Outcome, Stage, Step, holds

STAGES = tuple(Stage)
LONG_TENURE_DAYS, NEWCOMER_DAYS = 730, 90
BROKEN_OFF = Outcome(code="BROKEN_OFF", label=N_("The conversation broke off"), kind="neutral")
"""The end of a conversation that came to none of the script's own."""
ABANDONED = Outcome(code="ABANDONED", label=N_("Left without an end"), kind="neutral")
"""The end that the program gives to what was begun and forgotten; it counts as no conversation."""
OWN_ENDS = {one.code: one for one in (BROKEN_OFF, ABANDONED)}
"""Ends that no script names."""
LEFT_AFTER = timedelta(hours=4)
"""A conversation in which nothing was done for so long was left."""
WHOLE = 10_000
"""Hundredths of a percent in the whole."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the conditions of a script are asked of."""

    owes: bool
    kinds: frozenset[str]
    promised: bool
    suspended: bool
    company: bool
    email: bool
    portal: bool
    rented_router: bool
    tenure_days: int


def facts_of(known: Known) -> frozenset[str]:
    """The conditions that hold for an account (kernel.scripts.CONDITIONS)."""
    said = {
        "debt": known.owes,
        "no_tv": "tv" not in known.kinds and "bundle" not in known.kinds,
        "rented_router": known.rented_router,
        "no_email": not known.email,
        "no_portal": not known.portal,
        "promised": known.promised,
        "suspended": known.suspended,
        "company": known.company,
        "person": not known.company,
        "long_tenure": known.tenure_days >= LONG_TENURE_DAYS,
        "newcomer": known.tenure_days < NEWCOMER_DAYS,
    }
    return frozenset(name for name, true in said.items() if true)


def answers_of(step: Step, facts: Collection[str]) -> Iterator[tuple[int, Answer]]:
    """The answers there are for such a card, each with its place in the step."""
    for place, answer in enumerate(step.answer):
        if holds(answer.when, facts):
            yield place, answer


def hopeful(script: Draft) -> frozenset[str]:
    """The steps from which a good end can still be reached."""
    good = {code for code, outcome in script.outcomes.items() if outcome.kind == "good"}
    found = {s.code for s in script.step if any(a.outcome in good for a in s.answer)}
    while more := {
        s.code for s in script.step if s.code not in found and any(a.to in found for a in s.answer)
    }:
        found |= more
    return frozenset(found)


def goes_on(script: Draft, answer: Answer) -> bool:
    """Tell whether a conversation goes on after an answer: a good end is there or still ahead."""
    if answer.outcome:
        return script.outcomes[answer.outcome].kind == "good"
    return answer.to in hopeful(script)


def stage_bit(stage: Stage) -> int:
    """The stage's place in the number of stages reached: 1 for the first, 2, 4 and so on."""
    return 1 << STAGES.index(stage)


def stages_of(script: Draft) -> tuple[Stage, ...]:
    """The stages that the script has, in order."""
    used = {step.stage for step in script.step}
    return tuple(stage for stage in STAGES if stage in used)


def advance_sum(monthly: int, months: int, discount: int) -> int:
    """What so many months cost paid at once, with a discount in hundredths of a percent.

    700 a month for 12 months with 1000 (10 %): 7560.
    """
    return half_up(monthly * months * (WHOLE - discount), WHOLE)


def share(part: int, whole: int) -> int | None:
    """Hundredths of a percent; None of nothing."""
    return half_up(part * WHOLE, whole) if whole else None


def in_order_of_use(
    slugs: Collection[str], shown: Mapping[str, tuple[int, int]], *, least: int
) -> list[str]:
    """Objections by their win rate, those shown fewer than `least` times after, by their times.

    `shown` gives how often each was shown and how often the conversation went on.
    """

    def rank(slug: str) -> tuple[bool, int, int, str]:
        times, won = shown.get(slug, (0, 0))
        enough = times >= least
        return not enough, -(share(won, times) or 0) if enough else 0, -times, slug

    return sorted(slugs, key=rank)
