"""What closing days would reach, and the closing somebody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.rules.periods import DAY
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

CLOSE_THROUGH = "billing.close_through"
"""The job that closes the days somebody asked for."""

_DUE = "SELECT count(*) FROM billing_account_due WHERE day <= $1"
_ASKED = """
SELECT (arguments ->> 'first')::date AS first, (arguments ->> 'through')::date AS through,
    arguments ->> 'by' AS by, created_at, state, attempts, error
FROM job_run
WHERE job = $1 AND state IN ('PLANNED', 'RUNNING')
    AND (arguments ->> 'through')::date >= (SELECT day FROM billing_installation)
ORDER BY through DESC, created_at LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class AskedClosing:
    """Days somebody asked to close that are not all closed yet.

    `first` was the open day then; `by` is the actor as "kind:id". `attempts` is 0 while no worker
    has taken it; `error` says how the last attempt failed.
    """

    first: date
    through: date
    by: str
    at: datetime
    attempts: int
    error: str | None

    @property
    def days(self) -> int:
        """How many days it closes in all."""
        return (self.through - self.first).days + 1

    def place_of(self, opening: date) -> int:
        """Which of the days, from 1, is being closed while `opening` opens."""
        return min(max((opening - self.first).days, 1), self.days)


async def asked_closing(*, by: Actor) -> AskedClosing | None:
    """The closing that is asked for and has days left; None when nothing is."""
    by.require("billing.day.view")
    async with reading() as connection:
        return await read_asked(connection)


async def read_asked(connection: Any) -> AskedClosing | None:
    """The same, on a connection."""
    row = await connection.fetchrow(_ASKED, CLOSE_THROUGH)
    if row is None:
        return None
    return AskedClosing(
        row["first"], row["through"], row["by"], row["created_at"], row["attempts"], row["error"]
    )


async def accounts_reached(through: date, *, by: Actor) -> int:
    """How many accounts the closing of days up to `through` opens a period or settles for."""
    by.require("billing.day.view")
    async with reading() as connection:
        return int(await connection.fetchval(_DUE, through + DAY))
