"""The start page: what waits for somebody, each tile leading to where it is cleared."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.web.pages import tiles
from abonent.web.render import page, signed_in
from abonent.web.tiles import TileSource

# Each department adds its own.
TILE_SOURCES: tuple[TileSource, ...] = tiles.SOURCES


async def show_start(request: Request) -> Response:
    """Show what waits for this user."""
    actor = signed_in(request).actor
    found = [await source(actor) for source in TILE_SOURCES]
    shown = [tile for tile in found if tile is not None]
    return page(request, "start.html", {"tiles": shown})
