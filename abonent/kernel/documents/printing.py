"""Printing: data goes into a template as JSON and comes out as a PDF, in a thread.

A template defines `sheet(data)`; each set of data begins on a page of its own. Only the shipped
fonts are used, so that a document looks the same on every machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typst

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.content import CONTENT_FOLDER, ContentError
from abonent.kernel.db import transaction
from abonent.kernel.documents.fields import FieldsError, written
from abonent.kernel.documents.library import Template, load_document
from abonent.kernel.i18n import current_language
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json

FONTS = CONTENT_FOLDER / "fonts"

_ALL = """
#let _all = json(bytes(sys.inputs.data))
#for (place, data) in _all.enumerate() {
  if place > 0 { pagebreak() }
  counter(page).update(1)
  sheet(data)
}
"""
_PRINTED = """
INSERT INTO printed_document (id, slug, language, hash, subject, account_id, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class Printed:
    """A document made: its PDF, its title and the hash of the text it was made from."""

    pdf: bytes
    title: str
    hash: str


@cache
def document(slug: str, language: str, override: Path | None) -> Template:
    """Answer a document, read once in the life of a process. Raises ContentError."""
    return load_document(slug, language, override=override)


async def print_document(
    slug: str,
    data: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    content: Path | None = None,
    language: str | None = None,
) -> Printed:
    """Make one PDF of one set of data, or of many that follow each other.

    `content` is the installation's own folder (settings.content). Raises ContentError for a slug
    nobody has, data that is not what the document asks for, and a template that does not compile.
    """
    sets = [data] if isinstance(data, Mapping) else list(data)
    language = language or current_language()
    return await asyncio.to_thread(_print, slug, sets, language, content)


async def shown_document(
    slug: str, data: Mapping[str, Any], *, content: Path | None = None, language: str | None = None
) -> dict[str, Any]:
    """Answer one set of data as the document would print it, for its twin on the screen."""
    language = language or current_language()
    template = await asyncio.to_thread(document, slug, language, content)
    return _written(template, data)


async def record_printed(
    slug: str,
    *,
    by: Actor,
    subject: str,
    hash: str,  # noqa: A002  the word for it everywhere
    account_id: int | None = None,
    language: str | None = None,
) -> None:
    """Record what was printed of what, so that the very text can be found again."""
    actor, at = f"{by.kind}:{by.id}", clock.now()
    row = (new_id(), slug, language or current_language(), hash, subject, account_id, actor, at)
    async with transaction() as connection:
        await connection.execute(_PRINTED, *row)


def _print(
    slug: str, sets: list[Mapping[str, Any]], language: str, content: Path | None
) -> Printed:
    template = document(slug, language, content)
    data = [_written(template, one) for one in sets]
    compiler = typst.Compiler(
        root=template.folder, font_paths=_fonts(), ignore_system_fonts=True, package_path=FONTS
    )
    try:
        pdf = compiler.compile(
            input=(template.source + _ALL).encode(),
            format="pdf",
            sys_inputs={"data": to_json(data)},
            timestamp=clock.now().replace(microsecond=0),
            pdf_tags=len(sets) == 1,  # for screen readers; of a thousand letters they are half
        )
    except typst.TypstError as error:
        raise ContentError(f"{template.folder}: {error.diagnostic or error.message}") from error
    assert isinstance(pdf, bytes)  # noqa: S101  a PDF is one file
    return Printed(pdf, template.title, template.hash)


def _written(template: Template, data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return written(template.fields, data, template.language)
    except FieldsError as error:
        raise ContentError(f"{template.folder}: {error}") from error


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
