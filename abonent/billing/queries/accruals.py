"""What daily services have accrued and no entry charges yet, for whole bases at once.

Most accounts are reckoned by one statement: a running daily service on one price, without
discounts. The rules themselves do the rest, batch by batch: accounts the run has not reached, and
services whose days differ. A test holds both against each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from abonent.billing.queries.books import Installation, Loaded, load_books
from abonent.billing.queries.entries import contra_of
from abonent.billing.queries.lines import line_of, signed
from abonent.billing.rules.book import Mode, Posting
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.opening import touch

BATCH = 500

_LAGGING = """
SELECT account_id, day FROM billing_account_due
WHERE day <= $1 AND ($2::bigint[] IS NULL OR account_id = ANY($2)) ORDER BY account_id
"""

# $5 to $7 are the daily tariffs: id, fee (NULL when it changes), kind; $8 the lagging accounts.
_RUNNING = """
    SELECT s.account_id, s.tariff_id, s.place_id, s.settled_to, t.fee, t.kind,
        least(s.ends_on, $3::date + 1) AS until,
        t.fee IS NULL OR s.account_id = ANY($8::bigint[])
        OR (s.account_id, s.no) IN (SELECT account_id, service_no FROM billing_service_tariff)
        OR (s.account_id, s.no) IN (SELECT account_id, service_no FROM billing_discount
            WHERE ends_on > date_trunc('month', $3::date::timestamp))
        OR s.account_id IN (SELECT account_id FROM billing_billing_day) AS differs
    FROM billing_service s
    LEFT JOIN unnest($5::int[], $6::bigint[], $7::text[]) AS t (id, fee, kind) ON t.id = s.tariff_id
    WHERE s.served AND s.settled_to <= $3 AND s.settled_to < $2
        AND (s.tariff_id = ANY($5) OR (s.account_id, s.no) IN (
            SELECT account_id, service_no FROM billing_service_tariff WHERE tariff_id = ANY($5)))
        AND ($4::bigint[] IS NULL OR s.account_id = ANY($4))
"""

_PLAIN = """
SELECT a.account_id, a.legal_entity_id, r.place_id, r.kind, r.tariff_id,
    ((2 * r.fee * (least(r.until, $2) - first) + (last - first)) / (2 * (last - first))
    - (2 * r.fee * (greatest(r.settled_to, $1) - first) + (last - first)) / (2 * (last - first)))
        AS amount
FROM ({running}) r JOIN billing_account a ON a.account_id = r.account_id,
    LATERAL (SELECT date_trunc('month', r.settled_to::timestamp)::date AS m) month,
    LATERAL (SELECT
        least((m - interval '1 month')::date + (billing_day - 1), m - 1) AS before,
        least(m + (billing_day - 1), (m + interval '1 month')::date - 1) AS here,
        least((m + interval '1 month')::date + (billing_day - 1), (m + interval '2 months')::date - 1)
            AS after) starts,
    LATERAL (SELECT CASE WHEN r.settled_to >= here THEN here ELSE before END AS first,
        CASE WHEN r.settled_to >= here THEN after ELSE here END AS last) period
WHERE NOT r.differs AND least(r.until, $2) > greatest(r.settled_to, $1)
""".replace("{running}", _RUNNING)

_DIFFERING = """
SELECT DISTINCT account_id FROM ({running}) r WHERE r.differs AND $1::date < $2
""".replace("{running}", _RUNNING)


class Accrual(NamedTuple):
    """What some account will be seen to have turned over once it is settled; signed as the sheet."""

    account: int
    legal_entity: int
    place: int
    section: str
    line: str
    amount: int
    tariff: int | None


async def accruals(
    connection: Any,
    *,
    here: Installation,
    start: date,
    end: date,
    accounts: Sequence[int] | None = None,
) -> AsyncIterator[Accrual]:
    """What is not posted yet for the days [start, end), up to the open day."""
    chosen = None if accounts is None else list(accounts)
    lagging = {
        row["account_id"]: row["day"] for row in await connection.fetch(_LAGGING, here.day, chosen)
    }
    behind = [account for account, due in lagging.items() if due < end]
    if start > here.day or (end <= here.day.replace(day=1) and not behind):
        # Each month's last day settles what is accrued: nothing is left in the months before.
        return
    given = (start, end, here.day, chosen, *_daily_tariffs(here), list(lagging))
    for row in await connection.fetch(_PLAIN, *given):
        yield Accrual(
            row["account_id"], row["legal_entity_id"], row["place_id"], "charge", row["kind"],
            row["amount"], row["tariff_id"],
        )  # fmt: skip
    differing = {row["account_id"] for row in await connection.fetch(_DIFFERING, *given)}
    by_rules = sorted(differing.union(behind))
    for first in range(0, len(by_rules), BATCH):
        for loaded in await load_books(connection, by_rules[first : first + BATCH]):
            touch(loaded.book, here.day, loaded.due)
            for accrual in _of_book(loaded, start, end):
                yield accrual


def _daily_tariffs(here: Installation) -> tuple[list[int], list[int | None], list[str]]:
    """The daily tariffs: ids, fees (None where the price has ever changed) and kinds."""
    daily = [t for t in here.catalogue.tariffs.values() if t.mode is Mode.DAILY]
    fees = [t.versions[0].fee if len(t.versions) == 1 else None for t in daily]
    return [t.id for t in daily], fees, [t.kind for t in daily]


def _of_book(loaded: Loaded, start: date, end: date) -> list[Accrual]:
    places = {s.no: s.place for s in loaded.book.services}
    found = []
    for posting in loaded.book.postings:
        amount = amount_within(posting, start, end)
        if amount:
            section, line = line_of(posting.kind, contra_of(posting), posting.source)
            place = places.get(posting.service or 0) or loaded.row["place_id"]
            entity = loaded.row["legal_entity_id"]
            shown = signed(section, amount)
            own = posting.tariff.id if posting.tariff else None
            found.append(Accrual(loaded.book.account, entity, place, section, line, shown, own))
    return found


def amount_within(posting: Posting, start: date, end: date) -> int:
    """What an entry moves on the days [start, end): daily ones by day shares, others by their day."""
    if posting.through is None:
        return posting.amount if start <= posting.day < end else 0
    return sum(amount for day, amount in day_amounts(posting).items() if start <= day < end)
