"""What happened among people, in the past tense, for the areas above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmsReceived:
    """A person wrote to the provider's number; telephones are digits with the country."""

    inbound_id: int
    sender: str
    recipient: str
    text: str
