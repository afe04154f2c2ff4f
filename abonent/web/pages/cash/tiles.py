"""The tiles of cash desks: one's own drawer, drawers left open, fiscal receipts that failed."""

from __future__ import annotations

from abonent.billing.queries.cash.desks import has_desks
from abonent.billing.queries.cash.shifts import left_open, own_shift
from abonent.billing.queries.fiscal import failed_count
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.render import written_count, written_money
from abonent.web.tiles import Tile


async def own_drawer(actor: Actor) -> Tile | None:
    """What one's own drawer should hold, or that no shift is open; none where there are no desks."""
    if not actor.may("billing.shift.work"):
        return None
    shift = await own_shift(by=actor)
    if shift is None:
        # Who supervises desks takes no money as a rule: for them a missing shift is no news.
        if actor.may("billing.shift.view") or not await has_desks():
            return None
        note = _("open one before the first cash")
        return Tile(label=_("Cash desk"), value="—", note=note, path="/cash", icon="cash")
    return Tile(
        label=_("Cash desk"),
        value=written_money(shift.should),
        note=_("in the drawer, shift {number}", number=shift.number),
        path="/cash",
        icon="cash",
    )


async def drawers_left(actor: Actor) -> Tile | None:
    """Shifts of days that are over and nobody has closed; none when there are none."""
    if not actor.may("billing.shift.view"):
        return None
    left = await left_open(by=actor)
    if not left:
        return None
    return Tile(
        label=_("Shifts not closed"),
        value=written_count(left),
        note=_("opened before today"),
        path="/cash-shifts?state=OPEN&state=COUNTED",
        icon="alert-triangle",
        urgent=True,
    )


async def fiscal_failed(actor: Actor) -> Tile | None:
    """Fiscal receipts that failed and wait for a person; none when there are none."""
    if not actor.may("billing.fiscal.retry"):
        return None
    failed = await failed_count(by=actor)
    if not failed:
        return None
    return Tile(
        label=_("Fiscal receipts not made out"),
        value=written_count(failed),
        note=_("each says what is wrong"),
        path="/fiscal?state=FAILED",
        icon="alert-triangle",
        urgent=True,
    )
