"""What a department says of a register: its columns, filters, order, colours and bulk actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from abonent.kernel.actor import Actor
from abonent.kernel.settings import Settings

Row: TypeAlias = dict[str, Any]
"""One row: the value of each column that was asked for, the extras, and `key`."""

Words: TypeAlias = Mapping[str, tuple[str, str]]
"""A state's words (English message id) and its tone: good, warn, bad, info or nothing."""

Options: TypeAlias = Callable[[], Awaitable[Sequence[tuple[str, str]]]]
"""Reads the choices of a filter: pairs of a value and its words in the reader's language."""


Finds: TypeAlias = Callable[[str, Actor], Awaitable[Mapping[Any, str]]]
"""Searches for what was typed: the keys of rows, the surest first, each with why it matched."""


class Kind(StrEnum):
    """How a column's values are written, aligned and exported."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    PERCENT = "percent"
    DAY = "day"
    INSTANT = "instant"
    TERM = "term"
    STATE = "state"
    FLAG = "flag"
    STAFF = "staff"


NUMERIC = frozenset({Kind.MONEY, Kind.NUMBER, Kind.PERCENT})


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its name in addresses and files, its heading and the SQL of its value.

    `order` is what it is sorted by, never null and of the SQL type `order_type`; empty means that it
    cannot be sorted by. `link` leads to the record: "/accounts/{number}", filled from the row; who
    lacks `link_right` sees the value without it.
    `right` hides it from who lacks it; `wide` keeps room for words, `whole` keeps
    them on one line. PERCENT is in hundredths of a percent, MONEY in minor units; TERM is
    an instant until which something is to be done; STAFF is a
    colleague's name, on a page by surname and initials.
    """

    name: str
    label: str
    sql: str
    kind: Kind = Kind.TEXT
    order: str = ""
    order_type: str = "text"
    shown: bool = True
    head: bool = False
    link: str = ""
    link_right: str = ""
    words: Words = field(default_factory=dict)
    total: bool = False
    hint: str = ""
    right: str = ""
    soft: bool = False
    wide: bool = False
    whole: bool = False


class Ask(StrEnum):
    """What a filter asks for."""

    CHOICE = "choice"
    TEXT = "text"
    DAYS = "days"
    AMOUNTS = "amounts"
    FLAG = "flag"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A filter: `sql` is a condition over the source in which $1 is what was given.

    CHOICE gives a text[]; TEXT a text as `read` makes it of what was typed; FLAG what `given` answers
    at that moment, such as the time by the program's clock, or nothing. DAYS and
    AMOUNTS have two conditions, `least` and `most`, each with its own $1: a date (`most` is the last
    day, inclusive) or minor units. With `instants` the date is the instant at which that day begins. `among` is a statement, quick by an index, that gives a column
    `key`: the keys of every row that can match. Where they are few the page is looked for among
    them, not along the register's order. With `of_districts` the choices are districts: who is
    confined to some is offered those alone. With `ahead` the days offered beside DAYS are coming ones.
    """

    name: str
    label: str
    ask: Ask
    sql: str = ""
    least: str = ""
    most: str = ""
    among: str = ""
    choices: Sequence[tuple[str, str]] = ()
    options: Options | None = None
    read: Callable[[str], str] = str.strip
    given: Callable[[], Any] | None = None
    hint: str = ""
    instants: bool = False
    of_districts: bool = False
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a bulk action's preview: what would happen to how many rows, for how much money."""

    label: str
    rows: int
    amount: int | None = None
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """An action on many rows at once.

    `preview` tells what it would change before anything is; `act` does one row, in its own unit of
    work, and may refuse it: the refusal is shown beside the row. `key` is the row's key, `note` a
    code under which the same task does the same row once. One with `file` makes a PDF of all rows
    instead, which is handed over as the task's file. `options` reads the choices of a field by its
    name; `named` says how a refused row is called (default: its key).
    """

    code: str
    label: str
    right: str
    commit: str
    preview: Callable[[Sequence[Any], Mapping[str, Any], Actor], Awaitable[Sequence[Change]]]
    act: Callable[[Any, Mapping[str, Any], Actor, str], Awaitable[None]] | None = None
    file: Callable[[Sequence[Any], Mapping[str, Any], Actor, Settings], Awaitable[bytes]] | None = (
        None
    )
    fields: tuple[Any, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict)
    named: Callable[[Any], Awaitable[str]] | None = None
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A button above the table; `key` is its physical key, such as KeyN.

    It opens a dialog, or a page of its own with `dialog` False.
    """

    label: str
    path: str
    right: str
    icon: str = ""
    key: str = "KeyN"
    dialog: bool = True


@dataclass(frozen=True, kw_only=True)
class Register:
    """A declared table over `source` (what follows FROM), with a unique `key` of `key_type`.

    `sort` names the column it is sorted by at first, with "-" for descending. `extras` are values
    that links, colours and `refine` need though no column shows them. The line above the table
    searches by `search`, a condition, or by `finds`: keys with why each matched, the surest first.
    `tone` colours a row by its norm. `refine` brings a page's rows to the open day where the stored
    ones may lag. `scope` is a condition with $1 = the districts (text[]) that an actor is confined to.
    `onward` are buttons that take the state of the register along in their address.
    `done` are the words for what a dialog says it did: "?done=code".

    `keys_first` finds the keys of a page before it reads its columns. With a `source` of LEFT JOINs
    that each bring one row at most, PostgreSQL then leaves out those that neither the order nor the
    filters need: worth it where the key is a column with an index.
    """

    code: str
    label: str
    path: str
    right: str
    source: str
    key: str
    key_type: str
    columns: tuple[Column, ...]
    sort: str
    filters: tuple[Filter, ...] = ()
    search: Filter | None = None
    finds: Finds | None = None
    search_label: str = ""
    where: str = "true"
    extras: Mapping[str, str] = field(default_factory=dict)
    tone: Callable[[Row], str] | None = None
    refine: Callable[[list[Row], Actor], Awaitable[None]] | None = None
    actions: tuple[Bulk, ...] = ()
    ways: tuple[Way, ...] = ()
    onward: tuple[Way, ...] = ()
    scope: str = ""
    keys_first: bool = False
    empty: tuple[str, str] = ("", "")
    icon: str = "table"
    about: str = ""
    done: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def columns_for(self, actor: Actor) -> list[Column]:
        """Return the columns the actor may see, in the order declared."""
        return [c for c in self.columns if not c.right or actor.may(c.right)]
