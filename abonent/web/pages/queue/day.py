"""The day of the queue: waiting and service times, who did not come, checklists of the offices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries.queue import Hall, halls, today
from abonent.crm.queries.queue_day import QueueDay, checklists_of, queue_day
from abonent.crm.rules.queue import VIEW, WORK
from abonent.crm.service.queue_checklists import tick_checklist
from abonent.crm.service.queue_windows import works_in
from abonent.kernel.i18n import N_, _
from abonent.web.access import PageRoute
from abonent.web.charts import Bars, Series, Value, bars, lines, rows_of
from abonent.web.fields import day_of, texts_of
from abonent.web.pages.queue.window import own_window
from abonent.web.render import page, signed_in

TARGET, HARD = 15, 30
"""Limits in minutes where offices with different ones are looked at together."""
_TICK = "item."
_DONE = {"part": N_("The ticks are kept"), "all": N_("The list is complete")}


async def show_day(request: Request) -> Response:
    """Show how the queue went on a day, in one office or in all."""
    by = signed_in(request).actor
    found = await halls()
    day, office = _asked(request, found)
    target = office.office.target_minutes if office else TARGET
    hard = office.office.hard_minutes if office else HARD
    seen = await queue_day(
        day, by=by, office=office.office.id if office else None, target=target, hard=hard
    )
    shown = [office] if office else found
    context = {
        "day": day,
        "office": office,
        "halls": found,
        "seen": seen,
        "target": target,
        "hard": hard,
        "today": today(),
        "before": day - timedelta(1),
        "after": day + timedelta(1),
        "lists": await checklists_of(day, by=by, offices=[one.office.id for one in shown]),
        "names": {one.office.id: one.office.name for one in found},
        **_charts(seen, shown),
    }
    return page(request, "queue/day.html", context)


def _asked(request: Request, found: list[Hall]) -> tuple[date, Hall | None]:
    given = request.query_params
    try:
        day = day_of(given["day"]) if given.get("day") else today()
    except ValueError:
        raise HTTPException(404) from None
    code = given.get("office", "")
    return day, next((one for one in found if one.office.code == code), None)


def _minutes(seconds: int) -> str:
    return _("{minutes} min", minutes=-(-seconds // 60))


def _charts(seen: QueueDay, shown: Sequence[Hall]) -> dict[str, Any]:
    """People and waits by hour, waits by service, services by window."""
    names = {one.id: one.name for hall in shown for one in hall.services}
    steps = [f"{hour:02}:00" for hour, _times in seen.hours]
    people = lines(
        [Series(_("Visitors"), [times.people for _hour, times in seen.hours])], steps, write=str
    )
    waits = lines(
        [
            Series(_("Average wait"), [_whole(times.waited) for _hour, times in seen.hours]),
            Series(_("Longest wait"), [_whole(times.longest) for _hour, times in seen.hours]),
        ],
        steps,
        write=lambda minutes: _("{minutes} min", minutes=minutes),
    )
    by_service = [(names.get(one, str(one)), times.waited) for one, times in seen.services]
    by_window = [
        (_("Window {number}", number=number), times.served)
        for number, times in seen.windows
        if times.served
    ]
    return {
        "people": people,
        "people_rows": rows_of(steps, people),
        "waits": waits,
        "waits_rows": rows_of(steps, waits),
        "named_services": [(names.get(one, "—"), times) for one, times in seen.services],
        "by_service": _bars(by_service),
        "by_window": _bars(by_window),
    }


def _whole(seconds: int) -> int:
    return -(-seconds // 60)


def _bars(values: Sequence[tuple[str, int]]) -> Bars:
    return bars([Value(label, number) for label, number in values], write=_minutes)


async def show_checklists(request: Request) -> Response:
    """Show the lists of today of one's own office, or of those one may work in."""
    by = signed_in(request).actor
    found = await halls()
    own, _window = own_window(found, by)
    offices = [own] if own else [one for one in found if works_in(by, one.office.id)]
    context = {
        "lists": await checklists_of(today(), by=by, offices=[one.office.id for one in offices]),
        "names": {one.office.id: one.office.name for one in offices},
        "day": today(),
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "queue/checklists.html", context)


async def tick(request: Request) -> Response:
    """Keep which items of a list are ticked."""
    form = texts_of(await request.form())
    items = [name.removeprefix(_TICK) for name in form if name.startswith(_TICK)]
    office, slug = request.path_params["office"], request.path_params["slug"]
    whole = await tick_checklist(office, slug, items, by=signed_in(request).actor)
    return RedirectResponse(f"/queue/checklists?done={'all' if whole else 'part'}", 303)


ROUTES = (
    PageRoute("/queue/day", show_day, right=VIEW, name="queue-day"),
    PageRoute("/queue/checklists", show_checklists, right=WORK),
    PageRoute("/queue/checklists/{office:int}/{slug:str}", tick, right=WORK, methods=("POST",)),
)
