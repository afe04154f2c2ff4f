"""The month's roll-up: what each account turned over, per place and line, kept when it closes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from abonent.billing.queries.lines import with_lines

_FORGET = "DELETE FROM billing_month WHERE month = $1"
_ROLL_UP = with_lines("""
INSERT INTO billing_month (month, account_id, legal_entity_id, place_id, section, line, amount)
SELECT $1::date, account_id, legal_entity_id, place_id, section, line, sum(amount)
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


async def roll_up(connection: Any, last_day: date) -> None:
    """Rebuild the roll-up of the month that ends on `last_day` from its entries and the one before.

    Every daily service was settled through that day, so nothing of the month is still to come.
    """
    first = last_day.replace(day=1)
    before = (first - timedelta(1)).replace(day=1)
    await connection.execute(_FORGET, first)
    await connection.execute(_ROLL_UP, first, last_day + timedelta(1), before)
