"""What a letter from the mailbox is: a report that ours did not arrive, an automaton's answer, a letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

LONGEST_TEXT = 50_000
LONGEST_NAME = 120
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
    """Read a letter; `name` stands in for a Message-ID that it lacks, `cut`: its end is missing."""
    letter = message_from_bytes(content, policy=policy.default)
    assert isinstance(letter, EmailMessage)  # noqa: S101  the policy makes them so
    own = _ids(letter, "Message-ID")
    who, address = parseaddr(_header(letter, "From"))
    nearest = [*_ids(letter, "In-Reply-To"), *reversed(_ids(letter, "References"))]
    report = letter.get_content_type() == "multipart/report"
    return ReadLetter(
        message_id=own[0] if own else name,
        sender=address.strip().lower(),
        name=who.strip(),
        subject=_header(letter, "Subject").strip()[:500],
        text=_text(letter),
        answers=tuple(dict.fromkeys(nearest)),
        sent_at=_date(letter),
        automatic=_automatic(letter, address),
        is_report=report,
        bounces=tuple(_bounces(letter)) if report else (),
        attachments=() if report else _attachments(letter, cut=cut),
    )


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
    raw, charset = _bytes(body), body.get_content_charset() or "utf-8"
    try:
        text = raw.decode(charset, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    if body.get_content_type() == "text/html":
        text = _plain(text)
    # PostgreSQL keeps no zero bytes in texts.
    return text.replace("\x00", "").strip()[:LONGEST_TEXT]


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
    stripper.feed(page)
    lines = (line.strip() for line in "".join(stripper.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _header(letter: Message, name: str) -> str:
    try:
        return str(letter.get(name, "")).replace("\x00", "")
    except (ValueError, IndexError):  # headers that the library cannot read
        return ""


def _ids(letter: Any, name: str) -> list[str]:
    return _IDS.findall(_header(letter, name))


def _bytes(part: Message) -> bytes:
    content: Any = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _date(letter: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(letter, "Date"))
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else None
