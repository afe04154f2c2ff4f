"""Requests in figures: by topic, channel, employee and day; first-contact resolution, terms, ratings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

import numpy as np

from abonent.crm.rules.requests import CHANNELS
from abonent.kernel.actor import Actor
from abonent.kernel.columns import Array, instant_number, read_columns
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.money import half_up

REPORT = "crm.request.report"
LONGEST = timedelta(days=400)
MINUTE = 60_000_000
"""Microseconds."""

_FLAGS = (
    "taken", "answered", "on_time", "first", "reopened", "rated", "chats", "chats_soon", "late",
)  # fmt: skip
"""What is counted, one bit each: a quarter of a million requests travel as seven columns."""
# Joined and dropped ones are told apart: they are no work of their own. What is answered counts for
# who answered it. Districts are looked up only for who is confined to some.
_ROWS = """
SELECT hashtextextended(r.topic, 0), hashtextextended(r.channel, 0), coalesce(r.answered_by, r.owner, 0),
    (r.state NOT IN ('joined', 'dropped'))::int
    | ((r.answered_at IS NOT NULL)::int << 1)
    | ((r.answered_at IS NOT NULL AND NOT r.late)::int << 2)
    | ((r.answered_at IS NOT NULL AND r.contacts = 1 AND r.reopened = 0)::int << 3)
    | ((r.reopened > 0)::int << 4)
    | ((r.rating IS NOT NULL)::int << 5)
    | ((r.first_said_at IS NOT NULL)::int << 6)
    | (coalesce(r.first_soon, false)::int << 7)
    | (coalesce(r.late OR (r.open AND r.due_at < $4), false)::int << 8),
    coalesce(r.rating, 0::smallint), r.received_at, coalesce(r.answered_at, r.received_at)
FROM crm_request r
WHERE r.received_at >= $1 AND r.received_at < $2
    AND ($3::text[] IS NULL OR r.account_id IS NULL OR EXISTS (SELECT FROM billing_account b
        JOIN billing_place p ON p.id = b.place_id
        WHERE b.account_id = r.account_id AND p.district = ANY($3)))
"""
_LAYOUT = {
    "topic": "bigint", "channel": "bigint", "owner": "bigint", "flags": "integer",
    "rating": "smallint", "received_at": "instant", "answered_at": "instant",
}  # fmt: skip
# The topics there are, by a walk along the index: a scan would read every request for forty codes.
_CODES = """
WITH RECURSIVE t AS (
    SELECT min(topic) AS topic FROM crm_request
    UNION ALL SELECT (SELECT min(topic) FROM crm_request WHERE topic > t.topic) FROM t WHERE t.topic <> ''
) SELECT hashtextextended(code, 0) AS hash, code
FROM (SELECT topic FROM t WHERE topic <> '' UNION SELECT unnest($1::text[])) c(code)
"""
_NAMES = "SELECT id, actor_name('user:' || id) AS name FROM unnest($1::bigint[]) id"


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one topic, channel or employee; shares are hundredths of a percent, None of nothing.

    `minutes` is the median time from coming to the answer, by the clock on the wall.
    """

    what: str | None
    name: str | None
    taken: int
    answered: int
    on_time: int
    first: int
    reopened: int
    rated: int
    points: int
    chats: int
    chats_soon: int
    minutes: int | None

    @property
    def on_time_share(self) -> int | None:
        """The share answered within the norm."""
        return half_up(self.on_time * 10_000, self.answered) if self.answered else None

    @property
    def first_share(self) -> int | None:
        """First-contact resolution: who turned to us once and had the answer."""
        return half_up(self.first * 10_000, self.answered) if self.answered else None

    @property
    def chats_share(self) -> int | None:
        """The share of answered chats whose first word came as soon as the rule asks."""
        return half_up(self.chats_soon * 10_000, self.chats) if self.chats else None

    @property
    def rating(self) -> int | None:
        """The average rating in hundredths."""
        return half_up(self.points * 100, self.rated) if self.rated else None


