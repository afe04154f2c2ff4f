"""What every gateway of text messages does, and what it says back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

ENDS = frozenset({"delivered", "undelivered", "expired", "rejected"})
"""States of a part after which nothing more is heard of it."""


@dataclass(frozen=True, slots=True)
class Sms:
    """A message to be sent: `ref` names it the same at every attempt.

    `sent_parts` are those that an earlier attempt got through: they are not sent again.
    """

    ref: int
    to: str
    text: str
    sent_parts: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a part, as the gateway says; `code` is its own word for why."""

    gateway: str
    provider_id: str
    state: str
    code: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a person wrote to the provider's number; telephones are digits with the country."""

    gateway: str
    sender: str
    text: str
    recipient: str = ""
    provider_id: str = ""


Accepted = Callable[[int, str], Awaitable[None]]
"""Called with the number of a part, from 1 on, and the gateway's name for it, once it is taken."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where what comes back is taken; what raises is told again by the gateway later."""

    receipt: Callable[[Receipt], Awaitable[None]]
    inbound: Callable[[Inbound], Awaitable[None]]


class Gateway(Protocol):
    """A way to send text messages; `name` stands beside the ids it gives.

    `by_parts` tells that each part of a long message is given away, and named, apart.
    """

    name: str
    by_parts: bool = False

    async def send(self, message: Sms, accepted: Accepted) -> None:
        """Send; raises NotSentError, RefusedError, UncertainError."""

    async def find(self, message: Sms) -> str | None:
        """Ask whether a message was taken: its id, "" for surely not, None where nobody can tell."""

    async def listen(self, hooks: Hooks) -> None:
        """Hear what comes back for as long as the program runs."""
