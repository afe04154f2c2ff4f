"""SMPP 3.4 on the wire: the few commands that a sender of messages needs, and texts cut into parts."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct("!IIII")
LONGEST_PDU = 1 << 17
RECEIPT_BITS, RECEIPT_IS = 0x3C, 0x04
HAS_UDH = 0x40
UCS2 = 8
_TLV = struct.Struct("!HH")
_RECEIPTED_ID, _MESSAGE_STATE, _PAYLOAD = 0x001E, 0x0427, 0x0424
_TO_DIGITS = re.compile(r"[^0-9]")
_STATED = re.compile(
    r"id:(?P<id>\S+).*?stat:(?P<stat>\w+)(?:.*?err:(?P<err>\w+))?", re.DOTALL | re.IGNORECASE
)
_BY_WORD = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "DELETED": "undelivered",
    "UNDELIV": "undelivered",
    "REJECTD": "rejected",
    "ACCEPTD": "sent",
    "ENROUTE": "sent",
    "UNKNOWN": "undelivered",
}
_BY_NUMBER = {1: "sent", 2: "delivered", 3: "expired", 4: "undelivered", 5: "undelivered",
              6: "sent", 7: "undelivered", 8: "rejected"}  # fmt: skip
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = {
    "\f": 10,
    "^": 20,
    "{": 40,
    "}": 41,
    "\\": 47,
    "[": 60,
    "~": 61,
    "]": 62,
    "|": 64,
    "€": 101,
}
_GSM_CODES = {letter: bytes([place]) for place, letter in enumerate(_GSM) if letter != "\x1b"} | {
    letter: bytes([0x1B, code]) for letter, code in _GSM_TWO.items()
}
_GSM_LETTERS = {code: letter for letter, code in _GSM_CODES.items()}
ALONE_7BIT, TOGETHER_7BIT = 160, 153
ALONE_UCS2, TOGETHER_UCS2 = 140, 134


class Command(IntEnum):
    """Commands; an answer is its request with the highest bit set."""

    BIND = 0x00000009
    SUBMIT = 0x00000004
    DELIVER = 0x00000005
    ENQUIRE = 0x00000015
    UNBIND = 0x00000006
    NACK = 0x80000000


ANSWER = 0x80000000


@dataclass(frozen=True, slots=True)
class Pdu:
    """One unit of the protocol."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def pack(self) -> bytes:
        """Write it as it goes over the wire."""
        size = HEADER.size + len(self.body)
        return HEADER.pack(size, self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, slots=True)
