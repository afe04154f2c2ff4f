"""A survey on the desk: what was asked and answered, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.messages import CHANNELS, reason_words
from abonent.crm.queries.surveys_seen import Whole, whole_survey
from abonent.crm.registers.requests import STATES as REQUEST_STATES
from abonent.crm.registers.surveys import STATES
from abonent.crm.rules.surveys import STANDINGS, SURVEY
from abonent.crm.surveys import KIND, Survey, survey
from abonent.kernel.i18n import _
from abonent.web.render import page, signed_in


@dataclass(frozen=True, slots=True)
class Told:
    """A question, what was chosen in words, what was said; neither where it was passed over."""

    question: str
    chosen: str
    text: str


async def show_survey(request: Request) -> Response:
    """Show a survey."""
    whole = await whole_survey(request.path_params["survey"], by=signed_in(request).actor)
    questions = (await survey()).value
    found = whole.survey
    kinds = {one.code: one.label for one in questions.kind}
    context = {
        "found": found,
        "kind": kinds.get(found.kind, found.kind),
        "states": STATES,
        "standings": STANDINGS,
        "survey_channels": CHANNELS,
        "request_states": REQUEST_STATES,
        "most": questions.of(questions.score).most,
        "forbidden": reason_words(found.reason),
        "told": told_of(questions, whole),
        "moves": [(_(SURVEY.move(one.was, one.name).label), one) for one in whole.moves],
    }
    return page(request, "surveys/survey.html", context)


def told_of(questions: Survey, whole: Whole) -> list[Told]:
    """Every question that was asked of this subscriber, in order, with the answer."""
    answers = {code: tuple(one.codes) for code, one in whole.answers.items()}
    known = answers | {KIND: (whole.survey.kind,)}
    told = []
    for step in questions.steps(known):
        for one in questions.asked(step, known):
            answer = whole.answers.get(one.code)
            chosen = "; ".join(one.label(code) for code in answer.codes) if answer else ""
            told.append(Told(one.text, chosen, answer.text if answer else ""))
    return told
