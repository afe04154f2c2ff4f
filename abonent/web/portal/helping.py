"""Answers to common questions on the portal: the public part of the knowledge base, for everybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.articles import OnShelf
from abonent.crm.queries.knowledge import find_public_articles
from abonent.crm.rules.knowledge import KINDS, LONGEST
from abonent.crm.service.knowledge import articles_shown, public_article
from abonent.web.marked import marked_up
from abonent.web.portal.access import portal_page

MOST = 8
"""Answers to a question: who has read so many without finding it had better write to us."""


async def show_help(request: Request) -> Response:
    """Show the answers that suit what was asked, the best first; all of them by kind at first."""
    query = request.query_params.get("q", "").strip()[:LONGEST]
    shelf = await articles_shown()
    found = (await find_public_articles(query, shelf=shelf)).slugs if query else ()
    context = {
        "query": query,
        "found": [shelf[slug] for slug in found[:MOST]],
        "groups": [] if found else _groups(list(shelf.values())),
        "kinds": KINDS,
    }
    return portal_page(request, "help.html", context)


def _groups(articles: list[OnShelf]) -> list[tuple[str, list[OnShelf]]]:
    public = [one for one in articles if one.value.public]
    groups = [(kind, [one for one in public if one.value.type == kind]) for kind in KINDS]
    return [(kind, sorted(ones, key=_title)) for kind, ones in groups if ones]


def _title(found: OnShelf) -> str:
    return found.value.title


async def show_answer(request: Request) -> Response:
    """Show one answer. Raises ArticleNotFound for what only staff may read."""
    found = await public_article(request.path_params["slug"])
    context = {
        "article": found.value,
        "answer": marked_up(found.value.body),
        "written_in": found.language,
        "query": request.query_params.get("q", "")[:LONGEST],
    }
    return portal_page(request, "answer.html", context)
