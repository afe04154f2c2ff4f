"""The mailbox over IMAP: letters become requests once, reports mark what did not arrive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import quote

import pytest

from abonent.crm.rules.mail import read_letter
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.mailbox import read_mailbox
from abonent.crm.service.requests.files import open_request_file
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Forbidden
from abonent.kernel.mailbox import MailboxError
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from abonent.kernel.storage import MOST_BYTES
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
    server.put(_letter(1))
    assert await read_mailbox(url, settings=fresh_database) == Counter()
    server.put(_letter(2))
    server.put(_letter(3))
    assert await read_mailbox(url, settings=fresh_database) == Counter(letter=2)
    assert await read_mailbox(url, settings=fresh_database) == Counter()
    server.put(_letter(3))  # the same letter delivered twice
    assert await read_mailbox(url, settings=fresh_database) == Counter(again=1)
    found = await rows("SELECT message_id FROM crm_request_letter ORDER BY 1")
    assert [row["message_id"] for row in found] == ["a2@example.org", "a3@example.org"]


async def test_a_connection_cut_in_the_middle_loses_and_repeats_nothing(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    await read_mailbox(url, settings=fresh_database)
    for number in range(6):
        server.put(_letter(number))
    server.cut_after = 3
    with pytest.raises(MailboxError):
        await read_mailbox(url, settings=fresh_database)
    server.cut_after = 0
    assert await read_mailbox(url, settings=fresh_database) == Counter(letter=6)
    assert len(await rows("SELECT 1 FROM crm_request_letter")) == 6


async def test_a_mailbox_made_anew_is_read_by_the_names_of_letters(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    await read_mailbox(url, settings=fresh_database)
    server.put(_letter(1))
    await read_mailbox(url, settings=fresh_database)
    server.validity = 8
    server.letters.clear()
    server.put(_letter(1))
    server.put(_letter(2))
    assert await read_mailbox(url, settings=fresh_database) == Counter(again=1, letter=1)


async def test_a_report_marks_the_letter_that_did_not_arrive(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path
) -> None:
    await read_mailbox(url, settings=fresh_database)
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
    assert await read_mailbox(url, settings=fresh_database) == Counter(bounce=2)
    assert await states() == {"a@example.org": "undelivered", "b@example.org": "sent"}
    (row,) = await rows("SELECT reason FROM crm_message WHERE state = 'undelivered'")
    assert row["reason"] == "5.1.1 550 5.1.1 no such user"


async def test_automata_get_no_answer(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    await read_mailbox(url, settings=fresh_database)
    server.put(_letter(1, Auto_Submitted="auto-replied"))
    server.put(_letter(2, Precedence="bulk"))
    assert await read_mailbox(url, settings=fresh_database) == Counter(automatic=2)
    assert await rows("SELECT 1 FROM crm_request") == []


async def test_a_wrong_password_is_told(
    fresh_database: Settings, server: MailboxServer, url: str
) -> None:
    server.password = "other"
    with pytest.raises(MailboxError, match="wrong password"):
        await read_mailbox(url, settings=fresh_database)


def test_of_an_endless_letter_of_html_the_beginning_is_read() -> None:
    letter = EmailMessage()
    letter.set_content(f"<p>Добрый день.</p>{' ' * 600_000}<p>Далеко.</p>", subtype="html")
    text = read_letter(bytes(letter), name="1.2@box").text
    assert text.startswith("Добрый день.")
    assert "Далеко" not in text


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


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PDF = b"%PDF-1.7\n" + b"x" * 2000


def _with_files(*files: tuple[str, str, bytes], number: int = 1) -> bytes:
    letter = EmailMessage()
    letter["From"] = "Анна Иванова <anna@example.org>"
    letter["Subject"] = "Чек"
    letter["Message-ID"] = f"<f{number}@example.org>"
    letter.set_content("Платила в субботу, чек приложен.")
    letter.add_alternative("<p>Платила в субботу, чек <b>приложен</b>.</p>", subtype="html")
    for name, media, content in files:
        main, sub = media.split("/")
        letter.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return letter.as_bytes(policy=SMTP)


async def _files() -> list[tuple[str, str, int]]:
    found = await rows("SELECT name, media, size FROM crm_request_file ORDER BY id")
    return [(row["name"], row["media"], row["size"]) for row in found]


async def _notes() -> str:
    found = await rows("SELECT text FROM crm_request_line WHERE kind = 'note' ORDER BY id")
    return "\n".join(row["text"] for row in found)


async def test_files_of_a_letter_are_kept_on_its_request(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path: Path
) -> None:
    settings = fresh_database.having(home=tmp_path)
    await read_mailbox(url, settings=settings)
    server.put(_with_files(("чек.png", "image/png", PNG), ("договор.pdf", "application/pdf", PDF)))
    assert await read_mailbox(url, settings=settings) == Counter(letter=1)
    assert await _files() == [
        ("чек.png", "image/png", len(PNG)),
        ("договор.pdf", "application/pdf", len(PDF)),
    ]
    assert await _notes() == ""
    (found,) = await rows("SELECT r.number, f.id FROM crm_request r JOIN crm_request_file f"
        " ON f.request_id = r.id WHERE f.media = 'image/png'")  # fmt: skip
    by = Actor("user", "5", "X", frozenset({"crm.request.view"}))
    row, content = await open_request_file(found["number"], found["id"], by=by, settings=settings)
    assert (row["name"], content) == ("чек.png", PNG)
    assert len(await rows("SELECT 1 FROM audit WHERE action = 'crm:request:file_opened'")) == 1
    nobody = Actor("user", "6", "Y", frozenset())
    with pytest.raises(Forbidden):
        await open_request_file(found["number"], found["id"], by=nobody, settings=settings)


async def test_what_is_not_kept_is_named_and_the_letter_is_taken_all_the_same(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path: Path
) -> None:
    settings = fresh_database.having(home=tmp_path)
    await read_mailbox(url, settings=settings)
    pictures = [(f"{n}.png", "image/png", PNG + bytes([n])) for n in range(11)]
    server.put(
        _with_files(
            ("счёт.exe", "application/octet-stream", b"MZ" + b"\0" * 50),
            ("страница.png", "image/png", b"<html><script>alert(1)</script></html>"),
            ("большой.pdf", "application/pdf", PDF + b"x" * MOST_BYTES),
            ("пусто.pdf", "application/pdf", b""),
            *pictures,
        )
    )
    assert await read_mailbox(url, settings=settings) == Counter(letter=1)
    assert len(await _files()) == 10
    told = await _notes()
    for name in ("счёт.exe", "страница.png", "большой.pdf", "пусто.pdf", "10.png"):
        assert name in told
    assert "9.png" not in told


async def test_a_letter_that_comes_again_keeps_its_files_once(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path: Path
) -> None:
    settings = fresh_database.having(home=tmp_path)
    await read_mailbox(url, settings=settings)
    letter = _with_files(("чек.png", "image/png", PNG), ("копия.png", "image/png", PNG))
    server.put(letter)
    server.put(letter)
    assert await read_mailbox(url, settings=settings) == Counter(letter=1, again=1)
    assert [name for name, _media, _size in await _files()] == ["чек.png"]
    assert len([one for one in (tmp_path / "files").rglob("*") if one.is_file()]) == 1


async def test_an_answer_brings_its_files_to_the_request_it_answers(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path: Path
) -> None:
    settings = fresh_database.having(home=tmp_path)
    await read_mailbox(url, settings=settings)
    server.put(_letter(1))
    server.put(_with_files(("чек.png", "image/png", PNG)).replace(
        b"Subject:", b"In-Reply-To: <a1@example.org>\r\nSubject:", 1
    ))  # fmt: skip
    await read_mailbox(url, settings=settings)
    assert len(await rows("SELECT 1 FROM crm_request")) == 1
    assert len(await _files()) == 1


async def test_where_the_storage_does_not_answer_the_letter_is_taken_and_says_so(
    fresh_database: Settings, server: MailboxServer, url: str, tmp_path: Path
) -> None:
    settings = fresh_database.having(home=tmp_path)
    (tmp_path / "files").write_text("no folder")
    await read_mailbox(url, settings=settings)
    server.put(_with_files(("чек.png", "image/png", PNG)))
    assert await read_mailbox(url, settings=settings) == Counter(letter=1)
    assert await _files() == []
    assert "чек.png" in await _notes()


def test_a_letter_read_in_part_keeps_none_of_its_last_file() -> None:
    whole = _with_files(("a.png", "image/png", PNG), ("b.pdf", "application/pdf", PDF))
    read = read_letter(whole[:-1500], name="1.1@box", cut=True)
    assert [(one.name, one.cut) for one in read.attachments] == [("a.png", False), ("b.pdf", True)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\чек.pdf", "чек.pdf"), ("a\r\n b.png", "a b.png")],
)
def test_a_name_leads_nowhere(given: str, kept: str) -> None:
    raw = (
        b'From: a@example.org\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n'
        b"Content-Type: text/plain\n\nhi\n--b\nContent-Type: image/png\n"
        b"Content-Disposition: attachment; filename*=UTF-8''"
        + quote(given, safe="").encode()
        + b"\n\nx\n--b--\n"
    )
    assert [one.name for one in read_letter(raw, name="1.1@box").attachments] == [kept]
