"""The analysis of tariffs: a month by tariff, its charts, migrations, and a workbook of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.dates import format_date
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.tariff_analysis import Seen, tariff_analysis, tariff_history
from abonent.billing.rules.tariff_analysis import NO_TARIFF, Analysis, Figures, Flag, Line
from abonent.kernel.i18n import N_, _, current_language
from abonent.kernel.registers.declaration import Column, Kind
from abonent.web.charts import Lines, Series, Value, bars, lines, parts, rows_of, sparkline
from abonent.web.registers.files import XlsxFile
from abonent.web.render import (
    desk_of,
    page,
    signed_in,
    written_count,
    written_money,
    written_share,
)

FLAGS = {
    Flag.ARCHIVE_LARGE: N_("holds much of the base"),
    Flag.ARPU_LOW: N_("brings much less than its analogue"),
}
SHOWN_BARS = 10
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATES = {True: N_("archive"), False: N_("on sale")}
_COLUMNS = (
    ("name", N_("Tariff"), Kind.TEXT),
    ("code", N_("Code"), Kind.TEXT),
    ("state", N_("State"), Kind.TEXT),
    ("began", N_("At the beginning"), Kind.NUMBER),
    ("came", N_("Connected"), Kind.NUMBER),
    ("gone", N_("Left"), Kind.NUMBER),
    ("moved_in", N_("Came from other tariffs"), Kind.NUMBER),
    ("moved_out", N_("Went to other tariffs"), Kind.NUMBER),
    ("ended", N_("At the end"), Kind.NUMBER),
    ("share", N_("Share"), Kind.PERCENT),
    ("charged", N_("Charged"), Kind.MONEY),
    ("corrected", N_("Corrections"), Kind.MONEY),
    ("revenue", N_("Revenue"), Kind.MONEY),
    ("revenue_share", N_("Share of revenue"), Kind.PERCENT),
    ("arpu", N_("Revenue per subscriber"), Kind.MONEY),
    ("promo", N_("With a discount"), Kind.PERCENT),
    ("debtors", N_("In debt"), Kind.PERCENT),
    ("churn", N_("Churn"), Kind.PERCENT),
    ("analogue", N_("Compared with"), Kind.TEXT),
    ("drag", N_("Forgone a month"), Kind.MONEY),
    ("flags", N_("Attention"), Kind.TEXT),
)

History = Mapping[date, Mapping[int, Figures]]


async def show_analysis(request: Request) -> Response:
    """Show a month; without one the last that is closed."""
    by = signed_in(request).actor
    seen = await tariff_analysis(by=by, month=_asked(request))
    found = seen.analysis
    history = dict(await tariff_history(by=by, until=found.month))
    history[found.month] = {line.tariff.id: line.figures for line in found.lines}
    history[found.month] |= {NO_TARIFF: found.other}
    context = {
        "seen": seen,
        "found": found,
        "flags": FLAGS,
        "sparks": {line.tariff.id: _spark(line, history) for line in found.lines},
        "before": _neighbour(found.month, -1, seen),
        "after": _neighbour(found.month, 1, seen),
        "moves": _matrix(found),
        **_charts(found, history),
    }
    return page(request, "settings/analysis.html", context)


def _asked(request: Request) -> date | None:
    text = request.query_params.get("month", "")
    try:
        return date.fromisoformat(f"{text[:7]}-01") if text else None
    except ValueError:
        raise HTTPException(404) from None


def _neighbour(month: date, by: int, seen: Seen) -> str:
    total = month.year * 12 + month.month - 1 + by
    other = date(total // 12, total % 12 + 1, 1)
    return f"{other:%Y-%m}" if seen.first <= other <= seen.open_month else ""


def _spark(line: Line, history: History) -> list[str]:
    """The services of a tariff at each month's end."""
    own = [month.get(line.tariff.id) for month in history.values()]
    return sparkline([None if one is None else one.ended for one in own])


def _matrix(found: Analysis) -> dict[str, Any]:
    """Who went from which tariff to which: only tariffs that anybody left or joined."""
    lines_by_id = {line.tariff.id: line.tariff for line in found.lines}
    sources = [one for key, one in lines_by_id.items() if any(k == key for k, _to in found.moves)]
    targets = [one for key, one in lines_by_id.items() if any(k == key for _from, k in found.moves)]
    return {"sources": sources, "targets": targets}


