"""Reading what the analysis of tariffs is made of: closed months as kept, the open one as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from abonent.billing.queries.accruals import accruals
from abonent.billing.queries.books import Installation, installation
from abonent.billing.queries.lines import WITHIN, with_lines
from abonent.billing.rules.book import Tariff, Term
from abonent.billing.rules.fees import version_on
from abonent.billing.rules.periods import month_end
from abonent.billing.rules.tariff_analysis import (
    NO_TARIFF,
    Analysis,
    Figures,
    Sold,
    Thresholds,
    analyse,
)
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Forbidden
from abonent.kernel.i18n import N_
from abonent.kernel.snapshot import snapshot

_TARIFFS = """
SELECT id, code, name, kind, mode, archived_on, analogue_id, attributes ->> 'speed' AS speed,
    coalesce(attributes ->> 'audience', '') AS audience
FROM billing_tariff
"""
_THRESHOLDS = "SELECT archive_share, arpu_gap FROM billing_policy"
_KEPT = """
SELECT m.*, (SELECT max(x.month) FROM billing_tariff_month x) AS latest
FROM billing_tariff_month m WHERE month = $1
"""
_KEPT_MOVES = "SELECT from_id, to_id, services FROM billing_tariff_move WHERE month = $1"
_HISTORY = """
SELECT * FROM billing_tariff_month WHERE month > $1 AND month < $2 ORDER BY month, tariff_id
"""
_LATEST = "SELECT max(month) FROM billing_tariff_month"

# Of the days $1 and $2: on which tariff each service lived, and since when on the later one.
_STATES = """
WITH before AS (
    SELECT DISTINCT ON (account_id, service_no) account_id, service_no, tariff_id
    FROM billing_service_tariff WHERE since <= $1 ORDER BY account_id, service_no, since DESC
), after AS (
    SELECT DISTINCT ON (account_id, service_no) account_id, service_no, tariff_id, since
    FROM billing_service_tariff WHERE since <= $2 ORDER BY account_id, service_no, since DESC
), keeps AS (
    SELECT tariff_id, array_agg(valid_from ORDER BY valid_from) AS days
    FROM billing_tariff_version WHERE NOT moves GROUP BY tariff_id
), promo AS (
    SELECT DISTINCT account_id, service_no FROM billing_discount WHERE starts_on <= $2 AND ends_on > $2
), debtors AS (
    {debtors}
), lives AS (
    SELECT s.account_id, s.no, coalesce(a.since, s.starts_on) AS since,
        CASE WHEN s.starts_on <= $1 AND s.ends_on > $1 THEN coalesce(b.tariff_id, s.tariff_id) END AS was,
        CASE WHEN s.starts_on <= $2 AND s.ends_on > $2 THEN coalesce(a.tariff_id, s.tariff_id) END AS now
    FROM billing_service s
    LEFT JOIN before b ON b.account_id = s.account_id AND b.service_no = s.no
    LEFT JOIN after a ON a.account_id = s.account_id AND a.service_no = s.no
    WHERE s.starts_on <= $2 AND s.ends_on > $1
)
SELECT l.was, l.now, coalesce(width_bucket(l.since, k.days), 0) AS kept_price,
    count(*) AS services, count(p.account_id) AS promo, count(d.account_id) AS debtors
FROM lives l
LEFT JOIN keeps k ON k.tariff_id = l.now
LEFT JOIN promo p ON p.account_id = l.account_id AND p.service_no = l.no
LEFT JOIN debtors d ON d.account_id = l.account_id
WHERE l.was IS NOT NULL OR l.now IS NOT NULL
GROUP BY 1, 2, 3
"""
_STATES_OPEN = _STATES.replace(
    "{debtors}", "SELECT account_id FROM billing_account WHERE balance < 0"
)
_STATES_CLOSED = _STATES.replace(
    "{debtors}",
    """SELECT account_id FROM billing_month WHERE month = date_trunc('month', $2::date)::date
    GROUP BY account_id HAVING sum(CASE WHEN section = 'payment' THEN -amount ELSE amount END) > 0""",
)
_SERVING = """('charge', 'connection', 'fee', 'promise_fee', 'freeze_fee', 'return', 'adjustment',
    'correction', 'compensation')"""
_BY_TARIFF = WITHIN.replace(
    "SELECT account_id,",
    "SELECT version_id, (detail ->> 'tariff')::integer AS own_tariff, account_id,",
    1,
)
_REVENUE = with_lines(
    """
SELECT coalesce(v.tariff_id, g.own_tariff, 0) AS tariff, {section} AS section,
    sum({signed})::bigint AS amount
FROM (SELECT version_id, own_tariff, kind, contra, source, sum(amount) AS amount
    FROM ({by_tariff}) moved WHERE kind IN {serving} GROUP BY 1, 2, 3, 4, 5) g
