"""The library of documents: content/<language>/documents/<slug>/ with document.toml and .typ.

An installation's folder of the same shape wins folder by folder. `letterhead.typ` beside the folders
is put before every template: margins, font, heads and signatures.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from abonent.kernel.content import CONTENT_FOLDER, ContentError
from abonent.kernel.documents.fields import Shape, check_shape

KIND = "documents"
DECLARATION = "document.toml"
TEMPLATE = "document.typ"
LETTERHEAD = "letterhead.typ"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """One document in one language; `hash` names its exact text, letterhead included."""

    slug: str
    language: str
    title: str
    fields: Shape
    source: str
    folder: Path
    hash: str


def load_documents(language: str, *, override: Path | None = None) -> Mapping[str, Template]:
    """Load every document of a language by slug. Reads files: call it in a thread.

    Raises ContentError naming the file and what is wrong in it.
    """
    slugs = {one.name for root in _roots(language, override) for one in _folders(root)}
    return {slug: load_document(slug, language, override=override) for slug in sorted(slugs)}


def load_document(slug: str, language: str, *, override: Path | None = None) -> Template:
    """Load one document: a mistake in another one does not keep this one from being printed.

    Reads files. Raises ContentError when there is none, or when something in it is wrong.
    """
    roots = _roots(language, override)
    found = [one for root in roots for one in _folders(root) if one.name == slug]
    if not found:
        raise ContentError(f"there is no document {slug} in the language {language}")
    heads = [path for root in roots if (path := root / LETTERHEAD).is_file()]
    return _load(slug, language, found[-1], _text(heads[-1]) if heads else "")


def _roots(language: str, override: Path | None) -> list[Path]:
    """Where documents lie, the installation's own folder last: it wins."""
    folders = [CONTENT_FOLDER] if override is None else [CONTENT_FOLDER, override]
    return [folder / language / KIND for folder in folders]


def _folders(root: Path) -> list[Path]:
    return [one for one in sorted(root.iterdir()) if one.is_dir()] if root.is_dir() else []


def _load(slug: str, language: str, folder: Path, head: str) -> Template:
    path = folder / DECLARATION
    try:
        declared = _Declared.model_validate(tomllib.loads(_text(path)))
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
            for detail in error.errors(include_url=False)
        ]
        raise ContentError(f"{path}: {'; '.join(mistakes)}") from error
    except ValueError as error:
        raise ContentError(f"{path}: {error}") from error
    if wrong := check_shape(declared.fields):
        raise ContentError(f"{path}: {'; '.join(wrong)}")
    body = _text(folder / TEMPLATE)
    digest = hashlib.sha256("\0".join((_text(path), head, body)).encode()).hexdigest()[:16]
    return Template(
        slug, language, declared.title, declared.fields, f"{head}\n{body}", folder, digest
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: {error}") from error
