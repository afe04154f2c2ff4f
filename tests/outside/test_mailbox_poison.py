"""Letters made to do harm: each is read as far as it goes or put aside, and the next one is taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from abonent.crm.registers.letters import LETTERS
from abonent.crm.rules.mail import ReadLetter, heading_of, read_letter
from abonent.crm.service import mailbox
from abonent.crm.service.mailbox import read_mailbox
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.reading import read_page
from abonent.kernel.settings import Settings
from tests.outside.imap import MailboxServer
from tests.outside.sending import rows

_HEAD = b"From: A <evil@b.example>\nSubject: x\nMessage-ID: <e1@b>\n"
_TYPED = _HEAD + b"Content-Type: "
_NESTED = b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(3_000))
POISON = {
    "an answer to a number that is too large": _HEAD + b"In-Reply-To: <m9999999999999999999.1@x>\n\nx",
    "a reference to one": _HEAD + b"References: <m1.9999999999999999999@x>\n\nx",
    "marks that no page has": _TYPED + b"text/html\n\n<p>a<![xyz[ b]]>",
    "a charset of host names": _TYPED + b"text/plain; charset=idna\n\nhello",
    "a charset that keeps nothing": _TYPED + b"text/plain; charset=undefined\n\nhello",
    "a charset with a zero byte": _TYPED + b'text/plain; charset="a\x00b"\n\nhello',
    "half of a letter": _TYPED + b"text/plain; charset=utf-7\n\n+2AA-",
    "a name of nine thousand letters": b"From: a@b.example\nMessage-ID: <"
    + b"".join(b"%d." % number for number in range(2_000))
    + b"@b>\n\nx",
    "brackets for a type": _TYPED + b"(" * 5_000 + b"\n\nx",
    "letters within letters": _HEAD + _NESTED + b"x",
    "brackets for a disposition": _HEAD + b"Content-Disposition: " + b"(" * 5_000 + b"\n\nx",
    "the end of time": _HEAD + b"Date: Mon, 31 Dec 9999 23:59:59 -0900\n\nx",
    "bytes that are no letters": b"From: \xff <a@b.example>\nSubject: \xe0\nMessage-ID: <\xff@b>\n\nx",
}  # fmt: skip


@pytest.fixture
async def server() -> MailboxServer:
    return MailboxServer()


@pytest.fixture
async def url(server: MailboxServer) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"imap://office:p%20ass@127.0.0.1:{port}/INBOX"


_GOOD = b"From: b@b.example\nSubject: y\nMessage-ID: <good@b>\n\nhello"


async def test_no_letter_stops_the_mailbox(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    """Each poison has a Message-ID of its own here, so none is taken for one before it."""
    await read_mailbox(url, settings=fresh_database)
    for number, raw in enumerate(POISON.values()):
        server.put(raw.replace(b"<e1@b>", b"<e%d@b>" % number))
    server.put(b"From: " + b"(" * 50_000 + b"\nMessage-ID: <from@b>\n\nx")
    server.put(_GOOD)
    taken = await read_mailbox(url, settings=fresh_database)
    # Who wrote the last but one cannot be read: nobody to answer.
    assert taken == Counter(letter=len(POISON) + 1, automatic=1)
    assert await read_mailbox(url, settings=fresh_database) == Counter()
    found = await rows("SELECT 1 FROM crm_request_letter WHERE message_id = 'good@b'")
    assert len(found) == 1


async def test_what_cannot_be_taken_is_put_aside_and_not_tried_for_ever(
    fresh_database: Settings, server: MailboxServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = mailbox.read_letter

    def stumbles(content: bytes, *, name: str, cut: bool = False) -> ReadLetter:
        if b"bad@b" in content:
            raise RecursionError(name)
        return read(content, name=name, cut=cut)

    monkeypatch.setattr(mailbox, "read_letter", stumbles)
    await read_mailbox(url, settings=fresh_database)
    server.put(
        b"From: Eva <eva@b.example>\nSubject: =?utf-8?b?0KHRh9GR0YI=?=\nMessage-ID: <bad@b>\n"
        b"Date: Mon, 6 Apr 2026 10:00:00 +0300\n\nhello"
    )
    server.put(_GOOD)
    assert await read_mailbox(url, settings=fresh_database) == Counter(failed=1, letter=1)
    assert await read_mailbox(url, settings=fresh_database) == Counter()
    asked = await read_asked(LETTERS, (), by=SYSTEM)
    (put,) = (await read_page(LETTERS, asked, by=SYSTEM)).rows
    assert put["key"].startswith("7.1@office@")
    assert (put["sender"], put["subject"]) == ("e•••@b.example", "Счёт")
    assert put["sent"] == datetime(2026, 4, 6, 7, 0, tzinfo=UTC)
    assert put["error"].startswith("RecursionError")


async def test_whose_district_it_is_nobody_knows(fresh_database: Settings) -> None:
    await mailbox._put_aside("1.1@box", _GOOD, ValueError("no"))
    confined = Actor("user", "7", "Ирина", SYSTEM.rights, districts=frozenset({"north"}))
    for by, seen in ((SYSTEM, 1), (confined, 0)):
        asked = await read_asked(LETTERS, (), by=by)
        assert len((await read_page(LETTERS, asked, by=by)).rows) == seen


@pytest.mark.parametrize("raw", [*POISON.values(), b"", b"\x00\xff", b"From: " + b"(" * 50_000])
def test_whose_it_is_and_of_when_is_read_of_any_bytes(raw: bytes) -> None:
    sender, subject, _sent = heading_of(raw)
    assert "\x00" not in f"{sender}{subject}".encode().decode()


@pytest.mark.parametrize("name", POISON)
def test_it_is_read_as_far_as_it_goes(name: str) -> None:
    read = read_letter(POISON[name], name="1.1@box")
    assert read.sender.endswith("@b.example")
    assert len(read.message_id) <= 500
    assert read.text
    f"{read.text}{read.subject}{read.message_id}".encode()


def test_a_long_name_is_told_from_another_and_answered() -> None:
    one, other = (
        read_letter(b"Message-ID: <" + b"a" * 9_000 + end + b">\n\nx", name="1.1@box").message_id
        for end in (b"1", b"2")
    )
    assert one != other
    answer = b"References: <" + b"a" * 9_000 + b"1>\n\nx"
    assert read_letter(answer, name="1.2@box").answers == (one,)
