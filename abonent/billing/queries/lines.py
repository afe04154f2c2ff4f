"""Lines of the turnover sheet: the one place that says which section and line an entry falls into.

The sheet speaks of what subscribers owe: charges are positive, and so are payments, which it
subtracts; corrections carry the sign of the debt (what is given back is negative).

An entry of a daily tariff belongs to the days it charges, not to the day it was posted on; where
the edge of a sheet cuts it, its day shares are taken (ENGINE 2), all other entries belong to their
day.
"""

from __future__ import annotations

from abonent.billing.rules.book import CHARGE_KINDS, Kind

_SECTION = """CASE
    WHEN kind IN ('charge', 'connection', 'fee', 'promise_fee', 'freeze_fee') THEN 'charge'
    WHEN kind IN ('payment', 'refund', 'bonus') THEN 'payment' ELSE 'correction' END"""
_LINE = """CASE
    WHEN kind IN ('charge', 'connection', 'fee', 'promise_fee', 'freeze_fee') THEN substr(contra, 9)
    WHEN kind = 'payment' THEN coalesce(source, '') ELSE kind END"""
_SIGNED = "CASE WHEN kind IN ('payment', 'refund', 'bonus') THEN amount ELSE -amount END"

_PLAIN_CUT = """((2 * fee * (least(period_to, $2) - billing_from) + (billing_to - billing_from))
            / (2 * (billing_to - billing_from))
        - (2 * fee * (greatest(period_from, $1) - billing_from) + (billing_to - billing_from))
            / (2 * (billing_to - billing_from)))"""
_SLICES_CUT = """(SELECT coalesce(sum(
            (2 * (s ->> 8)::bigint * (least((s ->> 1)::date, $2) - (s ->> 2)::date)
                + ((s ->> 3)::date - (s ->> 2)::date)) / (2 * ((s ->> 3)::date - (s ->> 2)::date))
            - (2 * (s ->> 8)::bigint * (greatest((s ->> 0)::date, $1) - (s ->> 2)::date)
                + ((s ->> 3)::date - (s ->> 2)::date)) / (2 * ((s ->> 3)::date - (s ->> 2)::date))
        ), 0)::bigint
        FROM jsonb_array_elements(detail -> 'slices') s
        WHERE (s ->> 1)::date > $1 AND (s ->> 0)::date < $2)"""

WITHIN = """
SELECT account_id, legal_entity_id, place_id, kind, contra, source,
    CASE WHEN through IS NULL OR (period_from >= $1 AND through < $2) THEN amount
         WHEN fee IS NOT NULL THEN -{plain}
         ELSE -{slices} END AS amount
FROM billing_entry
WHERE day >= $1::date
    AND day < date_trunc('month', ($2::date - 1)::timestamp)::date + interval '1 month'
    AND CASE WHEN through IS NULL THEN day >= $1 AND day < $2
             ELSE through >= $1 AND period_from < $2 END
""".replace("{plain}", _PLAIN_CUT).replace("{slices}", _SLICES_CUT)
"""What entries moved on the days [$1, $2).

A daily entry is posted after its days and, because every month's last day settles, within their
month: that bounds the partitions to be looked through (and the proof checks it)."""


def with_lines(statement: str) -> str:
    """Complete a statement: {within}, {section}, {line} and {signed} stand for the definitions here."""
    return (
        statement.replace("{within}", WITHIN)
        .replace("{section}", _SECTION)
        .replace("{line}", _LINE)
        .replace("{signed}", _SIGNED)
    )


MONTH = with_lines("""
SELECT account_id, legal_entity_id, place_id, section, line, sum(amount)::bigint AS amount
FROM (
    SELECT account_id, legal_entity_id, place_id, {section} AS section, {line} AS line,
        {signed} AS amount
    FROM ({within}) moved
    UNION ALL
    SELECT account_id, legal_entity_id, place_id, 'opening', '',
        CASE WHEN section = 'payment' THEN -amount ELSE amount END
    FROM billing_month WHERE month = $3
) lines
GROUP BY account_id, legal_entity_id, place_id, section, line
HAVING sum(amount) <> 0 OR section <> 'opening'
""")
"""What the month [$1, $2) rolls up to: its entries, and the closing of the month $3 as opening."""


def line_of(kind: Kind, contra: str, source: str | None) -> tuple[str, str]:
    """The section and line of an entry not yet posted; the same definition in Python."""
    if kind in CHARGE_KINDS:
        return "charge", contra.removeprefix("revenue.")
    if kind is Kind.PAYMENT:
        return "payment", source or ""
    if kind in {Kind.REFUND, Kind.BONUS}:
        return "payment", kind.value
    return "correction", kind.value


def signed(section: str, amount: int) -> int:
    """An amount as the sheet shows it: payments as they are, all else as debt."""
    return amount if section == "payment" else -amount
