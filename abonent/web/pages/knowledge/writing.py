"""Writing articles: a new one, a changed one; kept as a draft or published in one step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.articles import ArticleDraft
from abonent.crm.queries.article_versions import Writing, own_articles, writing_of
from abonent.crm.rules.knowledge import REVIEW_DAYS
from abonent.crm.service import article_versions as service
from abonent.crm.service.knowledge import article_files
from abonent.kernel import clock
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.i18n import N_
from abonent.web.forms import by_field, form_of, go_to
from abonent.web.marked import marked_up
from abonent.web.pages.acting import new_key, once
from abonent.web.pages.knowledge.fields import (
    ANSWER,
    DESK,
    KEY,
    SHELF,
    Offered,
    article_in,
    given_of,
    offered,
)
from abonent.web.render import desk_of, page, signed_in

_DONE = {
    "kept": N_("The draft is kept: nobody finds it before it is published"),
    "dropped": N_("The draft is thrown away"),
    "withdrawn": N_("The article is in the archive: nobody finds it any more"),
}
STATES = {
    "draft": (N_("draft"), "warn"),
    "published": (N_("published"), "good"),
    "withdrawn": (N_("in the archive"), ""),
}


async def show_new(request: Request) -> Response:
    """Show the empty form of a new article."""
    review_on = _today(request) + timedelta(REVIEW_DAYS)
    given = {"level": "0", "review_on": review_on.isoformat(), "key": new_key()}
    return _page(request, await offered(), given)


def _today(request: Request) -> date:
    return clock.calendar_day(desk_of(request).settings.timezone)


def _page(
    request: Request,
    known: Offered,
    given: Mapping[str, str],
    *,
    found: Writing | None = None,
    errors: Mapping[str, str] | None = None,
    wrong: str = "",
) -> Response:
    context = {
        "found": found,
        "given": given,
        "errors": errors or {},
        "wrong": wrong,
        "parts": (ANSWER, DESK, SHELF),
        "key_field": KEY,
        "choices": known.choices,
        "offered": known.roles,
        "answer": marked_up(found.article.body) if found and found.drafted else "",
        "states": STATES,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "knowledge/write.html", context, status=422 if errors or wrong else 200)


async def make(request: Request) -> Response:
    """Keep a new article as a draft or publish it; what was typed stays where it cannot be."""
    form, by, known = await form_of(request), signed_in(request).actor, await offered()

    async def work() -> str:
        publish = _publishes(form)
        slug = await service.make_article(
            article_in(request, form, known),
            by=by,
            slug=form.get("slug", ""),
            publish=publish,
            today=_today(request),
        )
        return _after(slug, publish=publish)

    asked = "\n".join(f"{name}={text}" for name, text in sorted(form.items()))
    key = form.get("key", "")[:200] or new_key()
    try:
        return go_to(request, await once(key, by=by, request=asked, work=work))
    except Malformed as error:
        return _page(request, known, form, errors=by_field(error.errors))


def _publishes(form: Mapping[str, str]) -> bool:
    return form.get("do") == "publish"


def _after(slug: str, *, publish: bool) -> str:
    return f"/knowledge/{slug}?done=published" if publish else f"/knowledge/{slug}/edit?done=kept"


async def show_edit(request: Request) -> Response:
    """Show an article to be changed: its draft, or what is shown now."""
    found, known = await _found(request), await offered()
    return _page(request, known, given_of(found.article) | {"seen": found.seen}, found=found)


async def _found(request: Request) -> Writing:
    files, language = await article_files()
    slug, by = request.path_params["slug"], signed_in(request).actor
    return await writing_of(slug, files=files, language=language, by=by)


async def write(request: Request) -> Response:
    """Keep what was written as the draft or publish it; what was typed stays otherwise."""
    form, known, slug = await form_of(request), await offered(), request.path_params["slug"]
    publish = _publishes(form)
    try:
        await service.write_article(
            slug,
            _kept_topics(article_in(request, form, known), (await _found(request)).article),
            by=signed_in(request).actor,
            seen=form.get("seen", ""),
            publish=publish,
            today=_today(request),
        )
    except Malformed as error:
        errors = by_field(error.errors)
        return _page(request, known, form, found=await _found(request), errors=errors)
    except Conflict as error:
        return _page(request, known, form, found=await _found(request), wrong=error.text())
    return go_to(request, _after(slug, publish=publish))


def _kept_topics(typed: ArticleDraft, stood: ArticleDraft) -> ArticleDraft:
    """The form asks for one topic; further ones stay while that one does."""
    if typed.topics and typed.topics == stood.topics[:1]:
        return typed.model_copy(update={"topics": stood.topics})
    return typed


async def list_own(request: Request) -> Response:
    """Show the articles that the department wrote or changed: drafts, published, archived."""
    _files, language = await article_files()
    context: dict[str, Any] = {
        "lines": await own_articles(language, by=signed_in(request).actor),
        "states": STATES,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "knowledge/own.html", context)
