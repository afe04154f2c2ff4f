"""Claims in figures: on time, satisfied, per thousand subscribers, by subject, cause and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from abonent.crm.queries.claims import local_today
from abonent.crm.rules.claims import REPORT
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.money import half_up

LONGEST = timedelta(days=800)

# Put aside as no claim, it has no number and is left out.
_FIGURES = """
SELECT CASE WHEN grouping(k.subject) = 0 THEN 'subject' WHEN grouping(k.cause) = 0 THEN 'cause'
        ELSE 'total' END AS by,
    coalesce(k.subject, k.cause) AS what,
    count(*) AS taken,
    count(k.answered_at) AS answered,
    count(*) FILTER (WHERE k.late) AS late,
    count(*) FILTER (WHERE k.open AND k.answer_by < $4) AS overdue,
    count(*) FILTER (WHERE k.decision IN ('full', 'partial')) AS satisfied,
    count(*) FILTER (WHERE k.decision <> '') AS decided,
    count(*) FILTER (WHERE k.court <> '') AS court,
    coalesce(sum(k.demand), 0)::bigint AS demand,
    coalesce(sum(k.posted), 0)::bigint AS given,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM k.answered_at - k.registered_at))
        FILTER (WHERE k.answered_at IS NOT NULL) / 86400)::integer AS days
FROM crm_claim k
JOIN billing_account b ON b.account_id = k.account_id
JOIN billing_place p ON p.id = b.place_id
WHERE k.received_on BETWEEN $1 AND $2 AND k.number IS NOT NULL
    AND ($3::text[] IS NULL OR p.district = ANY($3))
GROUP BY GROUPING SETS ((), (k.subject), (k.cause))
ORDER BY taken DESC
"""
_MONTHS = """
SELECT date_trunc('month', k.received_on)::date AS month, count(*) AS taken,
    count(*) FILTER (WHERE k.decision IN ('full', 'partial')) AS satisfied
FROM crm_claim k
JOIN billing_account b ON b.account_id = k.account_id
JOIN billing_place p ON p.id = b.place_id
WHERE k.received_on BETWEEN $1 AND $2 AND k.number IS NOT NULL
    AND ($3::text[] IS NULL OR p.district = ANY($3))
GROUP BY 1 ORDER BY 1
"""
_ACCOUNTS = """
SELECT count(*) FROM billing_account b JOIN billing_place p ON p.id = b.place_id
WHERE ($1::text[] IS NULL OR p.district = ANY($1))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one subject or cause; shares are hundredths of a percent, None of nothing.

    `late` are answers after the term, `overdue` claims whose term has ended without one; `days` is
    the median from registration to the answer.
    """

    what: str | None
    taken: int
    answered: int
    late: int
    overdue: int
    satisfied: int
    decided: int
    court: int
    demand: int
    given: int
    days: int | None

    @property
    def on_time_share(self) -> int | None:
        """The share answered in time, of those whose answer or term has come."""
        due = self.answered + self.overdue
        return half_up((self.answered - self.late) * 10_000, due) if due else None

    @property
    def satisfied_share(self) -> int | None:
        """The share satisfied in full or in part, of those that were decided."""
        return half_up(self.satisfied * 10_000, self.decided) if self.decided else None


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a span of days; `months` are (first day, taken, satisfied)."""

    total: Figures
    by: dict[str, list[Figures]]
    months: Sequence[tuple[date, int, int]]
    accounts: int

    @property
    def per_thousand(self) -> int | None:
        """Claims per thousand accounts, in hundredths."""
        return half_up(self.total.taken * 100_000, self.accounts) if self.accounts else None


async def report_on_claims(first: date, last: date, *, by: Actor) -> Report:
    """The figures of what came from one day to another, both included."""
    by.require(REPORT)
    districts = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        rows = await connection.fetch(_FIGURES, first, last, districts, local_today())
        months = await connection.fetch(_MONTHS, first, last, districts)
        accounts = await connection.fetchval(_ACCOUNTS, districts)
    found: dict[str, list[Figures]] = {"subject": [], "cause": [], "total": []}
    for row in rows:
        found[row["by"]].append(Figures(**{k: v for k, v in row.items() if k != "by"}))
    counted = {row["month"]: (row["taken"], row["satisfied"]) for row in months}
    span = [(month, *counted.get(month, (0, 0))) for month in _months(first, last)]
    return Report(found.pop("total")[0], found, span, accounts)


def _months(first: date, last: date) -> list[date]:
    """The first days of the months from one day to another."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(32)).replace(day=1)
    return found
