"""Recorded conversations: how long they are kept, what sound is taken, its length; pure functions."""

from __future__ import annotations

import calendar
import struct
from datetime import date, timedelta

TIED = frozenset({"debt", "claim"})
"""What a conversation is tied to where it is kept for years."""

_INFO, _SEGMENT = b"\x15\x49\xa9\x66", b"\x18\x53\x80\x67"
_DURATION, _TIMECODE_SCALE = b"\x44\x89", b"\x2a\xd7\xb1"
_MILLISECOND = 1_000_000
"""The scale of times in nanoseconds that browsers write."""
_HEAD = 65_536
"""The description of the sound stands within the first bytes."""
_WAVE_HEADER = 44


def kept_until(ended_on: date, tie: str, *, days: int, years: int) -> date:
    """The last day a conversation is kept: so many days, or years where it is tied.

    >>> kept_until(date(2026, 3, 1), "", days=180, years=3)
    datetime.date(2026, 8, 28)
    >>> kept_until(date(2024, 2, 29), "claim", days=180, years=3)
    datetime.date(2027, 2, 28)
    """
    if tie not in TIED:
        return ended_on + timedelta(days)
    year = ended_on.year + years
    last = calendar.monthrange(year, ended_on.month)[1]
    return max(date(year, ended_on.month, min(ended_on.day, last)), ended_on + timedelta(days))


def sound_media(content: bytes) -> str | None:
    """The type of a sound by its first bytes, None for anything else."""
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return "audio/webm"
    if content.startswith(b"OggS"):
        return "audio/ogg"
    if content.startswith(b"RIFF") and content[8:12] == b"WAVE":
        return "audio/wav"
    if content[4:8] == b"ftyp":
        return "audio/mp4"
    if content.startswith(b"ID3") or (content[:1] == b"\xff" and content[1:2] in _MP3_FRAMES):
        return "audio/mpeg"
    return None


_MP3_FRAMES = {b"\xfb", b"\xfa", b"\xf3", b"\xf2"}


def wave_seconds(content: bytes) -> int:
    """The length of a WAV file in whole seconds, 0 where its header does not tell."""
    if len(content) < _WAVE_HEADER or content[8:16] != b"WAVEfmt ":
        return 0
    (rate,) = struct.unpack_from("<I", content, 28)
    return (len(content) - _WAVE_HEADER) // rate if rate else 0


def with_duration(content: bytes, seconds: int) -> bytes:
    """A browser's WebM with its length written in, so that a player can go to any place of it.

    Browsers write the sound while it lasts and never go back to say how long it was. What is not
    built as expected stays as it is.
    """
    place = content.find(_INFO, 0, _HEAD)
    segment = content.find(_SEGMENT, 0, _HEAD)
    if place < 0 or segment < 0 or not _is_open(content, segment + len(_SEGMENT)):
        return content
    begin, length = _size(content, place + len(_INFO))
    info = content[begin : begin + length]
    if not length or _DURATION in info or _scale(info) != _MILLISECOND or len(info) != length:
        return content
    info += _DURATION + b"\x88" + struct.pack(">d", seconds * 1000.0)
    size = struct.pack(">Q", len(info) | 1 << 56)
    return content[:place] + _INFO + size + info + content[begin + length :]


def _is_open(content: bytes, at: int) -> bool:
    """Tell whether the size at a place is that of something whose end was not known."""
    begin, _length = _size(content, at)
    width = begin - at
    return content[at:begin] == ((1 << 7 * width + 1) - 1).to_bytes(width, "big")


def _size(content: bytes, at: int) -> tuple[int, int]:
    """Where what follows a size begins, and the size."""
    first = content[at] if at < len(content) else 0
    width = 9 - first.bit_length() if first else 8
    value = int.from_bytes(content[at : at + width], "big")
    return at + width, value & ((1 << 7 * width) - 1)


def _scale(info: bytes) -> int:
    place = info.find(_TIMECODE_SCALE)
    if place < 0:
        return _MILLISECOND
    begin, length = _size(info, place + len(_TIMECODE_SCALE))
    return int.from_bytes(info[begin : begin + length], "big")
