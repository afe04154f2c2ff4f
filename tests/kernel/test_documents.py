from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from abonent.kernel.actor import SYSTEM
from abonent.kernel.content import CONTENT_FOLDER, ContentError
from abonent.kernel.db import reading
from abonent.kernel.documents.fields import FieldsError, check_shape, written
from abonent.kernel.documents.library import load_documents
from abonent.kernel.documents.printing import (
    document,
    print_document,
    record_printed,
    shown_document,
)
from abonent.kernel.i18n import LANGUAGES

NBSP = "\N{NO-BREAK SPACE}"
SAMPLES: dict[str, Any] = {
    "text": "Ёлкина «Наталья» #panic() $x$ *b* @no",
    "picture": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "number": 3,
    "money": 123456,
    "figures": -5,
    "words": 56050,
    "date": date(2026, 11, 22),
    "day": date(2026, 11, 22),
    "instant": datetime(2026, 11, 22, 9, 5, tzinfo=UTC),
}


SHIPPED = {language: load_documents(language) for language in LANGUAGES}


def _one(kind: str) -> Any:
    plain = kind.removesuffix("?")
    return plain.split("|")[0] if "|" in plain else SAMPLES[plain]


def sample(shape: Any) -> Any:
    """Data of the right kinds for any declaration, made from the declaration itself."""
    if isinstance(shape, str):
        return _one(shape)
    if isinstance(shape, list):
        return [sample(shape[0])] * 2
    return {name: sample(kind) for name, kind in shape.items()}


def least(shape: Any) -> Any:
    """The least data a declaration allows: nothing optional, no rows."""
    if isinstance(shape, list):
        return []
    if isinstance(shape, str):
        return _one(shape)
    return {
        name: least(kind)
        for name, kind in shape.items()
        if not (isinstance(kind, str) and kind.endswith("?"))
    }


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """An installation's folder with a document of its own."""
    folder = tmp_path / "ru" / "documents" / "note"
    folder.mkdir(parents=True)
    (folder / "document.toml").write_text(
        'title = "Записка"\n[fields]\nname = "text"\nsum = "money?"\n', encoding="utf-8"
    )
    (folder / "document.typ").write_text("#let sheet(data) = [#data.name]\n", encoding="utf-8")
    yield tmp_path
    document.cache_clear()


def shipped() -> list[tuple[str, str]]:
    return [(language, slug) for language, library in SHIPPED.items() for slug in library]


def test_every_language_has_the_same_documents_with_the_same_fields() -> None:
    russian, english = SHIPPED["ru"], SHIPPED["en"]
    assert russian.keys() == english.keys()
    assert {s: t.fields for s, t in russian.items()} == {s: t.fields for s, t in english.items()}


@pytest.mark.parametrize(("language", "slug"), shipped())
async def test_every_document_is_printed_with_everything_and_with_the_least(
    language: str, slug: str
) -> None:
    shape = SHIPPED[language][slug].fields
    full = await print_document(slug, sample(shape), language=language)
    bare = await print_document(slug, least(shape), language=language)
    assert full.pdf.startswith(b"%PDF-")
    assert bare.pdf.startswith(b"%PDF-")
    assert full.hash == bare.hash
    assert b"PTSans" in full.pdf.replace(b"-", b"").replace(b" ", b"")


async def test_data_is_text_and_never_markup(own: Path) -> None:
    shown = await print_document(
        "note", {"name": '#panic("run") $ ] #import "/etc/passwd"'}, content=own, language="ru"
    )
    assert shown.pdf.startswith(b"%PDF-")


async def test_a_template_cannot_read_outside_its_folder(own: Path) -> None:
    template = own / "ru" / "documents" / "note" / "document.typ"
    template.write_text('#let sheet(data) = read("../../../../etc/passwd")\n', encoding="utf-8")
    with pytest.raises(ContentError, match="note"):
        await print_document("note", {"name": "x"}, content=own, language="ru")


async def test_many_sets_of_data_are_as_many_pages(own: Path) -> None:
    one = await print_document("note", {"name": "x"}, content=own, language="ru")
    many = await print_document("note", [{"name": str(n)} for n in range(7)], content=own)
    assert one.pdf.count(b"/Type /Page\n") + one.pdf.count(b"/Type/Page\n") <= 1
    assert b"/Count 7" in many.pdf or b"/Count 7" in many.pdf.replace(b"\n", b" ")


