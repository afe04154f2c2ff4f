"""The portal's pages: each opens, shows what the desk shows, and is light."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable

import httpx
import pytest

PATHS = (
    "", "/history", "/history?month=2026-10", "/entries/1", "/pay", "/pay?amount=500", "/promise",
    "/promise?offer=short", "/tariff", "/tariff?service=1&tariff=opt50",
    "/tariff?service=1&tariff=opt50&on=next-period", "/freeze",
    "/freeze?from=2026-11-05&to=2026-11-20", "/profile", "/documents",
)  # fmt: skip
Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_opens(path: str, enter: Enter) -> None:
    client = await enter()
    answer = await client.get(f"/my/20417{path}")
    assert answer.status_code == 200, answer.text
    assert "<script" not in answer.text
    assert len(gzip.compress(answer.content)) <= 20_000
