"""Reads about appeals against cards of quality: who decides one, which wait for an actor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.crm.queries.identity import actor_code
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

DECIDE = "crm.quality.decide"

# Neither whose work it is nor whoever is confined to other districts: they cannot open the card.
_DECIDERS = """
SELECT u.name, 'user:' || u.id = q.judged_by AS gave FROM crm_quality_card q
LEFT JOIN billing_account b ON b.account_id = q.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
CROSS JOIN staff_who_may($1) may(id) JOIN web_user u ON u.id = may.id
WHERE q.id = $2 AND 'user:' || u.id <> q.actor
    AND (q.account_id IS NULL OR u.districts IS NULL OR p.district = ANY(u.districts))
ORDER BY u.name
"""
_WAITING = """
SELECT q.id, actor_name(q.actor) AS who, actor_name(q.judged_by) AS judge, q.score, m.at, m.note
FROM crm_quality_card q
JOIN workflow_move m ON m.workflow = 'quality' AND m.subject = q.id AND m.name = 'appeal'
LEFT JOIN billing_account b ON b.account_id = q.account_id
LEFT JOIN billing_place p ON p.id = b.place_id
WHERE q.state = 'appealed' AND q.actor <> $2
    AND (q.account_id IS NULL OR $3::text[] IS NULL OR p.district = ANY($3))
    AND (q.judged_by <> $2 OR NOT EXISTS (
        SELECT FROM staff_who_may($1) may(id) JOIN web_user u ON u.id = may.id
        WHERE 'user:' || u.id NOT IN (q.actor, q.judged_by)
            AND (q.account_id IS NULL OR u.districts IS NULL OR p.district = ANY(u.districts))))
ORDER BY m.at
"""


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal that waits: against whose card, who gave it, when and why it was made."""

    id: int
    who: str | None
    judge: str | None
    score: int
    at: datetime
    note: str


async def others_decide(connection: Any, card: int) -> bool:
    """Tell whether an appeal against a card can be decided by neither who was judged nor who judged."""
    rows = await connection.fetch(_DECIDERS, DECIDE, card)
    return not all(row["gave"] for row in rows)


async def deciders_of(card: int) -> list[str]:
    """Who may decide an appeal against a card, by name; who gave it only where nobody else may."""
    async with reading() as connection:
        rows = await connection.fetch(_DECIDERS, DECIDE, card)
    others = [row["name"] for row in rows if not row["gave"]]
    return others or [row["name"] for row in rows]


async def appeals_for(*, by: Actor) -> list[Appeal]:
    """The appeals that wait for the actor's decision, the oldest first."""
    by.require(DECIDE)
    own = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        rows = await connection.fetch(_WAITING, DECIDE, actor_code(by), own)
    return [Appeal(**dict(row)) for row in rows]
