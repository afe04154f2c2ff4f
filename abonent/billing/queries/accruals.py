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
from abonent.billing.rules.book import Posting
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.opening import touch

BATCH = 500

_RUNNING = """
    SELECT s.account_id, a.legal_entity_id, a.billing_day, s.place_id, t.kind, d.day AS due,
        s.settled_to, least(s.ends_on, $3::date + 1) AS until,
        (SELECT CASE WHEN count(*) = 1 THEN min(v.fee) END FROM billing_tariff_version v
         WHERE v.tariff_id = t.id) AS fee,
        EXISTS (SELECT FROM billing_service_tariff x
            WHERE x.account_id = s.account_id AND x.service_no = s.no)
        OR EXISTS (SELECT FROM billing_discount x WHERE x.account_id = s.account_id
            AND x.service_no = s.no AND x.ends_on > s.settled_to)
        OR EXISTS (SELECT FROM billing_billing_day x WHERE x.account_id = s.account_id) AS differs
    FROM billing_service s
    JOIN billing_account a ON a.account_id = s.account_id
    JOIN billing_account_due d ON d.account_id = s.account_id
    JOIN billing_tariff t ON t.id = s.tariff_id
    WHERE s.served AND s.settled_to <= $3 AND s.settled_to < $2
        AND (t.mode = 'daily' OR EXISTS (SELECT FROM billing_service_tariff x
            WHERE x.account_id = s.account_id AND x.service_no = s.no))
        AND ($4::bigint[] IS NULL OR s.account_id = ANY($4))
"""

_PLAIN = """
SELECT account_id, legal_entity_id, place_id, kind,
    ((2 * fee * (least(until, $2) - first) + (last - first)) / (2 * (last - first))
    - (2 * fee * (greatest(settled_to, $1) - first) + (last - first)) / (2 * (last - first)))
        AS amount
FROM ({running}) running,
    LATERAL (SELECT date_trunc('month', settled_to)::date AS m) month,
    LATERAL (SELECT
        least((m - interval '1 month')::date + (billing_day - 1), m - 1) AS before,
        least(m + (billing_day - 1), (m + interval '1 month')::date - 1) AS here,
        least((m + interval '1 month')::date + (billing_day - 1), (m + interval '2 months')::date - 1)
            AS after) starts,
    LATERAL (SELECT CASE WHEN settled_to >= here THEN here ELSE before END AS first,
        CASE WHEN settled_to >= here THEN after ELSE here END AS last) period
WHERE due > $3 AND fee IS NOT NULL AND NOT differs
    AND least(until, $2) > greatest(settled_to, $1)
""".replace("{running}", _RUNNING)

_BY_RULES = """
SELECT DISTINCT account_id FROM (
    SELECT account_id FROM ({running}) running WHERE due <= $3 OR fee IS NULL OR differs
    UNION ALL
    SELECT account_id FROM billing_account_due
    WHERE day <= $3 AND day < $2 AND ($4::bigint[] IS NULL OR account_id = ANY($4))
) chosen WHERE $1::date < $2 ORDER BY account_id
""".replace("{running}", _RUNNING)


class Accrual(NamedTuple):
    """What some account will be seen to have turned over once it is settled; signed as the sheet."""

    account: int
    legal_entity: int
    place: int
    section: str
    line: str
    amount: int


async def accruals(
    connection: Any,
    *,
    here: Installation,
    start: date,
    end: date,
    accounts: Sequence[int] | None = None,
) -> AsyncIterator[Accrual]:
    """What is not posted yet for the days [start, end), up to the open day."""
    if start > here.day:
        return
    chosen = None if accounts is None else list(accounts)
    given = (start, end, here.day, chosen)
    for row in await connection.fetch(_PLAIN, *given):
        yield Accrual(
            row["account_id"], row["legal_entity_id"], row["place_id"], "charge", row["kind"],
            row["amount"],
        )  # fmt: skip
    by_rules = [row["account_id"] for row in await connection.fetch(_BY_RULES, *given)]
    for first in range(0, len(by_rules), BATCH):
        for loaded in await load_books(connection, by_rules[first : first + BATCH]):
            touch(loaded.book, here.day, loaded.due)
            for accrual in _of_book(loaded, start, end):
                yield accrual


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
            found.append(Accrual(loaded.book.account, entity, place, section, line, shown))
    return found


def amount_within(posting: Posting, start: date, end: date) -> int:
    """What an entry moves on the days [start, end): daily ones by day shares, others by their day."""
    if posting.through is None:
        return posting.amount if start <= posting.day < end else 0
    return sum(amount for day, amount in day_amounts(posting).items() if start <= day < end)
