"""Fiscal receipts as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.jsontext import from_json

_OF_ENTRY = "SELECT * FROM fiscal_document WHERE account_id = $1 AND entry_no = $2"
_FAILED = """
SELECT count(*) FROM fiscal_document f
WHERE f.state = 'FAILED' AND ($1::text[] IS NULL OR EXISTS (
    SELECT 1 FROM billing_account a JOIN billing_place p ON p.id = a.place_id
    WHERE a.account_id = f.account_id AND p.district = ANY($1)))
"""


@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """A fiscal receipt: its state, what its cash register calls it, and its marks when made out."""

    external_id: str
    kind: str
    account: str
    entry_no: int
    amount: int
    state: str
    uuid: str | None
    marks: dict[str, Any]
    error: str | None
    created_at: datetime
    done_at: datetime | None


async def fiscal_of_entry(account: int, entry: int, *, by: Actor) -> FiscalDocument | None:
    """Return the fiscal receipt of an account's entry; None when it is owed none."""
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_OF_ENTRY, account, entry)
    if row is None:
        return None
    found = {name: row[name] for name in FiscalDocument.__dataclass_fields__ if name != "marks"}
    return FiscalDocument(**found, marks=from_json(row["marks"]) if row["marks"] else {})


async def failed_count(*, by: Actor) -> int:
    """Return how many fiscal receipts of the actor's districts have failed and wait for a person."""
    by.require("billing.fiscal.view")
    async with reading() as connection:
        own = None if by.districts is None else sorted(by.districts)
        return int(await connection.fetchval(_FAILED, own))
