from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict

from abonent.kernel import content
from abonent.kernel.content import ContentError, load_content


class Article(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    body: str = ""


@pytest.fixture
def product(tmp_path, monkeypatch):
    folder = tmp_path / "product"
    monkeypatch.setattr(content, "CONTENT_FOLDER", folder)
    (folder / "ru" / "articles").mkdir(parents=True)
    return folder / "ru" / "articles"


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own" / "ru" / "articles").mkdir(parents=True)
    return tmp_path / "own"


def test_toml_and_markdown_are_loaded_by_slug(product):
    (product / "b.toml").write_text('title = "Вторая"')
    (product / "a.md").write_text('+++\ntitle = "Первая"\n+++\n\n# Текст\n\n+++\n')
    (product / "notes.txt").write_text("not a document")
    loaded = load_content("articles", Article, language="ru")
    assert list(loaded) == ["a", "b"]
    assert loaded["a"].value == Article(title="Первая", body="# Текст\n\n+++")
    assert len(loaded["a"].hash) == 16
    assert load_content("letters", Article, language="ru") == {}


def test_an_installations_file_wins_and_has_a_hash_of_its_own(product, own):
    (product / "a.toml").write_text('title = "Ours"')
    before = load_content("articles", Article, language="ru")
    (own / "ru" / "articles" / "a.md").write_text('+++\ntitle = "Theirs"\n+++\nText')
    (own / "ru" / "articles" / "c.toml").write_text('title = "More"')
    after = load_content("articles", Article, language="ru", override=own)
    assert [each.value.title for each in after.values()] == ["Theirs", "More"]
    assert before["a"].hash != after["a"].hash


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", "colour = 1", "title: Field required; colour: Extra inputs"),
        ("a.toml", "title =", "a.toml: "),
        ("a.md", "# No front matter", "front matter"),
        ("a.md", "+++\ntitle = 'x'", "front matter"),
    ],
)
def test_a_wrong_document_is_named_with_every_mistake(product, name, text, said):
    (product / name).write_text(text)
    with pytest.raises(ContentError, match=r"a\.") as caught:
        load_content("articles", Article, language="ru")
    assert said in str(caught.value)


def test_two_documents_cannot_share_a_slug(product):
    (product / "a.toml").write_text('title = "x"')
    (product / "a.md").write_text('+++\ntitle = "x"\n+++\n')
    with pytest.raises(ContentError, match="there is also"):
        load_content("articles", Article, language="ru")
