"""What is open on an account: what the head of its card must not let anybody forget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_OPEN = """
SELECT
    ARRAY(SELECT text FROM crm_note WHERE account_id = $1 AND pinned AND removed_at IS NULL
        ORDER BY id DESC LIMIT 3) AS notes,
    (SELECT count(*) FROM billing_parked_payment WHERE account = $2 AND settled_at IS NULL)
        AS unmatched,
    (SELECT CASE WHEN state = 'broken' THEN ends_on END FROM billing_promise
        WHERE account_id = $1 AND state <> 'replaced' AND NOT automatic
        ORDER BY no DESC LIMIT 1) AS broken_on
"""


@dataclass(frozen=True, slots=True)
class Openings:
    """Pinned notes, payments that wait for a person, the day the latest promise was broken on."""

    notes: tuple[str, ...] = ()
    unmatched: int = 0
    broken_on: date | None = None


async def openings_of(account: int, number: str, *, by: Actor) -> Openings:
    """What is open on an account."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = await connection.fetchrow(_OPEN, account, number)
    return Openings(tuple(row["notes"]), row["unmatched"], row["broken_on"])