LEFT JOIN billing_tariff_version v ON v.id = g.version_id
GROUP BY 1, 2
""".replace("{by_tariff}", _BY_TARIFF).replace("{serving}", _SERVING)
)


@dataclass(frozen=True, slots=True)
class Month:
    """Figures by tariff and migrations by (from, to) of a month up to its day `last`."""

    month: date
    last: date
    figures: dict[int, Figures]
    moves: dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Seen:
    """An analysis with what the page needs to go on: months there are, and whether it still moves."""

    analysis: Analysis
    first: date
    open_month: date
    open: bool
    last: date


async def tariff_analysis(*, by: Actor, month: date | None = None) -> Seen:
    """The analysis of a month (any day of it); without one of the last that is kept, or the open one.

    A month outside the installation's life is moved into it. Raises Forbidden for who is confined
    to districts: it is of the whole base.
    """
    _require(by)
    async with snapshot() as connection:
        here = await installation(connection)
        open_month = here.day.replace(day=1)
        chosen = month or await connection.fetchval(_LATEST) or open_month
        chosen = min(max(chosen, here.first_day).replace(day=1), open_month)
        read = await _kept(connection, chosen) or await reckon(connection, here, chosen)
        tariffs = await _sold(connection, here)
        row = await connection.fetchrow(_THRESHOLDS)
    limits = Thresholds(row["archive_share"], row["arpu_gap"])
    found = analyse(chosen, read.last, read.figures, read.moves, tariffs=tariffs, thresholds=limits)
    first = here.first_day.replace(day=1)
    return Seen(found, first, open_month, chosen == open_month, read.last)


async def tariff_history(
    *, by: Actor, until: date, months: int = 12
) -> dict[date, dict[int, Figures]]:
    """Kept months before `until`, by tariff: at most `months` - 1 of them, oldest first."""
    _require(by)
    total = until.year * 12 + until.month - 1 - months
    after = date(total // 12, total % 12 + 1, 1)
    found: dict[date, dict[int, Figures]] = {}
    async with snapshot() as connection:
        for row in await connection.fetch(_HISTORY, after, until):
            found.setdefault(row["month"], {})[row["tariff_id"]] = _figures(row)
    return found


def _require(by: Actor) -> None:
    by.require("billing.report.view")
    if by.districts is not None:
        message = N_("This report is of the whole base, and your work is limited to districts.")
        raise Forbidden("FORBIDDEN", message)


async def _kept(connection: Any, month: date) -> Month | None:
    rows = await connection.fetch(_KEPT, month)
    if not rows:
        return None
    moves = await connection.fetch(_KEPT_MOVES, month)
    return Month(
        month,
        month_end(month),
        {row["tariff_id"]: _figures(row) for row in rows},
        {(row["from_id"], row["to_id"]): row["services"] for row in moves},
    )


def _figures(row: Any) -> Figures:
    return Figures(**{name: row[name] for name in Figures.__dataclass_fields__})


async def reckon(connection: Any, here: Installation, month: date) -> Month:
    """Reckon a month from services and entries; the open one up to the open day."""
    last = min(month_end(month), here.day)
    before = max(month - timedelta(1), here.first_day)
    closed = last < here.day
    found = Month(month, last, {}, {})
    states = await connection.fetch(_STATES_CLOSED if closed else _STATES_OPEN, before, last)
    prices = _Prices(here, last)
    for row in states:
        _count(found, row, prices)
    end = last + timedelta(1)
    for row in await connection.fetch(_REVENUE, month, end):
        _take(found, row["tariff"], row["section"], row["amount"])
    async for accrual in accruals(connection, here=here, start=month, end=end):
        _take(found, accrual.tariff, accrual.section, accrual.amount)
    found.figures.setdefault(NO_TARIFF, Figures())
    for code in here.catalogue.archived:
        own = found.figures.get(here.catalogue.codes[code])
        if own is not None:
            own.archived = True
    return found


class _Prices:
    """The monthly price on a day of who joined a tariff between two prices that moved nobody."""

    def __init__(self, here: Installation, day: date) -> None:
        self.tariffs = here.catalogue.tariffs
        self.day = day

    def of(self, tariff: int, kept_price: int) -> int:
        own = self.tariffs[tariff]
        days = sorted(v.valid_from for v in own.versions if not v.moves)
        since = days[kept_price - 1] if kept_price else date.min
        return version_on(Term(since, own), self.day).fee


def _count(found: Month, row: Any, prices: _Prices) -> None:
    was, now, services = row["was"], row["now"], row["services"]
    if was is not None:
        before = found.figures.setdefault(was, Figures())
        before.began += services
        before.gone += services if now is None else 0
        before.moved_out += services if now not in {None, was} else 0
    if now is not None:
        after = found.figures.setdefault(now, Figures())
        after.ended += services
        after.came += services if was is None else 0
        after.moved_in += services if was not in {None, now} else 0
        after.promo += row["promo"]
        after.debtors += row["debtors"]
        after.price_sum += services * prices.of(now, row["kept_price"])
    if was is not None and now is not None and was != now:
        found.moves[was, now] = found.moves.get((was, now), 0) + services


def _take(found: Month, tariff: int | None, section: str, amount: int) -> None:
    own = found.figures.setdefault(tariff or NO_TARIFF, Figures())
    if section == "charge":
        own.charged += amount
    elif section == "correction":
        own.corrected += amount


async def _sold(connection: Any, here: Installation) -> Mapping[int, Sold]:
    rows = await connection.fetch(_TARIFFS)
    known = here.catalogue.tariffs
    return {row["id"]: _one_sold(row, known[row["id"]], here.day) for row in rows}


def _one_sold(row: Any, tariff: Tariff, day: date) -> Sold:
    speed = row["speed"] or ""
    return Sold(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        mode=row["mode"],
        audience=row["audience"],
        price=version_on(Term(day, tariff), day).fee,
        speed=int(speed) if speed.isdecimal() and len(speed) < 9 else None,
        archived_on=row["archived_on"],
        analogue=row["analogue_id"],
    )
