from __future__ import annotations

import string

import pytest
from babel.messages.pofile import read_po

from abonent.kernel.catalogue import catalogue_path, extract, untranslated, updated
from abonent.kernel.i18n import LANGUAGES, PLURALS


@pytest.fixture(scope="module")
def found():
    return extract()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_product_is_translated(found, language):
    assert untranslated(language, found) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_counts_as_its_language_does(language):
    with catalogue_path(language).open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    assert catalogue.mime_headers
    assert PLURALS[language].startswith(f"nplurals={catalogue.num_plurals}")


def test_a_translation_fills_the_same_placeholders():
    with catalogue_path("ru").open("rb") as file:
        catalogue = read_po(file, locale="ru")
    for message in catalogue:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        if ids[0]:
            asked = set().union(*map(placeholders, ids))
            for text in filter(None, strings):
                assert placeholders(text) <= asked, message.id


def test_updating_keeps_translations_adds_ids_and_drops_what_is_gone(found):
    found.add("A text of this test alone")
    text = updated("ru", found)
    assert 'msgid "A text of this test alone"\nmsgstr ""' in text
    assert 'msgstr "Во введённых данных есть ошибки."' in text
    assert "A text of this test alone" in untranslated("ru", found)
    found.delete("A text of this test alone")
    found.delete("The input has mistakes.")
    assert "The input has mistakes." not in updated("ru", found)


def placeholders(text: str) -> set[tuple[str, str]]:
    parsed = string.Formatter().parse(text)
    return {(name, spec or "") for _text, name, spec, _conversion in parsed if name}
