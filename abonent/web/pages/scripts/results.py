"""Scripts and what comes of them: the list, the picture of the branches, conversion, objections."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.script_results import lately, results_of, shown_objections
from abonent.crm.queries.script_versions import EDIT, draft_of, new_scripts, versions_of
from abonent.crm.queries.scripts import (
    objections_book,
    open_runs,
    playable_script,
    playable_scripts,
)
from abonent.crm.rules.scripts import BROKEN_OFF, in_order_of_use, share, stages_of
from abonent.crm.script_errors import ScriptNotFound
from abonent.kernel import clock
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _, time_zone
from abonent.kernel.scripts import Draft
from abonent.web.charts import Value, bars
from abonent.web.diagrams import Diagram, Edge, Node, diagram
from abonent.web.fields import day_of
from abonent.web.forms import go_to
from abonent.web.pages.scripts.playing import LEAST_SHOWN
from abonent.web.pages.scripts.telling import in_short, places_of
from abonent.web.pages.scripts.words import CONDITIONS, KINDS, SEGMENTS, STAGES
from abonent.web.render import page, signed_in, written_count

MONTH = timedelta(days=30)
QUARTER = timedelta(days=90)
_TONES = {"good": "good", "neutral": "warn", "bad": "bad"}
_DONE = {
    "published": N_("The version is published: it is played from now on"),
    "dropped": N_("The draft is thrown away"),
    "withdrawn": N_("The script is withdrawn: nobody begins it any more"),
    "restored": N_("The script can be begun again"),
}
_TODAY = timedelta(hours=12)


async def list_scripts(request: Request) -> Response:
    """Show every script with what came of it lately, and conversations that are not ended."""
    by, scripts = signed_in(request).actor, await playable_scripts()
    context = {
        "scripts": scripts,
        "gone": [one for one in scripts.values() if one.withdrawn] if by.may(EDIT) else [],
        "new": await new_scripts(scripts, by=by) if by.may(EDIT) else [],
        "told": _DONE.get(request.query_params.get("done", "")),
        "open": await open_runs(by=by, since=clock.now() - _TODAY),
        "lately": await lately(by=by, since=clock.now() - MONTH)
        if by.may("crm.script.view")
        else None,
        "share": share,
    }
    return page(request, "scripts/list.html", context)


async def show_script(request: Request) -> Response:
    """Show a script as it is played now: its picture, its steps, its versions.

    Who may change scripts is led on to the draft of one that has no version yet.
    """
    slug, by = request.path_params["slug"], signed_in(request).actor
    found = (await playable_scripts()).get(slug)
    if found is None and by.may(EDIT):
        await draft_of(slug, by=by)
        return go_to(request, f"/scripts/{slug}/draft")
    if found is None:
        raise ScriptNotFound(slug)
    context = {
        "playable": found,
        "versions": await versions_of(found.slug),
        "told": _DONE.get(request.query_params.get("done", "")),
        **shown_script(found.script),
    }
    return page(request, "scripts/script.html", context)


def shown_script(script: Draft) -> dict[str, Any]:
    """The picture and the words of a script."""
    return {
        "script": script,
        "places": places_of(script),
        "drawn": picture_of(script),
        "stage_words": STAGES,
        "kinds": KINDS,
        "conditions": CONDITIONS,
        "in_short": in_short,
    }


def picture_of(script: Draft) -> Diagram:
    """The branches of a script; its ends are boxes as well."""
    nodes = [
        Node(step.code, in_short(step.say), "begin" if step.code == script.begin else "")
        for step in script.step
    ]
    nodes += [Node(f"={one.code}", one.label, _TONES[one.kind]) for one in script.outcome]
    edges = [
        Edge(step.code, answer.to or f"={answer.outcome}")
        for step in script.step
        for answer in step.answer
    ]
    return diagram(nodes, edges, begin=script.begin)


async def show_results(request: Request) -> Response:
    """Show the conversion of a script by stage, step, end, person and version."""
    by, given = signed_in(request).actor, request.query_params
    found = await playable_script(request.path_params["slug"])
    today = clock.now().astimezone(time_zone()).date()
    errors: dict[str, str] = {}
    first = _day(given.get("since", ""), today - MONTH, "since", errors)
    last = _day(given.get("until", ""), today, "until", errors)
    results = await results_of(
        found.slug,
        stages_of(found.script),
        by=by,
        since=_midnight(first),
        until=_midnight(last + timedelta(1)),
        text=given.get("text") or None,
        person=given.get("person") or None,
        every_step="steps" in given,
    )
    labels = {code: one.label for code, one in found.script.outcomes.items()}
    labels[BROKEN_OFF.code] = _(BROKEN_OFF.label)
    ends = [(labels.get(code, code), n) for code, n in results.outcomes.most_common()]
    context = {
        "playable": found,
        "results": results,
        "given": {"since": first.isoformat(), "until": last.isoformat()},
        "text": given.get("text", ""),
        "person": given.get("person", ""),
        "errors": errors,
        "share": share,
        "labels": labels,
        "kind_of": {code: one.kind for code, one in found.script.outcomes.items()},
        "kinds": KINDS,
        "stage_words": STAGES,
        "in_short": in_short,
        "ends": bars([Value(label, number) for label, number in ends], write=written_count),
        "ends_rows": [(label, written_count(number)) for label, number in ends],
    }
    return page(request, "scripts/results.html", context)


def _day(text: str, default: date, field: str, errors: dict[str, str]) -> date:
    if not text.strip():
        return default
    try:
        return day_of(text.strip())
    except ValueError:
        wrong = Malformed.of(field, text, N_("A date is written YYYY-MM-DD."))
        errors[field] = wrong.errors[0].text()
        return default


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=time_zone())


async def show_objections(request: Request) -> Response:
    """Show the book of objections, those first after which conversations went on most often."""
    book = await objections_book()
    shown = await shown_objections(since=clock.now() - QUARTER)
    order = in_order_of_use(list(book), shown, least=LEAST_SHOWN)
    context = {
        "found": [(slug, book[slug], *shown.get(slug, (0, 0))) for slug in order],
        "scripts": await playable_scripts(),
        "least": LEAST_SHOWN,
        "share": share,
        "segments": SEGMENTS,
        "stage_words": STAGES,
        "in_short": in_short,
    }
    return page(request, "scripts/objections.html", context)
