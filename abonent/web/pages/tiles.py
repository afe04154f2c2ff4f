"""The tiles of the start page: how the open day goes and what waits for a person."""

from __future__ import annotations

from abonent.billing.queries.closing import asked_closing
from abonent.billing.queries.day import DayState, day_state, runs
from abonent.billing.queries.outside.unmatched import waiting_sum
from abonent.billing.queries.today import Sum, taken_today
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.pages.cash.tiles import drawers_left, fiscal_failed, own_drawer
from abonent.web.pages.claims.tiles import claims_waiting
from abonent.web.pages.quality.tiles import appeals_waiting
from abonent.web.pages.queue.tiles import queue_state
from abonent.web.pages.requests.tiles import requests_waiting
from abonent.web.render import written_count, written_day, written_money
from abonent.web.tiles import Tile


async def open_day(actor: Actor) -> Tile | None:
    """The open day; while it is being closed, how many accounts are still to be reached."""
    if not actor.may("billing.day.view"):
        return None
    state = await day_state(by=actor)
    return Tile(
        label=_("Business day"),
        value=written_day(state.day) if state else "—",
        note=await _note(state, actor),
        path="/day",
        icon="calendar-event",
    )


async def _note(state: DayState | None, actor: Actor) -> str:
    if state is None:
        return _("there is none yet")
    if state.state == "closing":
        left = written_count(state.lagging)
        return _("being closed, accounts still to be reached: {left}", left=left)
    if await asked_closing(by=actor) is not None:
        return _("its closing waits for the worker")
    return _("open, closes by itself at midnight") if state.automatic else _("open, closed by hand")


async def parked(actor: Actor) -> Tile | None:
    """Payments that nobody could match; no tile when none waits."""
    if not actor.may("billing.payment.settle"):
        return None
    waiting = await waiting_sum(by=actor)
    if not waiting.count:
        return None
    return Tile(
        label=_("Unmatched payments"),
        value=written_count(waiting.count),
        note=_in_all(Sum(waiting.count, waiting.amount)),
        path="/parked",
        icon="alert-triangle",
        urgent=True,
    )


async def taken(actor: Actor) -> Tile | None:
    """The payments taken on the open day, whatever their source: over all districts or not at all."""
    if actor.districts is not None or not actor.may("billing.payment.take"):
        return None
    state = await day_state(by=actor) if actor.may("billing.report.view") else None
    found = await taken_today(by=actor)
    return Tile(
        label=_("Payments of the open day"),
        value=written_count(found.count),
        note=_in_all(found),
        path=f"/turnover?from={state.day}&through={state.day}" if state else "/day",
        icon="cash",
    )


async def charged(actor: Actor) -> Tile | None:
    """What the latest finished run charged: over all districts or not at all."""
    if actor.districts is not None or not actor.may("billing.report.view"):
        return None
    if not actor.may("billing.day.view"):
        return None
    latest = [run for run in await runs(by=actor, most=2) if run.finished_at]
    if not latest:
        return None
    run = latest[0]
    return Tile(
        label=_("Charged when the day opened"),
        value=written_money(run.amount),
        note=_("{day}, accounts: {count}", day=run.day, count=written_count(run.reached)),
        path=f"/turnover?from={run.day}&through={run.day}",
        icon="receipt",
    )


def _in_all(found: Sum) -> str:
    return _("{amount:money} in all", amount=found.amount)


SOURCES = (
    requests_waiting,
    claims_waiting,
    appeals_waiting,
    queue_state,
    parked,
    fiscal_failed,
    drawers_left,
    own_drawer,
    open_day,
    taken,
    charged,
)
"""What must be cleared first, then how the day goes."""
