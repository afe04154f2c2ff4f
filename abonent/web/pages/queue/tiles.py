"""The tile of the queue: who waits now, and lists that an office has not ticked."""

from __future__ import annotations

from abonent.crm.queries.queue_day import Now, queue_now
from abonent.crm.rules.queue import EDIT, VIEW
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.render import written_count
from abonent.web.tiles import Tile


async def queue_state(actor: Actor) -> Tile | None:
    """Who waits in the offices; for the head also what was not ticked. None when all is well."""
    if not actor.may(VIEW):
        return None
    now = await queue_now(by=actor)
    missing = now.missing if actor.may(EDIT) else 0
    if not now.people and not missing:
        return None
    return Tile(
        label=_("Wait in the offices") if now.people else _("Checklists not ticked"),
        value=written_count(now.people or missing),
        note=_note(now, missing),
        path="/queue/day",
        icon="ticket" if now.people else "checklist",
        urgent=now.late > 0 or missing > 0,
    )


def _note(now: Now, missing: int) -> str:
    if not now.people:
        return _("opening of today, closing of yesterday")
    if now.late:
        return _(
            "beyond the limit: {count}, longest {minutes} min",
            count=now.late,
            minutes=now.longest,
        )
    if missing:
        return _("checklists not ticked: {count}", count=missing)
    return _("the first one waits {minutes} min", minutes=now.longest)
