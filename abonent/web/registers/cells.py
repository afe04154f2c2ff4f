"""A register's values as people read them, on a page and in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.kernel.registers.asked import Asked
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, in words, and the address without it."""

    text: str
    without: list[tuple[str, str]]


def link_of(column: Column, row: Row, by: Actor) -> str:
    """Return where the cell leads; nothing without the right or where a part of the address is missing."""
    if not column.link or (column.link_right and not by.may(column.link_right)):
        return ""
    try:
        filled = column.link.format_map(row)
    except KeyError:
        return ""
    return "" if "None" in filled.split("/") else filled


def word_of(column: Column, value: Any) -> tuple[str, str]:
    """Return a state's word in the reader's language and its tone."""
    words, tone = column.words.get(str(value), (str(value), ""))
    return _(words), tone


def chips_of(
    register: Register, asked: Asked, options: Mapping[str, list[tuple[str, str]]]
) -> list[Chip]:
    """Return the filters in force, each with the state that is left without it."""
    chips = [Chip(f"“{asked.query}”", asked.pairs(q=""))] if asked.query else []
    for one in register.filters:
        for name in (one.name, f"{one.name}.from", f"{one.name}.to"):
            if name in asked.typed and name not in asked.errors:
                text = _chip(one, name, asked.typed[name], dict(options.get(one.name, ())))
                chips.append(Chip(text, asked.pairs(**{name: ""})))
    return chips


def _chip(one: Filter, name: str, texts: tuple[str, ...], words: Mapping[str, str]) -> str:
    label = _(one.label)
    if one.ask is Ask.FLAG:
        return label
    shown = ", ".join(words.get(text, text) for text in texts)
    if one.ask is Ask.DAYS:
        shown = _("{day}", day=date.fromisoformat(texts[0]))
    if name.endswith(".from"):
        return _("{label}: from {value}", label=label, value=shown)
    if name.endswith(".to"):
        return _("{label}: to {value}", label=label, value=shown)
    return f"{label}: {shown}"


PERIODS = ("today", "yesterday", "week", "month", "last-month")
"""Periods that a filter of days offers beside its two fields."""


def period(name: str, today: date) -> tuple[date, date]:
    """Return the first and the last day of a period.

    >>> period("last-month", date(2026, 3, 31))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    one = timedelta(1)
    match name:
        case "today":
            return today, today
        case "yesterday":
            return today - one, today - one
        case "week":
            return today - timedelta(today.weekday()), today
        case "month":
            return today.replace(day=1), today
        case "last-month":
            last = today.replace(day=1) - one
            return last.replace(day=1), last
    raise ValueError(name)


def plain(column: Column, value: Any) -> str:
    """Return a value as a text, for CSV and for reading aloud."""
    if value is None:
        return ""
    if column.kind is Kind.STATE:
        return word_of(column, value)[0]
    if column.kind is Kind.FLAG:
        return _("yes") if value else _("no")
    if isinstance(value, datetime | date):
        return _("{at}", at=value)
    return str(value)
