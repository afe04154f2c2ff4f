"""A card of quality with its appeal, and the results of a month with what is still to be judged."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.quality_form import quality_form, quality_hashes
from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.quality import (
    VIEW,
    bars_own_card,
    lines_met,
    own_cards,
    quality_card,
    results,
    to_judge,
    weeks,
)
from abonent.crm.queries.quality_appeals import DECIDE, appeals_for, deciders_of
from abonent.crm.rules.quality import APPEAL, week_of
from abonent.crm.service.quality import draw_sample, move_card
from abonent.kernel import clock
from abonent.kernel.i18n import N_, _, time_zone
from abonent.kernel.workflow import LONGEST_NOTE, moves_of
from abonent.web import charts
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.conversations import words
from abonent.web.render import desk_of, page, signed_in, written_count

_DONE = {
    "judged": N_("The card is kept"),
    "agree": N_("You have agreed to the card"),
    "appeal": N_("The appeal is made"),
    "uphold": N_("The card stays as it is"),
    "change": N_("The card is judged anew"),
    "drawn": N_("The sample is drawn"),
}
_WEEKS_BACK = 4
_POINTS = 100
"""What a card makes at most."""
WHY = {"random": (N_("at random"), ""), "complaint": (N_("a complaint"), "bad")}


async def show_card(request: Request) -> Response:
    """Show a card: each line, what was met of it, and how the appeal went."""
    by, card = signed_in(request).actor, request.path_params["card"]
    found = await quality_card(card, by=by)
    form = (await quality_form()).value
    own = found.actor == actor_code(by)
    moves = [
        move for move in APPEAL.moves_from(found.state, by=by) if own == (move.right == "desk.open")
    ]
    barred = bool(moves) and not own and await bars_own_card(found, by=by)
    appealed = found.state == "appealed"
    context = {
        "found": found,
        "cw": words,
        "appealed": appealed,
        "deciders": await deciders_of(card) if appealed else [],
        "card": form,
        "same_text": found.form in await quality_hashes(),
        "state": APPEAL.state(found.state),
        "moves": () if barred else moves,
        "barred": barred,
        "workflow": APPEAL,
        "log": await moves_of(APPEAL, card),
        "told": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "quality/card.html", context)


def _month(text: str) -> date:
    """The first day of the month that is asked for ("2026-11"), else of this one."""
    today = clock.now().astimezone(time_zone()).date()
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    # Months before and after it are shown too.
    return month if date.min.year < month.year < date.max.year else today.replace(day=1)


def _next(month: date) -> date:
    return (month + timedelta(32)).replace(day=1)


async def show_quality(request: Request) -> Response:
    """Show the results of a month: by week, by employee, by line, and what is to be judged."""
    by, form = signed_in(request).actor, (await quality_form()).value
    month = _month(request.query_params.get("month", ""))
    begin, end = (datetime.combine(day, time(), time_zone()) for day in (month, _next(month)))
    since = begin - timedelta(weeks=_WEEKS_BACK)
    zone = desk_of(request).settings.timezone
    by_week = await weeks(since, end, by=by, zone=zone)
    tomorrow = clock.now().astimezone(time_zone()).date() + timedelta(1)
    shown = _weeks(week_of(since.date()), min(end.date(), tomorrow))
    drawn = _chart(shown, by_week, form.target)
    context = {
        "month": month,
        "before": (month - timedelta(1)).replace(day=1),
        "after": _next(month),
        "card": form,
        "results": await results(begin, end, by=by, target=form.target),
        "lines": await lines_met(begin, end, by=by),
        "drawn": drawn,
        "rows": charts.rows_of([f"{day:%d.%m}" for day in shown], drawn) if drawn else [],
        "waiting": await to_judge(since.date(), by=by) if by.may("crm.quality.judge") else [],
        "everybody": by.may(VIEW),
        "appeals": await appeals_for(by=by) if by.may(DECIDE) else [],
        "own": await own_cards(by=by),
        "why": WHY,
        "states": APPEAL,
        "told": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "quality/results.html", context)


def _weeks(first: date, end: date) -> list[date]:
    count = (end - first).days // 7 + 1
    every = [first + timedelta(7 * place) for place in range(count)]
    return [day for day in every if day < end]


def _chart(
    shown: list[date], by_week: dict[date, tuple[int, int]], target: int
) -> charts.Lines | None:
    if not by_week:
        return None
    means = [by_week[day][1] if day in by_week else None for day in shown]
    return charts.lines(
        [charts.Series(_("Points"), means), charts.Series(_("Target"), [target] * len(shown))],
        [f"{day:%d.%m}" for day in shown],
        write=written_count,
        most=_POINTS,
    )


async def _draw_opened(_request: Request) -> Opened:
    week = week_of(clock.now().astimezone(time_zone()).date()) - timedelta(7)
    form = (await quality_form()).value
    return Opened(back="/quality", given={"week": week.isoformat()}, about=form.sample)


async def _draw(request: Request, values: Values) -> str:
    await draw_sample(week_of(values["week"]), by=signed_in(request).actor)
    return f"/quality?done=drawn&month={values['week']:%Y-%m}"


async def _move_opened(request: Request) -> Opened:
    card = request.path_params["card"]
    found = await quality_card(card, by=signed_in(request).actor)
    move = APPEAL.move(found.state, request.path_params["move"])
    about = _(move.label)
    if move.target == "appealed" and (names := await deciders_of(card)):
        about = _("The appeal is decided by: {names}.", names=", ".join(names))
    return Opened(back=f"/quality/cards/{card}", about=about)


async def _move(request: Request, values: Values) -> str:
    card, name = request.path_params["card"], request.path_params["move"]
    await move_card(card, name, by=signed_in(request).actor, note=values["note"])
    return f"/quality/cards/{card}?done={name}"


DRAW = Dialog(
    path="/quality/draw",
    right="crm.quality.judge",
    title=N_("Draw a sample"),
    commit=N_("Draw"),
    fields=(
        Field(
            name="week",
            label=N_("Any day of the week"),
            kind=Kind.DAY,
            hint=N_("Drawn again, the same conversations come, with what was added since."),
        ),
    ),
    opened=_draw_opened,
    do=_draw,
)
MOVE = Dialog(
    path="/quality/cards/{card:int}/moves/{move:str}",
    right="desk.open",
    title=N_("Card of quality"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="note",
            label=N_("What you say to it"),
            kind=Kind.AREA,
            required=False,
            longest=LONGEST_NOTE,
        ),
    ),
    opened=_move_opened,
    do=_move,
)
