"""The script that the provider's site loads: one line there, and everybody may write."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.web.assets import SOURCE

_SCRIPT = (SOURCE / "chat" / "widget.js").read_bytes()
_HEADERS = {
    # It is made to be loaded by another site; the address has no hash, so an hour must do.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600",
}


async def serve(request: Request) -> Response:
    """Serve the script."""
    del request
    return Response(_SCRIPT, media_type="text/javascript", headers=_HEADERS)
