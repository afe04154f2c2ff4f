"""The start page: what waits for somebody, each tile leading to where it is cleared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.actor import Actor
from abonent.web.render import page, signed_in


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One thing that waits: its name and number, and the page that clears it."""

    label: str
    value: str
    note: str
    path: str
    icon: str


TileSource = Callable[[Actor], Awaitable[Tile | None]]

# Each department adds its own; a source answers None when nothing waits or the right is missing.
TILE_SOURCES: tuple[TileSource, ...] = ()


async def show_start(request: Request) -> Response:
    """Show what waits for this user."""
    actor = signed_in(request).actor
    found = [await source(actor) for source in TILE_SOURCES]
    tiles = [tile for tile in found if tile is not None]
    return page(request, "start.html", {"tiles": tiles})
