"""Calls about the business day: reading it and closing days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from abonent.billing.errors import BadDay, NotBegun
from abonent.billing.queries.books import installation
from abonent.billing.queries.day import day_state, run_totals
from abonent.billing.service.days import close_days, finish_runs
from abonent.kernel import clock
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.idempotency import remember, remembered
from abonent.web.api.answers import ClosedAnswer, DayAnswer
from abonent.web.api.inputs import CloseDay, Nothing
from abonent.web.api.operations import (
    Asked,
    Operation,
    scope_of,
)

MOST_DAYS = 1100
"""Days closed by one call: three years; more is a slip of the hand."""

_BEGUN, _DONE = 102, 200


@dataclass(frozen=True, slots=True)
class _Plan:
    first: date
    last: date


async def show_day(asked: Asked[Nothing]) -> DayAnswer:
    """Show the open business day."""
    state = await day_state(by=asked.by)
    if state is None:
        raise NotBegun
    return DayAnswer(day=state.day, state=state.state, lagging=state.lagging)


async def _open_day() -> date:
    async with reading() as connection:
        return (await installation(connection)).day


async def close_day(asked: Asked[CloseDay]) -> ClosedAnswer:
    """Close business days and answer when every account was reached.

    A run commits batch by batch, so the key first remembers which days are meant; the same call
    after a failure finishes those days and closes no others.
    """
    started = clock.monotonic()
    plan = await _begin(asked)
    if isinstance(plan, ClosedAnswer):
        return plan
    if await _open_day() <= plan.last:
        await close_days(by=asked.by, through=plan.last, settings=asked.settings)
    else:
        await finish_runs()
    accounts, charges, amount = await run_totals(plan.first, plan.last, by=asked.by)
    answer = ClosedAnswer(
        day=plan.last + timedelta(1),
        accounts=accounts,
        charges=charges,
        amount=amount,
        seconds=round(clock.monotonic() - started, 3),
    )
    return await _finish(asked, answer)


async def _begin(asked: Asked[CloseDay]) -> _Plan | ClosedAnswer:
    """The days meant by this call, or the answer its key already has."""
    async with unit_of_work(asked.by) as work:
        if asked.key is not None:
            known = await remembered(
                work.connection,
                key=asked.key,
                scope=scope_of(asked.by),
                request=asked.fingerprint,
            )
            if known and known.status == _DONE:
                return ClosedAnswer(**known.body)
            if known:
                return _Plan(*(date.fromisoformat(known.body[n]) for n in ("first", "last")))
        day = await _open_day()
        plan = _Plan(day, _checked(asked.given.through or day, day))
        if asked.key is not None:
            body = {"first": plan.first, "last": plan.last}
            await remember(
                work.connection,
                key=asked.key,
                scope=scope_of(asked.by),
                status=_BEGUN,
                body=body,
            )
    return plan


def _checked(last: date, day: date) -> date:
    if last < day:
        raise BadDay("through", last, day)
    if (last - day).days >= MOST_DAYS:
        raise Refused(
            "TOO_MANY_DAYS",
            N_("At most {most} days are closed by one call; the open day is {open_day}."),
            field="through",
            value=last,
            most=MOST_DAYS,
            open_day=day,
        )
    return last


async def _finish(asked: Asked[CloseDay], answer: ClosedAnswer) -> ClosedAnswer:
    """Remember the answer; of two equal calls side by side the first one's stands."""
    if asked.key is None:
        return answer
    async with unit_of_work(asked.by) as work:
        connection, scope = work.connection, scope_of(asked.by)
        known = await remembered(connection, key=asked.key, scope=scope, request=asked.fingerprint)
        if known and known.status == _DONE:
            return ClosedAnswer(**known.body)
        await remember(
            connection,
            key=asked.key,
            scope=scope,
            status=_DONE,
            body=answer.model_dump(mode="json"),
        )
    return answer


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path="/day",
        name="show_day",
        summary="The open business day",
        right="billing.day.view",
        do=show_day,
        answer=DayAnswer,
        refusals=(400, 401, 403, 409),
    ),
    Operation(
        method="POST",
        path="/day/close",
        name="close_day",
        summary="Close business days through one; answers when every account was reached",
        right="billing.day.close",
        do=close_day,
        given=CloseDay,
        answer=ClosedAnswer,
        refusals=(400, 401, 403, 409, 422),
        own_key=True,
    ),
)
