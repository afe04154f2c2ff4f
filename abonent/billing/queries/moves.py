"""Entries of one account as the turnover sheet counts them: the level below the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from abonent.billing.queries.accruals import amount_within
from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.queries.entries import contra_of
from abonent.billing.queries.lines import line_of, signed
from abonent.billing.queries.places import Within
from abonent.billing.queries.statement import Item, statement
from abonent.billing.rules.periods import FAR
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_LATE = timedelta(31)
"""A daily entry is posted within a month of the days it charges."""
_PAGE = 1000

_NAMES = """
SELECT (SELECT name FROM billing_legal_entity WHERE code = $1) AS legal_entity,
    (SELECT concat_ws(', ', nullif(street, ''), nullif(house, '')) FROM billing_place
     WHERE id = $2) AS building
"""


@dataclass(frozen=True, slots=True)
class Move:
    """An entry with its section and line of the sheet and what it moves inside the period.

    `amount` is signed as the sheet is; `cut` is set where the period takes a part of the entry.
    """

    item: Item
    section: str
    line: str
    amount: int
    cut: bool
    owed_after: int


@dataclass(frozen=True, slots=True)
class Moves:
    """An account's part of a sheet, entry by entry."""

    number: str
    opening: int
    rows: list[Move]
    catalogue: Catalogue

    def total(self, section: str) -> int:
        """The sum of one section: "charge", "payment" or "correction"."""
        return sum(row.amount for row in self.rows if row.section == section)

    @property
    def closing(self) -> int:
        """What is owed at the end: opening + charges - payments + corrections."""
        return (
            self.opening + self.total("charge") - self.total("payment") + self.total("correction")
        )


@dataclass(frozen=True, slots=True)
class ScopeNames:
    """What people call the things a sheet is narrowed to."""

    legal_entity: str | None
    building: str | None


async def scope_names(within: Within, *, by: Actor) -> ScopeNames:
    """The names of a legal entity and a building; None for what is not there."""
    by.require("billing.report.view")
    async with reading() as connection:
        row = await connection.fetchrow(_NAMES, within.legal_entity, within.building)
    return ScopeNames(row["legal_entity"], row["building"])


async def account_moves(number: str, *, by: Actor, start: date, end: date) -> Moves:
    """The entries of an account that move money on the days [start, end), oldest first.

    The opening debt is what all later entries leave of the present one, reckoned apart from the
    sheet: the two agreeing says that both are right. Raises AccountNotFound.
    """
    by.require("billing.report.view")
    items: list[Item] = []
    after: str | None = None
    while True:
        page = await statement(number, by=by, since=start - _LATE, after=after, limit=_PAGE)
        items += page.items
        after = page.next
        if after is None:
            break
    last = items[-1:] or (await statement(number, by=by, limit=1, newest_first=True)).items
    owed_now = -last[0].balance_after if last else 0
    opening = owed_now + sum(amount_within(item.posting, start, FAR) for item in items)
    return Moves(number, opening, _rows(items, start, end, opening), page.catalogue)


def _rows(items: list[Item], start: date, end: date, owed: int) -> list[Move]:
    rows = []
    for item in items:
        posting = item.posting
        amount = amount_within(posting, start, end)
        if not amount:
            continue
        owed -= amount
        section, line = line_of(posting.kind, contra_of(posting), posting.source)
        cut = amount != posting.amount
        rows.append(Move(item, section, line, signed(section, amount), cut, owed))
    return rows
