"""The tile of claims: what one answers for; for the head, what is late or nearly so."""

from __future__ import annotations

from abonent.crm.queries.claims import waiting_claims
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
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
    facts = [
        (found.late if over_all else 0, N_("Overdue claims"), N_("late: {number}"), "?late=on"),
        (max(found.alarmed - found.late, 0) if over_all else 0, N_("Claims whose term is near"), N_("the term is near: {number}"), ""),
        (deserted, N_("Claims whose owner is away"), N_("the owner is away: {number}"), ""),
        (found.new, N_("Claims to register"), N_("to be registered: {number}"), "?state=received"),
        (found.mine, N_("Claims for you"), N_("yours: {number}"), f"?owner={actor.id}"),
    ]  # fmt: skip
    (value, label, _words, asked), *rest = [fact for fact in facts if fact[0]]
    told = [_(words, number=written_count(count)) for count, _label, words, _asked in rest]
    return Tile(
        label=_(label),
        value=written_count(value),
        note=", ".join(told),
        path=f"/claims{asked}",
        icon="file-text",
        urgent=over_all and bool(pressing or deserted),
    )
