"""Counting a drawer: a field for each note and coin, in the order of the paper form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.cash.desks import Denomination, denominations
from abonent.billing.queries.cash.shifts import Shift, shift_of
from abonent.billing.rules.cash import count_pieces
from abonent.billing.service.cash.shifts import count_shift
from abonent.kernel.errors import DomainError, FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.fields import Field, Kind, read_fields
from abonent.web.forms import form_of, go_to
from abonent.web.pages.acting import ANSWERED_IN_PLACE, answer, carries_out, said
from abonent.web.pages.cash.papers import piece_name
from abonent.web.render import signed_in

_TEMPLATE = "cash/count.html"
_MOST = 99_999
_TOTAL = Field(name="total", label=N_("In the drawer"), kind=Kind.AMOUNT, least=0)


async def show_count(request: Request) -> Response:
    """Show the form of the count; one made before is there to be mended."""
    shift = await shift_of(request.path_params["shift"], by=signed_in(request).actor)
    known = await denominations()
    given = {
        name_of(d.value): str(shift.counted[d.value]) for d in known if d.value in shift.counted
    }
    context = _context(request, shift, known, given)
    return answer(request, _TEMPLATE, context | {"sum": shift.counted_sum}, error=None)


async def count(request: Request) -> Response:
    """Count the drawer, or show what the pieces come to."""
    by = signed_in(request).actor
    shift = await shift_of(request.path_params["shift"], by=by)
    known, form = await denominations(), await form_of(request)
    context = _context(request, shift, known, form)
    error: DomainError | None = None
    try:
        pieces = read_pieces(form, known) if known else None
        total = None if known else read_fields((_TOTAL,), form)["total"]
        context["sum"] = count_pieces(pieces) if pieces is not None else total
        if carries_out(form):
            await count_shift(shift.id, by=by, pieces=pieces, total=total)
            close = f"/cash/shifts/{shift.id}/close"
            return go_to(request, close if shift.is_of(by) else f"/cash/shifts/{shift.id}")
    except ANSWERED_IN_PLACE as wrong:
        error = wrong
        context["errors"] = said(wrong, {})
    return answer(request, _TEMPLATE, context, error=error)


def name_of(value: int) -> str:
    """Return the form's field for a note or coin."""
    return f"pieces-{value}"


def read_pieces(form: Mapping[str, str], known: Sequence[Denomination]) -> dict[int, int]:
    """Read the pieces of each note and coin; empty is none. Raises Malformed naming each slip."""
    pieces: dict[int, int] = {}
    wrong = []
    for one in known:
        name = name_of(one.value)
        text = form.get(name, "").strip()
        if not text:
            pieces[one.value] = 0
        elif text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= _MOST:
            pieces[one.value] = int(text)
        else:
            message = N_("{piece}: give a whole number of pieces.")
            wrong.append(FieldError(name, text, message, {"piece": piece_name(one.value)}))
    if wrong:
        raise Malformed(*wrong)
    return pieces


def _context(
    request: Request, shift: Shift, known: Sequence[Denomination], given: Mapping[str, str]
) -> dict[str, Any]:
    own = shift.is_of(signed_in(request).actor)
    return {
        "shift": shift,
        "pieces": known,
        "piece_name": piece_name,
        "field_of": name_of,
        "given": {"key": "", **given},
        "errors": {},
        "sum": None,
        "back": "/cash" if own else f"/cash/shifts/{shift.id}",
    }
