"""Files of a request at the desk: shown with their size, handed out to be kept and never shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from starlette.applications import Starlette

from abonent.crm.rules.mail import Attachment
from abonent.crm.service.requests.files import keep_attachments
from abonent.crm.service.requests.letters import ReceivedLetter, take_letter
from tests.web.seed import small_provider
from tests.web.seen import plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 3000


async def test_a_file_is_listed_and_handed_out_as_a_file(
    db: Any, enter: Enter, app: Starlette
) -> None:
    await small_provider(db)
    settings = app.state.desk.settings
    brought = await keep_attachments(
        (Attachment("чек №1.png", PNG), Attachment("a.exe", b"MZ")), settings=settings
    )
    letter = ReceivedLetter(
        message_id="1@x", from_address="new@mail.example", text="Чек", brought=brought
    )
    taken = await take_letter(letter)
    assert taken
    browser = await enter("office", "anna")
    page = (await browser.get(f"/requests/{taken.number}")).text
    assert "чек №1.png" in plain(page)
    assert "a.exe" in plain(page)
    path = re.search(r'href="(/requests/\d+/files/\d+)"', page)
    assert path
    answer = await browser.get(path[1])
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await browser.get(f"{path[1]}1")).status_code == 404
