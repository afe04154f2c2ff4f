"""Scripts of conversations (речевые модули) as content: steps, answers that lead on, outcomes.

content/<language>/scripts/<slug>.toml. A script that cannot be played to an end is refused when it
is read: each step is reached and leads to an outcome, each placeholder and condition is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.kernel.i18n import N_, gettext

MOST_ANSWERS = 9
"""Answers are chosen by the keys 1 to 9."""
PLACEHOLDERS = frozenset(
    {
        "name", "first_name", "number", "balance", "until", "tariff", "fee", "debt", "address",
        "phone", "employee", "company", "year_fee", "year_saved", "half_year_fee",
    }
)  # fmt: skip
"""What is filled in from the card and by who speaks."""
CONDITIONS = frozenset(
    {
        "debt", "no_tv", "rented_router", "no_email", "no_portal", "promised", "suspended",
        "company", "person", "long_tenure", "newcomer",
    }
)  # fmt: skip
"""What is asked of the card; "not " before it asks for the contrary."""
UNFIT = 2
"""The place of a script that the card speaks against."""
_CODE = r"^[A-Za-z][A-Za-z0-9_]*$"


class Stage(StrEnum):
    """Where in a conversation a step stands, in order (document 3.1.5)."""

    PREPARE = "prepare"
    CONTACT = "contact"
    NEED = "need"
    PRESENT = "present"
    OBJECTIONS = "objections"
    CLOSE = "close"
    RECORD = "record"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outcome(_Strict):
    """How a conversation ended."""

    code: str = Field(pattern=_CODE)
    label: str = Field(min_length=1, max_length=100)
    kind: Literal["good", "neutral", "bad"]


class Answer(_Strict):
    """What the other side says: it leads to a step or ends with an outcome."""

    text: str = Field(min_length=1, max_length=120)
    to: str = ""
    outcome: str = ""
    when: str = ""


class Step(_Strict):
    """What is said, what to notice, and the answers to it; `note` asks for words."""

    code: str = Field(pattern=_CODE)
    stage: Stage
    say: str = Field(min_length=1)
    hint: str = ""
    note: bool = False
    answer: tuple[Answer, ...] = Field(default=(), max_length=MOST_ANSWERS)


class Draft(_Strict):
    """A script in the making: it may still lead nowhere.

    `roles` are those that play it, `document` is its number in the department's list. `when` are
    conditions of the card under which it is offered before others; where one fails it stands last.
    """

    title: str = Field(min_length=1)
    document: str
    roles: tuple[str, ...]
    about: str
    begin: str
    when: tuple[str, ...] = ()
    outcome: tuple[Outcome, ...] = Field(min_length=1)
    step: tuple[Step, ...] = Field(min_length=1)

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps by their codes."""
        return {step.code: step for step in self.step}

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """The outcomes by their codes."""
        return {outcome.code: outcome for outcome in self.outcome}

    def mistakes(self) -> list[Mistake]:
        """What keeps it from being played to an end, in the order of its steps."""
        return list(_mistakes(self))


