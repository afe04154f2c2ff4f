"""The names behind codes that rows of the audit hold: of roles and offices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abonent.kernel.db import reading
from abonent.web.deeds import NOTHING_NAMED, Names

_FIELDS = frozenset({"role", "moved_to", "office_id"})
_NAMED = """
SELECT 'role' AS kind, code, name FROM web_role
UNION ALL
SELECT 'office', id::text, name FROM office
"""


async def names_for(*parts: Any) -> Names:
    """Return, by field, the names of what these parts of rows hold; reads nothing where there is none."""
    if not any(isinstance(part, Mapping) and _FIELDS & part.keys() for part in parts):
        return NOTHING_NAMED
    async with reading() as connection:
        rows = await connection.fetch(_NAMED)
    roles = {row["code"]: row["name"] for row in rows if row["kind"] == "role"}
    offices = {row["code"]: row["name"] for row in rows if row["kind"] == "office"}
    return {"role": roles, "moved_to": roles, "office_id": offices}
