"""What the automaton does for billing by itself."""

from __future__ import annotations

from abonent.billing.queries.day import day_state
from abonent.billing.rules.periods import DAY
from abonent.billing.service.days import close_days
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.jobs import JobContext, cron


@cron("billing.close_days", seconds=6 * 3600)
async def close_past_days(context: JobContext) -> None:
    """Close every day the calendar has left behind; an interrupted run is finished first.

    It starts every minute and mostly finds nothing to do: so a day closes at 00:00, and a
    machine that was off catches up when it is back.
    """
    state = await day_state(by=SYSTEM)
    if state is None:
        return
    behind = state.automatic and context.settings.day == "auto"
    today = clock.calendar_day(context.settings.timezone)
    if behind and state.day < today:
        await close_days(by=SYSTEM, through=today - DAY, settings=context.settings)
    elif state.state == "closing":
        await close_days(by=SYSTEM, through=state.day - DAY, settings=context.settings)
