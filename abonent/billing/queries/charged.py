"""The charges of an account that still hold something, read for those who may correct them."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.queries.books import Loaded
from abonent.billing.queries.entries import entries_of
from abonent.billing.rules.held import Held, held
from abonent.kernel.db import reading

MOST = 100

_COMPENSATED = "SELECT service_no, day FROM billing_compensated WHERE account_id = $1"


async def held_charges(connection: Any, loaded: Loaded) -> list[Held]:
    """Every charge of a loaded account that still holds something, the latest first."""
    first = loaded.row["opened_on"]
    kept = await entries_of(
        connection, loaded.book.account, loaded.catalogue, since=first, until=loaded.open_day
    )
    known = {entry.no for entry in kept}
    fresh = [entry for entry in loaded.book.postings if entry.no not in known]
    rows = await connection.fetch(_COMPENSATED, loaded.book.account)
    compensated = {(row["service_no"], row["day"]) for row in rows}
    return held(loaded.book, [*kept, *fresh], compensated)


async def charges_left(loaded: Loaded, *, since: date) -> list[Held]:
    """Those of them that were posted from a day on, at most MOST."""
    async with reading() as connection:
        found = await held_charges(connection, loaded)
    return [one for one in found if one.charge.day >= since][:MOST]
