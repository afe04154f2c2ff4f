"""What came of campaigns: noted for those written to and for the control alike, while it counts."""

from __future__ import annotations

from datetime import timedelta

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, unit_of_work

_SLACK = timedelta(days=2)
"""So much longer than the goal's days it is looked at: the last day is closed a night later."""

_LIVE = """
SELECT id, goal, goal_days FROM crm_campaign
WHERE launched_at IS NOT NULL
    AND (ended_at IS NULL OR ended_at + make_interval(days => goal_days) + $2 > $1) ORDER BY id
"""
# What was paid within the days, and was not taken back. A payment of the very day counts from the
# instant on at which somebody was decided on.
_PAID = """
UPDATE crm_campaign_person p SET amount = f.amount
FROM (
    SELECT x.who, coalesce(sum(e.amount), 0)::bigint AS amount
    FROM crm_campaign_person x
    LEFT JOIN billing_entry e ON e.account_id = x.account_id AND e.kind IN ('payment', 'reversal')
        AND e.day BETWEEN x.handled_on AND x.handled_on + $2::int
        AND (e.day > x.handled_on OR e.created_at >= x.handled_at)
    WHERE x.campaign_id = $1 AND x.state IN ('sent', 'control') GROUP BY x.who
) f
WHERE p.campaign_id = $1 AND p.who = f.who AND p.amount <> f.amount
"""
_PAID_ANYTHING = """
UPDATE crm_campaign_person p
SET reached_on = CASE WHEN amount > 0 THEN coalesce(reached_on, least(i.day, handled_on + $2::int)) END
FROM billing_installation i
WHERE p.campaign_id = $1 AND p.state IN ('sent', 'control') AND (amount > 0) <> (reached_on IS NOT NULL)
"""
# The balance at the end of the days: today's without what came later.
_DEBT_GONE = """
UPDATE crm_campaign_person p SET reached_on = CASE WHEN f.gone THEN least(i.day, p.handled_on + $2::int) END
FROM billing_installation i, (
    SELECT x.who, b.balance - coalesce((
        SELECT sum(e.amount) FROM billing_entry e
        WHERE e.account_id = x.account_id AND e.day > x.handled_on + $2::int), 0) >= 0 AS gone
    FROM crm_campaign_person x JOIN billing_account b ON b.account_id = x.account_id
    WHERE x.campaign_id = $1 AND x.state IN ('sent', 'control') AND x.balance < 0
) f
WHERE p.campaign_id = $1 AND p.who = f.who AND f.gone <> (p.reached_on IS NOT NULL)
"""
_RETURNED = """
UPDATE crm_campaign_person p SET reached_on = i.day
FROM billing_account b, billing_installation i
WHERE p.campaign_id = $1 AND p.state IN ('sent', 'control') AND p.reached_on IS NULL
    AND b.account_id = p.account_id AND p.account_state = 'suspended'
    AND b.state IN ('served', 'partly') AND i.day <= p.handled_on + $2::int
"""
_TARIFF = """
UPDATE crm_campaign_person p SET reached_on = p.handled_on + extract(day FROM f.at - p.handled_at)::int
FROM (
    SELECT x.who, min(a.at) AS at FROM crm_campaign_person x
    JOIN audit a ON a.account_id = x.account_id AND a.action = 'billing:tariff:changed'
        AND a.at >= x.handled_at AND a.at < x.handled_at + make_interval(days => $2::int)
    WHERE x.campaign_id = $1 AND x.state IN ('sent', 'control') AND x.reached_on IS NULL
    GROUP BY x.who
) f
WHERE p.campaign_id = $1 AND p.who = f.who
"""
_REQUEST = """
UPDATE crm_campaign_person p SET reached_on = p.handled_on + extract(day FROM f.at - p.handled_at)::int
FROM (
    SELECT x.who, min(r.received_at) AS at FROM crm_campaign_person x
    JOIN crm_request r ON r.account_id = x.account_id
        AND r.received_at >= x.handled_at
        AND r.received_at < x.handled_at + make_interval(days => $2::int)
    WHERE x.campaign_id = $1 AND x.state IN ('sent', 'control') AND x.reached_on IS NULL
    GROUP BY x.who
) f
WHERE p.campaign_id = $1 AND p.who = f.who
"""
_NOTED = "UPDATE crm_campaign SET noted_at = $2 WHERE id = $1"
_BY_GOAL = {
    "paid": (_PAID, _PAID_ANYTHING),
    "debt_gone": (_PAID, _DEBT_GONE),
    "returned": (_RETURNED,),
    "tariff": (_TARIFF,),
    "request": (_REQUEST,),
}


async def note_effects() -> int:
    """Note who reached the goal by now, of every campaign whose days still run; how many those are."""
    now = clock.now()
    async with reading() as connection:
        live = await connection.fetch(_LIVE, now, _SLACK)
    for row in live:
        async with unit_of_work(SYSTEM) as work:
            for statement in _BY_GOAL[row["goal"]]:
                await work.connection.execute(statement, row["id"], row["goal_days"])
            await work.connection.execute(_NOTED, row["id"], now)
    return len(live)
