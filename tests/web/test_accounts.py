"""The register, the card and what each role sees of them, without a browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM
from abonent.web.access import ACCOUNT, PageRoute
from abonent.web.account_routes import ACCOUNT_ROUTES
from abonent.web.routes import ROUTES
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, money, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def clerk(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


@pytest.mark.parametrize("query", ["орлова", "jhkjdf", "345-67-42", "20417", "мира 8 77"])
async def test_the_register_finds_and_says_why(clerk: httpx.AsyncClient, query: str) -> None:
    answer = await clerk.get("/subscribers", params={"q": query})
    assert answer.status_code == 200
    assert "Орлова Ирина Олеговна" in answer.text
    assert "234,84" not in plain(answer.text).split("Орлова")[0]


async def test_live_search_answers_with_the_list_alone(clerk: httpx.AsyncClient) -> None:
    answer = await clerk.get("/subscribers", params={"q": "семен"}, headers=HX)
    assert "Семёнов Пётр Ильич" in answer.text
    assert "<html" not in answer.text


async def test_no_match_helps_on(clerk: httpx.AsyncClient) -> None:
    answer = await clerk.get("/subscribers", params={"q": "жжжж"})
    assert "жжжж" in answer.text
    assert "Попробуйте" in answer.text


async def test_the_cards_opened_last_are_offered_before_anything_is_typed(
    clerk: httpx.AsyncClient,
) -> None:
    for number in ("20418", "20417"):
        assert (await clerk.get(f"/accounts/{number}")).status_code == 200
    line = (await clerk.get("/find", headers=HX)).text
    assert line.index("Орлова") < line.index("Семёнов")


async def test_the_search_line_leads_to_the_card(clerk: httpx.AsyncClient) -> None:
    # The key that leads to the line, pressed twice, is no part of the question.
    for asked in ("орлова", "/орлова"):
        text = (await clerk.get("/find", params={"q": asked}, headers=HX)).text
        assert 'href="/accounts/20417"' in text, asked


async def test_the_card_says_how_the_account_stands(clerk: httpx.AsyncClient) -> None:
    text = plain((await clerk.get("/accounts/20417")).text)
    view = await read_account("20417", by=SYSTEM)
    assert view.outlook.until == date(2026, 11, 30)
    assert "Орлова Ирина Олеговна" in text
    assert "ул. Мира, 8, кв. 77" in text
    assert money(view.balance) in text
    assert "денег хватит по 30 ноября 2026" in text
    assert f"чтобы хватило по 31 декабря, нужно {money(view.outlook.missing)}" in text
    assert "+7 916 ••• ••-42" in text


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("20418", "Приостановлен"),
        ("20419", "начислено"),
        ("20420", "долг"),
        ("20421", "Добровольная блокировка"),
    ],
)
async def test_every_state_is_said_in_words(
    clerk: httpx.AsyncClient, number: str, says: str
) -> None:
    answer = await clerk.get(f"/accounts/{number}")
    assert answer.status_code == 200
    assert says.lower() in plain(answer.text).lower()


async def test_an_unknown_account_is_a_page_of_its_own(clerk: httpx.AsyncClient) -> None:
    answer = await clerk.get("/accounts/99999")
    assert answer.status_code == 404
    assert "99999" in answer.text


async def test_an_entry_opens_into_its_calculation(clerk: httpx.AsyncClient) -> None:
    text = (await clerk.get("/accounts/20417/money")).text
    assert "Оптима 100" in text
    numbers = re.findall(r"/accounts/20417/entries/(\d+)", text)
    assert numbers
    for number in numbers:
        entry = await clerk.get(f"/accounts/20417/entries/{number}")
        assert entry.status_code == 200
        assert "сходится" in entry.text
    assert (await clerk.get("/accounts/20417/entries/9999")).status_code == 404


async def test_the_statement_is_paged_and_cut_by_days(clerk: httpx.AsyncClient) -> None:
    for turn in range(55):
        await take_payment(
            "20418", by=SYSTEM, amount=100 + turn, source="bank", external_id=f"p{turn}"
        )
    first = (await clerk.get("/accounts/20418/money")).text
    further = re.search(r'hx-get="(/accounts/20418/money\?after=[^"]+)"', first)
    assert further
    rest = await clerk.get(further[1].replace("&amp;", "&"), headers=HX)
    assert "<html" not in rest.text
    ids = [
        *re.findall(r"20418-(\d+):", plain(first)),
        *re.findall(r"20418-(\d+):", plain(rest.text)),
    ]
    assert ids == [str(number) for number in range(int(ids[0]), 0, -1)]
    september = await clerk.get(
        "/accounts/20418/money", params={"since": "2026-09-01", "until": "2026-09-30"}
    )
    assert "20418-" not in september.text
    wrong = await clerk.get("/accounts/20418/money", params={"since": "x"})
    assert wrong.status_code == 200
    assert "ГГГГ-ММ-ДД" in wrong.text


@pytest.mark.parametrize("role", ["hr", "tech", "cash", "collect", "coord", "office", "retain"])
async def test_a_role_sees_and_may_what_its_rights_say(
    provider: None, enter: Enter, role: str, db: Any
) -> None:
    browser = await enter(role)
    rights = await db.fetchval("SELECT rights FROM web_role WHERE code = $1", role)

    def may(right: str) -> bool:
        parts = right.split(".")
        covers = {".".join(parts[:size]) + ".*" for size in range(1, len(parts))}
        return right in rights or bool(covers & set(rights))

    card = (await browser.get("/accounts/20421")).text
    for route in ACCOUNT_ROUTES:
        path = route.path.replace("{number:str}", "20421").replace("{no:int}", "1")
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        answer = await browser.request(method, path)
        assert (answer.status_code == 403) is not may(route.right), (method, path)
        act = path.rpartition("/")[2]
        if act in {"payment", "promise", "tariff", "freeze"}:
            assert (f'href="{path}"' in card) is may(route.right), path


async def test_nobody_signed_in_is_led_to_the_sign_in(
    provider: None, guest: httpx.AsyncClient
) -> None:
    for route in ACCOUNT_ROUTES:
        path = route.path.replace("{number:str}", "20421").replace("{no:int}", "1")
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        assert (await guest.request(method, path)).status_code in {303, 401}


@pytest.mark.parametrize(
    "path",
    [
        "/subscribers?q=орлов",
        "/subscribers?q=жжжжж",
        "/subscribers?q=20417",
        "/find?q=орлов",
        "/accounts/20417",
        "/accounts/20419",
        "/accounts/20417/money",
        "/accounts/20417/entries/1",
        "/accounts/20417/past",
        "/accounts/20417/payment",
        "/accounts/20418/promise",
        "/accounts/20417/tariff",
        "/accounts/20417/freeze",
        "/accounts/20421/freezes/1/end",
    ],
)
async def test_a_page_asks_the_database_at_most_twelve_times(
    clerk: httpx.AsyncClient, db: Any, path: str
) -> None:
    asked: list[str] = []

    def note(record: Any) -> None:
        if not record.query.startswith(("SAVEPOINT", "RELEASE", "SET LOCAL")):
            asked.append(record.query)

    await clerk.get(path)
    db.add_query_logger(note)
    try:
        assert (await clerk.get(path)).status_code == 200
    finally:
        db.remove_query_logger(note)
    assert 0 < len(asked) <= 12, "\n".join(asked)


async def test_an_entry_is_found_by_its_number(clerk: httpx.AsyncClient) -> None:
    text = (await clerk.get("/find", params={"q": "20417-2"}, headers=HX)).text
    assert 'href="/accounts/20417/entries/2"' in text
    assert "Оптима 100" in text
    for unknown in ("20417-999", "20417-0", "99999-1", "-1", "20417-99999999999"):
        text = (await clerk.get("/find", params={"q": unknown}, headers=HX)).text
        assert "/entries/" not in text


async def test_a_page_called_by_its_name_comes_first(clerk: httpx.AsyncClient) -> None:
    text = (await clerk.get("/find", params={"q": "Невыясненные платежи"}, headers=HX)).text
    assert re.findall(r'role="option"[^>]*href="([^"]+)"', text)[0] == "/parked"
    for query in ("орловв", "обороты"):  # like a name, and a page beside nothing alike
        text = (await clerk.get("/find", params={"q": query}, headers=HX)).text
        assert re.findall(r'role="option"[^>]*href="([^"]+)"', text)


async def test_the_card_says_where_money_came_from_and_who_took_it(
    clerk: httpx.AsyncClient,
) -> None:
    key = key_of((await clerk.get("/accounts/20418/payment")).text)
    form = {"key": key, "amount": "100", "source": "cash", "step": "do"}
    await clerk.post("/accounts/20418/payment", data=form)
    await take_payment("20418", by=SYSTEM, amount=100, source="sbp", external_id="s-1")
    text = plain((await clerk.get("/accounts/20418")).text)
    assert "Платёж: СБП" in text
    assert "Мария Петрова." in text


async def test_a_search_shows_of_a_phone_only_what_was_typed(clerk: httpx.AsyncClient) -> None:
    for path in ("/subscribers", "/find"):
        text = plain((await clerk.get(path, params={"q": "345-67-42"}, headers=HX)).text)
        assert "+7 ••• 345-67-42" in text
        text = plain((await clerk.get(path, params={"q": "8916345"}, headers=HX)).text)
        assert "+7 916 345-••-••" in text


async def test_a_frozen_service_is_not_called_unpaid(clerk: httpx.AsyncClient) -> None:
    assert "не оплачена" not in (await clerk.get("/accounts/20421")).text


async def test_the_sheet_names_people_and_calls_the_debt_of_an_open_month_by_its_day(
    clerk: httpx.AsyncClient,
) -> None:
    text = (await clerk.get("/turnover", params={"by": "building"})).text
    assert "Долг на 14.11.2026" in text
    buildings = re.findall(r"building=(\d+)", text)
    sheets = [(await clerk.get("/turnover", params={"building": b})).text for b in set(buildings)]
    assert any("Орлова Ирина Олеговна" in sheet for sheet in sheets)
    passed = {"from": "2026-10-01", "through": "2026-10-31"}
    assert "Долг на конец" in (await clerk.get("/turnover", params=passed)).text


async def test_who_may_not_search_is_not_told_to(provider: None, enter: Enter) -> None:
    assert "Найдите абонента" not in (await (await enter("hr")).get("/")).text


async def test_no_page_of_an_account_that_does_not_exist_opens(
    provider: None, enter: Enter
) -> None:
    client = await enter("head")
    paths = [
        route.path
        for route in ROUTES
        if isinstance(route, PageRoute)
        and route.path.startswith(ACCOUNT)
        and "GET" in route.methods
    ]
    assert len(paths) > 30
    for path in paths:
        asked = re.sub(r"\{\w+(:\w+)?\}", "99", path)
        assert (await client.get(asked)).status_code == 404, path
