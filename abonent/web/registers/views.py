"""Views of a register that were given a name: one's own, and those shared with everybody."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id

MOST = 50
SHARE = "web.view.share"
"""The right to show a view to everybody."""

_LIST = """
SELECT v.id, v.name, v.state, v.shared, v.user_id = $2 AS own, u.name AS owner
FROM register_view v JOIN web_user u ON u.id = v.user_id
WHERE v.register = $1 AND (v.user_id = $2 OR v.shared)
ORDER BY v.user_id <> $2, v.name
"""
_COUNT = "SELECT count(*) FROM register_view WHERE user_id = $1"
_SAVE = """
INSERT INTO register_view (id, register, name, state, user_id, shared, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_DELETE = "DELETE FROM register_view WHERE id = $1 AND (user_id = $2 OR $3) RETURNING name"


@dataclass(frozen=True, slots=True)
class View:
    """A named state of a register; `own` tells whether it is the reader's."""

    id: int
    name: str
    state: str
    shared: bool
    own: bool
    owner: str


async def views_of(register: str, *, by: Actor) -> list[View]:
    """Return one's own views of a register and the shared ones of others."""
    async with reading() as connection:
        return [View(**row) for row in await connection.fetch(_LIST, register, int(by.id))]


async def save_view(register: str, name: str, state: str, *, shared: bool, by: Actor) -> int:
    """Give a state of a register a name. Raises Conflict when one's own view has it already."""
    if shared:
        by.require(SHARE)
    made = new_id()
    row = (made, register, name, state, int(by.id), shared, clock.now())
    try:
        async with unit_of_work(by) as work:
            if await work.connection.fetchval(_COUNT, int(by.id)) >= MOST:
                full = N_("You have {most} views already: delete one first.")
                raise Refused("TOO_MANY_VIEWS", full, field="name", most=MOST)
            await work.connection.execute(_SAVE, *row)
            after = {"register": register, "shared": shared}
            await work.audit("desk:view:saved", f"view:{made}", after=after)
    except asyncpg.UniqueViolationError:
        taken = N_("You have a view called “{value}” here already.")
        raise Conflict("VIEW_EXISTS", taken, field="name", value=name) from None
    return made


async def delete_view(view: int, *, by: Actor) -> None:
    """Delete one's own view, or a shared one with the right to share. Raises NotFound."""
    async with unit_of_work(by) as work:
        name = await work.connection.fetchval(_DELETE, view, int(by.id), by.may(SHARE))
        if name is None:
            raise NotFound("NO_VIEW", N_("There is no such view."))
        await work.audit("desk:view:deleted", f"view:{view}")
