"""Templates of messages as they hold: the product's, with the installation's own words in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abonent.kernel.content import documents_of
from abonent.kernel.db import reading
from abonent.kernel.templates import MessageTemplate, WrongPiece, names_in

KIND = "messages"
_WORDS = ("text", "subject", "body")

_OWN = """
SELECT DISTINCT ON (code) code, text, subject, body, version FROM crm_message_wording
WHERE language = $1 ORDER BY code, version DESC
"""
_VERSIONS = """
SELECT version, text, subject, body, changed_at, actor_name(changed_by) AS by
FROM crm_message_wording WHERE code = $1 AND language = $2 ORDER BY version DESC LIMIT 20
"""


async def templates_in_force(language: str) -> Mapping[str, MessageTemplate]:
    """Every template by its code, in a language. Raises ContentError for a wrong file.

    Own words that name what is not filled in any more give way to the product's.
    """
    found = {}
    for code, (shipped, own) in (await _both(language)).items():
        found[code] = shipped if own is None or stale_name(own, shipped) else _with(own, shipped)
    return found


async def stale_wordings(language: str) -> dict[str, str]:
    """Templates whose own words name what is not filled in any more, each with that name."""
    both = await _both(language)
    named = {code: stale_name(own, shipped) for code, (shipped, own) in both.items() if own}
    return {code: name for code, name in named.items() if name}


def stale_name(words: Mapping[str, Any], template: MessageTemplate) -> str:
    """The first piece in braces that a template fills in no more, empty where there is none."""
    try:
        for name in _WORDS:
            names_in(words[name], template.longest)
    except WrongPiece as error:
        return error.piece
    return ""


async def _both(language: str) -> dict[str, tuple[MessageTemplate, Mapping[str, Any] | None]]:
    shipped = await documents_of(KIND, MessageTemplate, language=language)
    async with reading() as connection:
        rows = await connection.fetch(_OWN, language)
    own = {row["code"]: dict(row) for row in rows if row["text"]}
    return {code: (one.value, own.get(code)) for code, one in shipped.items()}


async def template_versions(code: str, language: str) -> list[Mapping[str, Any]]:
    """The installation's own versions of a template, the newest first."""
    async with reading() as connection:
        return [dict(row) for row in await connection.fetch(_VERSIONS, code, language)]


def _with(own: Mapping[str, Any], template: MessageTemplate) -> MessageTemplate:
    return template.model_copy(update={name: own[name] for name in _WORDS})
