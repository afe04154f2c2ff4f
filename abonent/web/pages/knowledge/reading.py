"""An article: its answer, where to look, the page where it is done; what readers say of it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from abonent.crm.articles import Article, OnShelf
from abonent.crm.knowledge_errors import ArticleNotFound
from abonent.crm.queries.article_versions import EDIT, writing_of
from abonent.crm.queries.knowledge import Shelf, reviewed_until, standing_of
from abonent.crm.queries.scripts import withdrawn_scripts
from abonent.crm.rules.knowledge import KINDS, age_of, form_for
from abonent.crm.search import hits_of
from abonent.crm.service.knowledge import (
    LONGEST_NOTE,
    article_files,
    article_on,
    articles_shown,
    confirm_article,
    note_article_read,
    vote_on_article,
)
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.access import PageRoute
from abonent.web.forms import by_field, form_of, go_to
from abonent.web.marked import marked_up
from abonent.web.pages.knowledge.fields import LEVELS
from abonent.web.queries import Identity
from abonent.web.readers import notes_on, readers_of
from abonent.web.recents import seen_lately
from abonent.web.registers.staff import role_choices
from abonent.web.render import desk_of, page, signed_in

REPORT = "crm.knowledge.report"
LATELY = 3
"""The clients whose cards were open last: the question is likely theirs."""

_DONE = {
    "voted": N_("Thank you: it is written down"),
    "read": N_("It is written down that you have read it"),
    "published": N_("The article is published: it is found from now on"),
    "confirmed": N_("The article counts as looked through"),
}


async def show_article(request: Request) -> Response:
    """Show an article; who may write is led on to one that is not shown, to its draft."""
    try:
        return await _shown(request, {}, {})
    except ArticleNotFound:
        slug, by = request.path_params["slug"], signed_in(request).actor
        if not by.may(EDIT):
            raise
        files, language = await article_files()
        await writing_of(slug, files=files, language=language, by=by)
    return go_to(request, f"/knowledge/{slug}/edit")


async def _led_by(article: Article) -> str:
    """The script by which the conversation is led; none where it is withdrawn."""
    return (
        article.script if article.script and article.script not in await withdrawn_scripts() else ""
    )


async def _shown(
    request: Request, given: dict[str, str], errors: Any, status: int = 200
) -> Response:
    who, slug = signed_in(request), request.path_params["slug"]
    shelf = await articles_shown()
    found = article_on(shelf, slug, by=who.actor)
    until = (await reviewed_until({slug: found}, [slug], by=who.actor))[slug]
    today = clock.calendar_day(desk_of(request).settings.timezone)
    context = {
        "slug": slug,
        "hash": found.hash,
        "article": found.value,
        "written_in": found.language,
        "no": found.no,
        "answer": marked_up(found.value.body),
        "kind": KINDS[found.value.type],
        "standing": await standing_of(found, by=who.actor),
        "must_read": who.role in found.value.roles,
        "until": until,
        "age": age_of(until, today),
        "forms": await _forms(request, found.value, who),
        "roles": dict(await role_choices()),
        "near": _near(shelf, found),
        "script": await _led_by(found.value),
        "levels": LEVELS,
        "longest": LONGEST_NOTE,
        "given": given,
        "errors": errors,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(
        request, "knowledge/article.html", context | await _told(found, who.actor), status=status
    )


async def _told(found: OnShelf, by: Actor) -> dict[str, Any]:
    """What heads see: who has read it and who has not, what was missed in it."""
    if not by.may(REPORT):
        return {"readers": [], "notes": []}
    readers = await readers_of(found.slug, found.hash, found.value.roles)
    return {"readers": readers, "notes": await notes_on(found.slug, found.hash)}


def _near(shelf: Shelf, found: OnShelf) -> list[tuple[str, str]]:
    """Other articles of the kind."""
    return [
        (slug, one.value.title)
        for slug, one in shelf.items()
        if one.value.type == found.value.type and slug != found.slug
    ]


async def _forms(request: Request, article: Article, who: Identity) -> list[tuple[str, str]]:
    """Addresses and names of the pages where it is done, for who may open them."""
    if not article.form:
        return []
    if "{number}" not in article.form:
        return [(article.form, _("Open the page"))] if _may_open(request, article.form, who) else []
    if not who.actor.may("crm.subscriber.view"):
        return []
    lately = await seen_lately(who.user_id, limit=LATELY)
    hits = await hits_of(lately, by=who.actor) if lately else []
    forms = [
        (form_for(article.form, hit.number), f"{hit.number} {hit.name}".strip()) for hit in hits
    ]
    return [(path, name) for path, name in forms if _may_open(request, path, who)]


def _may_open(request: Request, path: str, who: Identity) -> bool:
    """Tell whether the right of the page's route is held."""
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    for route in request.app.routes:
        if isinstance(route, PageRoute) and route.matches(scope)[0] is Match.FULL:
            return who.actor.may(route.right)
    return False


async def vote(request: Request) -> Response:
    """Write down whether the article helped."""
    form, slug = await form_of(request), request.path_params["slug"]
    try:
        await vote_on_article(
            slug,
            by=signed_in(request).actor,
            seen=form.get("seen", ""),
            useful=form.get("useful") == "yes",
            note=form.get("note", ""),
        )
    except Malformed as error:
        return await _shown(request, form, by_field(error.errors), 422)
    return RedirectResponse(f"/knowledge/{slug}?done=voted", 303)


async def note_read(request: Request) -> Response:
    """Write down that the article was read."""
    form, slug = await form_of(request), request.path_params["slug"]
    await note_article_read(slug, by=signed_in(request).actor, seen=form.get("seen", ""))
    return RedirectResponse(f"/knowledge/{slug}?done=read", 303)


async def confirm(request: Request) -> Response:
    """Write down that the article is still true."""
    form, slug = await form_of(request), request.path_params["slug"]
    today = clock.calendar_day(desk_of(request).settings.timezone)
    by = signed_in(request).actor
    await confirm_article(slug, by=by, seen=form.get("seen", ""), today=today)
    return RedirectResponse(f"/knowledge/{slug}?done=confirmed", 303)
