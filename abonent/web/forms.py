"""Reading a posted form: plain text fields, trimmed, and where to go afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.kernel.errors import FieldError
from abonent.web.render import wants_fragment

_OF_ADDRESSES = ":/%#?=@[]!$&'()*+,;"
"""What stays as it is in an address of a header; all else there is written in ASCII."""


async def form_of(request: Request) -> dict[str, str]:
    """Return the text fields of the posted form; a file in their place counts as absent.

    Raises a 400 for a NUL, which no text of ours holds.
    """
    form = await request.form()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if any("\x00" in value for value in fields.values()):
        raise HTTPException(400)
    return fields


def by_field(errors: tuple[FieldError, ...]) -> Mapping[str, str]:
    """Return the message of each wrong field in the current language, the first one of each."""
    return {error.field: error.text() for error in reversed(errors)}


def local_path(text: str, *, default: str = "/") -> str:
    """Return an address of this host to go to, or the default for anything else.

    Two slashes, or a slash and a backslash, lead elsewhere in a browser and are not taken.
    """
    looks_local = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if looks_local and text.isprintable() else default


def go_to(request: Request, path: str) -> Response:
    """Lead the browser to a page after a form was carried out."""
    if wants_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": quote(path, safe=_OF_ADDRESSES)})
    return RedirectResponse(path, 303)
