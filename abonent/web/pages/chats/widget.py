"""The script that the provider's site loads, and the page that tells how to put it there."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.settings import listed
from abonent.web.assets import SOURCE
from abonent.web.render import desk_of, page

_SCRIPT = (SOURCE / "chat" / "widget.js").read_text("utf-8")
_SITES = "/* sites */ []"
_HEADERS = {
    # It is made to be loaded by another site; the address has no hash, so an hour must do.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600",
}


async def serve(request: Request) -> Response:
    """Serve the script, which stays away from sites that may not show our page."""
    sites = json.dumps(listed(desk_of(request).settings.chat_sites))
    script = _SCRIPT.replace(_SITES, sites)
    return Response(script, media_type="text/javascript", headers=_HEADERS)


async def show_site(request: Request) -> Response:
    """Show the line for the provider's site, which sites may use it, and how to name one."""
    settings = desk_of(request).settings
    home = settings.public_url or str(request.base_url).rstrip("/")
    line = f'<script src="{home}/chat.js" defer></script>'
    context = {"line": line, "sites": listed(settings.chat_sites), "public": settings.public_url}
    return page(request, "chats/site.html", context)
