"""Reading a mailbox over IMAP4: letters that came after the last one read. Nothing in it is changed."""

from __future__ import annotations

import asyncio
import imaplib
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

SECONDS = 30
_PORT, _SECURE_PORT = 143, 993
LONGEST_LETTER = 50_000_000
"""Bytes read of one letter: more than mail servers let through as a rule."""
LONGEST_READING = 60_000_000
"""Bytes after which a reading ends: the rest waits for the next one."""


class MailboxError(Exception):
    """The mailbox cannot be read now; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a mailbox was read; with another `validity` the numbers mean other letters."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: where the mailbox stands and the letters by their numbers, in order."""

    validity: int
    next_uid: int
    letters: list[tuple[int, bytes]]


async def read_letters(url: str, after: Place | None, *, most: int = 50) -> Read:
    """Read letters after a place, at most so many; None reads where the mailbox stands and no letter.

    Raises MailboxError.
    """
    try:
        return await asyncio.to_thread(_read, url, after, most)
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(f"{type(error).__name__}: {error}"[:200]) from error


def _read(url: str, after: Place | None, most: int) -> Read:
    parts = urlsplit(url)
    secure = parts.scheme == "imaps"
    kind = imaplib.IMAP4_SSL if secure else imaplib.IMAP4
    port = parts.port or (_SECURE_PORT if secure else _PORT)
    server = kind(parts.hostname or "localhost", port, timeout=SECONDS)
    try:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        read = _read_folder(server, unquote(parts.path.strip("/")) or "INBOX", after, most)
        server.logout()
    finally:
        with suppress(OSError):  # closed already, where all went well
            server.shutdown()
    return read


def _read_folder(server: imaplib.IMAP4, folder: str, after: Place | None, most: int) -> Read:
    _expect(server.select(f'"{folder}"', readonly=True))
    validity = _number(server.response("UIDVALIDITY"))
    next_uid = _number(server.response("UIDNEXT"))
    if after is None:
        return Read(validity, next_uid, [])
    first = after.uid + 1 if after.validity == validity else 1
    found = _expect(server.uid("SEARCH", f"UID {first}:*"))
    numbers = sorted(int(one) for one in found.split() if int(one) >= first)
    letters: list[tuple[int, bytes]] = []
    read = 0
    for number in numbers[:most]:
        letters.append((number, _letter(server, number)))
        read += len(letters[-1][1])
        if read >= LONGEST_READING:
            break
    return Read(validity, next_uid, letters)


def _letter(server: imaplib.IMAP4, uid: int) -> bytes:
    _state, answers = server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST_LETTER}>)")
    whole = next((one[1] for one in answers if isinstance(one, tuple)), b"")
    return bytes(whole)


def _expect(answer: tuple[str, list[bytes | None]]) -> bytes:
    state, told = answer
    first = told[0] if told else None
    if state != "OK":
        raise imaplib.IMAP4.error(f"{state} {first!r}")
    return first or b""


def _number(answer: tuple[str, list[bytes | None]]) -> int:
    _name, told = answer
    return int(told[0]) if told and told[0] else 0
