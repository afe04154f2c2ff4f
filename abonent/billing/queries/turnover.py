"""The turnover sheet: opening + charges - payments + corrections = closing, level by level (ENGINE 6).

Read from entries or, where whole months have closed, from their roll-ups; days that daily services
have accrued and no entry charges yet are added up to the open day. All reads of one sheet see the
same state, so each level's sum equals the level above, to the kopeck.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, NamedTuple

from abonent.billing.queries.accruals import accruals
from abonent.billing.queries.books import Installation, installation
from abonent.billing.queries.lines import with_lines
from abonent.billing.queries.places import Chosen, Places, Within, chosen_places, labels
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.snapshot import snapshot

Level = Literal["legal_entity", "district", "building", "account"]
LEVELS: tuple[Level, ...] = ("legal_entity", "district", "building", "account")

_GROUPED = with_lines("""
SELECT account_id AS account, legal_entity_id AS entity, place_id AS place,
    {section} AS section, {line} AS line, sum({signed})::bigint AS amount
FROM (SELECT CASE WHEN $3::boolean THEN account_id END AS account_id, legal_entity_id, place_id, kind,
        contra, source, sum(amount) AS amount
    FROM ({within}) moved
    WHERE ($4::bigint[] IS NULL OR account_id = ANY($4))
        AND ($5::int[] IS NULL OR place_id = ANY($5))
        AND ($6::int IS NULL OR legal_entity_id = $6)
    GROUP BY 1, 2, 3, 4, 5, 6) grouped
GROUP BY 1, 2, 3, 4, 5
""")
_ROLLED_ACCOUNTS = """
SELECT account_id AS account, legal_entity_id AS entity, place_id AS place, section, line,
    sum(amount)::bigint AS amount
FROM billing_month
WHERE month >= $1 AND month < $2
    AND ($3::bigint[] IS NULL OR account_id = ANY($3))
    AND ($4::int[] IS NULL OR place_id = ANY($4))
    AND ($5::int IS NULL OR legal_entity_id = $5)
GROUP BY 1, 2, 3, 4, 5
"""
_ROLLED_PLACES = """
SELECT NULL::bigint AS account, legal_entity_id AS entity, place_id AS place, section, line,
    sum(amount)::bigint AS amount
FROM billing_month_place
WHERE month >= $1 AND month < $2
    AND ($3::int[] IS NULL OR place_id = ANY($3))
    AND ($4::int IS NULL OR legal_entity_id = $4)
GROUP BY 1, 2, 3, 4, 5
"""
_MONTHS = """
SELECT m::date AS month FROM generate_series(
    date_trunc('month', $1::date), date_trunc('month', $2::date), interval '1 month') m
WHERE EXISTS (SELECT FROM billing_month_place r WHERE r.month = m::date)
ORDER BY m
"""
_PAGE = """
SELECT account_id FROM billing_account
WHERE account_id > $1 AND ($2::int IS NULL OR legal_entity_id = $2) ORDER BY account_id LIMIT $3
"""
_PAGE_AT = """
SELECT account_id FROM (
    SELECT account_id FROM billing_entry WHERE account_id > $1 AND place_id = ANY($3::int[])
    UNION SELECT account_id FROM billing_account WHERE account_id > $1 AND place_id = ANY($3)
    UNION SELECT account_id FROM billing_service WHERE account_id > $1 AND place_id = ANY($3)
) standing ORDER BY account_id LIMIT $2
"""
_EARLIEST = date(1900, 1, 1)


@dataclass(slots=True)
class Row:
    """A line of the sheet in minor units; `key` names the level's thing, `label` says it to people.

    `charges` by kind of service or fee, `payments` by source (refunds and bonuses among them),
    `corrections` by kind of entry, signed as the debt.
    """

    key: str
    label: str
    opening: int = 0
    charges: dict[str, int] = field(default_factory=dict)
    payments: dict[str, int] = field(default_factory=dict)
    corrections_by_kind: dict[str, int] = field(default_factory=dict)

    @property
    def corrections(self) -> int:
        """The sum of all corrections."""
        return sum(self.corrections_by_kind.values())

    @property
    def closing(self) -> int:
        """What is owed at the end: opening + charges - payments + corrections."""
        charged, paid = sum(self.charges.values()), sum(self.payments.values())
        return self.opening + charged - paid + self.corrections

    def take(self, section: str, line: str, amount: int) -> None:
        """Add an amount to a line."""
        if section == "opening":
            self.opening += amount
            return
        kept = {"charge": self.charges, "payment": self.payments}.get(
            section, self.corrections_by_kind
        )
        kept[line] = kept.get(line, 0) + amount


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one level in order of their labels, their total, and the cursor of the next page."""

    start: date
    end: date
    level: Level
    rows: list[Row]
    total: Row
    next: str | None = None


class _Moved(NamedTuple):
    """An amount at the finest grain a sheet asks for; `account` is None above that level."""

    account: int | None
    entity: int
    place: int
    section: str
    line: str
    amount: int


