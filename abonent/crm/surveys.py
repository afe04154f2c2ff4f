"""Questionnaires as content: questions by step, branches by earlier answers, who is asked and when.

content/<language>/surveys/<code>.toml. Checked when it is read: every question is asked of somebody,
every branch names what is known before, nobody goes through more than three steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import product
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.kernel.content import Document, documents_of
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_

NPS = "nps"
KIND = "kind"
"""What branches call the kind of a survey, which is known before the first answer."""
REASONS = "improve"
"""The list that reports are grouped by."""
MOST_STEPS = 3
Answers = Mapping[str, Collection[str]]
"""The codes chosen, by question; what was said in words is no branch."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Type(StrEnum):
    """What a question asks for."""

    SCALE = "scale"
    ONE = "one"
    MANY = "many"
    TEXT = "text"


class After(StrEnum):
    """What a survey may follow."""

    CONNECTED = "connected"
    REQUEST_ANSWERED = "request_answered"


class Option(_Strict):
    """An answer that may be chosen."""

    code: str = Field(pattern=r"^[a-z0-9-]+$")
    label: str = Field(min_length=1)


class _Branch(_Strict):
    when: Mapping[str, tuple[str, ...]] = {}

    def fits(self, answers: Answers) -> bool:
        """Tell whether every branch holds for what was answered."""
        return all(set(answers.get(of, ())) & set(codes) for of, codes in self.when.items())


