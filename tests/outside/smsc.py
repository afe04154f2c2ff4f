"""An operator's centre for tests: SMPP 3.4 on asyncio, with a fault of its own for each number's end.

Reads and writes the protocol by itself, sharing no code with the product. Numbers that end in 00
are wrong, 11 undeliverable, 22 throttled twice before they are taken, 33 never answered, 44 cut the
connection before the answer; for those in 55 the receipt comes before the answer does.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

BIND_TRANSCEIVER, SUBMIT, DELIVER, ENQUIRE, UNBIND = 0x09, 0x04, 0x05, 0x15, 0x06
THROTTLED, BAD_NUMBER, BIND_FAILED = 0x58, 0x0B, 0x0D


@dataclass
class Taken:
    """A part that was taken: what the telephone would show."""

    id: str
    to: str
    sender: str
    text: str
    esm: int
    coding: int
    payload: bytes


@dataclass
class Centre:
    """The centre's state; `seen` counts submitted parts by number and content, answered or not."""

    password: str = "secret"
    taken: list[Taken] = field(default_factory=list)
    seen: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    tries: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[int] = field(default_factory=Counter)
    bound: asyncio.Event = field(default_factory=asyncio.Event)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    enquired: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    receipts: bool = True
    stop_after: int = 0
    _sequence: int = 1000

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it goes."""
        self.writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size, command, status, number = struct.unpack("!IIII", await reader.readexactly(16))
                body = await reader.readexactly(size - 16)
                if command & 0x80000000:
                    self.acknowledged[status] += 1
                elif not self._take(writer, command, number, body):
                    break
        writer.close()

    def tell(self, *, sender: str, text: str) -> None:
        """Let a person write to the provider."""
        body = _deliver(sender, "7878", 0, 8, text.encode("utf-16-be"))
        self._sequence += 1
        self.writers[-1].write(_pdu(DELIVER, 0, self._sequence, body))

    def _take(self, writer: asyncio.StreamWriter, command: int, number: int, body: bytes) -> bool:
        answer = command | 0x80000000
        if command == BIND_TRANSCEIVER:
            _user, password = body.split(b"\0")[:2]
            right = password.decode() == self.password
            writer.write(_pdu(answer, 0 if right else BIND_FAILED, number, b"CENTRE\0"))
            if right:
                self.bound.set()
        elif command == SUBMIT:
            return self._submit(writer, number, body)
        elif command == ENQUIRE:
            self.enquired += 1
            writer.write(_pdu(answer, 0, number, b""))
        elif command == UNBIND:
            writer.write(_pdu(answer, 0, number, b""))
            return False
        return True

    def _submit(self, writer: asyncio.StreamWriter, number: int, body: bytes) -> bool:
        part = _submitted(body)
        self.seen[part.to, part.payload] += 1
        self.tries[part.to] += 1
        end = part.to[-2:]
        if end == "44":
            return False
        if end == "33":
            return True
        if self.stop_after and len(self.seen) > self.stop_after:
            self.silent.set()
            return True
        status = BAD_NUMBER if end == "00" else 0
        if end == "22" and self.tries[part.to] <= 2:
            status = THROTTLED
        if status:
            writer.write(_pdu(SUBMIT | 0x80000000, status, number, b""))
            self.seen[part.to, part.payload] -= 1
            return True
        part.id = f"m{len(self.taken) + 1}"
        self.taken.append(part)
        answer = _pdu(SUBMIT | 0x80000000, 0, number, part.id.encode() + b"\0")
        receipt = self._receipt(part, "UNDELIV" if end == "11" else "DELIVRD")
        order = (receipt, answer) if end == "55" else (answer, receipt)
        for one in order:
            if one is answer or self.receipts:
                writer.write(one)
        return True

    def _receipt(self, part: Taken, stat: str) -> bytes:
        text = (
            f"id:{part.id} sub:001 dlvrd:001 submit date:2611212300 done date:2611212301"
            f" stat:{stat} err:000 text:"
        )
        self._sequence += 1
        return _pdu(DELIVER, 0, self._sequence, _deliver(part.to, part.sender, 4, 0, text.encode()))


def _pdu(command: int, status: int, number: int, body: bytes) -> bytes:
    return struct.pack("!IIII", 16 + len(body), command, status, number) + body


def _deliver(source: str, to: str, esm: int, coding: int, payload: bytes) -> bytes:
    head = b"\0" + b"\x01\x01" + source.encode() + b"\0" + b"\x01\x01" + to.encode() + b"\0"
    return head + bytes([esm, 0, 0]) + b"\0\0" + bytes([0, 0, coding, 0, len(payload)]) + payload


def _submitted(body: bytes) -> Taken:
    place = body.index(b"\0") + 3
    sender, _end, rest = body[place:].partition(b"\0")
    to, _end, rest = rest[2:].partition(b"\0")
    esm = rest[0]
    rest = rest[3:]
    for _skipped in range(2):
        rest = rest.partition(b"\0")[2]
    coding, size = rest[2], rest[4]
    payload = rest[5 : 5 + size]
    assert len(payload) == size
    words = payload[payload[0] + 1 :] if esm & 0x40 else payload
    text = words.decode("utf-16-be" if coding == 8 else "latin-1")
    return Taken("", to.decode().lstrip("+"), sender.decode(), text, esm, coding, payload)
