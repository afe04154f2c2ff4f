"""The department's registers and pages at full size: half a million requests, two million messages.

The web server and its database run as in production; one person asks, page after page, so that the
figures are those of the page itself. How fifty people fare at once is what `desk` measures.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

import httpx

from abonent.bench.base import own_database
from abonent.bench.contacts_asked import pages_asked
from abonent.bench.contacts_filled import PASSWORD, Sizes, fill
from abonent.bench.desk import served
from abonent.crm.queries.surveys import survey_setting
from abonent.crm.queries.surveys_picked import picked
from abonent.crm.service.requests.answering import close_requests
from abonent.crm.service.requests.warning import warn_requests
from abonent.crm.surveys import survey
from abonent.kernel import clock
from abonent.kernel.db import open_database, reading
from abonent.kernel.outbox import Delivery, deliver_due
from abonent.kernel.settings import Settings

TIMES, WARM = 20, 2
"""How often each address is asked for, and how often before that without counting."""
WORKER = 1000
"""Milliseconds that a step of the worker may take: nobody waits for it, but the machine is shared."""


async def contacts(settings: Settings, sizes: Sizes) -> dict[str, object]:
    """p50 and p95 of the pages of contacts at that size, each against its target."""
    async with own_database(settings) as base:
        started = clock.monotonic()
        await fill(base, sizes)
        filled = clock.monotonic() - started
        figures = await measure(base)
    return {**asdict(sizes), "filled in, s": round(filled), **figures}


async def measure(base: Settings, only: str = "", times: int = TIMES) -> dict[str, object]:
    """Ask a filled base so many times for everything in whose name `only` stands."""
    figures: dict[str, object] = {}
    async with open_database(base), reading() as connection:
        asked = await pages_asked(connection)
    async with served(base) as address:
        for login, pages in asked.items():
            named = {name: page for name, page in pages.items() if only in name}
            async with httpx.AsyncClient(
                base_url=address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=120
            ) as client:
                await _sign_in(client, login)
                for name, (target, paths) in named.items():
                    figures[name] = _told(target, await _times(client, paths, times))
    async with open_database(base):
        for name, step in _STEPS.items():
            if only in name:
                figures[name] = _told(WORKER, await _steps(step, times))
    missed = sum(str(told).endswith(_MISSED) for told in figures.values())
    return {**figures, "beyond their targets": f"{missed} of {len(figures)}"}


async def _sign_in(client: httpx.AsyncClient, login: str) -> None:
    answer = await client.post("/sign-in", data={"login": login, "password": PASSWORD})
    if answer.status_code != 303:
        raise RuntimeError(f"signing in answered {answer.status_code}")


async def _times(client: httpx.AsyncClient, paths: Sequence[str], times: int) -> list[float]:
    taken = []
    for turn in range(-WARM, times):
        path = paths[turn % len(paths)]
        started = clock.monotonic()
        answer = await client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        if turn >= 0:
            taken.append((clock.monotonic() - started) * 1000)
    return taken


_MISSED = " MISSED"


def _told(target: int, taken: list[float]) -> str:
    """Median and 95th percentile in milliseconds, and the latter against the target."""
    taken.sort()
    middle, late = taken[len(taken) // 2], taken[min(len(taken) - 1, len(taken) * 95 // 100)]
    told = f"{middle:.0f} / {late:.0f} ms, target {target}, ratio {late / target:.2f}"
    return told if late <= target else told + _MISSED


async def _steps(step: Callable[[], Awaitable[object]], times: int) -> list[float]:
    taken = []
    for _turn in range(times):
        started = clock.monotonic()
        await step()
        taken.append((clock.monotonic() - started) * 1000)
    return taken


async def _pick() -> None:
    setting, questions = await survey_setting(), (await survey()).value
    async with reading() as connection:
        await picked(connection, setting, questions)


async def _deliver() -> None:
    async def taken(_delivery: Delivery) -> None:
        """The gateway is not what is measured."""

    await deliver_due({"message": taken})


_STEPS: dict[str, Callable[[], Awaitable[object]]] = {
    "worker: warn of requests": warn_requests,
    "worker: close requests": close_requests,
    "worker: pick whom a survey asks": _pick,
    "worker: deliver twenty messages": _deliver,
}
