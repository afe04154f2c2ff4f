"""The tile of claims: what one answers for; for the head, what is late or nearly so."""

from __future__ import annotations

from abonent.crm.queries.claims import waiting_claims
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.render import written_count
from abonent.web.tiles import Tile


async def claims_waiting(actor: Actor) -> Tile | None:
    """One's own claims; for who answers for all, those whose term is near or over."""
    if actor.kind != "user" or not actor.may("crm.claim.work"):
        return None
    found = await waiting_claims(int(actor.id))
    over_all = actor.may("crm.claim.report")
    pressing = max(found.alarmed, found.late)
    deserted = found.deserted if over_all else 0
    if not (found.mine or found.new or deserted or (over_all and pressing)):
        return None
    told = []
    if over_all and found.late:
        told.append(_("late: {late}", late=written_count(found.late)))
    elif over_all and found.alarmed:
        told.append(_("the term is near: {number}", number=written_count(found.alarmed)))
    if deserted:
        told.append(_("the owner is away: {number}", number=written_count(deserted)))
    if found.new:
        told.append(_("to be registered: {number}", number=written_count(found.new)))
    return Tile(
        label=_("Claims for you"),
        value=written_count(found.mine),
        note=", ".join(told),
        path="/claims" if told or not found.mine else f"/claims?owner={actor.id}",
        icon="file-text",
        urgent=over_all and bool(pressing or deserted),
    )
