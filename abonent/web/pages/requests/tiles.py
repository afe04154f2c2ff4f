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
    value, label, path = _first(found, late if over_all else 0, int(actor.id))
    return Tile(
        label=label,
        value=written_count(value),
        note=", ".join(_rest(found, late, label)),
        path=path,
        icon="message",
        urgent=bool(late or found.unheeded),
    )


def _first(found: Waiting, late_of_all: int, me: int) -> tuple[int, str, str]:
    """What is pressing most, with the page that shows just that."""
    if found.unheeded:
        return found.unheeded, _("Requests nobody deals with"), "/requests?unheeded=on"
    if late_of_all:
        return late_of_all, _("Overdue requests"), "/requests?late=on"
    if found.mine:
        return found.mine, _("Requests for you"), f"/requests?owner={me}"
    return found.free, _("Requests for your team"), f"/requests?owner=0&team={found.team}"


def _rest(found: Waiting, late: int, told: str) -> list[str]:
    """The other figures, in words."""
    rest = []
    if late and told != _("Overdue requests"):
        rest.append(_("late: {late}", late=written_count(late)))
    elif found.warned:
        rest.append(_("the term is near: {number}", number=written_count(found.warned)))
    if found.mine and told != _("Requests for you"):
        rest.append(_("yours: {number}", number=written_count(found.mine)))
    if told != _("Requests for your team"):
        rest.append(_("for anybody of the team: {free}", free=written_count(found.free)))
    return rest
