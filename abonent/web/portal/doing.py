"""What every act of the portal shares: looked at by an address, carried out once by a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import DomainError
from abonent.web.errors import status_of
from abonent.web.forms import form_of
from abonent.web.pages.acting import ANSWERED_IN_PLACE, asked_once, new_key, said
from abonent.web.portal.access import entered, portal_page

Show = Callable[[Request, Mapping[str, str], DomainError | None], Awaitable[Response]]
Do = Callable[[Request, Mapping[str, str]], Awaitable[str]]


async def carried_out(request: Request, *, do: Do, show: Show) -> Response:
    """Carry a form out once and lead on; what is refused comes back with what was typed.

    `do` answers the address to go to; the same form sent again leads there without doing it again.
    """
    form = await form_of(request)
    try:
        by = entered(request).actor
        path = await asked_once(request, form, by=by, work=lambda: do(request, form))
    except ANSWERED_IN_PLACE as error:
        return await show(request, form, error)
    return RedirectResponse(path, 303)


def act_page(
    request: Request, template: str, context: Mapping[str, Any], error: DomainError | None
) -> Response:
    """Render the page of an act; `errors` holds what is wrong by field, "form" for the rest."""
    status = 200 if error is None else status_of(error)
    errors = {} if error is None else said(error, {})
    known = {"errors": errors, "key": new_key(), **context}
    return portal_page(request, template, known, status=status)
