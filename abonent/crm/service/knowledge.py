"""Keeping articles on the shelf they are found from; voting on them, reading and reviewing them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from abonent.crm.articles import Article, OnShelf
from abonent.crm.knowledge_errors import ArticleChanged, ArticleNotFound, VoteNotYours
from abonent.crm.queries.article_versions import overlaid
from abonent.crm.queries.knowledge import VIEW, Shelf, keys_of
from abonent.crm.rules.knowledge import LEAST_MENDED, REVIEW_DAYS, plain_words
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.content import FALLBACK, documents_of
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.jsontext import to_json
from abonent.kernel.texts import given_text

REVIEW = "crm.knowledge.review"
LONGEST_NOTE = 1000

_HIDE = """
UPDATE crm_article SET shown = false WHERE shown AND language = $1
    AND (slug, hash) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""
_KEEP = """
INSERT INTO crm_article (slug, hash, language, content, title, kind, public, roles, review_on,
    words, shown, kept_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
    setweight(to_tsvector('russian', $10), 'A') || setweight(to_tsvector('russian', $11), 'B')
    || setweight(to_tsvector('russian', $12), 'C') || setweight(to_tsvector('russian', $13), 'D'),
    true, $14)
ON CONFLICT (slug, hash) DO UPDATE SET shown = true WHERE NOT crm_article.shown
"""
_WORDS = "INSERT INTO crm_article_word SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
# Two processes that begin with a new text, and people who publish, wait for each other here.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('crm_article'))"
_VOTE = """
INSERT INTO crm_article_vote (slug, hash, user_id, useful, note, voted_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (slug, hash, user_id)
DO UPDATE SET useful = excluded.useful, note = excluded.note, voted_at = excluded.voted_at
"""
_READ = """
INSERT INTO crm_article_reading (slug, hash, user_id, read_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING 1
"""
_REVIEW = """
INSERT INTO crm_article_review (slug, hash, no, until, by, at)
SELECT $1, $2, 1 + coalesce(max(no), 0), $3, $4, $5
FROM crm_article_review WHERE (slug, hash) = ($1, $2)
"""


async def articles_shown() -> Shelf:
    """The articles in the reader's language; what changed in their files is put in place first.

    The installation's own versions stand in the place of the program's, and what was withdrawn is
    left out: a file never brings it back.
    """
    files, language = await article_files()
    async with reading() as connection:
        shelf, found = await overlaid(connection, files, language)
    if found != {(slug, one.hash) for slug, one in shelf.items()}:
        await _put_in_place(files, language)
    return shelf


async def article_files() -> tuple[Shelf, str]:
    """The articles that come as files, in the reader's language, and which language that is."""
    files = await documents_of("articles", Article)
    # The folder of a document's language, in the product or in the installation's own.
    language = next((one.path.parent.parent.name for one in files.values()), FALLBACK)
    return {s: OnShelf(s, one.hash, language, one.value) for s, one in files.items()}, language


async def _put_in_place(files: Shelf, language: str) -> None:
    async with transaction() as connection:
        await connection.execute(ONE_AT_A_TIME)
        # Somebody may have published since: what stands there now counts.
        shelf, _found = await overlaid(connection, files, language)
        await connection.execute(_HIDE, language, *keys_of(shelf))
        await keep_articles(connection, list(shelf.values()))


async def keep_articles(connection: Any, articles: Sequence[OnShelf]) -> None:
    """Show these versions and let them be found; those before them are hidden already."""
    words = {word for one in articles for word in plain_words(_whole(one.value)).split()}
    await connection.executemany(_KEEP, [_row(one) for one in articles])
    await connection.execute(_WORDS, sorted(w for w in words if len(w) >= LEAST_MENDED))


def _row(found: OnShelf) -> tuple[Any, ...]:
    one = found.value
    texts = (one.title, _asked(one), _of_staff(one), one.body)
    facts = (one.title, one.type, one.public, list(one.roles), one.review_on)
    content = to_json(one.model_dump(mode="json"))
    words = map(plain_words, texts)
    return (found.slug, found.hash, found.language, content, *facts, *words, clock.now())


def _asked(one: Article) -> str:
    return " ".join((one.question, *one.keywords))


def _of_staff(one: Article) -> str:
    return " ".join((*one.look, one.staff))


def _whole(one: Article) -> str:
    return " ".join((one.title, _asked(one), _of_staff(one), one.body))


async def article_shown(slug: str, *, by: Actor) -> OnShelf:
    """An article for staff. Raises ArticleNotFound."""
    return article_on(await articles_shown(), slug, by=by)


def article_on(shelf: Shelf, slug: str, *, by: Actor) -> OnShelf:
    """An article of those shown, for staff. Raises ArticleNotFound."""
    by.require(VIEW)
    return _on(shelf, slug)


async def public_article(slug: str) -> OnShelf:
    """An article of the portal. Raises ArticleNotFound for one that only staff may read."""
    found = _on(await articles_shown(), slug)
    if not found.value.public:
        raise ArticleNotFound(slug)
    return found


def _on(shelf: Shelf, slug: str) -> OnShelf:
    found = shelf.get(slug)
    if found is None:
        raise ArticleNotFound(slug)
    return found


async def vote_on_article(slug: str, *, by: Actor, seen: str, useful: bool, note: str = "") -> None:
    """Say whether the version that was seen helped; saying it again changes what was said.

    Raises ArticleNotFound, ArticleChanged, VoteNotYours, Malformed.
    """
    found, user = await _seen(slug, seen, by)
    text = given_text("note", note, longest=LONGEST_NOTE, needed=False)
    async with unit_of_work(by) as work:
        row = (slug, found.hash, user, useful, text, clock.now())
        await work.connection.execute(_VOTE, *row)
        after = {"version": found.hash, "useful": useful}
        await work.audit("crm:article:voted", f"article:{slug}", after=after)


async def note_article_read(slug: str, *, by: Actor, seen: str) -> None:
    """Say that the version that was seen was read; a second time changes nothing.

    Raises ArticleNotFound, ArticleChanged, VoteNotYours.
    """
    found, user = await _seen(slug, seen, by)
    async with unit_of_work(by) as work:
        row = (slug, found.hash, user, clock.now())
        if await work.connection.fetchval(_READ, *row):
            after = {"version": found.hash}
            await work.audit("crm:article:read", f"article:{slug}", after=after)


async def confirm_article(slug: str, *, by: Actor, seen: str, today: date) -> date:
    """Say that an article is still true, and answer until when it is relied on now.

    Raises ArticleNotFound, ArticleChanged, VoteNotYours.
    """
    by.require(REVIEW)
    found, _user = await _seen(slug, seen, by)
    until = today + timedelta(REVIEW_DAYS)
    async with unit_of_work(by) as work:
        await work.connection.execute(ONE_AT_A_TIME)
        row = (slug, found.hash, until, f"{by.kind}:{by.id}", clock.now())
        await work.connection.execute(_REVIEW, *row)
        after = {"version": found.hash, "until": until}
        await work.audit("crm:article:confirmed", f"article:{slug}", after=after)
    return until


async def _seen(slug: str, seen: str, by: Actor) -> tuple[OnShelf, int]:
    found = await article_shown(slug, by=by)
    if by.kind != "user":
        raise VoteNotYours
    if found.hash != seen:
        raise ArticleChanged(slug)
    return found, int(by.id)
