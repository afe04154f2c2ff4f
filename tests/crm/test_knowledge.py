"""The knowledge base: found as people ask, in their words, slips and layouts; the best comes first."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from abonent.crm.articles import Article
from abonent.crm.knowledge_errors import ArticleChanged, VoteNotYours
from abonent.crm.queries.knowledge import Shelf, find_articles, find_public_articles, standing_of
from abonent.crm.rules.knowledge import KINDS, Hit, ranked, words_asked
from abonent.crm.service.knowledge import (
    articles_shown,
    confirm_article,
    note_article_read,
    vote_on_article,
)
from abonent.kernel import content
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden

DATA = Path(__file__).parent.parent / "data"
CLERK = Actor("user", "7", "Анна", frozenset({"crm.knowledge.view"}))
HEAD = Actor("user", "8", "Вера", frozenset({"crm.knowledge.*"}))


def _questions(name: str) -> list[tuple[str, str]]:
    found = tomllib.loads((DATA / name).read_text(encoding="utf-8"))["question"]
    return [(one["text"], one["article"]) for one in found]


async def _places(name: str) -> Mapping[str, int]:
    """At which place each question of a file finds its article; 99 where it does not."""
    shelf = await articles_shown()
    places = {}
    for text, wanted in _questions(name):
        slugs = (await find_articles(text, shelf=shelf, by=SYSTEM)).slugs
        places[text] = slugs.index(wanted) + 1 if wanted in slugs else 99
    return places


@pytest.mark.parametrize(
    ("name", "asked", "least"), [("questions.toml", 51, 0.96), ("questions_unseen.toml", 36, 0.94)]
)
async def test_questions_typed_in_a_hurry_find_their_article_among_the_first_three(
    name: str, asked: int, least: float, db: Any
) -> None:
    places = await _places(name)
    assert len(places) == asked
    missed = {text: place for text, place in places.items() if place > 3}
    assert 1 - len(missed) / asked >= least, missed


async def test_a_word_half_typed_a_slip_and_the_other_layout_are_understood(db: Any) -> None:
    shelf = await articles_shown()
    for text in (
        "персон",
        "компенсацыя",
        "gthtjajhvbnm",
        "ПЕРЕОФОРМИТЬ!",
        "зелёный ещё переоформить",
    ):
        found = await find_articles(text, shelf=shelf, by=CLERK)
        assert found.slugs, text
        wanted = {"персон": "personal-data", "компенсацыя": "outage-recalculation"}
        assert wanted.get(text, "owner-change") in found.slugs[:3], (text, found)
    mended = await find_articles("компенсацыя", shelf=shelf, by=CLERK)
    assert mended.unknown == ["компенсацыя"]
    assert "компенсация" in mended.meant["компенсацыя"]


@pytest.mark.parametrize(
    "text", ["", "   ", "и не на", "'):* & | ! <->", "\\", "x" * 5000, "a b " * 99]
)
async def test_nothing_that_is_typed_breaks_the_search(text: str, db: Any) -> None:
    shelf = await articles_shown()
    await find_articles(text, shelf=shelf, by=CLERK)


async def test_the_portal_never_finds_by_what_only_staff_read(db: Any) -> None:
    shelf = await articles_shown()
    secret = "непробитый"
    assert secret in shelf["receipt"].value.staff.lower()
    assert secret not in shelf["receipt"].value.body.lower()
    assert "receipt" in (await find_articles(secret, shelf=shelf, by=CLERK)).slugs
    assert "receipt" not in (await find_public_articles(secret, shelf=shelf)).slugs
    assert "memo" not in (await find_public_articles("памятка", shelf=shelf)).slugs


async def test_a_changed_file_takes_the_place_of_the_one_before(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await articles_shown()
    await vote_on_article("freeze", by=CLERK, seen=before["freeze"].hash, useful=True)
    own = tmp_path / "ru" / "articles"
    own.mkdir(parents=True)
    text = (content.CONTENT_FOLDER / "ru" / "articles" / "freeze.md").read_text("utf-8")
    (own / "freeze.md").write_text(text + "\n\nСпросите про ламбрекены.\n", "utf-8")
    monkeypatch.setattr(content._Installed, "override", tmp_path)
    after = await articles_shown()
    assert (await find_articles("ламбрекен", shelf=after, by=CLERK)).slugs == ["freeze"]
    assert after["freeze"].hash != before["freeze"].hash
    # What was said of the text before is not said of the new one.
    assert (await standing_of(after["freeze"], by=CLERK)).mine is None
    with pytest.raises(ArticleChanged):
        await vote_on_article("freeze", by=CLERK, seen=before["freeze"].hash, useful=True)
    shown = "SELECT count(*) FROM crm_article WHERE shown"
    assert await db.fetchval(shown) == len(after)
    monkeypatch.setattr(content._Installed, "override", None)
    again = await articles_shown()
    assert (await standing_of(again["freeze"], by=CLERK)).mine is True


async def test_only_people_vote_and_read_and_only_heads_confirm(db: Any) -> None:
    seen = (await articles_shown())["claim"].hash
    with pytest.raises(VoteNotYours):
        await vote_on_article("claim", by=SYSTEM, seen=seen, useful=True)
    with pytest.raises(Forbidden):
        await confirm_article("claim", by=CLERK, seen=seen, today=date(2027, 6, 1))
    with pytest.raises(Forbidden):
        await note_article_read("claim", by=replace(CLERK, rights=frozenset()), seen=seen)
    until = await confirm_article("claim", by=HEAD, seen=seen, today=date(2027, 6, 1))
    assert until == date(2027, 11, 28)
    shelf = await articles_shown()
    assert (await standing_of(shelf["claim"], by=HEAD)).until == until


async def test_every_article_is_of_a_known_kind_and_names_its_words(db: Any) -> None:
    shelf: Shelf = await articles_shown()
    assert len(shelf) >= 30
    assert {one.value.type for one in shelf.values()} <= set(KINDS)
    assert isinstance(next(iter(shelf.values())).value, Article)


def test_a_rare_word_outweighs_a_common_one() -> None:
    common = [Hit("деньги", slug, 0.6) for slug in "abcdefgh"]
    rare = [Hit("сосед", "h", 0.6)]
    assert ranked([*common, *rare], articles=30)[0][0] == "h"


def test_a_word_that_is_only_alike_weighs_less_than_the_word_itself() -> None:
    hits = [Hit("чек", "a", 0.6, 0.4), Hit("чек", "b", 0.6), Hit("чек", "a", 0.6, 0.2)]
    assert [slug for slug, _score in ranked(hits, articles=30)] == ["b", "a"]


def test_a_question_is_read_as_its_words_each_once() -> None:
    assert words_asked("Не-не: пришёл ЧЕК, чек?") == ["не", "пришел", "чек"]
    assert len(words_asked(" ".join(map(str, range(99))))) == 12
