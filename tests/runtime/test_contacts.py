"""The measurement of contacts on a small base: every address it asks opens, every step runs."""

from __future__ import annotations

import pytest

from abonent.bench.base import own_database
from abonent.bench.contacts import measure
from abonent.bench.contacts_filled import Sizes, fill
from abonent.kernel.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.may_block]
SMALL = Sizes(500, 1000, 1500, tickets=1000, claims=60, runs=300, conversations=300)


async def test_a_small_base_is_filled_and_every_page_of_contacts_is_asked_for(
    database: Settings,
) -> None:
    async with own_database(database) as base:
        await fill(base, SMALL)
        figures = await measure(base, times=1)
    assert len(figures) > 90
    assert {"all requests", "messages", "tickets", "worker: warn of requests"} <= set(figures)
