"""Articles of the department's own: drafted, found once published, withdrawn, kept from files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from abonent.crm.articles import ArticleDraft
from abonent.crm.knowledge_errors import ArticleNotFound, DraftOutdated, NoDraft
from abonent.crm.queries.article_versions import Writing, own_articles, writing_of
from abonent.crm.queries.knowledge import articles_on, find_articles, find_public_articles
from abonent.crm.service.article_versions import (
    drop_article_draft,
    make_article,
    withdraw_article,
    write_article,
)
from abonent.crm.service.knowledge import (
    article_files,
    article_shown,
    articles_shown,
    public_article,
    vote_on_article,
)
from abonent.crm.topics import classifier
from abonent.kernel import content
from abonent.kernel.actor import Actor
from abonent.kernel.content import CONTENT_FOLDER
from abonent.kernel.errors import Conflict, Forbidden, Malformed

CLERK = Actor("user", "7", "Анна", frozenset({"crm.knowledge.view"}))
HEAD = Actor("user", "8", "Вера", frozenset({"crm.knowledge.*"}))
TODAY = date(2026, 12, 1)
SLUG = "kamery-v-podezde"
CAMERAS = ArticleDraft(
    title="Камеры в подъезде",
    type="office",
    public=True,
    roles=("office",),
    keywords=("видеонаблюдение", "домофон"),
    question="Как посмотреть запись с камеры?",
    look=("Карточка → Дом",),
    form="/accounts/{number}",
    script="advance-payment",
    level=1,
    staff="Запись выдаёт только управляющая компания: пароль от шлюза не называйте.",
    review_on=date(2027, 5, 1),
    body="Записи хранит **управляющая компания** семь дней.",
    topics=("balance",),
)


async def _writing(slug: str = SLUG) -> Writing:
    files, language = await article_files()
    return await writing_of(slug, files=files, language=language, by=HEAD)


async def _publish(given: ArticleDraft, slug: str = SLUG) -> None:
    seen = (await _writing(slug)).seen
    await write_article(slug, given, by=HEAD, seen=seen, publish=True, today=TODAY)


async def _found(text: str) -> list[str]:
    return list((await find_articles(text, shelf=await articles_shown(), by=CLERK)).slugs)


async def _public(text: str) -> list[str]:
    return list((await find_public_articles(text, shelf=await articles_shown())).slugs)


async def test_a_draft_is_found_by_nobody_and_a_published_article_at_once(db: Any) -> None:
    await articles_shown()
    assert await make_article(CAMERAS, by=HEAD, today=TODAY) == SLUG
    assert await _found("видеонаблюдения") == []
    with pytest.raises(ArticleNotFound):
        await article_shown(SLUG, by=CLERK)
    await _publish(CAMERAS)
    # Other forms of the words, a slip of the hand and the other layout are found as in any article.
    for text in ("видеонаблюдением", "камера подъезд", "видеонаблюдеие", "rfvths d gjl]tplt"):
        assert (await _found(text))[0] == SLUG, text
    assert (await _public("запись с камер"))[0] == SLUG
    # What only staff read does not lead to it from the portal.
    assert (await _found("шлюза"))[0] == SLUG
    assert SLUG not in await _public("шлюза")
    shown = await article_shown(SLUG, by=CLERK)
    assert (shown.no, shown.added, shown.language) == (1, True, "ru")
    assert (await public_article(SLUG)).value.body == CAMERAS.body
    topic = (await classifier()).of("balance")
    on = articles_on(topic, await articles_shown())
    assert [slug for slug, _title in on] == [topic.article, SLUG]
    await vote_on_article(SLUG, by=CLERK, seen=shown.hash, useful=True)
    told = await db.fetch(
        "SELECT action FROM audit WHERE subject = $1 ORDER BY id", f"article:{SLUG}"
    )
    assert [row["action"] for row in told] == [
        "crm:article:made", "crm:article:published", "crm:article:voted",
    ]  # fmt: skip


async def test_a_new_version_takes_the_place_of_the_one_before(db: Any) -> None:
    await make_article(CAMERAS, by=HEAD, publish=True, today=TODAY)
    changed = CAMERAS.model_copy(update={"body": "Запись выдаёт ламбрекенная служба."})
    seen = (await _writing()).seen
    await write_article(SLUG, changed, by=HEAD, seen=seen, today=TODAY)
    assert (await article_shown(SLUG, by=CLERK)).value.body == CAMERAS.body
    with pytest.raises(DraftOutdated):
        await write_article(SLUG, CAMERAS, by=HEAD, seen=seen, today=TODAY)
    await _publish(changed)
    assert await _found("ламбрекенной") == [SLUG]
    with pytest.raises(Conflict, match="SAME_TEXT"):
        await _publish(changed)
    assert not (await _writing()).drafted
    assert [(one.no, one.state) for one in (await _writing()).versions] == [
        (2, "published"), (1, "published"),
    ]  # fmt: skip
    assert (
        await db.fetchval("SELECT count(*) FROM crm_article WHERE shown AND slug = $1", SLUG) == 1
    )
    for statement in (
        "UPDATE crm_article_version SET note = 'x' WHERE slug = $1",
        "DELETE FROM crm_article_version WHERE slug = $1",
    ):
        with pytest.raises(asyncpg.RaiseError):
            async with db.transaction():
                await db.execute(statement, SLUG)


async def test_a_withdrawn_article_is_kept_in_the_archive_and_comes_back(db: Any) -> None:
    await make_article(CAMERAS, by=HEAD, publish=True, today=TODAY)
    seen = (await _writing()).seen
    changed = CAMERAS.model_copy(update={"title": "Камеры"})
    await write_article(SLUG, changed, by=HEAD, seen=seen, today=TODAY)
    await withdraw_article(SLUG, by=HEAD, why="Камеры сняли")
    for left in (await _found("видеонаблюдение"), await _public("видеонаблюдение")):
        assert left == []
    with pytest.raises(ArticleNotFound):
        await public_article(SLUG)
    with pytest.raises(ArticleNotFound):
        await withdraw_article(SLUG, by=HEAD, why="Ещё раз")
    stood = await _writing()
    assert (stood.withdrawn, stood.drafted, stood.article.title) == (True, True, "Камеры")
    assert [(one.no, one.state, one.note) for one in stood.versions] == [
        (3, "draft", ""), (2, "withdrawn", "Камеры сняли"), (1, "published", ""),
    ]  # fmt: skip
    [line] = await own_articles("ru", by=HEAD)
    assert (line.state, line.shown_as) == ("draft", "withdrawn")
    await drop_article_draft(SLUG, by=HEAD)
    with pytest.raises(NoDraft):
        await drop_article_draft(SLUG, by=HEAD)
    await _publish(CAMERAS)
    assert await _found("видеонаблюдение") == [SLUG]


async def test_files_that_come_later_neither_replace_nor_bring_anything_back(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_article(CAMERAS, by=HEAD, publish=True, today=TODAY)
    await withdraw_article("freeze", by=HEAD, why="Своя")
    before = await article_shown(SLUG, by=CLERK)
    folder = tmp_path / "ru" / "articles"
    folder.mkdir(parents=True)
    text = (CONTENT_FOLDER / "ru" / "articles" / "freeze.md").read_text("utf-8")
    for name in (SLUG, "freeze", "quite-new"):
        (folder / f"{name}.md").write_text(text + "\nЛамбрекен.\n", "utf-8")
    monkeypatch.setattr(content._Installed, "override", tmp_path)
    for _start in range(2):
        shelf = await articles_shown()
        assert "freeze" not in shelf
        assert shelf[SLUG].value == before.value
        assert await _found("ламбрекен") == ["quite-new"]
        assert (await _found("видеонаблюдение")) == [SLUG]
    shown = "SELECT count(*) FROM crm_article WHERE shown"
    assert await db.fetchval(shown) == len(await articles_shown())


async def test_an_article_of_the_program_is_changed_in_the_same_way(db: Any) -> None:
    stood = await _writing("freeze")
    assert (stood.seen, stood.drafted, stood.shown) == ("0", False, True)
    await _publish(stood.article.model_copy(update={"staff": "Ламбрекен."}), "freeze")
    shown = await article_shown("freeze", by=CLERK)
    assert (shown.no, shown.added, shown.value.staff) == (1, False, "Ламбрекен.")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"question": "", "body": "", "keywords": (), "roles": ()},
         ["question", "body", "keywords", "roles"]),
        ({"type": "odd", "script": "nothing", "topics": ("odd",)}, ["type", "script", "topic"]),
        ({"review_on": TODAY}, ["review_on"]),
        ({"review_on": date(2030, 1, 1)}, ["review_on"]),
        ({"body": "я" * 20_001}, ["body"]),
        ({"body": "[так](nothing) и [так](freeze)"}, ["body"]),
        ({"body": "См. [смену](cash-shift)."}, ["body"]),
    ],
)  # fmt: skip
async def test_what_keeps_an_article_from_being_published_is_told_by_field(
    db: Any, change: dict[str, Any], fields: list[str]
) -> None:
    given = CAMERAS.model_copy(update=change)
    with pytest.raises(Malformed) as refused:
        await make_article(given, by=HEAD, publish=True, today=TODAY)
    assert [error.field for error in refused.value.errors] == fields
    # Half an article is kept as a draft all the same, unless it has no end.
    if given.body != "я" * 20_001:
        await make_article(given, by=HEAD, today=TODAY)
        assert (await _writing()).article == given


@pytest.mark.parametrize("slug", ["freeze", "taken", "own", "new", "Камеры", "-a"])
async def test_a_key_is_used_once_and_is_told_at_its_field(db: Any, slug: str) -> None:
    await make_article(CAMERAS, by=HEAD, slug="taken", today=TODAY)
    with pytest.raises(Malformed) as refused:
        await make_article(CAMERAS, by=HEAD, slug=slug, today=TODAY)
    assert [error.field for error in refused.value.errors] == ["slug"]


async def test_only_who_may_write_articles_does(db: Any) -> None:
    for refused in (
        make_article(CAMERAS, by=CLERK, today=TODAY),
        write_article("freeze", CAMERAS, by=CLERK, seen="0", today=TODAY),
        withdraw_article("freeze", by=CLERK, why="Нет"),
        drop_article_draft("freeze", by=CLERK),
        own_articles("ru", by=CLERK),
    ):
        with pytest.raises(Forbidden):
            await refused
