"""What the proof asks the database: sums per account, stray rows, roll-ups, the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from abonent.billing.queries.lines import MONTH

BORDERS = """
SELECT account_id FROM (
    SELECT account_id, row_number() OVER (ORDER BY account_id) AS place FROM billing_account) placed
WHERE place % $1 = 0 ORDER BY account_id
"""
"""Every so manieth account's id: where one batch ends and the next begins."""

ACCOUNTS = """
SELECT account_id, number, state, balance, last_no, held_since FROM billing_account
WHERE account_id > $1 AND account_id <= $2 ORDER BY account_id LIMIT $3
"""
"""The next batch of accounts of a span."""

ENTRIES = """
SELECT account_id, day, no, kind, amount, service_no, version_id, period_from, period_to, through,
    billing_from, billing_to, fee, tax_code, tax_rate, corrects, due_on, settles, source, detail
FROM billing_entry WHERE account_id > $1 AND account_id <= $2 ORDER BY account_id, no
"""
"""All entries of a span of account ids; those of accounts without a row show up here too."""

STRAY_ENTRIES = """
SELECT e.account_id, e.no, 'TAX' AS check,
    (sign(e.amount) * ((2 * abs(e.amount) * e.tax_rate + 10000 + e.tax_rate)
        / (2 * (10000 + e.tax_rate))))::bigint::text AS expected, e.tax::text AS found
FROM billing_entry e WHERE e.account_id > $1 AND e.account_id <= $2
    AND e.tax <> sign(e.amount) * ((2 * abs(e.amount) * e.tax_rate + 10000 + e.tax_rate)
        / (2 * (10000 + e.tax_rate)))
UNION ALL
SELECT e.account_id, e.no, 'THROUGH', 'days of its own month, up to ' || e.day, e.through::text
FROM billing_entry e WHERE e.account_id > $1 AND e.account_id <= $2 AND e.through IS NOT NULL
    AND (e.through > e.day OR date_trunc('month', e.period_from) <> date_trunc('month', e.day))
UNION ALL
SELECT e.account_id, e.no, 'DAY', 'not after the open day', e.day::text
FROM billing_entry e CROSS JOIN billing_installation i
WHERE e.account_id > $1 AND e.account_id <= $2 AND e.day > i.day
"""
"""Entries wrong by themselves: their tax, their days, their posting day."""

LOST_ACCOUNTS = """
SELECT a.account_id, a.number, 'NUMBER' AS check, a.number AS expected, n.number AS found
FROM billing_account a LEFT JOIN billing_account_number n
    ON n.number = a.number AND n.account_id = a.account_id
WHERE n.number IS NULL AND a.account_id > $1 AND a.account_id <= $2
UNION ALL
SELECT a.account_id, a.number, 'DUE_DAY', 'a day', 'none'
FROM billing_account a LEFT JOIN billing_account_due d ON d.account_id = a.account_id
WHERE d.account_id IS NULL AND a.account_id > $1 AND a.account_id <= $2
UNION ALL
SELECT a.account_id, a.number, 'DUE_DAY', 'after the open day ' || i.day, d.day::text
FROM billing_account_due d JOIN billing_account a ON a.account_id = d.account_id
CROSS JOIN billing_installation i
WHERE d.day <= i.day AND a.account_id > $1 AND a.account_id <= $2
    AND NOT EXISTS (SELECT FROM billing_run r WHERE r.finished_at IS NULL)
UNION ALL
SELECT a.account_id, a.number, 'DAY', 'not after the open day ' || i.day, a.day::text
FROM billing_account a CROSS JOIN billing_installation i
WHERE a.day > i.day AND a.account_id > $1 AND a.account_id <= $2
"""
"""Accounts that no number or no due day leads to, and those a finished run has passed over."""

