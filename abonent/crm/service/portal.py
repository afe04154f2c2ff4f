"""What a subscriber does to the own card through the portal, beyond what the desk does."""

from __future__ import annotations

from abonent.crm.errors import NotOnCard
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work

_CONFIRM = """
UPDATE crm_contact SET confirmed_at = $3, version = version + 1
WHERE id = $1 AND removed_at IS NULL AND confirmed_at IS NULL
    AND subscriber_id = (SELECT subscriber_id FROM crm_contract WHERE id = $2)
RETURNING true
"""
_THERE = """
SELECT 1 FROM crm_contact WHERE id = $1 AND removed_at IS NULL
    AND subscriber_id = (SELECT subscriber_id FROM crm_contract WHERE id = $2)
"""


async def confirm_contact(contract: int, contact: int, *, by: Actor) -> None:
    """Note that a code sent to a contact came back: it reaches the contract's subscriber.

    One confirmed before stays as it is. Raises NotOnCard where the contact is gone.
    """
    by.require("crm.subscriber.edit")
    async with unit_of_work(by) as work:
        if await work.connection.fetchval(_CONFIRM, contact, contract, clock.now()):
            await work.audit("crm:contact:confirmed", f"contact:{contact}")
        elif await work.connection.fetchval(_THERE, contact, contract) is None:
            raise NotOnCard("contact", contact)
