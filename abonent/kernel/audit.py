"""Reading the audit, and erasing what is personal in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.jsontext import from_json

PAGE = 50

_TRAIL = """
SELECT a.id, a.at, a.actor_kind, a.actor_id, a.action, a.subject, a.account_id, a.before, a.after,
    p.personal
FROM audit a LEFT JOIN audit_personal p ON p.audit_id = a.id
WHERE ($1::text IS NULL OR a.subject = $1) AND ($2::bigint IS NULL OR a.account_id = $2)
    AND a.id < $3
ORDER BY a.id DESC LIMIT $4
"""
_ERASE = """
DELETE FROM audit_personal WHERE audit_id IN (SELECT id FROM audit WHERE subject = $1)
"""
_NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing done; `personal` is None where there was nothing personal or it was erased."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    subject: str
    account_id: int | None
    before: Any
    after: Any
    personal: Any


async def audit_trail(
    *,
    subject: str | None = None,
    account_id: int | None = None,
    older_than: int | None = None,
    limit: int = PAGE,
) -> list[AuditRow]:
    """Answer what was done to a subject or an account, newest first; `older_than` is a row's id."""
    async with reading() as connection:
        rows = await connection.fetch(_TRAIL, subject, account_id, older_than or _NEWEST, limit)
    return [AuditRow(**{**row, **_read(row)}) for row in map(dict, rows)]


async def erase_personal(subject: str, *, by: Actor) -> int:
    """Erase the personal values of a subject's audit rows; that it was done stays, and is audited.

    152-FZ and GDPR: a person may demand erasure; the money and who moved it must stay.
    """
    async with unit_of_work(by) as uow:
        answer = await uow.connection.execute(_ERASE, subject)
        erased = int(answer.split()[1])
        await uow.audit("kernel:audit_personal:erased", subject, after={"rows": erased})
    return erased


def _read(row: dict[str, Any]) -> dict[str, Any]:
    parts = ("before", "after", "personal")
    return {part: None if row[part] is None else from_json(row[part]) for part in parts}
