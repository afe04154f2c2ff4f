"""Who of the demo's office does what: the caller hires them once there is an office."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from abonent.crm.demo.acts import DEMO
from abonent.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Staff:
    """The clerk who keeps the cards, the cashier, who judges conversations, the head of all."""

    clerk: Actor = DEMO
    cashier: Actor = DEMO
    shift: Actor = DEMO
    head: Actor = DEMO


Hire = Callable[[int], Awaitable[Staff]]
"""Given the office's id, answers the people who work there."""


async def hire_nobody(office: int) -> Staff:
    """Everything is done by the demonstration itself."""
    del office
    return Staff()
