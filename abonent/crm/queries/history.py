"""The history of an account: everything people did to it, in one line of time.

What was done stands in the audit, what moved money in the entries; the run's own charges are left to
the statement. Pages go by the key (instant, number of the row).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.jsontext import from_json

PAGE = 50
KINDS: dict[str, tuple[str, ...]] = {
    "notes": ("crm:note:%",),
    "money": ("entry:%", "billing:promise:%", "billing:credit:%", "billing:period:%"),
    "services": (
        "billing:service:%",
        "billing:tariff:%",
        "billing:freeze:%",
        "billing:discount:%",
        "billing:billing!_day:%",
    ),
    "person": (
        "crm:subscriber:%",
        "crm:contact:added",
        "crm:contact:changed",
        "crm:contact:removed",
        "crm:consent:%",
        "crm:identity:written",
        "crm:address:%",
    ),
    "contract": ("crm:contract:%", "crm:owner:%", "crm:scan:added", "crm:scan:removed"),
    "equipment": ("crm:equipment:%",),
    "requests": ("crm:request:%",),
    "looked": ("crm:%:revealed", "crm:scan:opened"),
}
"""What the page offers to choose from, as patterns of actions."""

_HISTORY = """
WITH shown AS (
    (SELECT at, id, 'audit' AS source, actor_kind || ':' || actor_id AS actor, action, subject,
        before, after, NULL::bigint AS amount
    FROM audit
    WHERE account_id = $1 AND (at, id) < ($2, $3) AND action NOT LIKE 'billing:%:posted'
        AND ($4::text[] IS NULL OR EXISTS (
            SELECT FROM unnest($4::text[]) p WHERE action LIKE p ESCAPE '!'))
    ORDER BY at DESC, id DESC LIMIT $5)
    UNION ALL
    (SELECT u.at, u.id, 'audit', u.actor_kind || ':' || u.actor_id, u.action, u.subject, u.before,
        u.after, NULL
    FROM audit u
    WHERE u.account_id = ANY($6::bigint[]) AND (u.at, u.id) < ($2, $3)
        AND u.action LIKE ANY (ARRAY['crm:contact:%', 'crm:consent:%', 'crm:subscriber:%',
            'crm:identity:%'])
        AND ($4::text[] IS NULL OR EXISTS (
            SELECT FROM unnest($4::text[]) p WHERE u.action LIKE p ESCAPE '!'))
    ORDER BY u.at DESC, u.id DESC LIMIT $5)
    UNION ALL
    (SELECT e.created_at, e.no, 'entry', e.actor, 'entry:' || e.kind, e.no::text, NULL, NULL, e.amount
    FROM billing_entry e
    WHERE e.account_id = $1 AND $7 AND (e.created_at, e.no::bigint) < ($2, $3)
        AND e.actor NOT LIKE 'system:%' AND e.kind NOT IN ('charge', 'return', 'adjustment')
        AND ($4::text[] IS NULL OR EXISTS (
            SELECT FROM unnest($4::text[]) p WHERE 'entry:' || e.kind LIKE p ESCAPE '!'))
    ORDER BY e.created_at DESC, e.no DESC LIMIT $5)
)
SELECT s.at, s.id, s.source, s.actor, s.action, s.subject, s.before, s.after, s.amount,
    actor_name(s.actor) AS who, n.text AS note
FROM shown s
LEFT JOIN crm_note n ON s.action = 'crm:note:added' AND n.account_id = $1
    AND 'note:' || n.id = s.subject
ORDER BY s.at DESC, s.id DESC LIMIT $5
"""
_SIBLINGS = """
SELECT o.account_id FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_contract d ON d.subscriber_id = c.subscriber_id
JOIN crm_account o ON o.contract_id = d.id
WHERE a.account_id = $1 AND o.account_id <> $1 LIMIT 100
"""
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that somebody did; `who` is a name where the actor has one."""

    at: datetime
    id: int
    source: str
    actor: str
    who: str | None
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    amount: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class History:
    """A page of touches, the latest first, and the cursor of the next page."""

    touches: list[Touch]
    next: str | None


async def history_of(
    number: str, *, by: Actor, kind: str = "", after: str | None = None, limit: int = PAGE
) -> History:
    """Everything that people did to an account; `kind` is one of KINDS, or nothing for all.

    Money is shown to who may see accounts. Raises AccountNotFound.
    """
    by.require("crm.subscriber.view")
    patterns = list(KINDS[kind]) if kind in KINDS else None
    at, last = _cursor(after)
    async with reading() as connection:
        account = await account_id(connection, number)
        siblings = [row["account_id"] for row in await connection.fetch(_SIBLINGS, account)]
        sees_money = by.may("billing.account.view")
        rows = await connection.fetch(
            _HISTORY, account, at, last, patterns, limit + 1, siblings, sees_money
        )
    touches = [_touch(dict(row)) for row in rows]
    more = len(touches) > limit
    kept = touches[:limit]
    return History(kept, _edge(kept[-1]) if more else None)


def _touch(row: dict[str, Any]) -> Touch:
    for part in ("before", "after"):
        read = from_json(row[part]) if row[part] else {}
        row[part] = read if isinstance(read, dict) else {}
    return Touch(**row)


def _edge(touch: Touch) -> str:
    return f"{(touch.at - _EPOCH) // _TICK}.{touch.id}"


def _cursor(after: str | None) -> tuple[datetime, int]:
    ticks, _, last = (after or "").partition(".")
    if not (ticks.isdecimal() and last.isdecimal() and len(ticks) < 18 and len(last) < 20):
        return _LAST, _MOST
    return _EPOCH + int(ticks) * _TICK, min(int(last), _MOST)
