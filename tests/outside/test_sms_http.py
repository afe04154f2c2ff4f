"""Gateways over HTTP with every fault, and a real Kannel where it is installed."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from abonent.crm.service.delivering import message_handler
from abonent.kernel.settings import Settings
from abonent.kernel.sms import http
from abonent.kernel.sms.http import KannelGateway, SmscGateway
from tests.outside.sending import queue, rows, run_outbox, states
from tests.outside.smsc import Centre

KANNEL = Path(__file__).with_name("kannel.conf")
PATIENCE = 30


class Provider:
    """A provider in the manner of SMSC.ru; numbers that end in 00 are wrong, 22 refused for speed at
    first, 33 taken in silence, 44 cut before they are taken, 55 cut after."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.ids: dict[str, str] = {}
        self.tries: Counter[str] = Counter()
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                size = int(head.lower().partition("content-length:")[2].split()[0])
                form = parse_qs((await reader.readexactly(size)).decode())
                said = self._said(head.split()[1], {k: v[0] for k, v in form.items()})
                if said is None:
                    break
                if said == "silence":
                    await self.over.wait()
                body = said.encode()
                start = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(start.encode() + body)
        writer.close()

    def _said(self, path: str, form: dict[str, str]) -> str | None:
        to = form.get("phones") or form["phone"]
        if path.endswith("status.php"):
            known = self.ids.get(form["id"])
            return '{"status": 0}' if known == to else '{"error": "not found", "error_code": 3}'
        self.tries[to] += 1
        if to.endswith("00"):
            return '{"error": "invalid number", "error_code": 7}'
        if to.endswith("22") and self.tries[to] < 3:
            return '{"error": "too many", "error_code": 9}'
        if to.endswith("44") and self.tries[to] < 2:
            return None
        self.taken[to] += 1
        self.ids[form["id"]] = to
        if to.endswith("33"):
            return "silence"
        return None if to.endswith("55") else f'{{"id": {form["id"]}, "cnt": 1}}'


@pytest.fixture
async def provider() -> Provider:
    return Provider()


@pytest.fixture
async def gateway(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SmscGateway]:
    monkeypatch.setattr(http, "SECONDS", 1.0)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        made = SmscGateway(f"smsc+http://isp:secret@127.0.0.1:{port}/sys/", "ISP", "http://x")
        yield made
        provider.over.set()
        await made.close()
        for _turn in range(5):  # what ends here is closed in the loop's next turns
            await asyncio.sleep(0)


async def test_what_the_provider_can_be_asked_about_is_never_unknown(
    fresh_database: Settings, provider: Provider, gateway: SmscGateway
) -> None:
    numbers = [f"7916{n:05}{end}" for end in ("00", "22", "33", "44", "55", "66") for n in range(6)]
    await queue(numbers)
    await run_outbox(message_handler(fresh_database.having(sms_rate=10_000), gateway))
    became = await states()
    print(Counter((number[-2:], state) for number, state in became.items()))
    for number, state in became.items():
        assert state == ("rejected" if number.endswith("00") else "sent"), number
        assert provider.taken[number] == (0 if state == "rejected" else 1), number


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def _until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await happened():
            await rows("SELECT pg_sleep(0.1)")


async def _box(name: str, conf: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(name, "-v", "4", str(conf), cwd=conf.parent)


async def _ended(box: asyncio.subprocess.Process) -> None:
    """End a part of Kannel; one that has just been started may not hear the first word."""
    with suppress(ProcessLookupError):
        box.terminate()
        try:
            await asyncio.wait_for(box.wait(), PATIENCE)
        except TimeoutError:
            box.kill()
    await box.wait()


@pytest.mark.skipif(not shutil.which("bearerbox"), reason="Kannel is not installed")
async def test_a_real_kannel_takes_each_once_and_tells_what_became_of_it(
    fresh_database: Settings, tmp_path: Path
) -> None:
    """Kannel speaks SMPP to the same centre that our own client is tried against."""
    centre, told = Centre(), []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        told.append({k: v[0] for k, v in parse_qs(urlsplit(head.split()[1]).query).items()})
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    smsc = await asyncio.start_server(centre.serve, "127.0.0.1", 0)
    hooks = await asyncio.start_server(hear, "127.0.0.1", 0)
    ports = {name: _free_port() for name in ("ADMIN", "BOX", "SEND")}
    ports["SMSC"] = smsc.sockets[0].getsockname()[1]
    words = await asyncio.to_thread(KANNEL.read_text, "utf-8")
    for name, port in ports.items():
        words = words.replace(f"@{name}@", str(port))
    conf = tmp_path / "kannel.conf"
    await asyncio.to_thread(conf.write_text, words, "utf-8")
    boxes = [await _box("bearerbox", conf)]
    url = f"kannel+http://isp:secret@127.0.0.1:{ports['SEND']}/cgi-bin/sendsms"
    address = f"http://127.0.0.1:{hooks.sockets[0].getsockname()[1]}/hooks/sms/key"
    gateway = KannelGateway(url, "ISP", address)
    try:
        await asyncio.wait_for(centre.bound.wait(), PATIENCE)
        boxes.append(await _box("smsbox", conf))  # looks for the other one only as it starts

        async def answers() -> bool:
            await rows("SELECT pg_sleep(0.2)")
            with suppress(httpx.HTTPError):
                async with httpx.AsyncClient() as client:
                    await client.get(f"http://127.0.0.1:{ports['SEND']}/")
                    return True
            return False

        await _until(answers)
        numbers = [f"7916{number:05}66" for number in range(20)]
        await queue(numbers, text="Завтра с 10 до 12 придёт мастер")
        await run_outbox(message_handler(fresh_database.having(sms_rate=10_000), gateway))
        assert set((await states()).values()) == {"sent"}

        async def all_told() -> bool:
            return sum(one.get("state") == "1" for one in told) == len(numbers)

        await _until(all_told)
        assert Counter(part.to for part in centre.taken) == Counter(numbers)
        assert {part.text for part in centre.taken} == {"Завтра с 10 до 12 придёт мастер"}
        ids = {str(row["id"]) for row in await rows("SELECT id FROM crm_message")}
        assert {one["id"] for one in told} == ids
    finally:
        await gateway.close()
        for box in boxes[::-1]:
            await _ended(box)
        smsc.close()
        hooks.close()
