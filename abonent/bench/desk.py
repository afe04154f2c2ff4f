"""The desk under its staff: people who search, open cards, take money and read registers at once.

The web server and its database run as in production; the staff are simulated from this process.
What is measured is the time until the whole answer is there, by kind of page.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import httpx

from abonent.bench.base import STEMS, build, own_database
from abonent.bench.people import SURNAMES, people
from abonent.kernel import clock
from abonent.kernel.crew import environment
from abonent.kernel.db import open_database, reading
from abonent.kernel.settings import Settings
from abonent.web.service import add_user

STAFF = 50
SECONDS = 120
THINK = 2.0
"""Mean seconds between two requests of one person: 50 people ask 25 times a second."""
TARGETS = {
    "omnibox": 100,
    "card": 120,
    "tab": 150,
    "register": 200,
    "register by balance": 200,
    "payment": 200,
}
"""Milliseconds at the 95th percentile."""

_NUMBERS = "SELECT number FROM billing_account ORDER BY hashtext(number) LIMIT 20000"
_PHONES = "SELECT phone FROM crm_subscriber ORDER BY hashtext(name_key) LIMIT 5000"
_PASSWORD = "correct horse battery"  # noqa: S105  of a database that is dropped


async def desk(settings: Settings, accounts: int) -> dict[str, object]:
    """p50 and p95 of the pages that the staff use, under all of them at once."""
    async with own_database(settings) as base:
        await build(base, accounts)
        async with open_database(base):
            async with reading() as connection:
                await people(connection)
                numbers = [row["number"] for row in await connection.fetch(_NUMBERS)]
                phones = [row["phone"] for row in await connection.fetch(_PHONES)]
            await add_user("bench", name="Bench", role="head", password=_PASSWORD)
        async with served(base) as address:
            times = await _work(address, numbers, phones)
    return _figures(accounts, times)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """The web server over a database, as a process of its own; answers its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = settings.having(host="127.0.0.1", port=port, log_level="ERROR")
    command = [sys.executable, "-m", "abonent", "serve", "--supervised"]
    server = subprocess.Popen(command, env=environment(own), stdout=subprocess.DEVNULL)  # noqa: ASYNC220, S603  our own program
    address = f"http://127.0.0.1:{port}"
    try:
        await _until_ready(address)
        yield address
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait)


async def _until_ready(address: str) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(120):
        while True:
            try:
                if (await client.get(f"{address}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.2)


class _Person:
    """One of the staff: a browser, a habit, and the times of what was asked."""

    def __init__(
        self, client: httpx.AsyncClient, luck: Random, times: dict[str, list[int]]
    ) -> None:
        self.client = client
        self.luck = luck
        self.times = times

    async def ask(
        self, kind: str, path: str, form: dict[str, str] | None = None, *, fragment: bool = False
    ) -> str:
        """Wait as people do, ask, and note how long the answer took."""
        await asyncio.sleep(self.luck.expovariate(1 / THINK))
        headers = {"HX-Request": "true"} if fragment else {}
        started = clock.monotonic()
        if form:
            answer = await self.client.post(path, data=form, headers=headers)
        else:
            answer = await self.client.get(path, headers=headers)
        took = round((clock.monotonic() - started) * 1000)
        wanted = 303 if kind == "payment" else 200
        self.times[kind if answer.status_code == wanted else f"{kind}: failed"].append(took)
        return answer.text

    async def visitor(self, number: str, phone: str) -> None:
        """Find somebody, open the card, take money; now and then look into a register."""
        surname = self.luck.choice(SURNAMES)
        place = (
            f"{self.luck.choice(STEMS)[:4]} {self.luck.randint(1, 20)} {self.luck.randint(1, 144)}"
        )
        slip = f"{surname[0]}{surname[2]}{surname[1]}{surname[3:]}"
        asked = self.luck.choice(
            (number, phone[4:], surname[:5], f"{surname} ива", f"петр {surname}", place, slip)
        ).lower()
        for end in range(3, len(asked) + 1, 3):
            await self.ask("omnibox", f"/find?q={asked[:end]}", fragment=True)
        await self.ask("card", f"/accounts/{number}")
        if self.luck.random() < 0.3:
            await self.ask("tab", f"/accounts/{number}/money")
        if self.luck.random() < 0.5:
            await self._pay(number)
        if self.luck.random() < 0.3:
            path, _mark, query = self.luck.choice(_REGISTERS).partition("?")
            # No index keeps balances in order: all of them are read, and told apart here.
            kind = "register by balance" if "balance" in query else "register"
            await self.ask(kind, f"{path}?{query}")
            if self.luck.random() < 0.3:  # who reads to the end, where the count is
                await self.ask("total", f"{path}/total?{query}", fragment=True)

    async def _pay(self, number: str) -> None:
        path = f"/accounts/{number}/payment"
        text = await self.ask("dialog", path, fragment=True)
        key = text.partition('name="key" value="')[2].partition('"')[0]
        given = {"key": key, "amount": str(self.luck.randint(10, 900)), "source": "bank"}
        await self.ask("dialog", path, given, fragment=True)
        await self.ask("payment", path, given | {"step": "do"})


_REGISTERS = (
    "/subscribers",
    "/subscribers?state=suspended",
    "/subscribers?q=ивано",
    "/subscribers?street=Садовский",
    "/subscribers?tariff=b1",
    "/subscribers?sort=-balance",
    "/payments",
    "/payments?source=cash",
    "/audit",
)


async def _work(address: str, numbers: list[str], phones: list[str]) -> dict[str, list[int]]:
    times: dict[str, list[int]] = defaultdict(list)
    own = {"Sec-Fetch-Site": "same-origin"}
    async with AsyncExitStack() as stack:
        staff = []
        for place in range(STAFF):
            # A browser opens a new connection where the server has closed the idle one; so do we.
            idle = httpx.Limits(keepalive_expiry=2)
            client = httpx.AsyncClient(base_url=address, headers=own, timeout=60, limits=idle)
            await stack.enter_async_context(client)
            answer = await client.post("/sign-in", data={"login": "bench", "password": _PASSWORD})
            if answer.status_code != 303:
                raise RuntimeError(f"signing in answered {answer.status_code}")
            staff.append(_Person(client, Random(place), times))
        end = clock.monotonic() + SECONDS

        async def work(person: _Person) -> None:
            while clock.monotonic() < end:
                await person.visitor(person.luck.choice(numbers), person.luck.choice(phones))

        async with asyncio.TaskGroup() as group:
            for person in staff:
                group.create_task(work(person))
    return times


def _figures(accounts: int, times: dict[str, list[int]]) -> dict[str, object]:
    figures: dict[str, object] = {"accounts": accounts, "staff": STAFF}
    figures["requests a second"] = round(sum(map(len, times.values())) / SECONDS, 1)
    for kind, taken in sorted(times.items()):
        taken.sort()
        middle, late = taken[len(taken) // 2], taken[min(len(taken) - 1, len(taken) * 95 // 100)]
        target = f" (target {TARGETS[kind]})" if kind in TARGETS else ""
        figures[f"{kind}, ms p50 / p95{target}"] = f"{middle} / {late} of {len(taken)}"
    return figures
