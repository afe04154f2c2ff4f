"""The mailbox over IMAP: letters become requests once, reports mark what did not arrive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from abonent.crm.rules.mail import read_letter
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.mailbox import read_mailbox
from abonent.kernel.mailbox import MailboxError
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from tests.outside.imap import MailboxServer
from tests.outside.sending import queue, rows, run_outbox, states


@pytest.fixture
async def server() -> MailboxServer:
    return MailboxServer()


@pytest.fixture
async def url(server: MailboxServer) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"imap://office:p%20ass@127.0.0.1:{port}/INBOX"


def _letter(number: int = 1, **headers: str) -> bytes:
    letter = EmailMessage()
    letter["From"] = "Анна Иванова <Anna@Example.org>"
    letter["Subject"] = "Нет интернета"
    letter["Message-ID"] = f"<a{number}@example.org>"
    for name, value in headers.items():
        letter[name.replace("_", "-")] = value
    letter.set_content(f"С утра нет интернета, случай {number}.")
    return bytes(letter)


def _report(message_id: str, action: str = "failed") -> bytes:
    return f"""From: MAILER-DAEMON@mx.example.org
To: noreply@localhost
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-{action}@mx.example.org>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; a@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Subject: x
Message-ID: <{message_id}>

--b--
""".encode()


async def test_what_lay_there_before_is_left_alone_and_what_comes_is_taken_once(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    del fresh_database
    server.put(_letter(1))
    assert await read_mailbox(url) == Counter()
    server.put(_letter(2))
    server.put(_letter(3))
    assert await read_mailbox(url) == Counter(letter=2)
    assert await read_mailbox(url) == Counter()
    server.put(_letter(3))  # the same letter delivered twice
    assert await read_mailbox(url) == Counter(again=1)
    found = await rows("SELECT message_id FROM crm_request_letter ORDER BY 1")
    assert [row["message_id"] for row in found] == ["a2@example.org", "a3@example.org"]


async def test_a_connection_cut_in_the_middle_loses_and_repeats_nothing(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    del fresh_database
    await read_mailbox(url)
    for number in range(6):
        server.put(_letter(number))
    server.cut_after = 3
    with pytest.raises(MailboxError):
        await read_mailbox(url)
    server.cut_after = 0
    assert await read_mailbox(url) == Counter(letter=6)
    assert len(await rows("SELECT 1 FROM crm_request_letter")) == 6


async def test_a_mailbox_made_anew_is_read_by_the_names_of_letters(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    del fresh_database
    await read_mailbox(url)
    server.put(_letter(1))
    await read_mailbox(url)
    server.validity = 8
    server.letters.clear()
    server.put(_letter(1))
    server.put(_letter(2))
    assert await read_mailbox(url) == Counter(again=1, letter=1)


async def test_a_report_marks_the_letter_that_did_not_arrive(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path
) -> None:
    await read_mailbox(url)
    await queue(["a@example.org", "b@example.org"], channel="email", text="Ответ готов")
    settings = fresh_database.having(home=tmp_path, mail_from="Provider <post@isp.example>")
    gateway = FileGateway(tmp_path / "sms", aloud=False)
    await run_outbox(message_handler(settings, gateway))
    assert set((await states()).values()) == {"sent"}
    found = await rows(
        "SELECT p.provider_id FROM crm_message_part p JOIN crm_message_text t"
        " ON t.message_id = p.message_id WHERE t.address = 'a@example.org'"
    )
    server.put(_report(found[0]["provider_id"], "delayed"))
    server.put(_report(found[0]["provider_id"]))
    assert await read_mailbox(url) == Counter(bounce=2)
    assert await states() == {"a@example.org": "undelivered", "b@example.org": "sent"}
    (row,) = await rows("SELECT reason FROM crm_message WHERE state = 'undelivered'")
    assert row["reason"] == "5.1.1 550 5.1.1 no such user"


async def test_automata_get_no_answer(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    del fresh_database
    await read_mailbox(url)
    server.put(_letter(1, Auto_Submitted="auto-replied"))
    server.put(_letter(2, Precedence="bulk"))
    assert await read_mailbox(url) == Counter(automatic=2)
    assert await rows("SELECT 1 FROM crm_request") == []


async def test_a_wrong_password_is_told(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    del fresh_database
    server.password = "other"
    with pytest.raises(MailboxError, match="wrong password"):
        await read_mailbox(url)


def test_a_letter_of_html_alone_reads_as_text() -> None:
    letter = EmailMessage()
    letter["From"] = "a@example.org"
    letter.set_content(
        "<html><head><title>x</title><style>p{}</style></head><p>Добрый&nbsp;день.</p>"
        "<p>Не работает <b>интернет</b>.</p></html>",
        subtype="html",
    )
    read = read_letter(bytes(letter), name="1.2@box")
    assert read.text == "Добрый день.\nНе работает интернет."
    assert "p{}" not in read.text
    assert read.message_id == "1.2@box"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe\x00garbage", b"Content-Type: text/plain; charset=klingon\n\nabc\x00d",
     b"Content-Type: multipart/report\n\nno parts", b"From: =?utf-8?B?!!!\nDate: yesterday\n\n"],
)  # fmt: skip
def test_no_letter_is_too_broken_to_be_read(raw: bytes) -> None:
    read = read_letter(raw, name="1.1@box")
    assert read.message_id == "1.1@box"
    assert "\x00" not in read.text
