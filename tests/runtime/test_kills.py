"""A run and its database killed outright: resumed, proved, equal to a base never killed."""

from __future__ import annotations

import pytest

from abonent.bench.kill import kill
from abonent.kernel.settings import Settings


@pytest.mark.slow
@pytest.mark.may_block
async def test_kills_lose_nothing_and_double_nothing() -> None:
    figures = await kill(Settings(), 4, accounts=60, seed=7)
    assert figures["differences found by verify"] == 0
    assert figures["equal to the base closed without kills"]
    assert figures["payments raced against closing and kills, each once"]
