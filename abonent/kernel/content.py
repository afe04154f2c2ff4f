"""Working documents as data: TOML and Markdown files, validated, with a folder that overrides them.

Product files lie in abonent/content/<language>/<kind>/<slug>.toml or .md; an installation's folder
has the same shape and wins file by file. Markdown begins with TOML front matter between two lines
of "+++". Whoever runs a document keeps its slug and hash, so that the very text can be found again.
"""

from __future__ import annotations

import asyncio
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from abonent.kernel.i18n import current_language

CONTENT_FOLDER = Path(__file__).parent.parent / "content"
FENCE = "+++"
SUFFIXES = (".toml", ".md")
FALLBACK = "ru"
"""The language of a document that the reader's own language has none of."""

Model = TypeVar("Model", bound=BaseModel)


class ContentError(Exception):
    """A document is wrong; the text names the file and every mistake in it."""


@dataclass(frozen=True, slots=True)
class Document(Generic[Model]):
    """One document: `slug` is its name, `hash` names its exact text, `value` what it says."""

    slug: str
    hash: str
    path: Path
    value: Model


class _Installed:
    """Holds the installation's own folder of content; set when the database is opened."""

    override: Path | None = None


def use_content(override: Path | None) -> None:
    """Set the installation's own folder of content."""
    _Installed.override = override


async def documents_of(
    kind: str, model: type[Model], *, language: str | None = None
) -> Mapping[str, Document[Model]]:
    """Every document of a kind in a language (default: the reader's), read once in a process.

    Where the language has none of the kind, those in Russian. Raises ContentError.
    """
    asked = language or current_language()
    own = await asyncio.to_thread(_loaded, kind, model, asked, _Installed.override)
    if own or asked == FALLBACK:
        return own
    return await asyncio.to_thread(_loaded, kind, model, FALLBACK, _Installed.override)


@cache
def _loaded(
    kind: str, model: type[Model], language: str, override: Path | None
) -> Mapping[str, Document[Model]]:
    return load_content(kind, model, language=language, override=override)


def load_content(
    kind: str, model: type[Model], *, language: str, override: Path | None = None
) -> Mapping[str, Document[Model]]:
    """Load every document of a kind, sorted by slug.

    Reads files: call it at start or in a thread. Raises ContentError for the first wrong file; a
    Markdown document's text is given to the model as `body`.
    """
    paths = _paths(CONTENT_FOLDER / language / kind)
    if override is not None:
        paths |= _paths(override / language / kind)
    return {slug: _load(slug, path, model) for slug, path in sorted(paths.items())}


def _paths(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in SUFFIXES:
            continue
        if path.stem in found:
            raise ContentError(f"{path}: there is also {found[path.stem].name}")
        found[path.stem] = path
    return found


def _load(slug: str, path: Path, model: type[Model]) -> Document[Model]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
        fields = _markdown(text) if path.suffix == ".md" else tomllib.loads(text)
        value = model.model_validate(fields)
    except ValidationError as error:
        mistakes = (
            f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
            for detail in error.errors(include_url=False)
        )
        raise ContentError(f"{path}: {'; '.join(mistakes)}") from error
    except ValueError as error:
        raise ContentError(f"{path}: {error}") from error
    return Document(slug, hashlib.sha256(raw).hexdigest()[:16], path, value)


def _markdown(text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    fences = [number for number, line in enumerate(lines) if line.strip() == FENCE]
    if len(fences) < 2 or fences[0] != 0:
        raise ValueError(f'Markdown begins with front matter between two lines of "{FENCE}"')
    front, body = lines[1 : fences[1]], lines[fences[1] + 1 :]
    return {**tomllib.loads("".join(front)), "body": "".join(body).strip()}
