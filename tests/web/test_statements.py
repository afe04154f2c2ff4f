"""How many statements the pages of the day, the sheet and the start ask of the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.web.seed import small_provider

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
MOST = 12


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/day",
        "/day/close",
        "/parked",
        "/turnover",
        "/turnover?by=building",
        "/turnover?from=2026-10-01&through=2026-11-30&account=20417",
    ],
)
async def test_a_page_asks_no_more_than_it_may(db: Any, enter: Enter, path: str) -> None:
    await small_provider(db)
    browser = await enter("head")
    assert (await browser.get(path)).status_code == 200  # the catalogue is read once and kept
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    db.add_query_logger(note)
    try:
        assert (await browser.get(path)).status_code == 200
    finally:
        db.remove_query_logger(note)
    assert 0 < len(asked) <= MOST, "\n".join(asked)
