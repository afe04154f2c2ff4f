"""Loyalty in figures: the index with its margin, how it goes, what to improve, where it is low."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.claims import local_today
from abonent.crm.queries.messages import CHANNELS
from abonent.crm.queries.surveys_report import LONGEST, Report, report_on_surveys
from abonent.crm.rules.surveys import LEAST, NORM, STANDINGS, Standing
from abonent.crm.surveys import Survey, survey
from abonent.kernel.errors import FieldError
from abonent.kernel.i18n import N_, _
from abonent.web import charts
from abonent.web.forms import by_field
from abonent.web.pages.claims.report import day_given, year_before
from abonent.web.pages.surveys.words import against_norm, few, points, with_margin
from abonent.web.render import page, signed_in, written_count


async def show_report(request: Request) -> Response:
    """Show the figures of some days, the last twelve months when none are named."""
    by, given = signed_in(request).actor, request.query_params
    errors: dict[str, str] = {}
    last = day_given(given, "until", errors) or local_today()
    first = day_given(given, "since", errors) or year_before(last)
    if not 0 <= (last - first).days <= LONGEST.days:
        wrong = N_("From the first day to the last there are 1 to {most} days.")
        errors |= by_field((FieldError("since", str(first), wrong, {"most": LONGEST.days}),))
        first = year_before(last)
    questions = (await survey()).value
    found = await report_on_surveys(first, last, by=by, hours=questions.loop.hours)
    context = {
        "first": first,
        "last": last,
        "given": given,
        "errors": errors,
        "found": found,
        "hours": questions.loop.hours,
        "norm": points(NORM),
        "least": LEAST,
        "compared": against_norm(found.total.standing),
        "points": points,
        "with_margin": with_margin,
        **_drawn(found),
        **_named(found, questions),
    }
    return page(request, "surveys/report.html", context)


def _drawn(found: Report) -> dict[str, object]:
    """The charts of the whole: who answered how, and the index month by month."""
    whole = found.total.standing
    counts = (whole.promoters, whole.passives, whole.detractors)
    named = list(zip(STANDINGS, counts, _STYLES, strict=True))
    values = [charts.Value(_(STANDINGS[code][0]), n, style) for code, n, style in named]
    steps = [f"{month:%m.%y}" for month, _figures in found.months]
    enough = [None if few(one.standing) else one.standing.score for _month, one in found.months]
    return {
        "parts": charts.parts(values, write=written_count),
        "legend": [(_(STANDINGS[c][0]), _of_all(whole, n), style) for c, n, style in named],
        "by_month": charts.lines([charts.Series(_("index"), enough)], steps, write=points),
        "by_month_rows": [
            [
                step,
                written_count(one.sent),
                written_count(one.standing.answers),
                with_margin(one.standing),
            ]
            for step, (_month, one) in zip(steps, found.months, strict=True)
        ],
    }


_STYLES = (2, 0, 1)


def _of_all(whole: Standing, number: int) -> str:
    share = whole.share(number)
    return "—" if share is None else f"{written_count(number)} ({(share + 50) // 100} %)"


def _named(found: Report, questions: Survey) -> Mapping[str, object]:
    """Lists by name, and the bars of what those who would not recommend want improved."""
    kinds = {one.code: one.label for one in questions.kind}
    reasons = [(questions.reasons.label(code), code, one) for code, one in found.reasons]
    low = [charts.Value(name, one.detractors, 1) for name, _code, one in reasons if one.detractors]
    channels = found.by["channel"]
    return {
        "kinds": [(kinds.get(one.what, one.what), one) for one in found.by["kind"]],
        "channels": [(_(CHANNELS.get(one.what, one.what)), one) for one in channels],
        "reasons": reasons,
        "reason_bars": charts.bars(low, write=written_count),
        "worst": low[0].label if low else "",
    }
