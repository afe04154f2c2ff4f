"""What the demo's program wrote by itself in the last days; its worker sends it once it runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from abonent.crm.service.messages import EMAIL
from abonent.crm.service.notices import note_pre_due, send_notices, set_notice
from abonent.kernel import clock
from abonent.kernel.actor import Actor

DAYS = 3
"""So many days before the last one the program began to write by itself."""
_AT = time(14)
_AHEAD = 3


async def write(*, by: Actor, day: date, left: int) -> None:
    """Write what is to be told on a day."""
    with clock.moved(datetime.combine(day, _AT, UTC)):
        if left == DAYS:
            for template in ("paid", "promise-on", "suspend"):
                await set_notice(template, by=by, active=True, way=EMAIL, days=None)
            await set_notice("pre-due", by=by, active=True, way=EMAIL, days=_AHEAD)
        await note_pre_due()
        await send_notices()
