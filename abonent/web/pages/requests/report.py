"""Requests in figures: what people turn to us with, by what channel, who answers and how well."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.requests_report import LONGEST, Figures, report_on_requests
from abonent.crm.rules.requests import CHANNELS
from abonent.crm.topics import classifier
from abonent.kernel import clock
from abonent.kernel.errors import FieldError
from abonent.kernel.i18n import N_, _, time_zone
from abonent.web import charts
from abonent.web.forms import by_field
from abonent.web.pages.claims.report import day_given
from abonent.web.render import page, signed_in, written_count

_SPAN = timedelta(days=29)
_MOST_BARS = 10


async def show_report(request: Request) -> Response:
    """Show the figures of some days, the last thirty when none are named."""
    by, given = signed_in(request).actor, request.query_params
    today = clock.now().astimezone(time_zone()).date()
    errors: dict[str, str] = {}
    last = day_given(given, "until", errors) or today
    first = day_given(given, "since", errors) or last - _SPAN
    if not timedelta(0) <= last - first <= LONGEST:
        wrong = N_("From the first day to the last there are 1 to {most} days.")
        errors |= by_field((FieldError("since", str(first), wrong, {"most": LONGEST.days}),))
        first = last - _SPAN
    found = await report_on_requests(first, last, by=by, now=clock.now())
    topics = {one.code: one.name for one in (await classifier()).topic}
    named = {
        "topic": [(topics.get(one.what or "", one.what or ""), one) for one in found.by["topic"]],
        "channel": [(_(CHANNELS[str(one.what)]), one) for one in found.by["channel"]],
        "owner": [(one.name or _("nobody yet"), one) for one in found.by["owner"]],
    }
    steps = [f"{day:%d.%m}" for day, _taken, _late in found.days]
    series = [
        charts.Series(_("came in"), [taken for _day_, taken, _late in found.days]),
        charts.Series(_("late"), [late for _day_, _taken, late in found.days]),
    ]
    by_day = charts.lines(series, steps, write=written_count)
    context = {
        "first": first,
        "last": last,
        "given": given,
        "errors": errors,
        "found": found,
        "named": named,
        "bars": charts.bars(_bars(named["topic"]), write=written_count),
        "by_day": by_day,
        "by_day_rows": charts.rows_of(steps, by_day),
        "done": _("The addresses are kept") if given.get("done") == "alarms" else "",
    }
    return page(request, "requests/report.html", context)


def _bars(rows: list[tuple[str, Figures]]) -> list[charts.Value]:
    return [
        charts.Value(name, one.taken, href=f"/all-requests?topic={one.what}")
        for name, one in rows[:_MOST_BARS]
    ]