def _charts(found: Analysis, history: History) -> dict[str, Any]:
    shown = [line for line in found.lines if line.figures.ended]
    largest = [
        Value(one.tariff.name, one.figures.ended, _style(one), _subscribers(one))
        for one in shown[:SHOWN_BARS]
    ]
    rest = sum(one.figures.ended for one in shown[SHOWN_BARS:])
    if rest:
        largest.append(Value(_("Others"), rest, 2))
    rated = [one for one in shown if one.figures.arpu is not None]
    rated.sort(key=lambda one: -(one.figures.arpu or 0))
    steps = [format_date(month, "LLL yy", locale=current_language()) for month in history]
    growth, income = _growth(history, steps), _income(history, steps)
    return {
        "shares": bars(largest, write=lambda n: _with_share(n, found.total.ended)),
        "arpus": bars(
            [Value(o.tariff.name, o.figures.arpu or 0, _style(o)) for o in rated[:SHOWN_BARS]],
            write=written_money,
        ),
        "base": parts(_states(shown), write=lambda n: _with_share(n, found.total.ended)),
        "growth": growth,
        "growth_rows": rows_of(steps, growth),
        "income": income,
        "income_rows": rows_of(steps, income),
    }


def _style(line: Line) -> int:
    return 1 if line.figures.archived else 0


def _subscribers(line: Line) -> str:
    return f"/subscribers?tariff={line.tariff.code}"


def _with_share(number: int, total: int) -> str:
    share = number * 10_000 // total if total else 0
    return f"{written_count(number)} · {written_share(share // 10 * 10)}"


def _states(shown: Sequence[Line]) -> list[Value]:
    archived = sum(one.figures.ended for one in shown if one.figures.archived)
    everything = sum(one.figures.ended for one in shown)
    return [
        Value(_("on sale"), everything - archived, 0),
        Value(_("archive"), archived, 1),
    ]


def _growth(history: History, steps: Sequence[str]) -> Lines:
    """Services at each month's end: on sale and in the archive."""
    series = [
        Series(
            _(word),
            [sum(one.ended for one in m.values() if one.archived is old) for m in history.values()],
        )
        for old, word in ((False, N_("on sale")), (True, N_("archive")))
    ]
    return lines(series, steps, write=written_count)


def _income(history: History, steps: Sequence[str]) -> Lines:
    """Revenue per service in each month."""
    totals = []
    for month in history.values():
        total = Figures()
        for one in month.values():
            total.add(one)
        totals.append(total.arpu)
    return lines([Series(_("Revenue per subscriber"), totals)], steps, write=written_money)


async def download_analysis(request: Request) -> Response:
    """Answer the month as a workbook."""
    seen = await tariff_analysis(by=signed_in(request).actor, month=_asked(request))
    columns = [Column(name=name, label=label, sql="", kind=kind) for name, label, kind in _COLUMNS]
    zone = desk_of(request).settings.timezone
    title = f"{_('Tariffs')} {seen.analysis.month:%Y-%m}"
    rows = [_row(line) for line in seen.analysis.lines] + [_other(seen.analysis)]
    content = await asyncio.to_thread(_workbook, columns, rows, title, zone)
    name = f"tariffs_{seen.analysis.month:%Y-%m}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=_XLSX, headers=headers)


def _workbook(
    columns: Sequence[Column], rows: Sequence[dict[str, Any]], title: str, zone: str
) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tariffs.xlsx"
        book = XlsxFile(path, columns, title=title, zone=zone)
        book.write(rows)
        book.close()
        return path.read_bytes()


def _row(line: Line) -> dict[str, Any]:
    own = line.figures
    plain = ("began", "came", "gone", "moved_in", "moved_out", "ended", "charged", "corrected")
    return {name: getattr(own, name) for name in (*plain, "revenue", "arpu", "churn")} | {
        "name": line.tariff.name,
        "code": line.tariff.code,
        "state": _(_STATES[own.archived]),
        "share": line.share,
        "revenue_share": line.revenue_share,
        "promo": line.promo_share,
        "debtors": line.debtor_share,
        "analogue": line.analogue.name if line.analogue else "",
        "drag": line.drag if line.analogue else None,
        "flags": ", ".join(_(FLAGS[flag]) for flag in line.flags),
    }


def _other(found: Analysis) -> dict[str, Any]:
    """Charges of no tariff, so that the columns of money sum to the turnover sheet."""
    empty: dict[str, Any] = dict.fromkeys(name for name, _label, _kind in _COLUMNS)
    own = found.other
    return empty | {
        "name": _("Outside tariffs"),
        "charged": own.charged,
        "corrected": own.corrected,
        "revenue": own.revenue,
    }
