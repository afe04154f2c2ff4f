"""What every request meets: rights, headers, origin, limits, error pages, static files."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abonent.kernel.actor import Actor
from abonent.kernel.errors import Conflict, Forbidden, Malformed, NotFound, Refused
from abonent.kernel.settings import Settings
from abonent.web.access import PUBLIC, SIGNED_IN, PageRoute
from abonent.web.app import create_app
from abonent.web.finding import find_pages, matches, other_layout
from abonent.web.forms import local_path
from abonent.web.middleware.origin import comes_from_here
from abonent.web.queries import roles
from abonent.web.routes import ROUTES
from abonent.web.service import create_token

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ClientOf = Callable[..., httpx.AsyncClient]


PAGES = [route for route in ROUTES if isinstance(route, PageRoute)]
GUARDED = [route for route in PAGES if route.right != PUBLIC]
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/setup",
    "/display",
    "/chat.js",
}
GUARDED_OTHERWISE = ("/my", "/pay/", "/hooks/", "/hall/", "/board/")
"""Subscribers have sessions of their own; banks and terminals a password, a signature, a network; terminals
and displays of a hall a secret address that can be revoked."""


def _call(route: PageRoute) -> tuple[str, str]:
    method = "POST" if "POST" in (route.methods or ()) else "GET"
    return method, re.sub(r"\{[^}]+\}", "1", route.path)


def test_every_route_declares_who_may_call_it() -> None:
    undeclared = [
        route.path
        for route in ROUTES
        if isinstance(route, Route) and not isinstance(route, PageRoute)
    ]
    assert undeclared == []
    public = {route.path for route in PAGES if route.right == PUBLIC}
    assert {path for path in public if not path.startswith(GUARDED_OTHERWISE)} == OPEN_TO_ALL


@pytest.mark.parametrize(
    "route", GUARDED, ids=lambda route: f"{route.path}-{sorted(route.methods or ())}"
)
async def test_nobody_signed_in_is_refused(guest: httpx.AsyncClient, route: PageRoute) -> None:
    method, path = _call(route)
    answer = await guest.request(method, path)
    if method == "GET":
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "route",
    [route for route in GUARDED if route.right != SIGNED_IN],
    ids=lambda route: f"{route.path}-{sorted(route.methods or ())}",
)
async def test_a_role_without_the_right_is_refused(enter: Enter, db: Any, route: PageRoute) -> None:
    await db.execute("INSERT INTO web_role (code, name) VALUES ('nothing', 'Nothing')")
    browser = await enter("nothing")
    answer = await browser.request(*_call(route))
    assert answer.status_code == 403
    assert route.right in answer.text


async def test_the_shipped_roles_are_there(db: Any) -> None:
    assert set(await roles()) == {
        "admin", "head", "office", "cash", "collect", "retain", "coord", "hr", "tech", "agent",
        "shift", "trainer", "sub",
    }  # fmt: skip


async def test_a_request_from_another_site_is_not_carried_out(
    app: Starlette, client_of: ClientOf, db: Any
) -> None:
    async with client_of(app, **{"Sec-Fetch-Site": "cross-site"}) as client:
        answer = await client.post("/sign-in", data={"login": "a", "password": "b"})
        assert answer.status_code == 403
        assert (await client.get("/sign-in")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "believed"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://desk.test"}, False),
        ({"origin": "http://desk.test"}, True),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "http://desk.test:81"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_where_a_posted_form_comes_from(headers: dict[str, str], *, believed: bool) -> None:
    found = comes_from_here("POST", httpx.Headers({"host": "desk.test", **headers}))
    assert found is believed


async def test_the_policy_allows_own_files_alone_and_a_fresh_nonce(
    guest: httpx.AsyncClient,
) -> None:
    first, second = await guest.get("/sign-in"), await guest.get("/sign-in")
    policies = [answer.headers["content-security-policy"] for answer in (first, second)]
    assert policies[0] != policies[1]
    assert "unsafe" not in policies[0]
    assert "default-src 'none'" in policies[0]
    nonces = [re.search(r"'nonce-([^']+)'", policy) for policy in policies]
    assert nonces[0] is not None
    assert f'nonce="{nonces[0][1]}"' in first.text
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert " style=" not in first.text


async def test_static_files_are_compressed_and_immutable(guest: httpx.AsyncClient) -> None:
    page = (await guest.get("/sign-in")).text
    (path,) = re.findall(r'href="(/static/abonent\.[0-9a-f]{12}\.css)"', page)
    for encoding in ("br", "gzip"):
        answer = await guest.get(path, headers={"Accept-Encoding": encoding})
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == encoding
        assert "immutable" in answer.headers["cache-control"]
        assert int(answer.headers["content-length"]) < 90_000


async def test_modules_import_each_other_by_hashed_names(guest: httpx.AsyncClient) -> None:
    page = (await guest.get("/sign-in")).text
    (path,) = re.findall(r'src="(/static/desk\.[0-9a-f]{12}\.js)"', page)
    imports = re.findall(r'"\./([\w.-]+)"', (await guest.get(path)).text)
    assert [name.partition(".")[0] for name in imports] == ["tinykeys"]
    for name in imports:
        assert (await guest.get(f"/static/{name}")).status_code == 200


async def test_an_unknown_address_says_so_in_the_frame_of_the_desk(enter: Enter) -> None:
    answer = await (await enter("office")).get("/no-such-page")
    assert answer.status_code == 404
    assert "Такой страницы нет" in answer.text
    assert "Мария Петрова" in answer.text


async def test_a_body_over_the_limit_is_refused(guest: httpx.AsyncClient) -> None:
    answer = await guest.post("/sign-in", data={"login": "x" * 1_100_000})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/accounts/a%00b", 404),
        ("/accounts/a%00b/money", 404),
        ("/accounts/1/entries/999999999999999999999", 404),
        ("/parked/9999999999999999999999", 404),
        ("/turnover?account=%00", 400),
        ("/find?q=%00", 400),
    ],
)
async def test_what_the_database_cannot_hold_names_nothing(
    enter: Enter, path: str, status: int
) -> None:
    assert (await (await enter("head")).get(path)).status_code == status


async def test_a_number_of_thousands_of_digits_names_nothing(
    enter: Enter, guest: httpx.AsyncClient
) -> None:
    head = await enter("head")
    for path in ("/staff/{}", "/documents/{}/document.pdf", "/cash/receipts/{}/1"):
        for browser in (head, guest):
            answer = await browser.get(path.format("9" * 5000))
            assert answer.status_code == 404, path


async def test_a_script_is_led_to_an_address_that_a_header_can_hold(
    guest: httpx.AsyncClient,
) -> None:
    form = {"theme": "dark", "next": "/provider/desks/edit/К1?a=1&b=%41"}
    answer = await guest.post("/display", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/provider/desks/edit/%D0%9A1?a=1&b=%41"


async def test_a_field_with_a_nul_is_refused(guest: httpx.AsyncClient) -> None:
    form = {"login": "a\x00b", "password": "x"}
    assert (await guest.post("/sign-in", data=form)).status_code == 400


async def test_a_method_that_a_page_does_not_take_is_refused(enter: Enter) -> None:
    answer = await (await enter("office")).delete("/profile")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


ERRORS = {
    "not-found": (NotFound("GONE", "There is no such page."), 404),
    "conflict": (Conflict("TWICE", "There was one already."), 409),
    "refused": (Refused("RULE", "The rule says no."), 422),
    "forbidden": (Forbidden("FORBIDDEN", "No right."), 403),
    "malformed": (Malformed.of("sum", "x", "A sum is a number."), 400),
    "bug": (RuntimeError("secret detail"), 500),
}


async def _fail(request: Request) -> Response:
    raise ERRORS[request.path_params["name"]][0]


@pytest.fixture(scope="session")
def failing(database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    home = tmp_path_factory.mktemp("failing-home")
    routes = [PageRoute("/fail/{name}", _fail, right=PUBLIC)]
    return create_app(database.having(home=home), routes=routes, own_database=False)


@pytest.mark.parametrize("name", ERRORS)
async def test_each_family_of_errors_has_its_status_and_page(
    failing: Starlette, client_of: ClientOf, db: Any, name: str
) -> None:
    status = ERRORS[name][1]
    async with client_of(failing) as client:
        whole = await client.get(f"/fail/{name}")
        part = await client.get(f"/fail/{name}", headers={"HX-Request": "true"})
    assert (whole.status_code, part.status_code) == (status, status)
    assert "<!doctype html>" in whole.text
    assert "<!doctype html>" not in part.text
    assert 'role="alert"' in part.text
    assert "secret detail" not in whole.text + part.text
    assert "content-security-policy" in whole.headers


def _near(app: Starlette, **headers: str) -> httpx.AsyncClient:
    """A program on this machine itself."""
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers)


async def test_health_readiness_and_metrics(guest: httpx.AsyncClient, app: Starlette) -> None:
    assert (await guest.get("/healthz")).text == "ok"
    answer = await guest.get("/readyz")
    assert answer.status_code == 200, answer.text
    await guest.get("/sign-in")
    await guest.get("/no/such/page/not-told")
    async with _near(app) as program:
        text = (await program.get("/metrics")).text
    assert 'abonent_http_request_seconds_count{method="GET",route="/sign-in",status="200"}' in text
    assert 'route="unmatched"' in text
    assert "not-told" not in text


async def test_measurements_are_for_this_machine_and_for_who_has_the_right(
    guest: httpx.AsyncClient, app: Starlette, client_of: ClientOf, enter: Enter, db: Any
) -> None:
    assert (await guest.get("/metrics")).status_code == 303
    async with _near(app, **{"X-Forwarded-For": "203.0.113.7"}) as proxied:
        assert (await proxied.get("/metrics")).status_code == 303
    assert (await (await enter("office")).get("/metrics")).status_code == 403
    assert (await (await enter("admin")).get("/metrics")).status_code == 200
    token = await create_token("prometheus", ["web.metrics.view"])
    async with client_of(app, Authorization=f"Bearer {token}") as program:
        assert (await program.get("/metrics")).status_code == 200


@pytest.mark.may_block
async def test_only_named_hosts_are_answered_where_they_are_named(
    database: Settings, client_of: ClientOf, tmp_path: Path
) -> None:
    named = database.having(home=tmp_path, hosts="desk.test, *.isp.example")
    app = create_app(named, own_database=False)
    for host, status in (
        ("desk.test", 200),
        ("desk.test:8000", 200),
        ("a.isp.example", 200),
        ("127.0.0.1", 200),
        ("evil.example", 400),
    ):
        async with client_of(app, Host=host) as client:
            assert (await client.get("/healthz")).status_code == status, host


async def test_the_search_line_finds_pages_in_both_languages_and_layouts(enter: Enter) -> None:
    browser = await enter("office")
    for query in ("нач", "yfx", "start", "ыефке"):
        answer = await browser.get("/find", params={"q": query}, headers={"HX-Request": "true"})
        assert 'role="option"' in answer.text, query
        assert "<!doctype html>" not in answer.text
    whole = await browser.get("/find", params={"q": "<b>нет"})
    assert "<!doctype html>" in whole.text
    assert "&lt;b&gt;нет" in whole.text


def test_the_other_keyboard_layout_is_tried() -> None:
    assert other_layout("bdfyjd") == "иванов"
    assert other_layout("ыефке") == "start"
    assert matches("ёлк", "Новая Елка")


def test_pages_without_the_right_are_not_found() -> None:
    nobody = Actor("user", "1", "Никто", frozenset())
    assert find_pages(nobody, "").found == ()


def test_only_paths_of_this_host_are_followed() -> None:
    assert local_path("/profile?x=1") == "/profile?x=1"
    for elsewhere in ("//x.example", "http://x.example", "/\\x.example", "x", "/a\r\nb"):
        assert local_path(elsewhere) == "/"


async def _echo(request: Request) -> Response:
    return JSONResponse({"ok": True})


@pytest.fixture(scope="session")
def with_api(database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    home = tmp_path_factory.mktemp("api-home")
    routes = [Route("/api/v1/echo", _echo, methods=["POST"])]
    return create_app(database.having(home=home), routes=routes, own_database=False)


async def test_the_api_is_not_asked_where_its_calls_come_from(
    with_api: Starlette, client_of: ClientOf, db: Any
) -> None:
    async with client_of(with_api, **{"Sec-Fetch-Site": "cross-site"}) as client:
        assert (await client.post("/api/v1/echo")).status_code == 200