class Script(Draft):
    """A script that can be played: every step is reached and leads to an end."""

    @model_validator(mode="after")
    def _plays(self) -> Self:
        if wrong := self.mistakes():
            raise ValueError("; ".join(mistake.text("en") for mistake in wrong))
        return self


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a script, at which step ("" for the whole of it)."""

    step: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str | None = None) -> str:
        """The mistake in words (default: the reader's language)."""
        return gettext(self.message, language, **self.params)


class Objection(_Strict):
    """An objection (document 3.4.8): what may be meant, and the four moves of the answer."""

    objection: str = Field(min_length=1)
    stage: Stage
    segment: Literal["all", "prospect", "subscriber", "debtor", "leaving"]
    causes: tuple[str, ...] = Field(min_length=1)
    hear: str = Field(min_length=1)
    clarify: str = Field(min_length=1)
    argue: str = Field(min_length=1)
    ask: str = Field(min_length=1)
    proof: str
    forbidden: tuple[str, ...]
    scripts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        said = f"{self.hear} {self.clarify} {self.argue} {self.ask} {self.proof}"
        if unknown := placeholders_of(said) - PLACEHOLDERS:
            raise ValueError(f"unknown placeholders {sorted(unknown)}")
        return self


def placeholders_of(text: str) -> set[str]:
    """The names in braces of a text.

    Raises ValueError for braces that do not close and for a name with a form or a conversion.
    """
    named = [piece[1:] for piece in Formatter().parse(text) if piece[1] is not None]
    if any(form or conversion for _name, form, conversion in named):
        raise ValueError("a name in braces stands alone")
    return {name for name, _form, _conversion in named if name is not None}


def holds(when: str, facts: Collection[str]) -> bool:
    """Tell whether a condition holds for what is true of a card; the empty one does."""
    if not when:
        return True
    word = when.removeprefix("not ")
    return (word in facts) == (word == when)


def urgency(script: Draft, facts: Collection[str]) -> int:
    """The place of a script among those offered about a card, the smaller the sooner.

    First is what is made for what the card shows, last what the card speaks against.
    """
    if not all(holds(when, facts) for when in script.when):
        return UNFIT
    return 0 if any(when in facts for when in script.when) else 1


def _mistakes(script: Draft) -> Iterator[Mistake]:
    codes = [step.code for step in script.step]
    outcomes = [outcome.code for outcome in script.outcome]
    for message, names in ((_TWO_STEPS, codes), (_TWO_OUTCOMES, outcomes)):
        for twice in sorted({name for name in names if names.count(name) > 1}):
            yield Mistake("", message, {"code": twice})
    for when in script.when:
        if when.removeprefix("not ") not in CONDITIONS:
            yield Mistake("", _OFFERED_WRONG, {"code": when})
    if script.begin not in codes:
        yield Mistake("", _BEGINS_NOWHERE, {"code": script.begin})
    for step in script.step:
        yield from _mistakes_of(step, codes, outcomes)
    yield from _lost(script)


def _mistakes_of(step: Step, codes: list[str], outcomes: list[str]) -> Iterator[Mistake]:
    try:
        unknown = sorted(placeholders_of(step.say) - PLACEHOLDERS)
    except ValueError:
        yield Mistake(step.code, _BRACES, {"step": step.code})
    else:
        if unknown:
            names = ", ".join(unknown)
            yield Mistake(step.code, _UNKNOWN, {"step": step.code, "names": names})
    if all(answer.when for answer in step.answer):
        yield Mistake(step.code, _NO_ANSWER, {"step": step.code})
    for answer in step.answer:
        told = {"step": step.code, "answer": answer.text}
        if bool(answer.to) == bool(answer.outcome):
            yield Mistake(step.code, _EITHER, told)
        elif answer.to and answer.to not in codes:
            yield Mistake(step.code, _NO_STEP, {**told, "code": answer.to})
        elif answer.outcome and answer.outcome not in outcomes:
            yield Mistake(step.code, _NO_OUTCOME, {**told, "code": answer.outcome})
        if answer.when and answer.when.removeprefix("not ") not in CONDITIONS:
            yield Mistake(step.code, _NO_CONDITION, {**told, "code": answer.when})


def _lost(script: Draft) -> Iterator[Mistake]:
    """What nobody comes to, and steps from which there is no way out."""
    steps = script.steps
    reached, edge = {script.begin}, [script.begin]
    while edge:
        step = steps.get(edge.pop())
        onward = {answer.to for answer in step.answer if answer.to} if step else set()
        edge += sorted(onward - reached)
        reached |= onward
    ended = {step.code for step in script.step if any(answer.outcome for answer in step.answer)}
    while more := {
        s.code for s in script.step if s.code not in ended and any(a.to in ended for a in s.answer)
    }:
        ended |= more
    ends = {a.outcome for code in reached & steps.keys() for a in steps[code].answer if a.outcome}
    yield from (Mistake(c, _UNREACHED, {"step": c}) for c in steps if c not in reached)
    yield from (Mistake(c, _NO_END, {"step": c}) for c in steps if c not in ended)
    yield from (
        Mistake("", _NEVER_ENDS, {"code": one.code})
        for one in script.outcome
        if one.code not in ends
    )


_TWO_STEPS = N_("There are two steps {code}.")
_TWO_OUTCOMES = N_("There are two outcomes {code}.")
_OFFERED_WRONG = N_("It is offered under an unknown condition: {code}.")
_BEGINS_NOWHERE = N_("It begins at {code}, which is no step.")
_BRACES = N_("Step {step}: a brace does not close.")
_UNKNOWN = N_("Step {step}: unknown placeholders {names}.")
_NO_ANSWER = N_("Step {step}: no answer is always there.")
_EITHER = N_("Step {step}, “{answer}”: it leads either to a step or to an outcome.")
_NO_STEP = N_("Step {step}, “{answer}”: there is no step {code}.")
_NO_OUTCOME = N_("Step {step}, “{answer}”: there is no outcome {code}.")
_NO_CONDITION = N_("Step {step}, “{answer}”: unknown condition {code}.")
_UNREACHED = N_("Step {step} is never reached.")
_NO_END = N_("Step {step} leads to no end.")
_NEVER_ENDS = N_("No answer ends with {code}.")
