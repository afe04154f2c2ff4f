"""The tile of requests: what waits for oneself and one's team, what is late or nobody deals with."""

from __future__ import annotations

from abonent.crm.queries.requests import Waiting, waiting_requests
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.render import written_count
from abonent.web.tiles import Tile


async def requests_waiting(actor: Actor) -> Tile | None:
    """One's own and one's team's requests; for who answers for all, what is late of all.

    Whoever was told of requests that nobody deals with is led to those first.
    """
    if actor.kind != "user" or not actor.may("crm.request.work"):
        return None
    found = await waiting_requests(int(actor.id))
    over_all = actor.may("crm.request.report")
    late = found.late_of_all if over_all else found.late
    if not (found.mine or found.free or late or found.unheeded):
        return None
    path = "/requests?late=on" if late and over_all else f"/requests?owner={actor.id}&owner=0"
    return Tile(
        label=_("Requests for you"),
        value=written_count(found.mine),
        note=_note(found, late),
        path="/requests?unheeded=on" if found.unheeded else path,
        icon="message",
        urgent=bool(late or found.unheeded),
    )


def _note(found: Waiting, late: int) -> str:
    told = []
    if found.unheeded:
        told.append(_("nobody deals with: {number}", number=written_count(found.unheeded)))
    if late:
        told.append(_("late: {late}", late=written_count(late)))
    elif found.warned:
        told.append(_("the term is near: {number}", number=written_count(found.warned)))
    free = _("for anybody of the team: {free}", free=written_count(found.free))
    return ", ".join([*told, free])
