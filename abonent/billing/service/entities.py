"""The provider's legal entities: an account belongs to one of them."""

from __future__ import annotations

from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work

_NAME = """
INSERT INTO billing_legal_entity (id, code, name)
SELECT coalesce(max(id), 0) + 1, $1, $2 FROM billing_legal_entity
ON CONFLICT (code) DO UPDATE SET name = excluded.name
"""


async def name_legal_entity(code: str, *, by: Actor, name: str) -> None:
    """Give a legal entity its name; a code that is not known makes a new one."""
    by.require("billing.entity.edit")
    async with unit_of_work(by) as work:
        await work.connection.execute(_NAME, code, name)
        await work.audit("billing:legal_entity:named", code)
