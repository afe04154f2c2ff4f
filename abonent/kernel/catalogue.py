"""Keeping the translation catalogues complete: message ids are read from code and templates."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from abonent.kernel.i18n import LANGUAGES, LOCALE_FOLDER, PLURALS

PACKAGE = Path(__file__).parent.parent
SOURCE_LANGUAGE = "en"
"""The language of the message ids: its catalogue needs no entries."""

_METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
_OPTIONS = {"**/templates/**": {"silent": "false", "trimmed": "true", "encoding": "utf-8"}}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_NOT_TEXTS = {"msgid"}
"""What the extractor takes for a text: the subscript in `gettext(context["msgid"])`."""
_HEADER = """msgid ""
msgstr ""
"Project-Id-Version: abonent\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def extract() -> Catalog:
    """Read every message id of the package."""
    found = Catalog(charset="utf-8")
    messages = extract_from_dir(str(PACKAGE), _METHODS, _OPTIONS, keywords=_KEYWORDS)
    for _file, _line, message, _comments, context in messages:
        if message and message not in _NOT_TEXTS:
            found.add(message, context=context)
    return found


def catalogue_path(language: str) -> Path:
    """Answer where a language's catalogue lies."""
    return LOCALE_FOLDER / language / "messages.po"


def updated(language: str, found: Catalog) -> str:
    """Answer the catalogue's file as it should be: all ids there, gone ones dropped, sorted."""
    catalogue = _read(language)
    catalogue.update(_paired(found, catalogue), no_fuzzy_matching=True)
    body = io.BytesIO()
    write_po(
        body, catalogue, width=100, no_location=True, omit_header=True, sort_output=True,
        ignore_obsolete=True,
    )  # fmt: skip
    header = _HEADER.format(language=language, plurals=PLURALS[language])
    return header + body.getvalue().decode("utf-8").strip() + "\n"


def untranslated(language: str, found: Catalog) -> list[str]:
    """List the message ids without a translation, also where a plural lacks a form."""
    if language == SOURCE_LANGUAGE:
        return []
    catalogue = _read(language)
    messages = _paired(found, catalogue)
    return [_text(message) for message in messages if message.id and not _whole(message, catalogue)]


def update_catalogues() -> dict[str, list[str]]:
    """Rewrite every catalogue and answer, by language, what still wants a translation."""
    found = extract()
    for language in LANGUAGES:
        if language != SOURCE_LANGUAGE:
            catalogue_path(language).write_text(updated(language, found), encoding="utf-8")
    return {language: untranslated(language, found) for language in LANGUAGES}


def _read(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def _paired(found: Catalog, catalogue: Catalog) -> Catalog:
    """Join singular and plural that the code marks apart, `N_(one)` and `N_(many)`.

    Only the catalogue tells that they belong together.
    """
    pairs = {message.id[0]: tuple(message.id) for message in catalogue if message.pluralizable}
    plurals = {many for one, *many_forms in pairs.values() for many in many_forms if one in found}
    joined = Catalog(charset="utf-8")
    for message in found:
        if message.id and message.id not in plurals:
            together = pairs.get(message.id) if isinstance(message.id, str) else None
            joined.add(together or message.id, context=message.context)
    return joined


def _whole(message: Message, catalogue: Catalog) -> bool:
    known = catalogue.get(message.id, message.context)
    if known is None or known.fuzzy:
        return False
    forms = known.string if isinstance(known.string, list | tuple) else [known.string]
    return all(forms) and known.pluralizable == message.pluralizable


def _text(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]
