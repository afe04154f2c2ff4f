"""Templates of messages as they hold: the product's, with the installation's own words in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abonent.kernel.content import documents_of
from abonent.kernel.db import reading
from abonent.kernel.templates import MessageTemplate

KIND = "messages"

_OWN = """
SELECT DISTINCT ON (code) code, text, subject, body, version FROM crm_message_wording
WHERE language = $1 ORDER BY code, version DESC
"""
_VERSIONS = """
SELECT version, text, subject, body, changed_at, actor_name(changed_by) AS by
FROM crm_message_wording WHERE code = $1 AND language = $2 ORDER BY version DESC LIMIT 20
"""


async def templates_in_force(language: str) -> Mapping[str, MessageTemplate]:
    """Every template by its code, in a language. Raises ContentError for a wrong file."""
    shipped = await documents_of(KIND, MessageTemplate, language=language)
    async with reading() as connection:
        rows = await connection.fetch(_OWN, language)
    own = {row["code"]: row for row in rows if row["text"]}
    return {code: _with(own.get(code), one.value) for code, one in shipped.items()}


async def template_versions(code: str, language: str) -> list[Mapping[str, Any]]:
    """The installation's own versions of a template, the newest first."""
    async with reading() as connection:
        return [dict(row) for row in await connection.fetch(_VERSIONS, code, language)]


def _with(row: Any, template: MessageTemplate) -> MessageTemplate:
    if row is None:
        return template
    words = {name: row[name] for name in ("text", "subject", "body")}
    return template.model_copy(update=words)
