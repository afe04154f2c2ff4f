"""Who is confined to districts: no account elsewhere exists for them, by whatever way they come."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.errors import AccountNotFound
from abonent.billing.queries.turnover import turnover
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Refused
from abonent.web import service
from abonent.web.access import ACCOUNT, BUILDING, PageRoute
from abonent.web.api.operations import PREFIX, ApiRoute
from abonent.web.api.routes import API_ROUTES
from abonent.web.registers.declared import REGISTERS
from abonent.web.routes import ROUTES
from abonent.web.staff import person_of
from tests.web.seed import FIRST_DAY, OPEN_DAY, small_provider
from tests.web.seen import plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ClientOf = Callable[..., httpx.AsyncClient]

OWN, FOREIGN, NOBODY = "20417", "20419", "99999"
CENTRE = Actor("user", "1", "Анна", frozenset({"*"}), districts=frozenset({"Центр"}))
PAGES = [r for r in ROUTES if isinstance(r, PageRoute) and r.path.startswith(ACCOUNT)]
CALLS = [r for r in API_ROUTES if isinstance(r, ApiRoute) and r.operation.path.startswith(ACCOUNT)]


@pytest.fixture
async def centre(db: Any, enter: Enter) -> httpx.AsyncClient:
    """An administrator's rights in one district of three."""
    await small_provider(db)
    return await enter("admin", "anna", districts=["Центр"])


def _address(path: str, number: str) -> str:
    return re.sub(r"\{[^}]+\}", "1", re.sub(r"\{number(:str)?\}", number, path))


def _ways(route: PageRoute) -> list[str]:
    return sorted((route.methods or set()) - {"HEAD"})


async def test_no_page_of_an_account_elsewhere_exists(centre: httpx.AsyncClient) -> None:
    assert len(PAGES) > 30
    wrong = []
    for route in PAGES:
        for method in _ways(route):
            answers = [
                await centre.request(method, _address(route.path, number))
                for number in (FOREIGN, NOBODY)
            ]
            texts = {plain(a.text).replace(FOREIGN, NOBODY) for a in answers}
            if [a.status_code for a in answers] != [404, 404] or len(texts) != 1:
                wrong.append((method, route.path, [a.status_code for a in answers]))
    assert wrong == []


async def test_pages_of_ones_own_accounts_are_all_there(centre: httpx.AsyncClient) -> None:
    plainly = [r for r in PAGES if r.path.count("{") == 1 and "GET" in (r.methods or ())]
    assert len(plainly) > 10
    answers = [(r.path, await centre.get(_address(r.path, OWN))) for r in plainly]
    assert [path for path, answer in answers if answer.status_code != 200] == []


async def test_no_building_elsewhere_exists(centre: httpx.AsyncClient, db: Any) -> None:
    routes = [r for r in ROUTES if isinstance(r, PageRoute) and r.path.startswith(BUILDING)]
    assert routes
    places = "SELECT id FROM billing_place WHERE district = $1 LIMIT 1"
    own, foreign = [await db.fetchval(places, name) for name in ("Центр", "Заречье")]
    for route in routes:
        for method in _ways(route):
            path = route.path.replace("{place:int}", str(foreign))
            path = re.sub(r"\{[^}]+\}", "1", path)
            assert (await centre.request(method, path)).status_code == 404, path
    assert (await centre.get(f"/buildings/{own}")).status_code == 200


async def test_the_search_finds_nobody_elsewhere(centre: httpx.AsyncClient) -> None:
    asked = ("Орлов", "20419", "20419-1", "Лесная", "345", "C-20419", "орлв")
    for query in asked:
        answer = await centre.get("/find", params={"q": query}, headers={"HX-Request": "true"})
        assert f"/accounts/{FOREIGN}" not in answer.text, query
    answer = await centre.get("/find", params={"q": "Орлов"}, headers={"HX-Request": "true"})
    assert OWN in answer.text


async def test_what_was_opened_before_the_district_was_taken_is_not_offered(
    enter: Enter, db: Any
) -> None:
    await small_provider(db)
    browser = await enter("admin", "anna")
    await browser.get(f"/accounts/{FOREIGN}")
    await db.execute("UPDATE web_user SET districts = '{Центр}' WHERE login = 'anna'")
    answer = await browser.get("/find", headers={"HX-Request": "true"})
    assert FOREIGN not in answer.text


async def test_registers_list_nothing_from_elsewhere(centre: httpx.AsyncClient) -> None:
    for register in REGISTERS.values():
        columns = "&".join(f"column={column.name}" for column in register.columns)
        text = plain((await centre.get(f"{register.path}?{columns}")).text)
        assert not re.search(rf"\b({FOREIGN}|20420|20421)\b", text), register.code
    assert OWN in (await centre.get("/subscribers")).text
    assert OWN in (await centre.get("/payments")).text