def test_an_installations_document_wins_and_has_a_hash_of_its_own(own: Path) -> None:
    product = CONTENT_FOLDER / "ru" / "documents" / "receipt"
    shutil.copytree(product, own / "ru" / "documents" / "receipt")
    path = own / "ru" / "documents" / "receipt" / "document.typ"
    path.write_text(path.read_text(encoding="utf-8") + "\n// ours\n", encoding="utf-8")
    before, after = load_documents("ru")["receipt"], load_documents("ru", override=own)["receipt"]
    assert before.hash != after.hash
    assert after.folder == path.parent
    assert load_documents("ru", override=own)["shift_report"].folder.is_relative_to(CONTENT_FOLDER)


async def test_what_is_missing_or_strange_is_named(own: Path) -> None:
    with pytest.raises(ContentError) as wrong:
        await print_document("note", {"sum": 1.5, "colour": "red"}, content=own, language="ru")
    for name in ("name", "sum", "colour"):
        assert name in str(wrong.value)
    with pytest.raises(ContentError, match="nothing"):
        await print_document("nothing", {}, content=own, language="ru")


async def test_a_template_that_does_not_compile_is_told_with_its_place(own: Path) -> None:
    template = own / "ru" / "documents" / "note" / "document.typ"
    template.write_text("#let sheet(data) = [#data.nobody]\n", encoding="utf-8")
    with pytest.raises(ContentError, match="nobody"):
        await print_document("note", {"name": "x"}, content=own, language="ru")


async def test_a_mistake_in_one_document_does_not_stop_another(own: Path) -> None:
    broken = own / "ru" / "documents" / "broken"
    broken.mkdir()
    (broken / "document.toml").write_text("title = ", encoding="utf-8")
    assert (await print_document("note", {"name": "x"}, content=own, language="ru")).pdf
    with pytest.raises(ContentError, match="broken"):
        await print_document("broken", {}, content=own, language="ru")


def test_a_declaration_with_an_unknown_kind_is_refused(own: Path) -> None:
    path = own / "ru" / "documents" / "note" / "document.toml"
    path.write_text('title = "x"\n[fields]\nname = "colour"\n', encoding="utf-8")
    with pytest.raises(ContentError, match="colour"):
        load_documents("ru", override=own)
    assert check_shape({"rows": []}) != []


def test_values_are_written_as_the_language_does() -> None:
    shape = {
        "sum": "money",
        "said": "words",
        "day": "day",
        "on": "date",
        "lines": [{"n": "number"}],
    }
    data = {
        "sum": 56050,
        "said": 56050,
        "day": date(2026, 11, 2),
        "on": date(2026, 11, 2),
        "lines": [{"n": 1}],
    }
    assert written(shape, data, "ru") == {
        "sum": f"560,50{NBSP}₽",
        "said": "Пятьсот шестьдесят рублей 50 копеек",
        "day": "2 ноября 2026 г.",
        "on": "02.11.2026",
        "lines": [{"n": "1"}],
    }
    assert written(shape, data, "en")["said"] == "Five hundred and sixty roubles 50 kopeks"


def test_a_code_is_one_of_those_declared() -> None:
    assert written({"border": "flat|other?"}, {"border": "other"}, "ru") == {"border": "other"}
    assert written({"border": "flat|other?"}, {}, "ru") == {"border": ""}
    with pytest.raises(FieldsError, match="border"):
        written({"border": "flat|other"}, {"border": "roof"}, "ru")


def test_a_tick_is_not_a_number() -> None:
    with pytest.raises(FieldsError, match="n: a number"):
        written({"n": "number"}, {"n": True}, "ru")


async def test_the_twin_on_the_screen_says_what_the_paper_says(own: Path) -> None:
    shown = await shown_document("note", {"name": "x", "sum": 100}, content=own, language="ru")
    assert shown == {"name": "x", "sum": f"1,00{NBSP}₽"}


async def test_what_was_printed_of_what_is_on_record(db: Any) -> None:
    await record_printed("receipt", by=SYSTEM, subject="receipt:1-7", hash="0" * 16, account_id=5)
    async with reading() as connection:
        row = await connection.fetchrow("SELECT * FROM printed_document")
    assert (row["slug"], row["subject"], row["account_id"]) == ("receipt", "receipt:1-7", 5)
    assert row["actor"] == "system:system"
