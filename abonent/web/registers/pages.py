"""The pages of a register: its rows, their totals, printing, views, files and bulk changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.asked import Asked, read_asked
from abonent.kernel.registers.declaration import Ask, Register, Row
from abonent.kernel.registers.reading import (
    COUNTED_LONG_MS,
    COUNTED_MS,
    Page,
    read_page,
    read_totals,
)
from abonent.web.access import PageRoute
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.forms import go_to
from abonent.web.registers.bulk import bulk_dialog
from abonent.web.registers.cells import PERIODS, chips_of, link_of, period, plain, word_of
from abonent.web.registers.tasks import ask_task
from abonent.web.registers.views import SHARE, delete_view, save_view, views_of
from abonent.web.render import desk_of, fragment, page, page_or_block, signed_in

PRINTED = 1_000
"""The most rows that are printed at once; for more there are files."""

_TEMPLATE = "register.html"
_PERIOD_WORDS = {
    "today": N_("today"),
    "yesterday": N_("yesterday"),
    "week": N_("this week"),
    "month": N_("this month"),
    "last-month": N_("last month"),
}
_AHEAD = (
    (N_("within 3 days"), 3),
    (N_("within a week"), 7),
    (N_("within two weeks"), 14),
)


def register_routes(register: Register) -> tuple[BaseRoute, ...]:
    """Return every route of a register, below its own path."""
    path, right = register.path, register.right
    return (
        PageRoute(path, partial(_show, register), right=right, name=register.code),
        PageRoute(f"{path}/filters", partial(_show_filters, register), right=right),
        PageRoute(f"{path}/total", partial(_show_total, register, COUNTED_MS), right=right),
        PageRoute(f"{path}/count", partial(_show_total, register, COUNTED_LONG_MS), right=right),
        PageRoute(f"{path}/print", partial(_print, register), right=right),
        PageRoute(f"{path}/file", partial(_ask_file, register), right=right, methods=("POST",)),
        PageRoute(
            f"{path}/views/{{view:int}}/delete",
            partial(_delete_view, register),
            right=right,
            methods=("POST",),
        ),
        *_view_dialog(register).routes,
        *(route for action in register.actions for route in bulk_dialog(register, action).routes),
    )


async def _show(register: Register, request: Request) -> Response:
    by = signed_in(request).actor
    asked = await read_asked(register, request.query_params.multi_items(), by=by)
    found = Page([], "", "") if asked.errors else await read_page(register, asked, by=by)
    if "open" in request.query_params and (only := _only(asked, found, by)):
        return RedirectResponse(only, 303)
    return page_or_block(
        request, _TEMPLATE, "answers", await _context(register, asked, found, request)
    )


def _only(asked: Asked, found: Page, by: Actor) -> str:
    """Where Enter leads before the list has come: the one row that there is."""
    heads = [column for column in asked.columns if column.head]
    return link_of(heads[0], found.rows[0], by) if heads and len(found.rows) == 1 else ""


async def _context(
    register: Register, asked: Asked, found: Page, request: Request
) -> dict[str, Any]:
    by = signed_in(request).actor
    zone = desk_of(request).settings.timezone
    return {
        "register": register,
        "asked": asked,
        "found": found,
        # The fields of the filters come when they are opened, or to show what is wrong with them.
        "options": await options_of(register, asked, by, every=True) if asked.errors else {},
        "chips": chips_of(register, asked, await options_of(register, asked, by)),
        "views": await views_of(register.code, by=by) if by.kind == "user" else [],
        "all_columns": register.columns_for(by),
        "actions": [action for action in register.actions if by.may(action.right)],
        "periods": _periods(register, zone),
        "done": register.done.get(request.query_params.get("done", ""), ""),
        **cell_tools(register, asked, by),
    }


def cell_tools(register: Register, asked: Asked, by: Actor) -> dict[str, Any]:
    """Return what a template needs to write cells and addresses of a register."""

    def at(*pairs: tuple[str, str]) -> str:
        return f"{register.path}?{urlencode(list(pairs))}" if pairs else register.path

    def tone(row: Row) -> str:
        return register.tone(row) if register.tone else ""

    return {
        "link_of": lambda column, row: link_of(column, row, by),
        "word_of": word_of,
        "plain": plain,
        "tone": tone,
        "state": asked.pairs(),
        "query": urlencode(asked.pairs()),
        "at": lambda pairs: at(*pairs),
        "sorted_by": lambda column: at(*asked.pairs(sort=_turned(asked, column.name))),
    }


def _turned(asked: Asked, name: str) -> str:
    """The order that a click on a heading asks for: up first, then down."""
    return f"-{name}" if asked.sort.name == name and not asked.descending else name


async def options_of(
    register: Register, asked: Asked, by: Actor, *, every: bool = False
) -> Mapping[str, list[tuple[str, str]]]:
    """Return the choices of the filters in force, or of every one, in the reader's language."""
    options = {}
    for one in register.filters:
        if one.ask is Ask.CHOICE and (every or one.name in asked.typed):
            offered = await one.options() if one.options else one.choices
            options[one.name] = [
                (value, words if one.options else _(words))
                for value, words in offered
                if not one.of_districts or by.sees(value)
            ]
    return options


