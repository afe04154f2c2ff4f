"""What a letter from the mailbox is: a report that ours did not arrive, an automaton's answer, a letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

LONGEST_TEXT = 50_000
LONGEST_PAGE = 500_000
"""So much of a letter of HTML is read: a page of signs alone takes the library seconds a megabyte."""
LONGEST_NAME = 120
LONGEST_ID = 500
LONGEST_HEADER = 20_000
"""Letters of a header that are read: nobody writes longer ones but to do harm."""
MOST_ANSWERED = 100
_YEARS = range(1990, 2100)
_TAG = re.compile(r"<[^>]*>?")
_DIVIDING = frozenset({"content-type", "content-disposition"})
_IDS = re.compile(r"<([^<>\s]+)>")
_BY_ACTION = {"failed": "undelivered", "delivered": "delivered", "relayed": "delivered"}


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report (RFC 3464): which letter of ours, what became of it, in whose words."""

    message_id: str
    state: str
    code: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a letter; `cut` where its end was not read."""

    name: str
    content: bytes
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """A letter as it reads. `bounces` are what a report says of ours; `automatic` needs no answer."""

    message_id: str
    sender: str
    name: str
    subject: str
    text: str
    answers: tuple[str, ...]
    sent_at: datetime | None
    automatic: bool
    is_report: bool
    bounces: tuple[Bounce, ...]
    attachments: tuple[Attachment, ...] = ()


def read_letter(content: bytes, *, name: str, cut: bool = False) -> ReadLetter:
    """Read a letter; `name` stands in for a Message-ID that it lacks, `cut`: its end is missing.

    One whose parts cannot be told from each other is read as one text, as it stands.
    """
    try:
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)  # noqa: S101  the policy makes them so
        return _read(letter, name=name, cut=cut)
    except Exception:  # noqa: BLE001  a stranger's bytes raise what the library never promised
        return _read(_undivided(content), name=name, cut=cut)


def heading_of(content: bytes) -> tuple[str, str, datetime | None]:
    """From whom, about what and of when a letter is, as far as that can be read of any bytes."""
    letter = EmailMessage(policy=policy.default)
    try:
        for name, value in (
            BytesHeaderParser(policy=policy.compat32).parsebytes(content).raw_items()
        ):
            if name.lower() in {"from", "subject", "date"}:
                letter.set_raw(name, value)
        sender = _sender(letter)[1].strip().lower()
    except Exception:  # noqa: BLE001  a stranger's bytes raise what the library never promised
        return "", "", None
    return sender[:LONGEST_NAME], _header(letter, "Subject").strip()[:LONGEST_ID], _date(letter)


def _undivided(content: bytes) -> EmailMessage:
    """A letter without what would divide it into parts."""
    # The older policy reads no header until it is asked for one.
    plain = BytesHeaderParser(policy=policy.compat32).parsebytes(content)
    letter = EmailMessage(policy=policy.default)
    for name, value in plain.raw_items():
        if name.lower() not in _DIVIDING:
            letter.set_raw(name, value)
    if not _header(letter, "Content-Transfer-Encoding"):
        del letter["Content-Transfer-Encoding"]
    letter.set_payload(plain.get_payload())
    return letter


def _read(letter: EmailMessage, *, name: str, cut: bool) -> ReadLetter:
    own = _ids(letter, "Message-ID")
    who, address = _sender(letter)
    nearest = [*_ids(letter, "In-Reply-To"), *reversed(_ids(letter, "References"))]
    report = letter.get_content_type() == "multipart/report"
    return ReadLetter(
        message_id=own[0] if own else name,
        sender=address.strip().lower(),
        name=" ".join(who.split()),
        subject=_header(letter, "Subject").strip()[:500],
        text=_text(letter),
        answers=tuple(dict.fromkeys(nearest[:MOST_ANSWERED])),
        sent_at=_date(letter),
        automatic=_automatic(letter, address),
        is_report=report,
        bounces=tuple(_bounces(letter)) if report else (),
        attachments=() if report else _attachments(letter, cut=cut),
    )


def _sender(letter: EmailMessage) -> tuple[str, str]:
    try:
        return parseaddr(_header(letter, "From"))
    except RecursionError:  # brackets within brackets
        return "", ""


def _attachments(letter: EmailMessage, *, cut: bool) -> tuple[Attachment, ...]:
    """Every part that is no text of the letter itself, in order."""
    body = {id(letter.get_body((kind,))) for kind in ("plain", "html")}
    parts = [
        part
        for part in letter.walk()
        if not part.is_multipart()
        and id(part) not in body
        and (part.get_content_maintype() != "text" or _file_name(part))
    ]
    found = [
        Attachment(_file_name(part) or f"file-{n}", _bytes(part)) for n, part in enumerate(parts, 1)
    ]
    if cut and found:
        found[-1] = replace(found[-1], content=b"", cut=True)
    return tuple(found)


def _file_name(part: Message) -> str:
    try:
        given = part.get_filename() or ""
    except (ValueError, IndexError, LookupError):  # a name that the library cannot read
        return ""
    kept = "".join(sign if sign.isprintable() else " " for sign in given)
    return " ".join(re.split(r"[/\\]", kept)[-1].split())[-LONGEST_NAME:]


def _automatic(letter: EmailMessage, address: str) -> bool:
    """Tell whether an automaton wrote it (RFC 3834): to answer such letters makes circles."""
    said = _header(letter, "Auto-Submitted").partition(";")[0].strip().lower()
    bulk = _header(letter, "Precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}
    daemon = address.partition("@")[0].lower() in {"mailer-daemon", "postmaster"}
    return (said not in {"", "no"}) or bulk or daemon or not address


def _bounces(letter: EmailMessage) -> Iterator[Bounce]:
    ours = next(iter(_returned(letter)), "")
    for part in letter.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        blocks: Any = part.get_payload()
        for block in blocks:
            action = str(block.get("Action", "")).strip().lower()
            if ours and action in _BY_ACTION:
                status = str(block.get("Status", "")).strip()
                why = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
                yield Bounce(ours, _BY_ACTION[action], " ".join(f"{status} {why}".split())[:200])


def _returned(letter: EmailMessage) -> Iterator[str]:
    """Message-IDs of what a report gives back: the letter itself or only its head."""
    for part in letter.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and part.is_multipart():
            inner: Any = part.get_payload()
            yield from _ids(inner[0], "Message-ID")
        elif kind == "text/rfc822-headers":
            head = message_from_bytes(_bytes(part), policy=policy.default)
            yield from _ids(head, "Message-ID")


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain", "html"))
    if body is None:
        return ""
    text = _decoded(_bytes(body), body.get_content_charset() or "utf-8")
    if body.get_content_type() == "text/html":
        text = _plain(text[:LONGEST_PAGE])
    return storable(text).strip()[:LONGEST_TEXT]


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):  # no such charset, or one that keeps no texts
        return raw.decode("utf-8", "replace")


def storable(text: str) -> str:
    """A text as PostgreSQL keeps it: without zero bytes and halves of letters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


