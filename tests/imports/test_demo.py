"""The demo provider: proved books, every role's work to show, the same again for the same seed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.day import day_state
from abonent.billing.service.proof import verify
from abonent.crm.demo.run import Demo, make_demo
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.errors import Conflict
from abonent.kernel.settings import Settings

DAY = date(2026, 6, 10)
PEOPLE = """
SELECT a.number, a.balance, a.state, e.code, s.name, s.phone, p.street, p.house
FROM billing_account a JOIN billing_legal_entity e ON e.id = a.legal_entity_id
JOIN billing_place p ON p.id = a.place_id JOIN crm_account f USING (account_id)
JOIN crm_contract c ON c.id = f.contract_id JOIN crm_subscriber s ON s.id = c.subscriber_id
ORDER BY a.number
"""
ENTRIES = """
SELECT a.number, e.no, e.day, e.kind, e.amount FROM billing_entry e
JOIN billing_account a USING (account_id) ORDER BY a.number, e.no
"""

DESK = """
SELECT (SELECT count(*) FROM cash_shift WHERE state = 'CLOSED') AS shifts,
    (SELECT count(*) FROM cash_receipt WHERE kind = 'void') AS voids,
    (SELECT count(*) FROM billing_parked_payment WHERE settled_at IS NULL) AS waiting,
    (SELECT count(*) FROM billing_outside_file WHERE state = 'taken') AS files,
    (SELECT count(*) FROM billing_agreement) AS agreements,
    (SELECT count(*) FROM crm_owner_change) AS owners,
    (SELECT count(*) FROM crm_note WHERE pinned) AS pinned,
    (SELECT count(*) FROM crm_equipment) AS devices,
    (SELECT count(*) FROM crm_consent) AS consents,
    (SELECT count(*) FROM crm_contact WHERE label <> '') AS contacts,
    (SELECT count(*) FROM billing_document) AS documents,
    (SELECT count(*) FROM crm_request WHERE first_soon) AS soon,
    (SELECT count(*) FROM crm_request WHERE NOT first_soon) AS not_soon
"""
CHATS_WAITING = """
SELECT count(*) FROM crm_request r WHERE r.open AND r.channel = 'chat' AND (
    SELECT l.kind FROM crm_request_line l WHERE l.request_id = r.id AND l.kind IN ('asked', 'answer')
    ORDER BY l.id DESC LIMIT 1) IS DISTINCT FROM 'answer'
"""
"""Who would wait for as many hours as the demo is old."""


class _UndoneError(Exception):
    """Leaves a demo's transaction without keeping it."""


async def made(settings: Settings, seed: int) -> list[tuple[Any, ...]]:
    """Make a demo, prove it, look at it and undo it."""
    seen: list[tuple[Any, ...]] = []
    with suppress(_UndoneError):
        async with transaction() as connection:
            demo = Demo(subscribers=60, months=1, seed=seed, day=DAY)
            await make_demo(demo, settings=settings, progress=lambda _what, _done, _total: None)
            state = await day_state(by=SYSTEM)
            assert state is not None
            assert state.day == DAY
            assert (await verify(by=SYSTEM)).differences == []
            with pytest.raises(Conflict):
                await make_demo(demo, settings=settings, progress=lambda *_: None)
            assert await connection.fetchval(CHATS_WAITING) == 0
            desk = dict(await connection.fetchrow(DESK))
            assert all(desk.values()), desk
            seen = [tuple(r) for q in (PEOPLE, ENTRIES) for r in await connection.fetch(q)]
            seen.append(tuple(desk.values()))
            raise _UndoneError
    return seen


async def test_the_same_seed_makes_the_same_proved_demo(database: Settings) -> None:
    first = await made(database, 7)
    assert first[0][0] == "100001"
    assert {"served", "suspended"} <= {row[2] for row in first}
    assert {"main", "business"} <= {row[3] for row in first}
    assert await made(database, 7) == first