def _periods(register: Register, zone: str) -> dict[str, list[tuple[str, str, str]]]:
    """The days offered beside each filter that asks for days: their words, the first, the last."""
    today = clock.calendar_day(zone)
    past = [(_PERIOD_WORDS[name], *period(name, today)) for name in PERIODS]
    ahead = [(words, today, today + timedelta(days)) for words, days in _AHEAD]
    return {
        one.name: [
            (_(words), first.isoformat(), last.isoformat())
            for words, first, last in (ahead if one.ahead else past)
        ]
        for one in register.filters
        if one.ask is Ask.DAYS
    }


async def _show_filters(register: Register, request: Request) -> Response:
    by = signed_in(request).actor
    asked = await read_asked(register, request.query_params.multi_items(), by=by)
    context = {
        "register": register,
        "asked": asked,
        "options": await options_of(register, asked, by, every=True),
        "periods": _periods(register, desk_of(request).settings.timezone),
    }
    return page_or_block(request, "register_filters.html", "fields", context)


async def _show_total(register: Register, within_ms: int, request: Request) -> Response:
    by = signed_in(request).actor
    asked = await read_asked(register, request.query_params.multi_items(), by=by)
    totals = await read_totals(register, asked, by=by, within_ms=within_ms)
    summed = [column for column in register.columns_for(by) if column.total]
    context = {
        "totals": totals,
        "summed": summed,
        "asks": ""
        if within_ms == COUNTED_LONG_MS
        else f"{register.path}/count?{request.url.query}",
    }
    return fragment(request, "register_total.html", "total", context)


async def _print(register: Register, request: Request) -> Response:
    by = signed_in(request).actor
    asked = await read_asked(register, request.query_params.multi_items(), by=by)
    found = await read_page(register, asked, by=by, limit=PRINTED)
    context = {
        "register": register,
        "asked": asked,
        "found": found,
        "chips": chips_of(register, asked, await options_of(register, asked, by)),
        "printed_at": clock.now(),
        "most": PRINTED,
        **cell_tools(register, asked, by),
    }
    return page(request, "register_print.html", context)


async def _ask_file(register: Register, request: Request) -> Response:
    by = signed_in(request).actor
    what = "csv" if request.query_params.get("as") == "csv" else "xlsx"
    asked = await read_asked(register, request.query_params.multi_items(), by=by)
    await ask_task("export", register.code, asked=urlencode(asked.pairs()), what=what, by=by)
    return go_to(request, "/tasks")


async def _delete_view(register: Register, request: Request) -> Response:
    await delete_view(request.path_params["view"], by=signed_in(request).actor)
    return go_to(request, register.path)


def _view_dialog(register: Register) -> Dialog:
    """The dialog that gives the present state a name."""

    async def opened(request: Request) -> Opened:
        return Opened(back=f"{register.path}?{request.url.query}")

    async def do(request: Request, values: Values) -> str:
        by = signed_in(request).actor
        asked = await read_asked(register, request.query_params.multi_items(), by=by)
        state = urlencode(asked.pairs())
        shared = values["shared"] and by.may(SHARE)
        await save_view(register.code, values["name"], state, shared=shared, by=by)
        return f"{register.path}?{state}"

    return Dialog(
        path=f"{register.path}/views",
        right=register.right,
        title=N_("Save the view"),
        commit=N_("Save"),
        fields=(
            Field(
                name="name",
                label=N_("Name"),
                longest=60,
                hint=N_("Search, filters, order and columns are kept under it."),
            ),
            Field(
                name="shared",
                label=N_("Show it to everybody"),
                kind=Kind.TICK,
                required=False,
                hint=N_("Needs the right to share views."),
            ),
        ),
        opened=opened,
        do=do,
    )
