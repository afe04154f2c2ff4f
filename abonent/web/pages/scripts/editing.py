"""Changing a script: a draft of its own, step by step, with its picture, mistakes and a test run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.script_versions import DraftVersion, draft_of
from abonent.crm.queries.scripts import playable_scripts
from abonent.crm.rules.scripts import answers_of
from abonent.crm.script_errors import DraftChanged, StepNotFound
from abonent.crm.service import script_versions as service
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.kernel.scripts import (
    CONDITIONS as ALL_CONDITIONS,
)
from abonent.kernel.scripts import (
    MOST_ANSWERS,
    PLACEHOLDERS,
    Answer,
    Draft,
    Stage,
    Step,
)
from abonent.web.forms import by_field, form_of, go_to
from abonent.web.pages.scripts.drafting import LONGEST_SAY
from abonent.web.pages.scripts.results import shown_script
from abonent.web.pages.scripts.telling import places_of, told
from abonent.web.pages.scripts.words import CONDITIONS, KINDS, STAGES
from abonent.web.pages.scripts.words import PLACEHOLDERS as PLACEHOLDER_WORDS
from abonent.web.pages.ticking import roles_of_staff
from abonent.web.render import page, signed_in

_LONGEST_ANSWER = 120
_STEP, _END = "step:", "end:"
_DONE = {
    "step": N_("The step is changed"),
    "added": N_("The step is added: give it answers and lead to it"),
    "removed": N_("The step is taken out"),
    "described": N_("The draft is changed"),
    "made": N_("The draft is made: nobody plays it before its first version is published"),
    "end": N_("The end is changed"),
    "end_added": N_("The end is added: let an answer lead to it"),
    "end_removed": N_("The end is taken out"),
}


async def begin(request: Request) -> Response:
    """Begin to change a script, or go on with its draft."""
    slug = request.path_params["slug"]
    await service.begin_draft(slug, by=signed_in(request).actor)
    return go_to(request, f"/scripts/{slug}/draft")


async def _draft(request: Request) -> DraftVersion:
    return await draft_of(request.path_params["slug"], by=signed_in(request).actor)


async def show_draft(request: Request) -> Response:
    """Show a draft: what is wrong with it, its picture, its steps."""
    draft = await _draft(request)
    mistakes = draft.script.mistakes()
    context = {
        "draft": draft,
        "mistakes": [(mistake.step, mistake.text()) for mistake in mistakes],
        "wrong": {mistake.step for mistake in mistakes},
        "told": _DONE.get(request.query_params.get("done", "")),
        "played": draft.slug in await playable_scripts(),
        "roles": dict(await roles_of_staff()),
        **shown_script(draft.script),
    }
    return page(request, "scripts/draft.html", context)


async def show_step(request: Request) -> Response:
    """Show a step of the draft to be changed."""
    draft, step = await _step(request)
    return _step_page(request, draft, step, _given_of(step, draft), {})


async def _step(request: Request) -> tuple[DraftVersion, Step]:
    draft, code = await _draft(request), request.path_params["step"]
    if code not in draft.script.steps:
        raise StepNotFound(code)
    return draft, draft.script.steps[code]


def _given_of(step: Step, draft: DraftVersion) -> dict[str, str]:
    given = {"stage": step.stage.value, "say": step.say, "hint": step.hint}
    given |= {"note": "on" if step.note else "", "seen": str(draft.version)}
    for no, answer in enumerate(step.answer, 1):
        leads = f"{_STEP}{answer.to}" if answer.to else f"{_END}{answer.outcome}"
        given |= {f"text{no}": answer.text, f"leads{no}": leads, f"when{no}": answer.when}
    return given


def _step_page(
    request: Request,
    draft: DraftVersion,
    step: Step,
    given: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    steps = list(draft.script.steps)
    at = steps.index(step.code)
    context = {
        "draft": draft,
        "step": step,
        "given": given,
        "errors": errors,
        "numbers": range(1, MOST_ANSWERS + 1),
        "stages": [(stage.value, _(words)) for stage, words in STAGES.items()],
        "steps": [(f"{_STEP}{code}", name) for code, name in places_of(draft.script).items()],
        "ends": [(f"{_END}{one.code}", one.label) for one in draft.script.outcome],
        "conditions": _condition_choices(),
        "placeholders": sorted((name, _(PLACEHOLDER_WORDS[name])) for name in PLACEHOLDERS),
        "mistakes": [m.text() for m in draft.script.mistakes() if m.step == step.code],
        "before": steps[at - 1] if at else "",
        "after": steps[at + 1] if at + 1 < len(steps) else "",
        "saved": request.query_params.get("done") == "step",
    }
    return page(request, "scripts/step.html", context, status=422 if errors else 200)


def _condition_choices() -> list[tuple[str, str]]:
    words = sorted((_(CONDITIONS[code]), code) for code in ALL_CONDITIONS)
    return [
        *((code, label) for label, code in words),
        *((f"not {code}", _("not: {condition}", condition=label)) for label, code in words),
    ]


async def change_step(request: Request) -> Response:
    """Keep a changed step; what was typed stays where it cannot be kept."""
    form = await form_of(request)
    draft, step = await _step(request)
    slug, by = draft.slug, signed_in(request).actor
    try:
        changed = _step_in(form, step.code)
        seen = form.get("seen", "")
        if not seen.isdecimal() or len(seen) > 9:
            raise HTTPException(400)
        await service.change_step(slug, changed, by=by, seen=int(seen))
    except Malformed as wrong:
        return _step_page(request, draft, step, form, dict(by_field(wrong.errors)))
    except DraftChanged as wrong:
        return _step_page(request, draft, step, form, {"say": wrong.text()})
    return go_to(request, f"/scripts/{slug}/draft/steps/{step.code}?done=step")


def _step_in(form: Mapping[str, str], code: str) -> Step:
    """The step as it was typed. Raises Malformed naming every field that is wrong."""
    wrong: list[FieldError] = []
    say = form.get("say", "").strip().replace("\r\n", " ")
    if not say:
        wrong.append(FieldError("say", say, N_("Fill this in.")))
    if len(say) > LONGEST_SAY or len(form.get("hint", "")) > LONGEST_SAY:
        long = N_("At most {longest} characters fit here.")
        wrong.append(FieldError("say", say, long, {"longest": LONGEST_SAY}))
    if form.get("stage") not in set(Stage):
        wrong.append(FieldError("stage", form.get("stage"), N_("Choose one of those offered.")))
    answers = [a for no in range(1, MOST_ANSWERS + 1) if (a := _answer_in(form, no, wrong))]
    if wrong:
        raise Malformed(*wrong)
    return Step(
        code=code,
        stage=Stage(form["stage"]),
        say=say,
        hint=form.get("hint", "").strip(),
        note=form.get("note") == "on",
        answer=tuple(answers),
    )


def _answer_in(form: Mapping[str, str], no: int, wrong: list[FieldError]) -> Answer | None:
    text = form.get(f"text{no}", "").strip()
    leads, when = form.get(f"leads{no}", ""), form.get(f"when{no}", "")
    if not text and not leads:
        return None
    if not text:
        wrong.append(FieldError(f"text{no}", text, N_("Write what is answered.")))
    elif len(text) > _LONGEST_ANSWER:
        long = N_("At most {longest} characters fit here.")
        wrong.append(FieldError(f"text{no}", text, long, {"longest": _LONGEST_ANSWER}))
    elif not leads.startswith((_STEP, _END)):
        wrong.append(FieldError(f"leads{no}", leads, N_("Choose where the answer leads.")))
    else:
        to = leads.removeprefix(_STEP) if leads.startswith(_STEP) else ""
        outcome = leads.removeprefix(_END) if leads.startswith(_END) else ""
        return Answer(text=text, to=to, outcome=outcome, when=when)
    return None


async def try_draft(request: Request) -> Response:
    """Play the draft without keeping anything: the way stands in the address."""
    draft = await _draft(request)
    typed = request.query_params.get("way", "")
    way = [int(part) for part in typed.split("-") if part.isdecimal() and len(part) < 3]
    step, passed, end = _walked(draft.script, way)
    context = {
        "draft": draft,
        "step": step,
        "end": end,
        "kinds": KINDS,
        "way": passed,
        "said": told(step.say, {}) if step and _whole(step.say) else [],
        "places": places_of(draft.script),
        "answers": list(answers_of(step, ALL_CONDITIONS)) if step else [],
        "stage_words": STAGES,
    }
    return page(request, "scripts/try.html", context)


def _whole(text: str) -> bool:
    try:
        told(text, {})
    except ValueError:
        return False
    return True


def _walked(script: Draft, way: list[int]) -> tuple[Step | None, list[int], Any]:
    """The step that a way of answers leads to, the part of the way that there is, and an end."""
    step, passed = script.steps.get(script.begin), []
    for place in way:
        if step is None or place >= len(step.answer):
            break
        answer = step.answer[place]
        passed.append(place)
        if answer.outcome:
            return None, passed, script.outcomes.get(answer.outcome)
        step = script.steps.get(answer.to)
    return step, passed, None
