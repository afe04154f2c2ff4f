"""An account whose services stopped for want of money: since when, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.billing.queries.accounts import look
from abonent.billing.queries.reach import check_reach
from abonent.billing.rules.promises import missing_today
from abonent.billing.rules.standing import ServiceState, account_state, not_yet_due
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

# Money held for days gave out with the last of them, or on the day on which they were given back.
_SINCE = """
SELECT (
    SELECT min(CASE WHEN l.ends <= a.day THEN l.ends ELSE (
            SELECT max(c.day) FROM billing_entry c
            WHERE c.account_id = a.account_id AND c.corrects = l.no) END)
    FROM (
        SELECT DISTINCT ON (e.service_no) e.no, coalesce(e.through + 1, e.period_to) AS ends
        FROM billing_service s JOIN billing_entry e
            ON e.account_id = s.account_id AND e.service_no = s.no AND e.kind = 'charge'
        WHERE s.account_id = a.account_id AND s.ends_on > a.day
        ORDER BY e.service_no, e.day DESC, e.no DESC
    ) l
) AS since
FROM billing_account_number n JOIN billing_account a ON a.account_id = n.account_id
WHERE n.number = $1 AND a.state = 'suspended'
"""
_SUSPENDED = """
SELECT FROM billing_account_number n JOIN billing_account a ON a.account_id = n.account_id
WHERE n.number = $1 AND a.state = 'suspended'
"""


@dataclass(frozen=True, slots=True)
class CutOff:
    """What a suspended account lacks, and since when; None where no entry tells the day."""

    since: date | None
    missing: int


async def is_suspended(number: str, *, by: Actor) -> bool:
    """Tell whether every service of an account stands still, for whatever reason."""
    await check_reach(number, by=by)
    async with reading() as connection:
        return await connection.fetchrow(_SUSPENDED, number) is not None


async def cut_off_of(number: str, *, by: Actor) -> CutOff | None:
    """Since when every service of an account stands still for want of money; None where none does."""
    by.require("billing.account.view")
    await check_reach(number, by=by)
    async with reading() as connection:
        row = await connection.fetchrow(_SINCE, number)
    if row is None:
        return None
    book = (await look(number)).book
    missing = missing_today(book) or max(0, -book.balance - not_yet_due(book))
    if account_state(book) != ServiceState.SUSPENDED or not missing:
        return None
    return CutOff(row["since"], missing)
