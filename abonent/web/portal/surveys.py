"""The survey that a message's link opens: at most three steps, for whoever has the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries.surveys import Asked, survey_of_token
from abonent.crm.service.surveys_answering import answer_survey
from abonent.crm.surveys import MOST_STEPS, Survey, survey
from abonent.kernel.errors import DomainError
from abonent.web.pages.acting import ANSWERED_IN_PLACE
from abonent.web.portal.doing import act_page
from abonent.web.portal.rules import answering_keys
from abonent.web.service.throttle import count_attempt

Given = Mapping[str, Sequence[str]]
"""What was typed or chosen, by question."""


async def show_survey(request: Request) -> Response:
    """Show the next step, or an earlier one to answer anew; ``score`` in the address chooses it."""
    one = await survey_of_token(request.path_params["token"])
    questions = (await survey()).value
    if one.ended or one.over(questions):
        return _end(request, one, questions)
    step = _step_of(request.query_params.get("step", ""), one)
    given: dict[str, Sequence[str]] = {
        code: [*answer.codes, *([answer.text] if answer.text else [])]
        for code, answer in one.answers.items()
    }
    if score := request.query_params.get("score", ""):
        given[questions.score] = [score]
    return _step(request, one, questions, step=step, given=given)


async def answer_step(request: Request) -> Response:
    """Keep the answers of a step and go on; what is wrong comes back with what was typed."""
    token = request.path_params["token"]
    one, questions = await survey_of_token(token), (await survey()).value
    async with request.form() as form:
        given = {
            name: [text for text in form.getlist(name) if isinstance(text, str)] for name in form
        }
    if any("\x00" in text for texts in given.values() for text in texts):
        raise HTTPException(400)
    step = _step_of("".join(given.get("step", ())), one)
    try:
        await count_attempt(answering_keys(token))
        ended = await answer_survey(token, step, given)
    except ANSWERED_IN_PLACE as error:
        if one.ended or one.over(questions):
            return _end(request, one, questions)
        return _step(request, one, questions, step=step, given=given, error=error)
    return RedirectResponse(request.url.path + ("" if ended else f"?step={step + 1}"), 303)


def _step_of(text: str, one: Asked) -> int:
    """The step asked for, as far as the answers before it are given; the next one otherwise."""
    next_one = min(one.steps + 1, MOST_STEPS)
    step = int(text) if text.isdecimal() and len(text) == 1 else next_one
    return step if 1 <= step <= next_one else next_one


def _step(
    request: Request,
    one: Asked,
    questions: Survey,
    *,
    step: int,
    given: Given,
    error: DomainError | None = None,
) -> Response:
    known = one.before(step, questions)
    context = {
        "survey": questions,
        "step": step,
        "steps": questions.most_steps(known),
        "asked": questions.asked(step, known),
        "given": given,
        "action": request.url.path,
        "back": f"{request.url.path}?step={step - 1}",
    }
    return act_page(request, "survey.html", context, error)


def _end(request: Request, one: Asked, questions: Survey) -> Response:
    said = questions.said_at_end(one.before(MOST_STEPS + 1, questions)) if one.ended else ""
    context: dict[str, Any] = {"survey": questions, "said": said}
    return act_page(request, "survey_end.html", context, None)
