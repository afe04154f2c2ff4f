"""The answers of the search line, as a list under it or as a page of their own."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.web.finding import Finder, find_all, only_answer
from abonent.web.pages.entries import find_entry
from abonent.web.pages.knowledge.looking import find_answers
from abonent.web.pages.subscribers import find_subscribers
from abonent.web.render import page_or_block, signed_in, wants_fragment

# Departments add theirs: subscribers first, then documents, requests, buildings.
FINDERS: tuple[Finder, ...] = (find_entry, find_subscribers, find_answers)

_LONGEST = 200


async def find(request: Request) -> Response:
    """Find what was typed; the query stays in the address.

    Enter pressed before the list has come asks for the page: what it would have opened is opened.
    """
    # The key that leads to the line, pressed once too often, stays in it.
    query = request.query_params.get("q", "").strip().removeprefix("/").lstrip()[:_LONGEST]
    groups = await find_all(signed_in(request).actor, query, finders=FINDERS)
    only = only_answer(groups) if query and not wants_fragment(request) else None
    if only:
        return RedirectResponse(only.path, 303)
    return page_or_block(request, "find.html", "answers", {"query": query, "groups": groups})
