"""Looking an answer up as one types; the same answers under the search line of every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.articles import Article
from abonent.crm.queries.knowledge import (
    VIEW,
    Answers,
    Shelf,
    find_articles,
    reviewed_until,
    unread_of,
)
from abonent.crm.rules.knowledge import KINDS, LONGEST, SURE, age_of, labels_of
from abonent.crm.service.knowledge import articles_shown
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_
from abonent.web.finding import Found, Group
from abonent.web.render import desk_of, page_or_block, signed_in

UNDER_THE_LINE = 3
LEAST_LETTERS = 3
LEAST_SCORE = 1.5
"""Below it, an article has only some common word of what was typed into the search line."""


@dataclass(frozen=True, slots=True)
class Line:
    """An article in the list: whether the reader must still read it, how old its answer is."""

    slug: str
    article: Article
    unread: bool
    age: str


async def show_knowledge(request: Request) -> Response:
    """Show articles that answer what was typed, the best first; all by kind when nothing was."""
    who, asked = signed_in(request), request.query_params
    query, kind, unread = asked.get("q", "").strip(), asked.get("kind", ""), asked.get("unread", "")
    shelf = await articles_shown()
    answers = await find_articles(query, shelf=shelf, by=who.actor) if query else None
    if answers and answers.slugs and asked.get("open"):
        return RedirectResponse(f"/knowledge/{answers.slugs[0]}", 303)
    mine = await unread_of(shelf, role=who.role, by=who.actor)
    today = clock.calendar_day(desk_of(request).settings.timezone)
    lines = await _lines(shelf, mine, today, who.actor)
    slugs = answers.slugs if answers else _by_kind(shelf)
    shown = [lines[slug] for slug in slugs if _fits(lines[slug], kind, unread=bool(unread))]
    context = {
        "query": query[:LONGEST],
        "kind": kind,
        "only_unread": bool(unread),
        "lines": shown,
        "meant": _meant(answers),
        "kinds": KINDS,
        "used": labels_of(KINDS, (one.value.type for one in shelf.values())),
        "unread": len(mine),
        "narrowed": bool(query or kind or unread),
    }
    return page_or_block(request, "knowledge/index.html", "answers", context)


def _fits(line: Line, kind: str, *, unread: bool) -> bool:
    return (not kind or line.article.type == kind) and (not unread or line.unread)


def _by_kind(shelf: Shelf) -> list[str]:
    places = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(shelf, key=lambda slug: (places[shelf[slug].value.type], shelf[slug].value.title))


async def _lines(
    shelf: Shelf, unread: frozenset[str], today: date, by: Actor
) -> Mapping[str, Line]:
    until = await reviewed_until(shelf, list(shelf), by=by)
    return {
        slug: Line(slug, one.value, slug in unread, age_of(until[slug], today))
        for slug, one in shelf.items()
    }


def _meant(answers: Answers | None) -> list[tuple[str, str]]:
    """The words that were not known, each with the likeliest of those looked for."""
    if answers is None:
        return []
    return [(word, answers.meant[word][0]) for word in answers.unknown if word in answers.meant]


async def find_answers(actor: Actor, query: str) -> Group:
    """Answer the search line: only what surely fits, since people are looked for there as well."""
    label = N_("Knowledge base")
    if not actor.may(VIEW) or len(query) < LEAST_LETTERS or not any(map(str.isalpha, query)):
        return Group(label, ())
    shelf = await articles_shown()
    answers = await find_articles(query, shelf=shelf, by=actor)
    least = max(LEAST_SCORE, SURE * max(answers.scores.values(), default=0.0))
    slugs = [slug for slug in answers.slugs if answers.scores[slug] >= least]
    found = [
        Found(
            label=shelf[slug].value.title,
            path=f"/knowledge/{slug}",
            icon="school",
            why=shelf[slug].value.question,
        )
        for slug in slugs[:UNDER_THE_LINE]
    ]
    return Group(label, tuple(found), sure=False)