class Deliver:
    """A deliver_sm: a receipt or what a person wrote."""

    source: str
    destination: str
    is_receipt: bool
    text: str
    receipted_id: str = ""
    state: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text as submit_sm carries it."""

    coding: int
    payload: bytes
    with_header: bool = field(default=False)


def bind(system_id: str, password: str) -> bytes:
    """The body of bind_transceiver."""
    return _c(system_id) + _c(password) + _c("") + b"\x34\x00\x00" + _c("")


def submit(sender: str, to: str, part: Part) -> bytes:
    """The body of submit_sm, with a receipt asked for."""
    esm = HAS_UDH if part.with_header else 0
    return b"".join(
        (
            _c(""), _origin(sender), b"\x01\x01", _c(to),
            bytes([esm, 0, 0]), _c(""), _c(""), bytes([1, 0, part.coding, 0, len(part.payload)]),
            part.payload,
        )
    )  # fmt: skip


def parts_of_text(text: str, ref: int) -> list[Part]:
    """Cut a text into parts; those of a long one carry the header that joins them on the telephone."""
    seven = all(letter in _GSM_CODES for letter in text)
    coding, units = (0, [_GSM_CODES[x] for x in text]) if seven else (UCS2, _wide(text))
    alone, together = (ALONE_7BIT, TOGETHER_7BIT) if seven else (ALONE_UCS2, TOGETHER_UCS2)
    whole = b"".join(units)
    if len(whole) <= alone:
        return [Part(coding, whole)]
    pieces, piece = [], b""
    for unit in units:  # a letter of two places is never torn
        if len(piece) + len(unit) > together:
            pieces.append(piece)
            piece = b""
        piece += unit
    pieces.append(piece)
    head = bytes([5, 0, 3, ref % 256, len(pieces)])
    return [
        Part(coding, head + bytes([number]) + one, with_header=True)
        for number, one in enumerate(pieces, 1)
    ]


def message_id(body: bytes) -> str:
    """The message_id of a submit_sm_resp."""
    return _read_c(body, 0)[0]


def deliver(body: bytes) -> Deliver:
    """Read a deliver_sm. Raises ValueError for what is none."""
    try:
        return _deliver(body)
    except (IndexError, struct.error) as error:
        raise ValueError("a deliver_sm that ends too early") from error


def _deliver(body: bytes) -> Deliver:
    _service, place = _read_c(body, 0)
    source, place = _read_c(body, place + 2)
    destination, place = _read_c(body, place + 2)
    esm = body[place]
    _scheduled, place = _read_c(body, place + 3)
    _valid, place = _read_c(body, place)
    coding, size = body[place + 2], body[place + 4]
    place += 5
    payload = body[place : place + size]
    more = _options(body[place + size :])
    payload = more.get(_PAYLOAD, payload)
    if esm & HAS_UDH and payload:
        payload = payload[payload[0] + 1 :]
    if esm & RECEIPT_BITS != RECEIPT_IS:
        text = _text(payload, coding)
        return Deliver(_digits(source), _digits(destination), is_receipt=False, text=text)
    said = payload.decode("latin-1")
    found = _STATED.search(said)
    given = more[_RECEIPTED_ID].rstrip(b"\0").decode("latin-1") if _RECEIPTED_ID in more else ""
    word = found["stat"].upper() if found else ""
    state = _BY_WORD.get(word, "")
    if not state and _MESSAGE_STATE in more:
        state = _BY_NUMBER.get(more[_MESSAGE_STATE][0], "undelivered")
    code = f"{word} {(found['err'] or '') if found else ''}".strip()
    named = given or (found["id"] if found else "")
    return Deliver(
        _digits(source), _digits(destination), is_receipt=True, text=said,
        receipted_id=named, state=state or "undelivered", code=code,
    )  # fmt: skip


def _text(payload: bytes, coding: int) -> str:
    if coding == UCS2:
        return payload.decode("utf-16-be", "replace")
    if coding == 3:
        return payload.decode("latin-1")
    letters, place = [], 0
    while place < len(payload):
        size = 2 if payload[place] == 0x1B else 1
        letters.append(_GSM_LETTERS.get(payload[place : place + size], "?"))
        place += size
    return "".join(letters)


def _wide(text: str) -> list[bytes]:
    return [letter.encode("utf-16-be") for letter in text]


def _origin(sender: str) -> bytes:
    """The sender's address with its kind: a name, a short number, an international one."""
    if not sender:
        return b"\x00\x00\x00"
    if not sender.isdigit():
        return b"\x05\x00" + _c(sender)
    return (b"\x03\x01" if len(sender) < 7 else b"\x01\x01") + _c(sender)


def _options(rest: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    place = 0
    while place + _TLV.size <= len(rest):
        tag, size = _TLV.unpack_from(rest, place)
        found[tag] = rest[place + _TLV.size : place + _TLV.size + size]
        place += _TLV.size + size
    return found


def _c(text: str) -> bytes:
    return text.encode("latin-1", "replace") + b"\0"


def _read_c(body: bytes, place: int) -> tuple[str, int]:
    end = body.index(b"\0", place)
    return body[place:end].decode("latin-1"), end + 1


def _digits(address: str) -> str:
    return _TO_DIGITS.sub("", address) or address
