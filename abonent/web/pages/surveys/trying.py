"""The questionnaire as subscribers see it, gone through for a trial: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.rules.surveys import STANDINGS
from abonent.crm.surveys import KIND, MOST_STEPS, Answers, Survey, survey
from abonent.kernel.errors import Malformed
from abonent.web.forms import by_field
from abonent.web.render import page

PATH = "/surveys/trial"
_DONE = "done"
"""What the address calls the step that was answered last."""

Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Stand:
    """How far a trial is: the step to answer (None at the end), what is known, what is wrong."""

    step: int | None
    known: Answers
    errors: Mapping[str, str]


async def try_survey(request: Request) -> Response:
    """Show the next step of a trial, or its end; all that was answered stands in the address."""
    questions, query = (await survey()).value, request.query_params
    kind = query.get(KIND) or questions.kind[0].code
    if kind not in {one.code for one in questions.kind}:
        raise HTTPException(404)
    names = [one.code for one in questions.question]
    given = {name: query.getlist(name) for name in names if name in query}
    typed = query.get(_DONE, "")
    done = int(typed) if typed in {str(n) for n in range(1, MOST_STEPS + 1)} else 0
    stand = _walked(questions, kind, done, given)
    context = {
        "survey": questions,
        "kind": kind,
        "action": PATH,
        "errors": stand.errors,
        **dict.fromkeys(("who", "mine", "number")),
    }
    if stand.step is None:
        told = {"said": questions.said_at_end(stand.known), **_becomes(questions, stand.known)}
        return page(request, "surveys/trial_end.html", context | told)
    asked = _asked(questions, stand, stand.step, {KIND: [kind], **given})
    return page(request, "surveys/trial.html", context | asked)


def _walked(questions: Survey, kind: str, done: int, given: Given) -> _Stand:
    """Go as far as `done` by what was given; stops at the step where something is wrong."""
    known: Answers = {KIND: (kind,)}
    step = 0
    while further := next((n for n in questions.steps(known) if n > step), None):
        if further > done:
            return _Stand(further, known, {})
        try:
            read = questions.read(further, known, given)
        except Malformed as wrong:
            return _Stand(further, known, dict(by_field(wrong.errors)))
        known = {**known, **{code: codes for code, (codes, _text) in read.items()}}
        step = further
    return _Stand(None, known, {})


def _asked(questions: Survey, stand: _Stand, step: int, given: Given) -> dict[str, Any]:
    """What the page of a step shows; the answers to other steps go along with its form."""
    asked = questions.asked(step, stand.known)
    here = {one.code for one in asked}
    every = [(name, text) for name, texts in given.items() for text in texts]
    before = [n for n in questions.steps(stand.known) if n < step]
    done = before[-2] if len(before) > 1 else 0
    return {
        "step": step,
        "steps": questions.most_steps(stand.known),
        "asked": asked,
        "given": given,
        "kept": [*(one for one in every if one[0] not in here), (_DONE, str(step))],
        "back": f"{PATH}?{urlencode([*every, (_DONE, str(done))])}",
    }


def _becomes(questions: Survey, known: Answers) -> dict[str, Any]:
    """What such a score would count as, and within how many hours it would be looked into."""
    score = int(next(iter(known[questions.score])))
    standing = questions.standing(score)
    hours = questions.loop.hours if standing == "detractor" else 0
    return {"score": score, "standing": STANDINGS[standing], "hours": hours}
