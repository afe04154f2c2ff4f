"""Articles of the department's own: written as drafts, published, changed, withdrawn, never deleted."""

from __future__ import annotations

import hashlib
from datetime import date

from abonent.crm.articles import Article, ArticleDraft, OnShelf
from abonent.crm.knowledge_errors import ArticleNotFound, DraftOutdated, NoDraft
from abonent.crm.queries.article_versions import EDIT, overlaid, writing_on
from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.scripts import playable_scripts
from abonent.crm.rules.articles import too_long, wrong_with
from abonent.crm.rules.slugs import given_slug, taken
from abonent.crm.service.knowledge import (
    ONE_AT_A_TIME,
    article_files,
    articles_shown,
    keep_articles,
)
from abonent.crm.topics import classifier
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import to_json
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST_WHY = 1000
NOT_KEYS = frozenset({"new", "own", "memo"})
"""What an address of the desk has in the place of a key."""

# A key that any version was ever shown by stays with it: votes and readings are kept by it.
_KNOWN = """
SELECT EXISTS (SELECT FROM crm_article_version WHERE slug = $1)
    OR EXISTS (SELECT FROM crm_article WHERE slug = $1)
"""
_DRAFT = """
INSERT INTO crm_article_version (language, slug, no, state, content, made_at, made_by)
SELECT $1, $2, coalesce(max(no), 0) + 1, 'draft', $3, $4, $5
FROM crm_article_version WHERE (language, slug) = ($1, $2)
ON CONFLICT (language, slug) WHERE state = 'draft'
DO UPDATE SET content = excluded.content, version = crm_article_version.version + 1
RETURNING no
"""
_PUBLISH = """
UPDATE crm_article_version SET state = 'published', hash = $3, decided_at = $4, decided_by = $5,
    version = version + 1
WHERE (language, slug) = ($1, $2) AND state = 'draft'
"""
_HIDE = "UPDATE crm_article SET shown = false WHERE shown AND (language, slug) = ($1, $2)"
# A draft stands last: what is decided meanwhile stands before it.
_MAKE_ROOM = """
UPDATE crm_article_version SET no = no + 1, version = version + 1
WHERE (language, slug) = ($1, $2) AND state = 'draft'
"""
_WITHDRAW = """
INSERT INTO crm_article_version
    (language, slug, no, state, content, made_at, made_by, decided_at, decided_by, note)
SELECT $1, $2, coalesce(max(no), 0) + 1, 'withdrawn', $3, $4, $5, $4, $5, $6
FROM crm_article_version WHERE (language, slug) = ($1, $2) AND state <> 'draft'
RETURNING no
"""
_DROP = """
DELETE FROM crm_article_version WHERE (language, slug) = ($1, $2) AND state = 'draft' RETURNING no
"""


async def make_article(
    given: ArticleDraft, *, by: Actor, slug: str = "", publish: bool = False, today: date
) -> str:
    """Keep a new article as a draft or publish it at once, and answer its key.

    Without a key it is made of the title. Raises Malformed at every field that is wrong.
    """
    by.require(EDIT)
    files, language = await article_files()
    key = given_slug(slug, title=given.title, reserved={*NOT_KEYS, *files})
    await _check(given, publish=publish, today=today)
    async with unit_of_work(by) as work:
        await work.connection.execute(ONE_AT_A_TIME)
        if await work.connection.fetchval(_KNOWN, key):
            raise taken(slug.strip(), key)
        no = await _keep(work, language, key, given)
        after = {"no": no, "title": given.title}
        await work.audit("crm:article:made", f"article:{key}", after=after)
        if publish:
            await _publish(work, language, key, given, no)
    return key


