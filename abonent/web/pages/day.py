"""The business day: whether it is open, the run that opens the next one, closing by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from abonent.billing import jobs
from abonent.billing.errors import NotBegun
from abonent.billing.queries.closing import AskedClosing, accounts_reached, asked_closing
from abonent.billing.queries.day import DayState, RunState, day_state, runs
from abonent.billing.service.closing import ask_closing
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Conflict, DomainError, FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.web.errors import status_of
from abonent.web.forms import by_field, form_of, go_to
from abonent.web.queries import name_of
from abonent.web.render import desk_of, fragment, page, page_or_block, rendered, signed_in

TICK = 1.0
"""Seconds between two looks at the run while somebody watches it."""

WATCH_SECONDS = 600
"""After this long the browser connects again, and is asked who it is."""

FEW, MANY = 14, 100
"""Runs in the list: a fortnight, and what one may ask for."""

_PATIENCE = 30
"""Seconds after which a closing that no worker has taken is said to wait for one."""

_DECLARED = jobs.close_through
"""What is asked for here is declared there: importing it lets this process plan it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the page shows of the day; `run` is the run under way."""

    state: DayState
    runs: list[RunState]
    run: RunState | None
    asked: AskedClosing | None
    now: datetime
    since: datetime | None = None
    reached_then: int = 0

    @property
    def seconds(self) -> int:
        """How long the run has been going."""
        return int((self.now - self.run.started_at).total_seconds()) if self.run else 0

    @property
    def rate(self) -> int:
        """Accounts a second: of late where that was watched, else since the start."""
        if self.run is None:
            return 0
        if self.since is not None and self.run.reached > self.reached_then:
            lately = (self.now - self.since).total_seconds()
            return int((self.run.reached - self.reached_then) / max(lately, 1))
        return self.run.reached // max(self.seconds, 1)

    @property
    def seconds_left(self) -> int | None:
        """How long the run will still take at this rate; None before that can be said."""
        if self.run is None or not self.rate:
            return None
        return (self.run.size - self.run.reached) // self.rate

    @property
    def nobody_came(self) -> bool:
        """Tell whether a closing waits for a worker longer than one takes to come."""
        return bool(
            self.asked
            and not self.asked.attempts
            and self.run is None
            and (self.now - self.asked.at).total_seconds() > _PATIENCE
        )

    @property
    def busy(self) -> bool:
        """Tell whether anything is under way that is worth looking at again."""
        return self.run is not None or self.asked is not None

    @property
    def mark(self) -> str:
        """What must differ for the whole page to be drawn anew."""
        finished = max((run.day for run in self.runs if run.finished_at), default=None)
        return f"{self.state.day}_{self.busy}_{finished}"


async def _watch(by: Actor, most: int = FEW) -> Watched:
    state = await day_state(by=by)
    if state is None:
        raise NotBegun
    latest = await runs(by=by, most=most)
    under_way = [run for run in latest if run.finished_at is None]
    asked = await asked_closing(by=by)
    return Watched(state, latest, under_way[-1] if under_way else None, asked, clock.now())


async def _shown(request: Request, watched: Watched) -> dict[str, Any]:
    settings, actor = desk_of(request).settings, signed_in(request).actor
    today = clock.calendar_day(settings.timezone)
    return {
        "watched": watched,
        "most": FEW,
        "behind": (today - watched.state.day).days,
        "automatic": watched.state.automatic and settings.day == "auto",
        # What a run came to is of the whole base: who is confined to districts sees that it goes.
        "whole": actor.districts is None,
        "due": await accounts_reached(watched.state.day, by=actor),
        "asked_by": await name_of(watched.asked.by) if watched.asked else None,
    }


async def show_day(request: Request) -> Response:
    """Show the open day, the run under way and the latest runs."""
    most = MANY if request.query_params.get("runs") == str(MANY) else FEW
    watched = await _watch(signed_in(request).actor, most)
    return page(request, "day.html", await _shown(request, watched) | {"most": most})


async def show_live(request: Request) -> Response:
    """Answer the moving parts of the page, for browsers that cannot hold a stream."""
    watched = await _watch(signed_in(request).actor)
    return fragment(request, "day.html", "live", await _shown(request, watched))


async def stream(request: Request) -> Response:
    """Send the moving parts of the page as they move."""
    return EventSourceResponse(_told(request), ping=15)


async def _told(request: Request) -> AsyncIterator[ServerSentEvent]:
    actor, started = signed_in(request).actor, clock.monotonic()
    # A page that shows this already is left alone: somebody may be pressing its button.
    mark, first = request.query_params.get("seen", ""), None
    while clock.monotonic() - started < WATCH_SECONDS:
        seen = await _watch(actor)
        if seen.run and (first is None or first.run is None or first.run.day != seen.run.day):
            first = seen
        if seen.run and first and first.run:
            seen = replace(seen, since=first.now, reached_then=first.run.reached)
        block = "live" if seen.mark != mark else "progress"
        if block == "live" or seen.busy:
            text = rendered(request, "day.html", block, await _shown(request, seen))
            yield ServerSentEvent(data=text)
        mark = seen.mark
        await anyio.sleep(TICK)


# closing by hand


async def show_closing(request: Request) -> Response:
    """Show the dialog that closes days: through which one, and what follows from it."""
    state = await day_state(by=signed_in(request).actor)
    if state is None:
        raise NotBegun
    typed = {"through": state.day.isoformat(), "confirm": "", "key": str(new_id())}
    return await _dialog(request, state, typed)


async def show_outcome(request: Request) -> Response:
    """Show again what follows, for another last day."""
    state = await day_state(by=signed_in(request).actor)
    if state is None:
        raise NotBegun
    typed = {"through": request.query_params.get("through", "")}
    return fragment(request, "day_close.html", "outcome", await _outcome(request, state, typed))


async def close_day(request: Request) -> Response:
    """Ask the worker to close the days; what is wrong comes back beside its field."""
    actor = signed_in(request).actor
    form = {"through": "", "confirm": "", "key": str(new_id())} | await form_of(request)
    state = await day_state(by=actor)
    if state is None:
        raise NotBegun
    try:
        through = _day(form)
        reached = await accounts_reached(max(through, state.day), by=actor)
        if "".join(form["confirm"].split()) != str(reached):
            raise Malformed.of("confirm", "", N_("This is not the number of accounts above."))
        await ask_closing(through, by=actor, key=form["key"])
    except Malformed as error:
        return await _dialog(request, state, form, errors=by_field(error.errors), status=422)
    except Conflict as error:
        return await _dialog(request, state, form, refusal=error, status=409)
    except DomainError as error:
        wrong = {error.field or "through": error.text()}
        return await _dialog(request, state, form, errors=wrong, status=status_of(error))
    return go_to(request, "/day")


def _day(form: dict[str, str]) -> date:
    try:
        return date.fromisoformat(form.get("through", ""))
    except ValueError:
        wrong = FieldError("through", form.get("through"), N_("Give a day."))
        raise Malformed(wrong) from None


async def _outcome(request: Request, state: DayState, typed: dict[str, str]) -> dict[str, Any]:
    try:
        through = max(_day(typed), state.day)
    except Malformed:
        through = state.day
    today = clock.calendar_day(desk_of(request).settings.timezone)
    return {
        "state": state,
        "through": through,
        "days": (through - state.day).days + 1,
        "next_day": through + timedelta(1),
        "due": await accounts_reached(through, by=signed_in(request).actor),
        "early": through >= today,
    }


async def _dialog(
    request: Request,
    state: DayState,
    typed: dict[str, str],
    *,
    errors: Any = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> Response:
    context = await _outcome(request, state, typed)
    context |= {"typed": typed, "errors": errors or {}, "refusal": refusal}
    return page_or_block(request, "day_close.html", "dialog", context, status=status)
