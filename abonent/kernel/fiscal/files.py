"""The twin of a cash register for trying out: a file for each receipt in a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from abonent.kernel.fiscal.receipts import FiscalReceipt, Report, document_of


class FileRegister:
    """Writes what would be sent into `folder`; every receipt is made out at once, without marks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, receipt: FiscalReceipt) -> str:
        """Write the document; its file's name is the receipt's name."""
        document = {"kind": receipt.kind, **document_of(receipt, "v4")}
        name = f"{receipt.external_id}.json"
        await asyncio.to_thread(self._write, name, orjson.dumps(document, option=_PRETTY))
        return name

    async def report(self, uuid: str) -> Report:
        """Answer that the file is the receipt."""
        return Report(marks={"file": uuid})

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / name.replace("/", "_")).write_bytes(content + b"\n")


_PRETTY = orjson.OPT_INDENT_2
