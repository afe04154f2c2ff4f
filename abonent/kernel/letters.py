"""Letters as content: content/<language>/letters/<slug>/ with subject.txt, body.txt and body.html.

An installation's folder of the same shape wins folder by folder. What a letter says is filled in by
Jinja in a sandbox; a placeholder that nobody fills is a fault, not a blank.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from abonent.kernel.content import CONTENT_FOLDER, ContentError

KIND = "letters"
PARTS = ("subject.txt", "body.txt", "body.html")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be sent."""

    subject: str
    text: str
    html: str


async def write_letter(
    slug: str, values: Mapping[str, Any], *, language: str, content: Path | None = None
) -> Letter:
    """Fill a letter; raises ContentError for one nobody has and for what cannot be filled."""
    return await asyncio.to_thread(_write, slug, values, language, content)


def _write(slug: str, values: Mapping[str, Any], language: str, content: Path | None) -> Letter:
    folder, sources = _sources(slug, language, content)
    try:
        subject, text, html = (
            _environment(html=name.endswith(".html")).from_string(source).render(values)
            for name, source in zip(PARTS, sources, strict=True)
        )
    except TemplateError as error:
        raise ContentError(f"{folder}: {error}") from error
    return Letter(" ".join(subject.split()), text.strip() + "\n", html.strip() + "\n")


@cache
def _sources(slug: str, language: str, content: Path | None) -> tuple[Path, tuple[str, ...]]:
    own = content / language / KIND / slug if content else None
    folder = own if own and own.is_dir() else CONTENT_FOLDER / language / KIND / slug
    try:
        return folder, tuple((folder / name).read_text(encoding="utf-8") for name in PARTS)
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{folder}: {error}") from error


@cache
def _environment(*, html: bool) -> SandboxedEnvironment:
    return SandboxedEnvironment(autoescape=html, undefined=StrictUndefined, trim_blocks=True)