async def turnover(
    *,
    by: Actor,
    start: date,
    end: date,
    level: Level,
    within: Within | None = None,
    roll_up: bool = True,
    after: str | None = None,
    limit: int | None = None,
) -> Sheet:
    """The sheet of the days [start, end) by one level, inside what `within` chooses.

    `limit` and `after` page the level "account" (the total is then the page's); `roll_up=False`
    reads entries alone. Raises Malformed for an empty period or an unknown level.
    """
    by.require("billing.report.view")
    if end <= start:
        raise Malformed.of(
            "to",
            end.isoformat(),
            N_(
                "The end must lie after the start: it is the day after the last one, not itself included."
            ),
        )
    if level not in LEVELS:
        raise Malformed.of("by", level, N_("There is no such level."))
    async with snapshot() as connection:
        here = await installation(connection)
        chosen = await chosen_places(connection, within or Within(), by=by)
        page: list[int] | None = chosen.accounts
        if limit is not None and level == "account" and page is None:
            page = await _page(connection, chosen, after, limit)
        reader = _Reader(connection, here, chosen, page, by_account=level == "account")
        moved = await reader.read(start, end, roll_up=roll_up)
        names = await labels(connection, level, moved)
    cursor = str(page[-1]) if page and limit is not None and len(page) == limit else None
    return _sheet(Sheet(start, end, level, [], Row("", ""), cursor), moved, names)


async def _page(connection: Any, chosen: Chosen, after: str | None, limit: int) -> list[int]:
    """The next accounts that may have stood in the chosen places, in order of their ids."""
    last = int(after) if after and after.isdecimal() else 0
    if chosen.places is None:
        rows = await connection.fetch(_PAGE, last, chosen.entity, limit)
    else:
        rows = await connection.fetch(_PAGE_AT, last, limit, list(chosen.places))
    return [row["account_id"] for row in rows]


class _Reader:
    """Reads the parts of one sheet: roll-ups for whole closed months, entries around them."""

    def __init__(
        self,
        connection: Any,
        here: Installation,
        chosen: Chosen,
        accounts: Sequence[int] | None,
        *,
        by_account: bool,
    ) -> None:
        self.connection = connection
        self.here = here
        self.chosen = chosen
        self.accounts = accounts
        self.by_account = by_account

    async def read(self, start: date, end: date, *, roll_up: bool) -> list[_Moved]:
        """All that makes the sheet, the opening folded into one line."""
        months = await self._months(end) if roll_up else []
        before = [m for m in months if _next(m) <= start]
        found: list[_Moved] = []
        since = _EARLIEST
        if before:
            since = _next(before[-1])
            found += _as_opening(await self._rolled(before[-1], since))
        found += _as_opening(await self._between(since, start))
        inside = _unbroken([m for m in months if start <= m and _next(m) <= end])
        if inside:
            upto = _next(inside[-1])
            found += await self._between(start, inside[0])
            rolled = await self._rolled(inside[0], upto)
            found += [row for row in rolled if row.section != "opening"]
            start = upto
        return found + await self._between(start, end)

    async def _months(self, end: date) -> list[date]:
        given = (self.here.first_day, min(end, self.here.day))
        return [row["month"] for row in await self.connection.fetch(_MONTHS, *given)]

    async def _between(self, start: date, end: date) -> list[_Moved]:
        """Entries of [start, end), and what is accrued there and not posted yet."""
        if start >= end:
            return []
        found = await self._entries(start, end)
        sought = accruals(
            self.connection, here=self.here, start=start, end=end, accounts=self.accounts
        )
        async for accrual in sought:
            if self._chosen(accrual.legal_entity, accrual.place):
                account = accrual.account if self.by_account else None
                found.append(_Moved(account, *accrual[1:-1]))
        return found

    def _chosen(self, entity: int, place: int) -> bool:
        wanted = self.chosen
        return (wanted.entity is None or wanted.entity == entity) and (
            wanted.places is None or place in wanted.places
        )

    async def _entries(self, start: date, end: date) -> list[_Moved]:
        given = (start, end, self.by_account, *self._filters())
        return [_Moved(*row) for row in await self.connection.fetch(_GROUPED, *given)]

    async def _rolled(self, start: date, end: date) -> list[_Moved]:
        """The roll-ups of the months [start, end); by account only where accounts are asked for."""
        filters = self._filters()
        if self.by_account or self.accounts is not None:
            rows = await self.connection.fetch(_ROLLED_ACCOUNTS, start, end, *filters)
        else:
            rows = await self.connection.fetch(_ROLLED_PLACES, start, end, *filters[1:])
        return [_Moved(*row) for row in rows]

    def _filters(self) -> tuple[list[int] | None, list[int] | None, int | None]:
        places = None if self.chosen.places is None else list(self.chosen.places)
        accounts = None if self.accounts is None else list(self.accounts)
        return accounts, places, self.chosen.entity


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _unbroken(months: list[date]) -> list[date]:
    """The months up to the first gap: what lies beyond is read from entries."""
    kept = months[:1]
    for month in months[1:]:
        if month != _next(kept[-1]):
            break
        kept.append(month)
    return kept


def _as_opening(moved: Iterable[_Moved]) -> list[_Moved]:
    """Earlier turnover as what it leaves owed."""
    return [
        row._replace(
            section="opening",
            line="",
            amount=-row.amount if row.section == "payment" else row.amount,
        )
        for row in moved
    ]


def _sheet(empty: Sheet, moved: Iterable[_Moved], names: Places) -> Sheet:
    rows: dict[str, Row] = {}
    for one in moved:
        key, label = names.name(empty.level, one.account, one.entity, one.place)
        row = rows.get(key) or rows.setdefault(key, Row(key, label))
        row.take(one.section, one.line, one.amount)
        empty.total.take(one.section, one.line, one.amount)
    ordered = sorted(rows.values(), key=lambda row: (row.label, row.key))
    return replace(empty, rows=ordered)
