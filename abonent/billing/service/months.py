"""The month's roll-up: what each account turned over, per place and line, kept when it closes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from abonent.billing.rules.periods import month_end

_FORGET = "DELETE FROM billing_month WHERE month = $1"
_ROLL_UP = """
INSERT INTO billing_month (month, account_id, legal_entity_id, place_id, section, line, amount)
SELECT $1, account_id, legal_entity_id, place_id, section, line, sum(amount)
FROM (
    SELECT account_id, legal_entity_id, place_id,
        CASE WHEN kind IN ('charge', 'connection', 'fee', 'promise_fee', 'freeze_fee') THEN 'charge'
             WHEN kind IN ('payment', 'refund', 'bonus') THEN 'payment' ELSE 'correction' END AS section,
        CASE WHEN kind IN ('charge', 'connection', 'fee', 'promise_fee', 'freeze_fee')
             THEN substr(contra, 9)
             WHEN kind = 'payment' THEN source
             WHEN kind IN ('refund', 'bonus') THEN kind ELSE kind END AS line,
        CASE WHEN kind IN ('payment', 'refund', 'bonus') THEN amount ELSE -amount END AS amount
    FROM billing_entry WHERE day >= $1 AND day <= $2
    UNION ALL
    SELECT account_id, legal_entity_id, place_id, 'opening', '', amount FROM billing_month
    WHERE month = $3 AND section IN ('opening', 'charge', 'correction')
    UNION ALL
    SELECT account_id, legal_entity_id, place_id, 'opening', '', -amount FROM billing_month
    WHERE month = $3 AND section = 'payment'
) lines
GROUP BY account_id, legal_entity_id, place_id, section, line
HAVING sum(amount) <> 0 OR section <> 'opening'
"""


async def roll_up(connection: Any, last_day: date) -> None:
    """Rebuild the roll-up of the month that ends on `last_day` from its entries and the one before.

    Every daily service was settled on that day, so each entry lies within its month.
    """
    first = last_day.replace(day=1)
    before = (first - timedelta(1)).replace(day=1)
    await connection.execute(_FORGET, first)
    await connection.execute(_ROLL_UP, first, month_end(first), before)
