"""A script played beside the card: what to say, answers by keys, back, notes, objections at hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.script_results import shown_objections
from abonent.crm.queries.scripts import (
    Run,
    objections_book,
    playable_scripts,
    read_run,
    runs_of_account,
)
from abonent.crm.rules.scripts import BROKEN_OFF, OWN_ENDS, answers_of, in_order_of_use, stages_of
from abonent.crm.script_errors import RunEnded
from abonent.crm.service import scripts as service
from abonent.kernel import clock
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _
from abonent.kernel.scripts import Objection, urgency
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.forms import form_of, go_to
from abonent.web.pages.accounts import words as account_words
from abonent.web.pages.scripts.telling import About, about, in_short, told
from abonent.web.pages.scripts.words import KINDS, SEGMENTS, STAGES
from abonent.web.render import page, page_or_block, signed_in, wants_fragment

LATELY = timedelta(days=90)
"""Over how long objections are measured."""
LEAST_SHOWN = 5
"""What was shown less often has no place by its win rate yet."""
_PLAYER, _OBJECTIONS = "scripts/player.html", "scripts/at_hand.html"
_TODAY = timedelta(hours=12)


async def list_for_account(request: Request) -> Response:
    """Show the scripts one may begin about an account, what its card asks for first, and the past."""
    number, identity = request.path_params["number"], signed_in(request)
    known = await about(number, by=identity.actor)
    found = await playable_scripts()
    offered = sorted(
        (one for one in found.values() if not one.withdrawn),
        key=lambda one: urgency(one.script, known.facts),
    )
    runs = await runs_of_account(number, by=identity.actor)
    context = {
        "card": known.card,
        "tab": "scripts",
        "scripts": found,
        "mine": [one for one in offered if identity.role in one.script.roles],
        "others": [one for one in offered if identity.role not in one.script.roles],
        "going": [run for run in runs if run.own and run.ended_at is None],
        "runs": runs,
        "kinds": KINDS,
        "label_of": _labels(found),
    }
    return page(request, "scripts/account.html", context | account_words())


def _labels(scripts: Any) -> Any:
    """Words of an end by its script and code; a code that is not known any more says itself."""

    def label(slug: str, code: str) -> str:
        if code in OWN_ENDS:
            return _(OWN_ENDS[code].label)
        found = scripts[slug].script.outcomes.get(code) if slug in scripts else None
        return found.label if found else code

    return label


async def begin_about(request: Request) -> Response:
    """Begin a script about an account, or go on with the one that is not ended."""
    number, slug = request.path_params["number"], request.path_params["slug"]
    run = await service.begin_run(slug, by=signed_in(request).actor, number=number)
    return go_to(request, f"/script-runs/{run}")


async def begin(request: Request) -> Response:
    """Begin a script with somebody who has no account."""
    run = await service.begin_run(request.path_params["slug"], by=signed_in(request).actor)
    return go_to(request, f"/script-runs/{run}")


async def show_run(request: Request) -> Response:
    """Show a conversation: the step it stands at, or what came of it."""
    run = await read_run(request.path_params["run"], by=signed_in(request).actor)
    return await _shown(request, run)


async def _shown(request: Request, run: Run, error: str = "", note: str = "") -> Response:
    by = signed_in(request).actor
    known = await about(run.number, by=by)
    context = _context(run, known) | {"error": error, "own": run.played_by == f"{by.kind}:{by.id}"}
    if error:
        context["note"] = note
    status = 422 if error else 200
    return page_or_block(request, _PLAYER, "step", context | account_words(), status=status)


def _context(run: Run, known: About) -> dict[str, Any]:
    step = run.script.steps[run.current.step]
    outcome = None
    if run.outcome:
        outcome = {**run.script.outcomes, **OWN_ENDS}[run.outcome]
    return {
        "run": run,
        "about": known,
        "card": known.card,
        "step": step,
        "said": told(step.say, known.values),
        "answers": list(answers_of(step, known.facts)),
        "note": run.current.note,
        "stages": stages_of(run.script),
        "stage_words": STAGES,
        "kinds": KINDS,
        "outcome": outcome,
        "in_short": in_short,
        "log": [shown for shown in run.steps if shown.answer is not None and not shown.undone],
    }


async def answer(request: Request) -> Response:
    """Take an answer, or go back a step; what was noted is kept either way."""
    number, form, by = request.path_params["run"], await form_of(request), signed_in(request).actor
    no, note = _number(form.get("no", "")), form.get("note", "")
    try:
        if "back" in form:
            await service.note_step(number, by=by, no=no, note=note)
            await service.go_back(number, by=by, no=no)
        else:
            place = _number(form.get("answer", ""))
            await service.answer_step(number, by=by, no=no, answer=place, note=note)
    except RunEnded:
        return go_to(request, f"/script-runs/{number}")
    except Malformed as wrong:
        run = await read_run(number, by=by)
        return await _shown(request, run, error=wrong.errors[0].text(), note=note)
    if not wants_fragment(request):
        return go_to(request, f"/script-runs/{number}")
    return await _shown(request, await read_run(number, by=by))


async def keep_note(request: Request) -> Response:
    """Keep what was noted before the step is answered."""
    form, by = await form_of(request), signed_in(request).actor
    run, no = request.path_params["run"], _number(form.get("no", ""))
    await service.note_step(run, by=by, no=no, note=form.get("note", ""))
    return Response(status_code=204)


def _number(text: str) -> int:
    """A number of the form; -1, which nothing has, where it is none."""
    return int(text) if text.isdecimal() and len(text) < 6 else -1


async def list_objections(request: Request) -> Response:
    """Show the objections at hand, the most fitting first; one word finds its own."""
    return await _objections(request, request.query_params.get("q", "").strip())


async def choose_objection(request: Request) -> Response:
    """Show the answer to an objection and write down that it was looked up."""
    form, by = await form_of(request), signed_in(request).actor
    query, chosen = form.get("q", "").strip(), form.get("objection", "")
    if not chosen:
        run = await read_run(request.path_params["run"], by=by)
        shown = await shown_objections(since=clock.now() - LATELY)
        chosen = next(iter(_fitting(await objections_book(), run, query, shown)), "")
    if not chosen:
        return await _objections(request, query)
    await service.show_objection(request.path_params["run"], by=by, objection=chosen)
    return await _objections(request, query, chosen)


async def _objections(request: Request, query: str, chosen: str = "") -> Response:
    by = signed_in(request).actor
    run, book = await read_run(request.path_params["run"], by=by), await objections_book()
    shown = {} if chosen else await shown_objections(since=clock.now() - LATELY)
    found = _fitting(book, run, query, shown)
    values = (await about(run.number, by=by)).values if chosen else {}
    context = {
        "run": run,
        "query": query,
        "fragment": wants_fragment(request),
        "found": [(slug, book[slug]) for slug in found],
        "chosen": book.get(chosen),
        "told": lambda text: told(text, values),
        "segments": SEGMENTS,
        "stage_words": STAGES,
    }
    if wants_fragment(request):
        block = "dialog" if request.method == "GET" and "q" not in request.query_params else "body"
        return page_or_block(request, _OBJECTIONS, block, context)
    return page(request, _OBJECTIONS, context)


def _fitting(book: Any, run: Run, query: str, shown: dict[str, tuple[int, int]]) -> list[str]:
    """Objections that hold every word typed: those of this script first, then by what worked."""
    words = query.casefold().replace("ё", "е").split()

    def fits(one: Objection) -> bool:
        text = f"{one.objection} {' '.join(one.causes)}".casefold().replace("ё", "е")
        return all(word in text for word in words)

    order = in_order_of_use([s for s in book if fits(book[s])], shown, least=LEAST_SHOWN)
    return sorted(order, key=lambda slug: run.slug not in book[slug].scripts)


async def _end_opened(request: Request) -> Opened:
    run = await read_run(request.path_params["run"], by=signed_in(request).actor)
    ends = [(BROKEN_OFF.code, _(BROKEN_OFF.label))]
    ends += [(one.code, one.label) for one in run.script.outcome]
    return Opened(
        back=f"/script-runs/{run.id}",
        about=run.script.title,
        choices={"outcome": ends},
        can=run.ended_at is None,
    )


async def _end(request: Request, values: Values) -> str:
    run, by = request.path_params["run"], signed_in(request).actor
    await service.end_run(run, by=by, outcome=values["outcome"], note=values["note"])
    return f"/script-runs/{run}"


END = Dialog(
    path="/script-runs/{run:int}/end",
    right="crm.script.play",
    title=N_("End the conversation"),
    commit=N_("End it"),
    fields=(
        Field(name="outcome", label=N_("How it ended"), kind=Kind.SEGMENTS),
        Field(
            name="note",
            label=N_("What to know of it"),
            kind=Kind.AREA,
            required=False,
            longest=service.LONGEST,
        ),
    ),
    opened=_end_opened,
    do=_end,
)