PAYMENTS = """
SELECT i.account_id, i.entry_no AS no, i.source || ' ' || i.external_id AS subject,
    i.amount AS expected, e.amount AS found
FROM billing_inbox i LEFT JOIN billing_entry e ON e.account_id = i.account_id AND e.day = i.day
    AND e.no = i.entry_no AND e.kind = 'payment'
WHERE e.account_id IS NULL OR e.amount <> i.amount OR e.source <> i.source
    OR e.detail -> 'note' ->> 'external_id' <> i.external_id
UNION ALL
SELECT e.account_id, e.no, e.source || ' ' || coalesce(e.detail -> 'note' ->> 'external_id', ''),
    NULL, e.amount
FROM billing_entry e LEFT JOIN billing_inbox i ON i.account_id = e.account_id AND i.day = e.day
    AND i.entry_no = e.no
WHERE e.kind = 'payment' AND i.account_id IS NULL
LIMIT $1
"""
"""Payments the inbox and the entries disagree about."""

_ROLL_UPS = """
SELECT account_id, coalesce(fresh.section, kept.section) AS section,
    coalesce(fresh.line, kept.line) AS line, fresh.amount AS expected, kept.amount AS found
FROM ({month}) fresh
FULL JOIN (SELECT account_id, legal_entity_id, place_id, section, line, amount
    FROM billing_month WHERE month = $1) kept
    USING (account_id, legal_entity_id, place_id, section, line)
WHERE fresh.amount IS DISTINCT FROM kept.amount
    AND ($5::boolean OR coalesce(fresh.section, kept.section) <> 'opening')
LIMIT $4
""".replace("{month}", MONTH)

_PLACES = """
SELECT coalesce(s.section, p.section) AS section, coalesce(s.line, p.line) AS line, place_id,
    s.amount AS expected, p.amount AS found
FROM (SELECT legal_entity_id, place_id, section, line, sum(amount)::bigint AS amount
    FROM billing_month WHERE month = $1 GROUP BY 1, 2, 3, 4) s
FULL JOIN (SELECT legal_entity_id, place_id, section, line, amount
    FROM billing_month_place WHERE month = $1) p
    USING (legal_entity_id, place_id, section, line)
WHERE s.amount IS DISTINCT FROM p.amount LIMIT $2
"""

UNFINISHED = """
SELECT r.day, count(*) FILTER (WHERE NOT b.done) AS waiting FROM billing_run r
LEFT JOIN billing_batch b ON b.day = r.day WHERE r.finished_at IS NULL GROUP BY r.day ORDER BY r.day
"""
"""Runs that did not reach their end."""

_OPENED_THROUGH = """
SELECT coalesce((SELECT min(day) - 1 FROM billing_run WHERE finished_at IS NULL),
    (SELECT day FROM billing_installation))
"""
_MONTHS = """
SELECT m::date AS month, m < date_trunc('month', $3::date) AS closed,
    EXISTS (SELECT FROM billing_month r WHERE r.month = m::date) AS kept
FROM generate_series(
    date_trunc('month', $1::date), date_trunc('month', $2::date), interval '1 month') m
ORDER BY m
"""
NUMBERS = "SELECT account_id, number FROM billing_account WHERE account_id = ANY($1::bigint[])"
OWED = "SELECT -coalesce(sum(balance), 0)::bigint FROM billing_account"
COUNTED = "SELECT count(*) FROM billing_account"


async def opened_through(connection: Any) -> date:
    """The last day that is open for every account: the runs up to it are finished."""
    day: date = await connection.fetchval(_OPENED_THROUGH)
    return day


async def months(connection: Any, first: date, today: date) -> list[Any]:
    """The months since the first day: `kept` where there is a roll-up, `closed` where one belongs."""
    opened = await opened_through(connection)
    return list(await connection.fetch(_MONTHS, first, today, opened))


async def roll_up_differences(
    connection: Any, month: date, *, most: int, opening: bool = True
) -> list[Any]:
    """Lines of a month's roll-up that its entries and the month before do not say.

    Without `opening` the month before is left out: it has no roll-up to begin with.
    """
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return list(await connection.fetch(_ROLL_UPS, month, following, before, most, opening))


async def place_differences(connection: Any, month: date, *, most: int) -> list[Any]:
    """Lines of a month's roll-up by place that are not the sum of its accounts."""
    return list(await connection.fetch(_PLACES, month, most))


async def numbers_of(connection: Any, accounts: Sequence[int]) -> dict[int, str]:
    """The numbers of accounts by their ids."""
    rows = await connection.fetch(NUMBERS, list(accounts))
    return {row["account_id"]: row["number"] for row in rows}