NOTHING = Figures(None, None, 0, 0, 0, 0, 0, 0, 0, 0, 0, None)
Known: TypeAlias = dict[int, tuple[str | None, str | None]]
"""What a topic's, a channel's or an employee's number stands for, and the employee's name."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a span of days; `days` are (day, taken, late)."""

    total: Figures
    by: dict[str, list[Figures]]
    days: Sequence[tuple[date, int, int]]


async def report_on_requests(first: date, last: date, *, by: Actor, now: datetime) -> Report:
    """The figures of what came in from one day to another, both included."""
    by.require(REPORT)
    zone = time_zone()
    span = [first + timedelta(n) for n in range((last - first).days + 1)]
    ends = [datetime.combine(day + timedelta(1), time(), zone) for day in span]
    begin = datetime.combine(first, time(), zone)
    districts = None if by.districts is None else sorted(by.districts)
    asked = (begin, ends[-1], districts, now)
    async with reading() as connection:
        rows = await read_columns(connection, _ROWS, *asked, layout=_LAYOUT)
        codes = dict(await connection.fetch(_CODES, list(CHANNELS)))
        owners = [owner for owner in np.unique(rows["owner"]).tolist() if owner]
        names = dict(await connection.fetch(_NAMES, owners))
    coded: Known = {hashed: (code, None) for hashed, code in codes.items()}
    staff = {0: (None, None), **{owner: (str(owner), names[owner]) for owner in owners}}
    # The longest span takes a tenth of a second to count: nobody else waits for it.
    return await asyncio.to_thread(_report, rows, coded, staff, span, ends)


def _report(
    rows: dict[str, Array], codes: Known, staff: Known, span: list[date], ends: list[datetime]
) -> Report:
    answered = rows["flags"] >> _FLAGS.index("answered") & 1 == 1
    minutes = ((rows["answered_at"] - rows["received_at"]) / MINUTE)[answered]
    order = np.argsort(minutes, kind="stable")

    def figures(key: Array, known: Known) -> list[Figures]:
        keys, groups = np.unique(key, return_inverse=True)
        groups = groups.astype("i2")  # short ones are sorted in one pass
        lines: dict[str, list[Any]] = _counts(groups, len(keys), rows["flags"])
        del lines["late"]
        points = np.bincount(groups, rows["rating"], len(keys))
        lines["points"] = [int(one) for one in points.tolist()]
        lines["minutes"] = _medians(groups[answered][order], minutes[order], len(keys))
        told = [dict(zip(lines, line, strict=True)) for line in zip(*lines.values(), strict=True)]
        named = (known.get(one, (None, None)) for one in keys.tolist())
        found = [Figures(*name, **line) for name, line in zip(named, told, strict=True)]
        return sorted(found, key=lambda one: -one.taken)

    at = np.searchsorted([instant_number(end) for end in ends], rows["received_at"], side="right")
    days = _counts(at, len(span), rows["flags"])
    total = figures(np.zeros(len(at), dtype="i8"), {}) or [NOTHING]
    by = {"topic": codes, "channel": codes, "owner": staff}
    found = {name: figures(rows[name], known) for name, known in by.items()}
    return Report(total[0], found, list(zip(span, days["taken"], days["late"], strict=True)))


def _counts(groups: Array, many: int, flags: Array) -> dict[str, list[int]]:
    """How many of each group have each flag: counted by all flags at once, then told apart."""
    size = 1 << len(_FLAGS)
    together = np.bincount(groups.astype("i8") * size + flags, minlength=many * size)
    table, bits = together.reshape(many, size), np.arange(size)
    return {name: (table @ (bits >> n & 1)).tolist() for n, name in enumerate(_FLAGS)}


def _medians(groups: Array, ordered: Array, many: int) -> list[int | None]:
    """The median of each group's values, which come in their order, to the whole; None of none."""
    values, counts = ordered[np.argsort(groups, kind="stable")], np.bincount(groups, minlength=many)
    ends = np.cumsum(counts).tolist()
    return [
        int((values[end - (n + 2) // 2] + values[end - (n + 1) // 2] + 1) / 2) if n else None
        for end, n in zip(ends, counts.tolist(), strict=True)
    ]
