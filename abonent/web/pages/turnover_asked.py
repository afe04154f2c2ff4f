"""What of the turnover sheet is asked for, read from the address and written into addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request

from abonent.billing.queries.books import installation
from abonent.billing.queries.places import Within
from abonent.billing.queries.turnover import LEVELS, Level
from abonent.kernel.db import reading
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

COLUMNS = ("label", "opening", "charged", "paid", "corrected", "closing")
ADDRESS = "/turnover"
_DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One view of the sheet: the days [start, end), what it is narrowed to, its level and order."""

    start: date
    end: date
    within: Within
    level: Level
    sort: str = "label"
    descending: bool = False
    page: int = 1

    @property
    def through(self) -> date:
        """The last day, as people name a period."""
        return self.end - _DAY

    @property
    def is_month(self) -> bool:
        """Tell whether the period is one whole month."""
        return self.start.day == 1 and self.end == next_month(self.start)

    @property
    def levels(self) -> list[Level]:
        """The levels below what the sheet is narrowed to; accounts only inside a building."""
        if self.within.building is not None:
            return ["account"]
        if self.within.district is not None:
            return ["building"]
        if self.within.legal_entity is not None:
            return ["district", "building"]
        return ["legal_entity", "district", "building"]

    def path(self, base: str = ADDRESS, /, **changes: Any) -> str:
        """The address of this view with some parameters changed; None takes one away."""
        known: dict[str, Any] = {
            "from": self.start,
            "through": self.through,
            **{level: getattr(self.within, level) for level in LEVELS},
            "by": self.level if self.level != self.levels[0] else None,
            "sort": self.sort if self.sort != "label" else None,
            "desc": "1" if self.descending else None,
            "page": self.page if self.page > 1 else None,
        }
        kept = {name: value for name, value in (known | changes).items() if value is not None}
        return f"{base}?{urlencode(kept)}"

    def up_to(self, depth: int) -> str:
        """The address with only the first `depth` levels of what it is narrowed to."""
        return self.path(**dict.fromkeys(LEVELS[depth:]), by=None, page=None)

    def into(self, key: str) -> str:
        """The address one level down, inside the row with this key."""
        return self.path(**{self.level: key}, by=None, page=None)

    def sorted_by(self, column: str) -> str:
        """The address that sorts by a column; a second time turns the order round."""
        first = column != "label"
        descending = not self.descending if column == self.sort else first
        return self.path(sort=column, desc="1" if descending else None, page=None)

    def month(self, steps: int) -> str:
        """The address of a whole month before or after the one the period starts in."""
        number = self.start.year * 12 + self.start.month - 1 + steps
        start = date(number // 12, number % 12 + 1, 1)
        return self.path(**{"from": start, "through": next_month(start) - _DAY}, page=None)


def next_month(day: date) -> date:
    """The first day of the month after a day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


async def read_asked(request: Request, *, default_period: bool = False) -> Asked:
    """Read the address; without days it is the month of the open business day.

    Raises Malformed for days and levels that are none. With `default_period` the days of the
    address are not looked at.
    """
    query = request.query_params
    given = not default_period and ("from" in query or "through" in query)
    start, end = _period(query) if given else await _this_month()
    within = _within(query)
    view = Asked(start, end, within, "legal_entity")
    level = query.get("by", view.levels[0])
    if level not in view.levels:
        raise Malformed.of("by", level, N_("There is no such level."))
    sort = query.get("sort", "label")
    page = query.get("page", "1")
    return Asked(
        start,
        end,
        within,
        LEVELS[LEVELS.index(level)],
        sort=sort if sort in COLUMNS else "label",
        descending=query.get("desc") == "1",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 9 else 1,
    )


async def _this_month() -> tuple[date, date]:
    async with reading() as connection:
        day = (await installation(connection)).day
    return day.replace(day=1), next_month(day)


def _period(query: QueryParams) -> tuple[date, date]:
    start, through = _day(query, "from"), _day(query, "through")
    if through < start:
        raise Malformed.of("through", through, N_("The last day lies before the first one."))
    return start, through + _DAY


def _day(query: QueryParams, name: str) -> date:
    try:
        day = date.fromisoformat(query.get(name, ""))
    except ValueError:
        raise Malformed.of(name, query.get(name), N_("Give a day.")) from None
    if not date(1900, 1, 1) <= day < date(2999, 1, 1):
        raise Malformed.of(name, day, N_("Give a day."))
    return day


def _within(query: QueryParams) -> Within:
    building = query.get("building")
    if building is not None and not (building.isdecimal() and len(building) < 10):
        raise Malformed.of("building", building, N_("There is no such building."))
    return Within(
        legal_entity=query.get("legal_entity"),
        district=query.get("district"),
        building=int(building) if building is not None else None,
        account=query.get("account"),
    )
