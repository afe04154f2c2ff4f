"""Searching for requests: by number, by an account's number, by words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abonent.kernel.actor import Actor
from abonent.kernel.db import Connection, reading
from abonent.kernel.i18n import _

FOUND = 50
_LARGEST, _LARGEST_INTEGER = 2**62, 2**31 - 1

_OF_ACCOUNT = """
SELECT r.id FROM crm_request r JOIN billing_account_number n ON n.account_id = r.account_id
WHERE n.number = $1 ORDER BY r.received_at DESC LIMIT $2
"""
# What few say is looked up by the words; what many say is looked for among the latest ones first.
_FEW = 5_000
_SAID = "SELECT crm_requests_saying(websearch_to_tsquery('russian', $1), $2) AS id"
_SAID_LATELY = """
SELECT id FROM (SELECT id, title, text FROM crm_request ORDER BY id DESC LIMIT $3) latest
WHERE to_tsvector('russian', title || ' ' || text) @@ websearch_to_tsquery('russian', $1)
ORDER BY id DESC LIMIT $2
"""
_BY_NUMBER = "SELECT id FROM crm_request WHERE number = $1"


async def found_requests(text: str, _by: Actor) -> Mapping[Any, str]:
    """By number, by an account's number, then by words, the latest first."""
    asked = text.strip().removeprefix("№").strip()
    found: dict[int, str] = {}
    async with reading() as connection:
        if asked.isdecimal() and int(asked) < _LARGEST:
            for row in await connection.fetch(_BY_NUMBER, int(asked)):
                found[row["id"]] = _("number")
        for row in await connection.fetch(_OF_ACCOUNT, asked, FOUND):
            found.setdefault(row["id"], _("account number"))
        for key in await _saying(connection, asked, max(0, FOUND - len(found))):
            found.setdefault(key, _("words"))
    return found


async def _saying(connection: Connection, asked: str, most: int) -> list[int]:
    """The latest requests that say so, `most` at most."""
    said = [row["id"] for row in await connection.fetch(_SAID, asked, _FEW)]
    if len(said) == _FEW:
        rows = await connection.fetch(_SAID_LATELY, asked, most, _FEW)
        if len(rows) < most:
            rows = await connection.fetch(_SAID, asked, _LARGEST_INTEGER)
        said = [row["id"] for row in rows]
    return sorted(said, reverse=True)[:most]