class Question(_Branch):
    """A question; `reasons` marks the list that reports are grouped by."""

    code: str = Field(pattern=r"^[a-z0-9-]+$")
    step: int = Field(ge=1, le=MOST_STEPS)
    type: Type
    text: str = Field(min_length=1)
    hint: str = ""
    required: bool = False
    least: int = 0
    most: int = 10
    longest: int = Field(default=1000, ge=1, le=4000)
    choose: int = Field(default=1, ge=1)
    reasons: bool = False
    options: tuple[Option, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """What may be chosen; nothing where words are asked for."""
        if self.type is Type.SCALE:
            return tuple(str(number) for number in range(self.least, self.most + 1))
        return tuple(option.code for option in self.options)

    def label(self, code: str) -> str:
        """What a code is called; a number is its own name."""
        return next((one.label for one in self.options if one.code == code), code)

    def read(self, given: Sequence[str]) -> tuple[list[str], str]:
        """Read what was given: the codes chosen, and words. Raises Malformed."""
        known = [one.strip().replace("\r\n", "\n") for one in given if one.strip()]
        if self.required and not known:
            raise Malformed.of(self.code, "", N_("Choose the answer."))
        if self.type is Type.TEXT:
            return [], self._words("\n".join(known))
        chosen = list(dict.fromkeys(known))
        if not set(chosen) <= set(self.codes):
            raise Malformed.of(self.code, ", ".join(chosen), N_("Choose one of those offered."))
        if len(chosen) > self.choose:
            many = N_("{chosen} are chosen; at most {most} may be.")
            text = ", ".join(chosen)
            raise Malformed.of(self.code, text, many, chosen=len(chosen), most=self.choose)
        return chosen, ""

    def _words(self, words: str) -> str:
        if len(words) > self.longest:
            long = N_("{length} characters; at most {longest} fit here.")
            size = {"length": len(words), "longest": self.longest}
            raise Malformed.of(self.code, words, long, **size)
        return words


class Kind(_Strict):
    """Whom a survey is sent to: after an event, or to a share of all in percent per month."""

    code: str = Field(pattern=r"^[a-z]+$")
    label: str = Field(min_length=1)
    when: str = Field(min_length=1)
    after: After | None = None
    days: int = Field(default=0, ge=0, le=30)
    share: int = Field(default=0, ge=0, le=100)
    every_months: int = Field(default=0, ge=0, le=60)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        by_share = bool(self.share and self.every_months)
        if (self.after is not None) is by_share or (self.after is not None) is not bool(self.days):
            raise ValueError(f"kind {self.code} follows an event by days, or has a share by months")
        return self


class Loop(_Strict):
    """What becomes of a low score: a request of a topic, answered within hours; who allows a call."""

    topic: str
    hours: int = Field(ge=1, le=720)
    callback: str


class Thanks(_Branch):
    """What is said at the end."""

    text: str = Field(min_length=1)


class Survey(_Strict):
    """A whole questionnaire."""

    document: str
    title: str
    intro: str
    quiet_days: int = Field(ge=1)
    open_days: int = Field(ge=1)
    message: str
    score: str
    promoters_from: int
    detractors_to: int
    loop: Loop
    kind: tuple[Kind, ...]
    question: tuple[Question, ...]
    thanks: tuple[Thanks, ...]

    def of(self, code: str) -> Question:
        """A question by its code. Raises KeyError."""
        return {one.code: one for one in self.question}[code]

    def kind_of(self, code: str) -> Kind:
        """A kind by its code. Raises KeyError."""
        return {one.code: one for one in self.kind}[code]

    def asked(self, step: int, answers: Answers) -> tuple[Question, ...]:
        """What is asked on a step of who has answered so far."""
        return tuple(one for one in self.question if one.step == step and one.fits(answers))

    def steps(self, answers: Answers) -> tuple[int, ...]:
        """The steps on which something is asked."""
        return tuple(n for n in range(1, MOST_STEPS + 1) if self.asked(n, answers))

    def read(
        self, step: int, known: Answers, given: Mapping[str, Sequence[str]]
    ) -> dict[str, tuple[list[str], str]]:
        """What was answered on a step, by question: the codes chosen, and words.

        Raises Malformed naming every wrong answer.
        """
        kept: dict[str, tuple[list[str], str]] = {}
        wrong: list[FieldError] = []
        for question in self.asked(step, known):
            try:
                codes, text = question.read(given.get(question.code, ()))
            except Malformed as error:
                wrong += error.errors
                continue
            if codes or text:
                kept[question.code] = codes, text
        if wrong:
            raise Malformed(*wrong)
        return kept

    def most_steps(self, known: Answers) -> int:
        """How many steps there are; before the score, the most that there may be."""
        if self.score in known:
            return len(self.steps(known))
        return max(len(self.steps(way)) for way in self.ways())

    def standing(self, score: int) -> str:
        """Whether a score recommends: "promoter", "passive" or "detractor"."""
        if score >= self.promoters_from:
            return "promoter"
        return "detractor" if score <= self.detractors_to else "passive"

    def said_at_end(self, answers: Answers) -> str:
        """The thanks for these answers."""
        return next((one.text for one in self.thanks if one.fits(answers)), "")

    @property
    def reasons(self) -> Question:
        """The list that reports are grouped by."""
        return next(one for one in self.question if one.reasons)

    def ways(self) -> Iterator[Answers]:
        """Every way through the questions that others branch by."""
        named = {of for one in self.question for of in one.when}
        kinds = [one.code for one in self.kind]
        open_ways: list[dict[str, Collection[str]]] = [{KIND: (kind,)} for kind in kinds]
        for step in range(1, MOST_STEPS + 1):
            further: list[dict[str, Collection[str]]] = []
            for way in open_ways:
                asked = [one for one in self.asked(step, way) if one.code in named]
                choices = [[*one.codes, *([] if one.required else [""])] for one in asked]
                for chosen in product(*choices):
                    codes = zip(asked, chosen, strict=True)
                    further.append(way | {one.code: (code,) for one, code in codes if code})
            open_ways = further
        yield from open_ways

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = [*self._named_twice(), *self._unknown()] or [*self._never()]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _named_twice(self) -> Iterator[str]:
        groups: tuple[tuple[str, Sequence[Any]], ...] = (
            ("kinds", self.kind),
            ("questions", self.question),
            *((f"options of {one.code}", one.options) for one in self.question),
        )
        for what, group in groups:
            codes = [one.code for one in group]
            for code in sorted({code for code in codes if codes.count(code) > 1}):
                yield f"two {what} {code}"

    def _unknown(self) -> Iterator[str]:
        known = {one.code: one for one in self.question}
        kinds = {one.code for one in self.kind}
        for one in self.question:
            if (one.type in {Type.ONE, Type.MANY}) is not bool(one.options):
                yield f"{one.code}: options belong to lists and to nothing else"
            for of, codes in one.when.items():
                before = known.get(of)
                if of != KIND and (before is None or before.step >= one.step):
                    yield f"{one.code}: {of} is not asked before it"
                elif lost := set(codes) - (kinds if before is None else set(before.codes)):
                    yield f"{one.code}: {of} has no {', '.join(sorted(lost))}"
        if sorted(one.after or "" for one in self.kind) != ["", *sorted(After)]:
            yield "one kind follows each event, and one is drawn"
        score = known.get(self.score)
        if score is None or score.type is not Type.SCALE or score.step != 1 or not score.required:
            yield "the score is a scale that everybody is asked for first"
        if self.loop.callback not in known:
            yield f"no question {self.loop.callback}"
        if [one.code for one in self.question if one.reasons] != [REASONS]:
            yield f"one list, {REASONS}, is what reports are grouped by"

    def _never(self) -> Iterator[str]:
        ways = list(self.ways())
        for one in self.question:
            if not any(one.fits(way) for way in ways):
                yield f"{one.code} is never asked"
        for way in ways:
            if [one.fits(way) for one in self.thanks].count(True) != 1:
                yield f"not one thanks for {dict(way)}"
                return


async def survey(language: str | None = None) -> Document[Survey]:
    """The loyalty survey in a language (default: the reader's), with the hash of its text."""
    return (await documents_of("surveys", Survey, language=language))[NPS]
