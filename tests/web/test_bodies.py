"""How much a request may bring: little for a form, more where a route takes a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from abonent.kernel.settings import Settings
from abonent.web.access import PUBLIC, SIGNED_IN, PageRoute
from abonent.web.app import BODY_LIMIT, create_app

ClientOf = Callable[..., httpx.AsyncClient]
FILES = 3 * BODY_LIMIT


async def _measure(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


@pytest.fixture(scope="session")
def taking(database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    home = tmp_path_factory.mktemp("taking-home")
    post = ("POST",)
    routes = [
        PageRoute("/form", _measure, right=PUBLIC, methods=post),
        PageRoute("/file", _measure, right=PUBLIC, methods=post, body_limit=FILES),
        PageRoute("/guarded", _measure, right=SIGNED_IN, methods=post, body_limit=FILES),
    ]
    return create_app(database.having(home=home), routes=routes, own_database=False)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/form", BODY_LIMIT, 200),
        ("/form", BODY_LIMIT + 1, 413),
        ("/file", BODY_LIMIT + 1, 200),
        ("/file", FILES, 200),
        ("/file", FILES + 1, 413),
        ("/guarded", FILES, 401),
    ],
)
async def test_a_route_takes_as_much_as_it_says(
    taking: Starlette, client_of: ClientOf, path: str, size: int, status: int
) -> None:
    async with client_of(taking) as client:
        answer = await client.post(path, content=b"x" * size)
        in_parts = await client.post(path, content=_parts(size))
    assert (answer.status_code, in_parts.status_code) == (status, status)
    if status == 200:
        assert answer.json() == size


async def _parts(size: int) -> AsyncIterator[bytes]:
    """The same without saying beforehand how much it will be."""
    whole, rest = divmod(size, 65536)
    for _part in range(whole):
        yield b"x" * 65536
    yield b"x" * rest


@pytest.mark.parametrize(
    ("charset", "typed", "status"),
    [
        ("", "Привет".encode(), 303),
        ("; charset=UTF-8", "Привет".encode(), 303),
        ("; charset=unicode_escape", rb"half a letter \ud800", 400),
        ("; charset=undefined", b"no codec at all", 400),
        ("; charset=punycode", ("я" * 3000).encode("punycode"), 400),
        ('; charset="koi8-r"', "Привет".encode("koi8-r"), 400),
    ],
)
async def test_a_form_is_written_in_utf_8_and_in_nothing_that_its_sender_names(
    guest: httpx.AsyncClient, charset: str, typed: bytes, status: int
) -> None:
    parts = {"key": b"k", "text": typed}
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), text)
        for name, text in parts.items()
    )
    kind = f"multipart/form-data; boundary=x{charset}"
    answer = await guest.post(
        "/my/chat", content=body + b"--x--\r\n", headers={"Content-Type": kind}
    )
    assert answer.status_code == status