class _Stripper(HTMLParser):
    """Keeps the words of a page, a line for each block."""

    _BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "blockquote"})
    _SILENT = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(re.sub(r"\s+", " ", data))


def _plain(page: str) -> str:
    stripper = _Stripper()
    try:
        stripper.feed(page)
        words = "".join(stripper.said)
    except (AssertionError, ValueError, RecursionError):  # marks that the library does not know
        words = _TAG.sub(" ", page)
    lines = (line.strip() for line in words.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _header(letter: Message, name: str) -> str:
    """A header's text; empty for one that is too long or that the library cannot read."""
    lengths = (len(str(text)) for key, text in letter.raw_items() if key.lower() == name.lower())
    if next(lengths, 0) > LONGEST_HEADER:
        return ""
    try:
        return storable(str(letter.get(name, "")))
    except Exception:  # noqa: BLE001  a stranger's bytes raise what the library never promised
        return ""


def _ids(letter: Any, name: str) -> list[str]:
    return [_short(one) for one in _IDS.findall(_header(letter, name))]


def _short(message_id: str) -> str:
    """A Message-ID as it is kept: of one that no index takes its beginning and its digest.

    >>> _short("a1@example.org"), len(_short("a" * 9_000))
    ('a1@example.org', 265)
    """
    if len(message_id) <= LONGEST_ID:
        return message_id
    return f"{message_id[:200]}~{sha256(message_id.encode()).hexdigest()}"


def _bytes(part: Message) -> bytes:
    content: Any = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _date(letter: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(letter, "Date"))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.tzinfo and at.year in _YEARS else None
