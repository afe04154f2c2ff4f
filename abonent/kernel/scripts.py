"""Scripts of conversations (речевые модули) as content: steps, answers that lead on, outcomes.

content/<language>/scripts/<slug>.toml. A script that cannot be played to an end is refused when it
is read: each step is reached and leads to an outcome, each placeholder and condition is known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from string import Formatter
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    answer: tuple[Answer, ...] = Field(min_length=1, max_length=MOST_ANSWERS)


class Script(_Strict):
    """A script with who plays it; `document` is its number in the department's list."""

    title: str = Field(min_length=1)
    document: str
    roles: tuple[str, ...]
    about: str
    begin: str
    outcome: tuple[Outcome, ...] = Field(min_length=1)
    step: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _plays(self) -> Self:
        if wrong := list(_mistakes(self)):
            raise ValueError("; ".join(wrong))
        return self

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps by their codes."""
        return {step.code: step for step in self.step}


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
        said = f"{self.hear} {self.clarify} {self.argue} {self.ask}"
        if unknown := placeholders_of(said) - PLACEHOLDERS:
            raise ValueError(f"unknown placeholders {sorted(unknown)}")
        return self


def placeholders_of(text: str) -> set[str]:
    """The names in braces of a text. Raises ValueError for braces that do not close."""
    return {name for _text, name, _form, _conversion in Formatter().parse(text) if name is not None}


def holds(when: str, facts: Collection[str]) -> bool:
    """Tell whether a condition holds for what is true of a card; the empty one does."""
    if not when:
        return True
    word = when.removeprefix("not ")
    return (word in facts) == (word == when)


def _mistakes(script: Script) -> Iterator[str]:
    codes = [step.code for step in script.step]
    outcomes = [outcome.code for outcome in script.outcome]
    for kind, names in (("steps", codes), ("outcomes", outcomes)):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            yield f"two {kind} {', '.join(twice)}"
    if script.begin not in codes:
        yield f"it begins at {script.begin}, which is no step"
    for step in script.step:
        yield from _mistakes_of(step, codes, outcomes)
    yield from _lost(script)


def _mistakes_of(step: Step, codes: list[str], outcomes: list[str]) -> Iterator[str]:
    if unknown := sorted(placeholders_of(step.say) - PLACEHOLDERS):
        yield f"{step.code}: unknown placeholders {', '.join(unknown)}"
    if all(answer.when for answer in step.answer):
        yield f"{step.code}: no answer is always there"
    for answer in step.answer:
        where = f"{step.code}, “{answer.text}”"
        if bool(answer.to) == bool(answer.outcome):
            yield f"{where}: either `to` or `outcome`"
        elif answer.to and answer.to not in codes:
            yield f"{where}: no step {answer.to}"
        elif answer.outcome and answer.outcome not in outcomes:
            yield f"{where}: no outcome {answer.outcome}"
        if answer.when and re.sub("^not ", "", answer.when) not in CONDITIONS:
            yield f"{where}: unknown condition {answer.when}"


def _lost(script: Script) -> Iterator[str]:
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
    yield from (f"{code} is never reached" for code in steps if code not in reached)
    yield from (f"{code} leads to no end" for code in steps if code not in ended)
    yield from (f"no answer ends with {one.code}" for one in script.outcome if one.code not in ends)
