"""Events and the reactions to them: what a higher or sibling department does in step.

A use case records events in its unit of work; just before commit, in the same transaction, every
reaction to their type gets them as one list. A reaction that fails rolls all back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Reaction = Callable[[Any, Sequence[Any]], Awaitable[None]]
"""Called with the unit of work and the events of one type, in the order they were recorded."""

Reactions = Mapping[type, Sequence[Reaction]]


class NoReactionsInstalledError(RuntimeError):
    """A program recorded an event without installing the reactions: things would fall behind."""


class _Registry:
    """The one table of reactions of this process; None until `install_reactions`."""

    reactions: Reactions | None = None


def install_reactions(reactions: Reactions) -> None:
    """Set the table of reactions; every program does so before its first unit of work."""
    _Registry.reactions = reactions


def reactions_to(event_type: type) -> Sequence[Reaction]:
    """Answer the reactions to a type of event, in the order of the table."""
    if _Registry.reactions is None:
        raise NoReactionsInstalledError(f"no reactions installed for {event_type.__name__}")
    return _Registry.reactions.get(event_type, ())
