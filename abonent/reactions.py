"""The one file that joins departments sideways: which event calls which function of another."""

from __future__ import annotations

from abonent.kernel.events import Reactions, install_reactions

REACTIONS: Reactions = {}
"""Event type to the functions that follow it, called before commit with lists of events."""


def install() -> None:
    """Install the table; called once by each program (web, worker, command line)."""
    install_reactions(REACTIONS)
