"""Looking ahead: whose money ends in the coming days, played once for each business day.

The register of subscribers filters by it and notices are noted from it; both leave out whoever has
paid or promised since. The card of an account plays its own days at that moment and is always true.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from abonent.billing.queries.accounts import look_at
from abonent.billing.queries.day import day_state
from abonent.billing.rules.book import Book
from abonent.billing.rules.forecast import outlook, provisions
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, unit_of_work

AHEAD = timedelta(14)
"""How far is looked."""
_PIECE = 500


class Ending(NamedTuple):
    """The last day that money lasts through, and what to pay for the services to go on (minor units)."""

    until: date
    amount: int


_PLAYED = "SELECT day FROM crm_lasting_day"
_MARK = "UPDATE crm_lasting_day SET day = $1"
# A page of all accounts first: asked for those of some days alone, each page would sort them all.
_SERVED = """
WITH page AS MATERIALIZED (
    SELECT account_id, day FROM billing_account_due WHERE account_id > $1
    ORDER BY account_id LIMIT $3
)
SELECT p.account_id, b.balance, b.last_promise,
    p.day <= $2 AND b.state IN ('served', 'partly') AS near
FROM page p JOIN billing_account b USING (account_id) ORDER BY p.account_id
"""
_KEEP = """
INSERT INTO crm_lasting (account_id, until, amount, balance, promise)
SELECT * FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[], $5::integer[])
ON CONFLICT (account_id) DO UPDATE SET until = excluded.until, amount = excluded.amount,
    balance = excluded.balance, promise = excluded.promise
WHERE (crm_lasting.until, crm_lasting.amount, crm_lasting.balance, crm_lasting.promise)
    IS DISTINCT FROM (excluded.until, excluded.amount, excluded.balance, excluded.promise)
"""
_FORGET = """
DELETE FROM crm_lasting WHERE account_id > $1 AND account_id <= $2 AND account_id <> ALL($3::bigint[])
"""


async def look_ahead() -> int:
    """Play the coming days of every account, once for an open day; answers whose money ends.

    Accounts to which nothing happens in these days are not played. Made again for the same day, and
    while a day is being closed, it does nothing.
    """
    state = await day_state(by=SYSTEM)
    async with reading() as connection:
        played = await connection.fetchval(_PLAYED)
    if state is None or state.state != "open" or played == state.day:
        return 0
    found, after = 0, 0
    while last := await _look_at_piece(after, state.day):
        after, found = last[0], found + last[1]
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute(_MARK, state.day)
    return found


async def _look_at_piece(after: int, day: date) -> tuple[int, int] | None:
    """Play the accounts that follow; answers the last one and whose money ends, None after the end."""
    async with reading() as connection:
        rows = await connection.fetch(_SERVED, after, day + AHEAD, _PIECE)
    if not rows:
        return None
    ends = await _ends([row["account_id"] for row in rows if row["near"]])
    kept = [row for row in rows if row["account_id"] in ends]
    keys = [row["account_id"] for row in kept]
    columns: list[list[Any]] = [
        keys,
        [ends[key].until for key in keys],
        [ends[key].amount for key in keys],
        [row["balance"] for row in kept],
        [row["last_promise"] for row in kept],
    ]
    last: int = rows[-1]["account_id"]
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute(_FORGET, after, last, keys)
        await work.connection.execute(_KEEP, *columns)
    return last, len(keys)


async def _ends(near: list[int]) -> dict[int, Ending]:
    """Until when money lasts, of those accounts where it ends soon."""
    found = await look_at(near, by=SYSTEM) if near else {}
    ends = {key: ending_of(loaded.book) for key, loaded in found.items()}
    return {key: one for key, one in ends.items() if one is not None}


def ending_of(book: Book) -> Ending | None:
    """When money ends within the days ahead, and what to pay as the card asks it; else None."""
    found = outlook(book, ahead=AHEAD)
    asked = provisions(book, found) if found.until else []
    return Ending(found.until, asked[0].amount) if found.until and asked else None
