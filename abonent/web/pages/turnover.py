"""The turnover sheet, level by level down to the calculation of one entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.books import installation
from abonent.billing.queries.moves import Move, Moves, account_moves, scope_names
from abonent.billing.queries.turnover import LEVELS, Row, Sheet, turnover
from abonent.billing.rules.explanation import Explanation, explain
from abonent.crm.queries import names_by_number
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import _, current_language
from abonent.web.files import Cell, csv_answer
from abonent.web.forms import by_field
from abonent.web.lessons import note_looked
from abonent.web.pages.turnover_asked import Asked, read_asked
from abonent.web.queries import names_of
from abonent.web.render import page, signed_in
from abonent.web.wording import LEVEL_NAMES, SECTION_NAMES, line_name

PAGE = 100
"""Rows of one page; the sums are of all rows."""


NOBODY: Mapping[str, str] = {}
_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is shown; amounts in minor units, signed as the debt."""

    key: str
    label: str
    opening: int
    charged: int
    paid: int
    corrected: int
    closing: int
    name: str = ""

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """The columns, from the opening to the closing."""
        return self.opening, self.charged, self.paid, self.corrected, self.closing


@dataclass(frozen=True, slots=True)
class Part:
    """What a section consists of: names and amounts, the largest first."""

    title: str
    lines: list[tuple[str, int]]
    total: int


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the sheet with its line's name and how it came about."""

    move: Move
    name: str
    explanation: Explanation


async def show_turnover(request: Request) -> Response:
    """Show one level of the sheet; the whole choice is in the address."""
    actor = signed_in(request).actor
    try:
        asked = await read_asked(request)
    except Malformed as error:
        asked = await read_asked(request, default_period=True)
        typed = {name: request.query_params.get(name, "") for name in ("from", "through")}
        context = {"asked": asked, "typed": typed, "errors": by_field(error.errors), "trail": []}
        return page(request, "turnover.html", context | _nothing(), status=422)
    await note_looked(request, signed_in(request).user_id, "turnover")
    typed = {"from": asked.start.isoformat(), "through": asked.through.isoformat()}
    context = {"asked": asked, "typed": typed, "errors": {}, "trail": await _trail(asked, actor)}
    context["owed_at_end"] = await _owed_at_end(asked)
    if asked.within.account is not None:
        return page(request, "turnover_entries.html", context | await _entries(asked, actor))
    shown = _shown(asked, await _sheet(asked, actor))
    if asked.level == "account":
        shown["lines"] = await _named(shown["lines"], actor)
    return page(request, "turnover.html", context | shown)


async def download_turnover(request: Request) -> Response:
    """Answer the same level as a table for a spreadsheet, each line of the sheet a column."""
    asked, actor = await read_asked(request), signed_in(request).actor
    name = f"turnover_{asked.start}_{asked.through}.csv"
    if asked.within.account is not None:
        moves = await _moves(asked, actor)
        return csv_answer(name, _entry_table(moves))
    return csv_answer(name, _table(asked, await _sheet(asked, actor)))


# a level of the sheet


async def _sheet(asked: Asked, actor: Actor) -> Sheet:
    return await turnover(
        by=actor, start=asked.start, end=asked.end, level=asked.level, within=asked.within
    )


def _nothing() -> dict[str, Any]:
    return {"lines": [], "count": 0, "first": 0, "more": False, "total": None, "parts": []}


def _shown(asked: Asked, sheet: Sheet) -> dict[str, Any]:
    lines = [_inside(asked, _line(row)) for row in sheet.rows]
    lines.sort(key=lambda line: _place(line, asked.sort), reverse=asked.descending)
    first = (asked.page - 1) * PAGE
    total = _line(sheet.total)
    return {
        "lines": lines[first : first + PAGE],
        "count": len(lines),
        "first": first + 1,
        "more": len(lines) > first + PAGE,
        "total": total,
        "agrees": _agrees(lines, total),
        "parts": _parts(sheet.total),
        "level_names": LEVEL_NAMES,
    }


async def _named(lines: list[Line], actor: Actor) -> list[Line]:
    """The accounts with whose they are, for who may see subscribers."""
    if not lines or not actor.may("crm.subscriber.view"):
        return lines
    names = await names_by_number([line.key for line in lines], by=actor)
    return [replace(line, name=names.get(line.key, "")) for line in lines]


async def _owed_at_end(asked: Asked) -> str:
    """What the last column is called: while the period is not over, it is the debt so far."""
    async with reading() as connection:
        today = (await installation(connection)).day
    return _("Owed at the end") if asked.end <= today else _("Owed on {day}", day=today)


def _line(row: Row) -> Line:
    charged, paid = sum(row.charges.values()), sum(row.payments.values())
    return Line(row.key, row.label, row.opening, charged, paid, row.corrections, row.closing)


