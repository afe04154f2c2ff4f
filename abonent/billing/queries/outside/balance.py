"""The day's balance with each bank and processor: what they say against what we have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.books import installation
from abonent.billing.queries.outside.files import Count
from abonent.billing.rules.outside.agreement import AgreementKind
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.money import half_up

RIGHT = "billing.payment.settle"
MOST_ROWS = 500

_BALANCE = """
WITH their_sums AS (
    SELECT agreement_id, day, count(*) AS their_count, sum(amount)::bigint AS theirs,
        coalesce(sum(amount) FILTER (WHERE state = 'taken'), 0)::bigint AS taken,
        coalesce(sum(amount) FILTER (WHERE state = 'waiting'), 0)::bigint AS waiting,
        coalesce(sum(amount) FILTER (WHERE state = 'returned'), 0)::bigint AS returned,
        coalesce(sum(amount) FILTER (WHERE state = 'closed'), 0)::bigint AS closed
    FROM billing_outside_theirs WHERE day BETWEEN $1 AND $2 GROUP BY agreement_id, day
),
our_sums AS (
    SELECT agreement_id, coalesce(paid_on, day) AS day, count(*) AS our_count,
        sum(amount)::bigint AS ours,
        coalesce(sum(amount) FILTER (WHERE alone), 0)::bigint AS alone
    FROM billing_outside_ours
    WHERE paid_on BETWEEN $1 AND $2 OR (paid_on IS NULL AND day BETWEEN $1 AND $2)
    GROUP BY 1, 2
)
SELECT coalesce(t.agreement_id, o.agreement_id) AS agreement_id, coalesce(t.day, o.day) AS day,
    t.their_count IS NOT NULL AS told, coalesce(t.their_count, 0) AS their_count,
    coalesce(t.theirs, 0) AS theirs, coalesce(t.taken, 0) AS taken,
    coalesce(t.waiting, 0) AS waiting, coalesce(t.returned, 0) AS returned,
    coalesce(t.closed, 0) AS closed, coalesce(o.our_count, 0) AS our_count,
    coalesce(o.ours, 0) AS ours, coalesce(o.alone, 0) AS alone
FROM their_sums t FULL JOIN our_sums o ON o.agreement_id = t.agreement_id AND o.day = t.day
ORDER BY 2 DESC, 1
"""
_NAMES = "SELECT id, code, name, kind, commission FROM billing_agreement"
_THEIR_ROWS = """
SELECT external_id, amount, state, number, our_amount, parked_id, file_id, place
FROM billing_outside_theirs WHERE agreement_id = $1 AND day = $2
ORDER BY state = 'taken', file_id, place, external_id LIMIT $3
"""
_OUR_ROWS = """
SELECT external_id, amount, number FROM billing_outside_ours
WHERE agreement_id = $1 AND alone AND (paid_on = $2 OR (paid_on IS NULL AND day = $2))
ORDER BY external_id LIMIT $3
"""
_ID = "SELECT id FROM billing_agreement WHERE code = $1"


@dataclass(frozen=True, slots=True)
class DayBalance:
    """One day with one agreement, in minor units. `told`: they have said what came in that day.

    `theirs` is shared out into taken, waiting, returned and closed; `alone` is ours that they do
    not name.
    """

    agreement: str
    name: str
    kind: AgreementKind
    commission: int
    day: date
    told: bool
    their_count: int
    theirs: int
    taken: int
    waiting: int
    returned: int
    closed: int
    our_count: int
    ours: int
    alone: int

    @property
    def left(self) -> int:
        """What they say and nothing became of."""
        return self.theirs - self.taken - self.waiting - self.returned - self.closed

    @property
    def agrees(self) -> bool:
        """Tell whether nothing is left to explain; what waits for a person is not explained yet."""
        return self.told and not (self.left or self.waiting or self.alone)

    @property
    def fee(self) -> int:
        """What the other side keeps of its total."""
        return half_up(self.theirs * self.commission, 10_000)


@dataclass(frozen=True, slots=True)
class TheirRow:
    """A payment they name, and what became of it: taken, waiting, returned, closed or left."""

    external_id: str
    amount: int
    state: str
    number: str | None
    our_amount: int | None
    parked_id: int | None
    file_id: int | None
    place: int


@dataclass(frozen=True, slots=True)
class OurRow:
    """A payment of ours that they do not name."""

    external_id: str
    amount: int
    number: str


async def balance_of_days(first: date, last: date, *, by: Actor) -> list[DayBalance]:
    """Each day with each agreement on which anything came, the latest first."""
    by.require(RIGHT)
    async with reading() as connection:
        names = {row["id"]: row for row in await connection.fetch(_NAMES)}
        rows = await connection.fetch(_BALANCE, first, last)
    return [_day_balance(row, names[row["agreement_id"]]) for row in rows]


async def rows_of_day(
    agreement: str, day: date, *, by: Actor
) -> tuple[list[TheirRow], list[OurRow]]:
    """What they name on a day, the unexplained first, and what only we have."""
    by.require(RIGHT)
    async with reading() as connection:
        found = await connection.fetchval(_ID, agreement)
        if found is None:
            return [], []
        theirs = await connection.fetch(_THEIR_ROWS, found, day, MOST_ROWS)
        ours = await connection.fetch(_OUR_ROWS, found, day, MOST_ROWS)
    return (
        [TheirRow(**row) for row in theirs],
        [OurRow(**row) for row in ours],
    )


async def open_business_day(*, by: Actor) -> date:
    """The open day; raises NotBegun."""
    by.require(RIGHT)
    async with reading() as connection:
        return (await installation(connection)).day


def total_of(days: list[DayBalance]) -> Count:
    """How many payments they name on these days, and their money."""
    return Count(sum(day.their_count for day in days), sum(day.theirs for day in days))


def _day_balance(row: Any, name: Any) -> DayBalance:
    values = dict(row)
    del values["agreement_id"]
    return DayBalance(
        agreement=name["code"], name=name["name"], kind=AgreementKind(name["kind"]),
        commission=name["commission"], **values,
    )  # fmt: skip
