"""Asking for days to be closed by the worker: the caller does not wait, a kill loses nothing."""

from __future__ import annotations

from datetime import date

from abonent.billing.errors import BadDay, ClosingUnderWay
from abonent.billing.queries.books import installation
from abonent.billing.queries.closing import CLOSE_THROUGH, read_asked
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.jobs import plan_job

MOST_DAYS = 366
"""Days closed by one request: a year; more is a slip of the hand."""

_ONE_BY_ONE = "SELECT FROM billing_installation FOR UPDATE"
_KNOWN = "SELECT EXISTS (SELECT FROM job_run WHERE job = $1 AND key = $2)"


async def ask_closing(through: date, *, by: Actor, key: str) -> bool:
    """Plan the closing of every day up to `through`; False when this `key` asked before.

    Raises BadDay for a day already closed, Refused for too many, ClosingUnderWay while another
    request is being carried out.
    """
    by.require("billing.day.close")
    async with unit_of_work(by) as work:
        here = await installation(work.connection)
        await work.connection.execute(_ONE_BY_ONE)
        if await work.connection.fetchval(_KNOWN, CLOSE_THROUGH, key):
            return False
        _check(through, here.day)
        asked = await read_asked(work.connection)
        if asked is not None:
            raise ClosingUnderWay(asked.through, asked.at)
        arguments = {
            "first": here.day.isoformat(),
            "through": through.isoformat(),
            "by": f"{by.kind}:{by.id}",
        }
        await plan_job(CLOSE_THROUGH, key=key, arguments=arguments)
        await work.audit("billing:day:closing_asked", through.isoformat())
    return True


def _check(through: date, day: date) -> None:
    if through < day:
        raise BadDay("through", through, day)
    if (through - day).days >= MOST_DAYS:
        raise Refused(
            "TOO_MANY_DAYS",
            N_("At most {most} days are closed by one call; the open day is {open_day}."),
            field="through",
            value=through,
            most=MOST_DAYS,
            open_day=day,
        )