async def test_registers_offer_no_district_elsewhere(
    db: Any, enter: Enter, centre: httpx.AsyncClient
) -> None:
    everywhere = await enter("head", "olga")
    for path in ("/subscribers", "/payments", "/tariffs"):
        offered = [
            re.findall(r'name="district" value="([^"]+)"', (await c.get(f"{path}/filters")).text)
            for c in (centre, everywhere)
        ]
        assert offered[0] == ["Центр"]
        assert len(offered[1]) > 1


async def test_no_use_case_reaches_an_account_elsewhere(centre: httpx.AsyncClient) -> None:
    given: dict[str, Any] = {"amount": 100, "source": "cash", "by": CENTRE}
    await take_payment(OWN, external_id="a1", **given)
    with pytest.raises(AccountNotFound):
        await take_payment(FOREIGN, external_id="a2", **given)


async def test_the_turnover_sheet_is_that_of_ones_districts(centre: httpx.AsyncClient) -> None:
    asked: dict[str, Any] = {"start": FIRST_DAY, "end": date(2026, 12, 1), "by": CENTRE}
    assert asked["end"] > OPEN_DAY
    sheet = await turnover(level="district", **asked)
    assert [row.key for row in sheet.rows] == ["Центр"]
    accounts = await turnover(level="account", limit=50, **asked)
    assert {row.key for row in accounts.rows} == {OWN, "20418"}


async def test_a_token_may_be_confined_too(app: Starlette, db: Any, client_of: ClientOf) -> None:
    await small_provider(db)
    token = await service.create_token("kassa", districts=["Центр"])
    wrong = []
    async with client_of(app, Authorization=f"Bearer {token}") as program:
        assert len(CALLS) > 15
        for route in CALLS:
            path = PREFIX + _address(route.operation.path, FOREIGN)
            answer = await program.request(route.operation.method, path)
            if (answer.status_code, answer.json()["code"]) != (404, "NOT_FOUND"):
                wrong.append((path, answer.status_code, answer.text))
        assert (await program.get(f"{PREFIX}/accounts/{OWN}")).status_code == 200
    assert wrong == []


async def test_who_is_confined_gives_nobody_more(db: Any) -> None:
    given: dict[str, Any] = {
        "name": "Вера",
        "role": "cash",
        "password": "correct horse battery",
        "by": CENTRE,
    }
    for beyond in (None, ["Заречье"], ["Центр", "Заречье"]):
        with pytest.raises(Refused) as refusal:
            await service.add_user("vera", districts=beyond, **given)
        assert refusal.value.code == "DISTRICT_NOT_HELD"
    assert await service.add_user("vera", districts=["Центр"], **given)


@pytest.mark.parametrize("beyond", [None, ["Заречье"], ["Центр", "Заречье"]])
async def test_who_works_beyond_ones_districts_is_out_of_reach(
    db: Any, beyond: list[str] | None
) -> None:
    """Else a password given to them opens every district, and an absence gives their work away."""
    known: dict[str, Any] = {"name": "Вера", "role": "cash", "password": "correct horse battery"}
    vera = await service.add_user("vera", districts=beyond, **known)
    away: dict[str, Any] = {"first": date(2099, 1, 1), "last": date(2099, 1, 2)}
    away |= {"reason": "holiday", "substitute": None}
    absence = await service.set_absence(vera, **away, by=SYSTEM)
    own: dict[str, Any] = {"login": "vera", "name": "Вера", "role": "cash", "office": None}
    for attempt in (
        service.set_staff_password(vera, password="another horse battery", by=CENTRE),
        service.change_user(vera, **own, districts=["Центр"], version=1, by=CENTRE),
        service.reset_second_factor(vera, by=CENTRE),
        service.lock_user(vera, by=CENTRE),
        service.end_user_sessions(vera, by=CENTRE),
        service.call_absence_off(vera, absence, by=CENTRE),
        service.set_absence(vera, **away, by=CENTRE),
    ):
        with pytest.raises(Refused) as refusal:
            await attempt
        assert refusal.value.code == "DISTRICT_NOT_HELD"
    assert not (await person_of(vera, by=CENTRE)).within(CENTRE)
    await db.execute("UPDATE web_user SET districts = '{Центр}'")
    await service.set_staff_password(vera, password="another horse battery", by=CENTRE)
    assert (await person_of(vera, by=CENTRE)).within(CENTRE)
