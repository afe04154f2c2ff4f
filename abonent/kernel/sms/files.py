"""Without a gateway messages go into files under the installation's home, so that it can be tried.

What people would write back is read from `sms/inbound/`: a file whose first line is the sender.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from abonent.kernel import clock
from abonent.kernel.sms.gateway import Accepted, Gateway, Hooks, Inbound, Receipt, Sms

_log = structlog.get_logger(__name__)
LOOK_SECONDS = 2.0


class FileGateway(Gateway):
    """Writes each message into a file named after it; each is said to be delivered at once."""

    name = "file"

    def __init__(self, folder: Path, *, aloud: bool) -> None:
        self._folder = folder
        self._aloud = aloud
        self._delivered: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, message: Sms, accepted: Accepted) -> None:
        """Write the file; the same message again writes it over."""
        written = f"{clock.now().isoformat()}\n+{message.to}\n{message.text}\n"
        await asyncio.to_thread(_write, self._folder / f"{message.ref}.txt", written)
        # A log that is collected by machines is kept for long: what is said to one person stays out.
        if self._aloud:
            _log.info("sms.console", to=f"+{message.to}", text=message.text)
        await accepted(1, str(message.ref))
        self._delivered.put_nowait(str(message.ref))

    async def find(self, message: Sms) -> str | None:
        """A file is there or is not."""
        there = await asyncio.to_thread((self._folder / f"{message.ref}.txt").exists)
        return str(message.ref) if there else ""

    async def listen(self, hooks: Hooks) -> None:
        """Say of each message that it arrived; take the files that people's messages stand for."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    given = await self._delivered.get()
                await hooks.receipt(Receipt(self.name, given, "delivered"))
            except TimeoutError:
                for path, inbound in await asyncio.to_thread(_written, self._folder / "inbound"):
                    await hooks.inbound(inbound)
                    await asyncio.to_thread(path.unlink)


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def _written(folder: Path) -> list[tuple[Path, Inbound]]:
    found: list[tuple[Path, Inbound]] = []
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
        sender, _end, text = path.read_text(encoding="utf-8").partition("\n")
        digits = "".join(letter for letter in sender if letter.isdigit())
        found.append((path, Inbound("file", digits, text.strip(), provider_id=path.stem)))
    return found
