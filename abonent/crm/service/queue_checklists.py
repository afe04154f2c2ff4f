"""Ticking the lists by which an office opens and closes."""

from __future__ import annotations

from collections.abc import Collection

from abonent.crm.checklists import office_checklists
from abonent.crm.queries.queue import hall_of, today
from abonent.crm.queue_errors import OtherOfficeQueue
from abonent.crm.rules.queue import WORK
from abonent.crm.service.queue_windows import works_in
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

_TICKED = """
SELECT item FROM crm_queue_checked WHERE office_id = $1 AND day = $2 AND list = $3 FOR UPDATE
"""
_TICK = """
INSERT INTO crm_queue_checked (office_id, day, list, item, hash, at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
_UNTICK = """
DELETE FROM crm_queue_checked WHERE office_id = $1 AND day = $2 AND list = $3
    AND item = ANY($4::text[])
"""


async def tick_checklist(office: int, slug: str, items: Collection[str], *, by: Actor) -> bool:
    """Set which items of a list of today are ticked; answers whether all of them are.

    What stood ticked keeps who did it and when. Raises OtherOfficeQueue, Malformed.
    """
    by.require(WORK)
    hall = await hall_of(office)
    if not works_in(by, hall.office.id):
        raise OtherOfficeQueue(hall.office.name)
    document = next((one for one in await office_checklists() if one.slug == slug), None)
    if document is None:
        raise Malformed.of("list", slug, N_("Choose one of those offered."))
    known = [item.code for item in document.value.items]
    given = [code for code in known if code in items]
    async with unit_of_work(by) as work:
        ask, place = work.connection, (hall.office.id, today(), slug)
        before = {row["item"] for row in await ask.fetch(_TICKED, *place)}
        now, who = clock.now(), f"{by.kind}:{by.id}"
        fresh = [code for code in given if code not in before]
        gone = sorted(before - set(given))
        for code in fresh:
            await ask.execute(_TICK, *place, code, document.hash, now, who)
        if gone:
            await ask.execute(_UNTICK, *place, gone)
        if fresh or gone:
            subject, after = f"{hall.office.code}:{slug}", {"ticked": fresh, "unticked": gone}
            await work.audit("crm:checklist:ticked", subject, after=after)
    return len(given) == len(known)
