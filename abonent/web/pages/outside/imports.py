"""A file taken by `abonent import`: how much of it, and what was wrong with its rows."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from abonent.billing.queries.imports import KINDS, SHOWN, STATES, import_of, troubles_of
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import current_language
from abonent.kernel.tables import plain_cell
from abonent.web.queries import name_of
from abonent.web.render import page, signed_in

_MARK = "\ufeff"
"""By this a spreadsheet knows UTF-8."""


async def show_all(request: Request) -> Response:
    """Lead from where the files of agreements stood alone to the register of all."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/imports{query}", status_code=303)


async def show_import(request: Request) -> Response:
    """Show one import with the first of its troubles."""
    file = await import_of(request.path_params["number"], by=signed_in(request).actor)
    context = {
        "file": file,
        "state": STATES[file.state],
        "kind": KINDS[file.kind],
        "shown": SHOWN,
        "who": await name_of(file.begun_by) or file.machine_user,
    }
    return page(request, "outside/import.html", context)


async def download_troubles(request: Request) -> Response:
    """Hand over what was wrong with the rows, as `abonent import --errors` writes it."""
    by, number = signed_in(request).actor, request.path_params["number"]
    file = await import_of(number, by=by)
    headers = {"Content-Disposition": f'attachment; filename="import-{file.id}.csv"'}
    lines = _lines(number, by, current_language())
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(number: int, by: Actor, language: str) -> AsyncIterator[str]:
    yield f"{_MARK}row;column;value;reason\n"
    async for some in troubles_of(number, by=by):
        text = io.StringIO()
        csv.writer(text, delimiter=";", lineterminator="\n").writerows(
            (one.row, one.column, plain_cell(one.value), plain_cell(one.reason(language)))
            for one in some
        )
        yield text.getvalue()