async def write_article(
    slug: str, given: ArticleDraft, *, by: Actor, seen: str, publish: bool = False, today: date
) -> None:
    """Keep what was written on an article as its draft, or publish it at once.

    `seen` is the state (Writing.seen) that was written on. Raises ArticleNotFound, DraftOutdated,
    Malformed at every field that is wrong.
    """
    by.require(EDIT)
    files, language = await article_files()
    await _check(given, publish=publish, today=today)
    async with unit_of_work(by) as work:
        await work.connection.execute(ONE_AT_A_TIME)
        stood = await writing_on(work.connection, slug, files=files, language=language)
        if stood.seen != seen:
            raise DraftOutdated
        no = await _keep(work, language, slug, given)
        if not publish:
            after = {"no": no}
            await work.audit("crm:article:drafted", f"article:{slug}", after=after)
            return
        shelf, _found = await overlaid(work.connection, files, language)
        if slug in shelf and shelf[slug].value == Article.model_validate(given.model_dump()):
            same = N_("This is word for word what is shown already: change something first.")
            raise Conflict("SAME_TEXT", same)
        await _publish(work, language, slug, given, no)


async def drop_article_draft(slug: str, *, by: Actor) -> None:
    """Throw the draft away; what is shown stays. Raises NoDraft."""
    by.require(EDIT)
    _files, language = await article_files()
    async with unit_of_work(by) as work:
        await work.connection.execute(ONE_AT_A_TIME)
        no = await work.connection.fetchval(_DROP, language, slug)
        if no is None:
            raise NoDraft(slug)
        before = {"no": no}
        await work.audit("crm:article:draft_dropped", f"article:{slug}", before=before)


async def withdraw_article(slug: str, *, by: Actor, why: str) -> None:
    """Take an article off the shelf into the archive: nobody finds it until it is published again.

    Raises ArticleNotFound for one that is not shown.
    """
    by.require(EDIT)
    told = given_text("why", why, longest=LONGEST_WHY)
    files, language = await article_files()
    async with unit_of_work(by) as work:
        connection = work.connection
        await connection.execute(ONE_AT_A_TIME)
        found = (await overlaid(connection, files, language))[0].get(slug)
        if found is None:
            raise ArticleNotFound(slug)
        await connection.execute(_MAKE_ROOM, language, slug)
        content = to_json(found.value.model_dump(mode="json"))
        row = (language, slug, content, clock.now(), actor_code(by), told)
        no = await connection.fetchval(_WITHDRAW, *row)
        await connection.execute(_HIDE, language, slug)
        after = {"no": no, "why": told}
        await work.audit("crm:article:withdrawn", f"article:{slug}", after=after)


async def _check(given: ArticleDraft, *, publish: bool, today: date) -> None:
    wrong = too_long(given)
    if publish:
        topics = {topic.code for topic in (await classifier()).topic}
        scripts = await playable_scripts()
        shown = {slug: one.value.public for slug, one in (await articles_shown()).items()}
        wrong = wrong_with(given, scripts=scripts, topics=topics, shown=shown, today=today)
    if wrong:
        raise Malformed(*wrong)


async def _keep(work: UnitOfWork, language: str, slug: str, given: ArticleDraft) -> int:
    content = to_json(given.model_dump(mode="json"))
    row = (language, slug, content, clock.now(), actor_code(work.by))
    return int(await work.connection.fetchval(_DRAFT, *row))


async def _publish(
    work: UnitOfWork, language: str, slug: str, given: ArticleDraft, no: int
) -> None:
    """Show the draft in the place of what was shown; it is found from the commit on."""
    article = Article.model_validate(given.model_dump())
    content = to_json(article.model_dump(mode="json"))
    digest = hashlib.sha256(f"{language}\n{slug}\n{content}".encode()).hexdigest()[:16]
    await work.connection.execute(_HIDE, language, slug)
    shown = OnShelf(slug, digest, language, article, no)
    await keep_articles(work.connection, [shown])
    row = (language, slug, digest, clock.now(), actor_code(work.by))
    await work.connection.execute(_PUBLISH, *row)
    after = {"no": no, "text": digest}
    await work.audit("crm:article:published", f"article:{slug}", after=after)
