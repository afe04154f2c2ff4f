"""Files of payments taken whole: a payment taken stays taken, so the same file changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work

_KNOWN = "SELECT rows, taken_at FROM billing_payment_file WHERE digest = $1"
_REMEMBER = """
INSERT INTO billing_payment_file (digest, rows, taken_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class TakenFile:
    """How many rows a file had and when the last of them was taken."""

    rows: int
    at: datetime


async def taken_file(digest: bytes, *, by: Actor) -> TakenFile | None:
    """The file with this digest, if each of its rows was taken before."""
    by.require("billing.payment.take")
    async with reading() as connection:
        row = await connection.fetchrow(_KNOWN, digest)
    return TakenFile(row["rows"], row["taken_at"]) if row else None


async def remember_file(digest: bytes, rows: int, *, by: Actor) -> None:
    """Keep that every row of a file was taken, none rejected."""
    by.require("billing.payment.take")
    async with unit_of_work(by) as work:
        await work.connection.execute(_REMEMBER, digest, rows, clock.now())
