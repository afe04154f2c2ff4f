"""The tile of quality: appeals against cards that one may decide."""

from __future__ import annotations

from abonent.crm.queries.quality_appeals import DECIDE, appeals_for
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.render import written_count
from abonent.web.tiles import Tile


async def appeals_waiting(actor: Actor) -> Tile | None:
    """The appeals that wait for one's decision; no tile where none does."""
    if not (actor.may(DECIDE) and actor.may("crm.conversation.view")):
        return None
    waiting = len(await appeals_for(by=actor))
    if not waiting:
        return None
    return Tile(
        label=_("Appeals to decide"),
        value=written_count(waiting),
        note=_("against cards of quality"),
        path="/quality#appeals",
        icon="checklist",
    )
