"""What a tile of the start page is; departments give sources of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from abonent.kernel.actor import Actor


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One thing that waits: its name and number, and the page that clears it."""

    label: str
    value: str
    note: str
    path: str
    icon: str
    urgent: bool = False


TileSource = Callable[[Actor], Awaitable[Tile | None]]
"""Answers None when nothing waits or the right is missing."""
