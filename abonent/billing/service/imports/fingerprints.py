"""What rows were taken before: the same again changes nothing, other content is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from abonent.kernel.jsontext import to_json

_KNOWN = "SELECT key, digest FROM billing_import WHERE kind = $1 AND key = ANY($2::text[])"

IMPORT_LOCK = 4_702_120
"""Held by one import of accounts or debts at a time: two of the same file would cross."""

_ALONE = "SELECT pg_advisory_xact_lock($1)"


async def take_turns(connection: Any) -> None:
    """Wait until no other import of accounts or debts is under way."""
    await connection.execute(_ALONE, IMPORT_LOCK)


def fingerprint(row: BaseModel) -> bytes:
    """A short digest of a row's content."""
    text = to_json(row.model_dump(mode="json"))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


async def known_rows(connection: Any, kind: str, keys: Iterable[str]) -> dict[str, bytes]:
    """The digests of rows of a kind that were taken before."""
    rows = await connection.fetch(_KNOWN, kind, list(keys))
    return {row["key"]: row["digest"] for row in rows}


async def remember_rows(connection: Any, kind: str, rows: Mapping[str, bytes]) -> None:
    """Keep the digests of rows just taken, in the same transaction."""
    records = [(kind, key, digest) for key, digest in rows.items()]
    if records:
        await connection.copy_records_to_table(
            "billing_import", records=records, columns=["kind", "key", "digest"]
        )
