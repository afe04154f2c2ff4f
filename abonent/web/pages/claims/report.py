"""Claims in figures: on time, satisfied, per thousand subscribers, by subject, cause and month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.claims import local_today
from abonent.crm.queries.claims_report import LONGEST, Figures, report_on_claims
from abonent.crm.rules.claims import CAUSES, ON_TIME_NORM, SUBJECTS
from abonent.kernel.errors import FieldError
from abonent.kernel.i18n import N_, _
from abonent.web import charts
from abonent.web.fields import day_of
from abonent.web.forms import by_field
from abonent.web.render import page, signed_in, written_count

_MOST_BARS = 8


async def show_report(request: Request) -> Response:
    """Show the figures of some days, the last twelve months when none are named."""
    by, given = signed_in(request).actor, request.query_params
    today = local_today()
    errors: dict[str, str] = {}
    last = day_given(given, "until", errors) or today
    usual = year_before(last)
    first = day_given(given, "since", errors) or usual
    if not 0 <= (last - first).days <= LONGEST.days:
        wrong = N_("From the first day to the last there are 1 to {most} days.")
        errors |= by_field((FieldError("since", str(first), wrong, {"most": LONGEST.days}),))
        first = usual
    found = await report_on_claims(first, last, by=by)
    named = {
        "subject": [(_(SUBJECTS.get(one.what or "", "")), one) for one in found.by["subject"]],
        "cause": [
            (_(CAUSES[one.what]) if one.what else _("not told yet"), one)
            for one in found.by["cause"]
        ],
    }
    steps = [f"{month:%m.%y}" for month, _taken, _satisfied in found.months]
    series = [
        charts.Series(_("came in"), [taken for _month, taken, _satisfied in found.months]),
        charts.Series(
            _("satisfied of them"), [satisfied for _month, _taken, satisfied in found.months]
        ),
    ]
    by_month = charts.lines(series, steps, write=written_count)
    context = {
        "first": first,
        "last": last,
        "given": given,
        "errors": errors,
        "found": found,
        "named": named,
        "norm": ON_TIME_NORM,
        "bars": charts.bars(_bars(named["subject"]), write=written_count),
        "by_month": by_month,
        "by_month_rows": charts.rows_of(steps, by_month),
        "done": _("The rules are kept") if given.get("done") == "set" else "",
    }
    return page(request, "claims/report.html", context)


def _bars(rows: list[tuple[str, Figures]]) -> list[charts.Value]:
    return [
        charts.Value(name, one.taken, href=f"/all-claims?subject={one.what}")
        for name, one in rows[:_MOST_BARS]
    ]


def year_before(day: date) -> date:
    """The first day of the month eleven months before."""
    months = day.year * 12 + day.month - 12
    return date(months // 12, months % 12 + 1, 1)


def day_given(given: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    """The day in a field of the address; what is no day is noted in `errors`."""
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        return day_of(text)
    except ValueError:
        wrong = FieldError(name, text, N_("A date is written YYYY-MM-DD."))
        errors |= by_field((wrong,))
        return None
