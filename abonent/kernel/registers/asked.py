"""What is asked of a register: read from an address, checked, and written into one again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.money import installed_currency, parse_amount
from abonent.kernel.registers.declaration import Ask, Column, Filter, Register

Pairs: TypeAlias = Sequence[tuple[str, str]]
"""The address's query: names and values, a name as often as it was given."""

LONGEST = 200
FEW = 20_000
"""So many keys or fewer are quicker looked through than the register's order."""
_FEW_KEYS = """
SELECT CASE WHEN count(*) <= {few} THEN coalesce(array_agg(key), '{{}}') END
FROM (SELECT key FROM ({among}) k LIMIT {few} + 1) k
"""

_BAD_DAY = N_("A date is written YYYY-MM-DD.")
_BAD_AMOUNT = N_("An amount is written in digits, such as 560 or 560,50.")
_BAD_CHOICE = N_("There is no such choice.")
_TOO_LONG = N_("The text is too long.")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The state of a register: search text, filters, order, columns and where the page begins.

    `conditions` are SQL conditions with the value of their $1 (or nothing); `found` are the keys
    that the search found, with why each matched, None where nothing was searched for; `among` are
    keys that a filter knows to hold every match; `typed` is what stands in the fields; `errors` are
    English message ids by field.
    """

    query: str = ""
    conditions: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    found: Mapping[Any, str] | None = None
    among: tuple[Any, ...] | None = None
    typed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Column
    descending: bool
    columns: tuple[Column, ...]
    chosen: bool = False
    after: str = ""
    before: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrowed(self) -> bool:
        """Tell whether anything was asked for beside the order and the columns."""
        return bool(self.query or self.conditions)

    def why(self, key: Any) -> str:
        """Return why the search found a row."""
        return (self.found or {}).get(key, "")

    def first(self, name: str) -> str:
        """Return what stands in a field, or nothing."""
        return self.typed.get(name, ("",))[0]

    def pairs(self, **changes: str) -> list[tuple[str, str]]:
        """Return the state as the query of an address, without the place of the page.

        `changes` replace a name's value; an empty one leaves it out.
        """
        pairs = [("q", self.query)] if self.query else []
        pairs += [(name, text) for name, texts in self.typed.items() for text in texts if text]
        pairs.append(("sort", ("-" if self.descending else "") + self.sort.name))
        if self.chosen:
            pairs += [("column", column.name) for column in self.columns]
        kept = [(name, text) for name, text in pairs if name not in changes]
        return kept + [(name, text) for name, text in changes.items() if text]


async def read_asked(register: Register, pairs: Iterable[tuple[str, str]], *, by: Actor) -> Asked:
    """Read a state; what cannot be read stands in `errors` and narrows nothing."""
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    seen = register.columns_for(by)
    sort, descending = _sort(register, seen, given.get("sort", [""])[0])
    names = set(given.get("column", ()))
    columns = tuple(c for c in seen if c.head or (c.name in names if names else c.shown))
    query = " ".join(given.get("q", [""])[0].split())[:LONGEST]
    asked = Asked(
        query=query,
        sort=sort,
        descending=descending,
        columns=columns,
        chosen=bool(names),
        after=given.get("after", [""])[0],
        before=given.get("before", [""])[0],
    )
    if query and register.finds is not None:
        asked = replace(asked, found=await register.finds(query, by))
    asked = _with_conditions(register, asked, given)
    return replace(asked, among=await _among(register, asked))


async def _among(register: Register, asked: Asked) -> tuple[Any, ...] | None:
    """The keys among which the page is, where a filter knows that they are few."""
    for one in register.filters:
        if one.among and one.name in asked.typed and one.name not in asked.errors:
            statement = _FEW_KEYS.format(among=one.among, few=FEW)
            async with reading() as connection:
                keys = await connection.fetchval(statement, _value(one, asked.typed[one.name])[0])
            if keys is not None:
                return tuple(dict.fromkeys(keys))
    return None


def _sort(register: Register, seen: Sequence[Column], text: str) -> tuple[Column, bool]:
    for wanted in (text, register.sort):
        name = wanted.removeprefix("-")
        for column in seen:
            if column.name == name and column.order:
                return column, wanted.startswith("-")
    raise ValueError(f"the register {register.code} has no order {register.sort}")


def _with_conditions(register: Register, asked: Asked, given: Mapping[str, list[str]]) -> Asked:
    conditions: list[tuple[str, tuple[Any, ...]]] = []
    typed: dict[str, tuple[str, ...]] = {}
    errors: dict[str, str] = {}
    if asked.query and register.search is not None:
        conditions.append((register.search.sql, (register.search.read(asked.query),)))
    for one in register.filters:
        for name, sql, texts in _parts(one, given):
            typed[name] = texts
            try:
                conditions.append((sql, _value(one, texts)))
            except ValueError as wrong:
                errors[name] = str(wrong)
    return replace(asked, conditions=tuple(conditions), typed=typed, errors=errors)


def _parts(one: Filter, given: Mapping[str, list[str]]) -> list[tuple[str, str, tuple[str, ...]]]:
    """The filter's fields that were filled: the name, the condition and the texts of each."""
    if one.ask in {Ask.DAYS, Ask.AMOUNTS}:
        fields = [(f"{one.name}.from", one.least), (f"{one.name}.to", one.most)]
    else:
        fields = [(one.name, one.sql)]
    filled = []
    for name, sql in fields:
        texts = tuple(text.strip() for text in given.get(name, ()) if text.strip())
        if texts:
            filled.append((name, sql, texts))
    return filled


def _value(one: Filter, texts: tuple[str, ...]) -> tuple[Any, ...]:
    """The value of $1. Raises ValueError whose text is an English message id."""
    text = texts[0]
    if any(len(given) > LONGEST or "\x00" in given for given in texts):
        raise ValueError(_TOO_LONG)
    match one.ask:
        case Ask.FLAG:
            return (one.given(),) if one.given else ()
        case Ask.CHOICE:
            known = {value for value, _words in one.choices}
            if known and not known.issuperset(texts):
                raise ValueError(_BAD_CHOICE)
            return (list(texts),)
        case Ask.TEXT:
            return (one.read(text),)
        case Ask.DAYS:
            try:
                day = date.fromisoformat(text)
                return (_beginning(day) if one.instants else day,)
            except (ValueError, OverflowError):
                raise ValueError(_BAD_DAY) from None
        case Ask.AMOUNTS:
            try:
                return (parse_amount(text, installed_currency().digits),)
            except ValueError:
                raise ValueError(_BAD_AMOUNT) from None


def _beginning(day: date) -> datetime:
    """The instant at which a day begins at the company's."""
    return datetime.combine(day, time.min, time_zone()).astimezone(UTC)
