"""Idempotency keys: the same call made twice, also at the same instant, yields one result."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from abonent.kernel import clock
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json, to_json

LONGEST_KEY = 200

_CLAIM = """
INSERT INTO idempotency_key (key, scope, request_hash, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING true
"""
_FIND = "SELECT request_hash, status, body FROM idempotency_key WHERE key = $1 AND scope = $2"
_KEEP = "UPDATE idempotency_key SET status = $3, body = $4 WHERE key = $1 AND scope = $2"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first call was answered: `status` is the edge's number, `body` plain JSON values."""

    status: int
    body: Any


async def remembered(
    connection: Any, *, key: str, scope: str, request: bytes
) -> StoredAnswer | None:
    """Claim a key, or answer what the call that claimed it was answered; None: go on and do it.

    Call it first thing in the transaction that does the work and `remember` last thing in the same
    one. A second equal call waits here until the first commits and then gets its answer; if the
    first rolled back, the second does the work. `scope` is who asks; `request` is everything that
    makes the call what it is (method, path, body). Raises Conflict KEY_REUSED for another request.
    """
    if not key or len(key) > LONGEST_KEY:
        raise Malformed.of(
            "Idempotency-Key", key, N_("A key has 1 to {longest} characters."), longest=LONGEST_KEY
        )
    digest = hashlib.sha256(request).digest()
    if await connection.fetchval(_CLAIM, key, scope, digest, clock.now()):
        return None
    # A statement of its own: only a new snapshot sees what the first call has just committed.
    row = await connection.fetchrow(_FIND, key, scope)
    if row is None or row["status"] is None:
        raise Conflict("KEY_UNFINISHED", N_("The first call with this key has not been answered."))
    if row["request_hash"] != digest:
        raise Conflict("KEY_REUSED", N_("This idempotency key was used for a different request."))
    return StoredAnswer(row["status"], from_json(row["body"]))


async def remember(connection: Any, *, key: str, scope: str, status: int, body: Any) -> None:
    """Keep the answer for the key claimed in this transaction."""
    await connection.execute(_KEEP, key, scope, status, to_json(body))