def _inside(asked: Asked, line: Line) -> Line:
    """A building inside a district goes by its street and house."""
    district = asked.within.district
    if asked.level != "building" or not district:
        return line
    return replace(line, label=line.label.removeprefix(f"{district}, "))


def _place(line: Line, column: str) -> tuple[object, ...]:
    """Where a line stands in an order; house 2 comes before house 10."""
    if column != "label":
        return getattr(line, column), line.key
    parts = _DIGITS.split(line.label)
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in parts), line.key


def _agrees(lines: list[Line], total: Line) -> bool:
    """Tell whether the rows sum to the total, column by column, and the total closes."""
    columns = zip(*(line.figures for line in lines), strict=True)
    sums = tuple(map(sum, columns)) if lines else (0,) * 5
    closes = total.opening + total.charged - total.paid + total.corrected == total.closing
    return sums == total.figures and closes


def _parts(row: Row) -> list[Part]:
    sections = (
        ("charge", row.charges),
        ("payment", row.payments),
        ("correction", row.corrections_by_kind),
    )
    return [_part(section, amounts) for section, amounts in sections if any(amounts.values())]


def _part(section: str, amounts: dict[str, int]) -> Part:
    named = [(line_name(line), amount) for line, amount in amounts.items() if amount]
    ordered = sorted(named, key=lambda line: (-abs(line[1]), line[0]))
    return Part(_(SECTION_NAMES[section]), ordered, sum(amounts.values()))


async def _trail(asked: Asked, actor: Actor) -> list[tuple[str, str]]:
    """The way down: pairs of label and address."""
    within = asked.within
    names = await scope_names(within, by=actor)
    nowhere = _("Without an address")
    labels = {
        "legal_entity": names.legal_entity or within.legal_entity,
        "district": within.district or nowhere,
        "building": names.building or nowhere,
        "account": _("Account {number}", number=within.account),
    }
    trail = [(_("Everything"), asked.up_to(0))]
    for depth, level in enumerate(LEVELS, 1):
        if getattr(within, level) is not None:
            trail.append((str(labels[level]), asked.up_to(depth)))
    return trail


def _table(asked: Asked, sheet: Sheet) -> Iterator[list[Cell]]:
    """The level with its total: one column for each line that moved anything."""
    total = sheet.total
    sections = [sorted(s) for s in (total.charges, total.payments, total.corrections_by_kind)]
    names = [[line_name(line) for line in lines] for lines in sections]
    charged, paid, corrected = (_(SECTION_NAMES[name]) for name in SECTION_NAMES)
    yield [
        _("Key"), _(LEVEL_NAMES[asked.level]), _("Owed at the start"),
        *names[0], charged, *names[1], paid, *names[2], corrected, _("Owed at the end"),
    ]  # fmt: skip
    for row in [*sheet.rows, total]:
        line = _line(row)
        yield [
            row.key, row.label or _("Total"), line.opening,
            *(row.charges.get(name, 0) for name in sections[0]), line.charged,
            *(row.payments.get(name, 0) for name in sections[1]), line.paid,
            *(row.corrections_by_kind.get(name, 0) for name in sections[2]), line.corrected,
            line.closing,
        ]  # fmt: skip


# the entries of one account


async def _moves(asked: Asked, actor: Actor) -> Moves:
    account = asked.within.account or ""
    return await account_moves(account, by=actor, start=asked.start, end=asked.end)


async def _entries(asked: Asked, actor: Actor) -> dict[str, Any]:
    moves = await _moves(asked, actor)
    names = await names_of(move.item.actor for move in moves.rows)
    totals = {section: moves.total(section) for section in SECTION_NAMES}
    last = moves.rows[-1].owed_after if moves.rows else moves.opening
    return {
        "moves": moves,
        "told": [_told(move, moves, names) for move in moves.rows],
        "totals": totals,
        "agrees": last == moves.closing,
    }


def _told(move: Move, moves: Moves, names: Mapping[str, str] = NOBODY) -> Told:
    explanation = explain(
        move.item.posting,
        catalogue=moves.catalogue,
        language=current_language(),
        account_number=moves.number,
        actor=move.item.actor,
        actor_name=names.get(move.item.actor or ""),
    )
    return Told(move, line_name(move.line), explanation)


def _entry_table(moves: Moves) -> Iterator[list[Cell]]:
    yield [
        _("Entry"), _("Day"), _("Section"), _("Line"), _("In the period"), _("Whole entry"),
        _("Owed after"), _("Calculation"),
    ]  # fmt: skip
    for move in moves.rows:
        told = _told(move, moves)
        yield [
            move.item.id or "", move.item.posting.day.isoformat(), _(SECTION_NAMES[move.section]),
            told.name, move.amount, move.item.posting.amount, move.owed_after,
            told.explanation.text,
        ]  # fmt: skip
