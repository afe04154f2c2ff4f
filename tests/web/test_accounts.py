"""The register, the card and its dialogs, without a browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.payments import take_payment
from abonent.billing.service.services import change_tariff
from abonent.kernel.actor import SYSTEM
from abonent.kernel.money import format_money, parse_amount
from abonent.web.account_routes import ACCOUNT_ROUTES
from tests.web.seed import small_provider

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
HX = {"HX-Request": "true"}


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def clerk(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


def _key(text: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]+)"', text)
    assert found
    return found[1]


def _offered_amount(text: str) -> int:
    found = re.search(r'name="amount" type="text" value="([^"]+)"', text)
    assert found
    return parse_amount(found[1])


def _plain(text: str) -> str:
    """The words of a page, as a reader has them."""
    bare = re.sub(r"<[^>]+>", " ", text).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", bare)


def _money(amount: int) -> str:
    return format_money(amount, "ru").replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("query", ["орлова", "jhkjdf", "345-67-42", "20417", "мира 8 77"])
async def test_the_register_finds_and_says_why(clerk: httpx.AsyncClient, query: str) -> None:
    answer = await clerk.get("/subscribers", params={"q": query})
    assert answer.status_code == 200
    assert "Орлова Ирина Олеговна" in answer.text
    assert "234,84" not in _plain(answer.text).split("Орлова")[0]


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
    assert "Орлова" not in (await clerk.get("/subscribers")).text
    for number in ("20418", "20417"):
        assert (await clerk.get(f"/accounts/{number}")).status_code == 200
    text = (await clerk.get("/subscribers")).text
    assert text.index("Орлова") < text.index("Семёнов")
    line = (await clerk.get("/find", headers=HX)).text
    assert "Орлова" in line


async def test_the_search_line_leads_to_the_card(clerk: httpx.AsyncClient) -> None:
    text = (await clerk.get("/find", params={"q": "орлова"}, headers=HX)).text
    assert 'href="/accounts/20417"' in text


async def test_the_card_says_how_the_account_stands(clerk: httpx.AsyncClient) -> None:
    text = _plain((await clerk.get("/accounts/20417")).text)
    view = await read_account("20417", by=SYSTEM)
    assert view.outlook.until == date(2026, 11, 30)
    assert "Орлова Ирина Олеговна" in text
    assert "ул. Мира, 8, кв. 77" in text
    assert _money(view.balance) in text
    assert "денег хватит по 30 ноября 2026" in text
    assert f"чтобы хватило по 31 декабря, нужно {_money(view.outlook.missing)}" in text
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
    assert says.lower() in _plain(answer.text).lower()


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
        *re.findall(r"20418-(\d+):", _plain(first)),
        *re.findall(r"20418-(\d+):", _plain(rest.text)),
    ]
    assert ids == [str(number) for number in range(int(ids[0]), 0, -1)]
    september = await clerk.get(
        "/accounts/20418/money", params={"since": "2026-09-01", "until": "2026-09-30"}
    )
    assert "20418-" not in september.text
    wrong = await clerk.get("/accounts/20418/money", params={"since": "x"})
    assert wrong.status_code == 200
    assert "ГГГГ-ММ-ДД" in wrong.text


async def test_a_payment_is_shown_before_it_is_taken_once(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20418/payment", headers=HX)
    assert dialog.text.lstrip().startswith("<dialog")
    missing = _offered_amount(dialog.text)
    assert missing > 0
    form = {"key": _key(dialog.text), "amount": "500", "source": "cash"}
    before = (await read_account("20418", by=SYSTEM)).balance
    shown = await clerk.post("/accounts/20418/payment", data=form, headers=HX)
    assert shown.status_code == 200
    assert "Оптима 100 заработает сразу" in _plain(shown.text)
    assert (await read_account("20418", by=SYSTEM)).balance == before
    for _again in range(2):
        done = await clerk.post("/accounts/20418/payment", data=form | {"step": "do"}, headers=HX)
        assert done.status_code == 204
        assert done.headers["hx-redirect"].startswith("/accounts/20418?done=payment:")
    view = await read_account("20418", by=SYSTEM)
    assert view.state == "served"
    promised = int(
        re.search(r"Станет (?:долг )?(−?[\d ]+,\d\d)", _plain(shown.text))[1]  # type: ignore[index]
        .replace(" ", "")
        .replace(",", "")
        .replace("−", "-")
    )
    assert view.balance == promised
    page = _plain((await clerk.get(done.headers["hx-redirect"])).text)
    assert "Оплата принята" in page
    assert "+500,00 ₽" in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Укажите сумму"),
        ("5x0", "цифрами"),
        ("0", "больше нуля"),
        ("-5", "больше нуля"),
        ("1,234", "цифрами"),
        ("99999999999999", "описка"),
    ],
)
async def test_a_wrong_amount_comes_back_beside_its_field(
    clerk: httpx.AsyncClient, typed: str, says: str
) -> None:
    key = _key((await clerk.get("/accounts/20418/payment")).text)
    form = {"key": key, "amount": typed, "source": "cash", "step": "do"}
    answer = await clerk.post("/accounts/20418/payment", data=form, headers=HX)
    assert answer.status_code == 400
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{typed}"' in answer.text


async def test_a_form_sent_again_with_another_amount_is_told_who_took_the_first(
    clerk: httpx.AsyncClient,
) -> None:
    key = _key((await clerk.get("/accounts/20418/payment")).text)
    form = {"key": key, "amount": "100", "source": "cash", "step": "do"}
    await clerk.post("/accounts/20418/payment", data=form)
    answer = await clerk.post("/accounts/20418/payment", data=form | {"amount": "200"}, headers=HX)
    assert answer.status_code == 409
    assert "Мария Петрова" in answer.text
    assert _key(answer.text) != key


async def test_the_same_payment_within_a_minute_is_asked_about(clerk: httpx.AsyncClient) -> None:
    form = {"amount": "100", "source": "cash", "step": "do"}
    for _turn in range(2):
        key = _key((await clerk.get("/accounts/20418/payment")).text)
        answer = await clerk.post("/accounts/20418/payment", data=form | {"key": key}, headers=HX)
    assert answer.status_code == 400
    assert "Мария Петрова" in answer.text
    sure = form | {"key": key, "again": "on"}
    assert (await clerk.post("/accounts/20418/payment", data=sure, headers=HX)).status_code == 204


async def test_a_promise_is_given_or_the_rule_and_its_date_are_named(
    clerk: httpx.AsyncClient,
) -> None:
    dialog = await clerk.get("/accounts/20418/promise", headers=HX)
    text = _plain(dialog.text)
    assert "по 18.11.2026" in text
    assert "Возможно с 25.10.2027" in text
    form = {"key": _key(dialog.text), "offer": "short", "step": "do"}
    for _again in range(2):
        done = await clerk.post("/accounts/20418/promise", data=form, headers=HX)
        assert done.status_code == 204
    assert (await read_account("20418", by=SYSTEM)).promise is not None
    refused = await clerk.get("/accounts/20418/promise", headers=HX)
    assert "уже действует" in refused.text
    assert "data-commit" in refused.text  # a head may give one by hand
    past = _plain((await clerk.get("/accounts/20418/past")).text)
    assert "На 5 дней" in past


async def test_a_promise_by_hand_needs_both_figures(clerk: httpx.AsyncClient) -> None:
    key = _key((await clerk.get("/accounts/20418/promise")).text)
    form = {"key": key, "offer": "-", "amount": "500", "days": "x", "step": "do"}
    answer = await clerk.post("/accounts/20418/promise", data=form, headers=HX)
    assert answer.status_code == 400
    assert "от 1 до 366" in answer.text
    assert 'value="500"' in answer.text
    done = await clerk.post("/accounts/20418/promise", data=form | {"days": "3"}, headers=HX)
    assert done.status_code == 204


async def test_a_tariff_is_compared_and_changed(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20417/tariff", headers=HX)
    assert "Оптима 500" in dialog.text
    seen = re.search(r'name="seen" value="([^"]*)"', dialog.text)
    assert seen
    form = {"key": _key(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
    form |= {"tariff": "opt50", "on": "next-period", "day": ""}
    shown = _plain((await clerk.post("/accounts/20417/tariff", data=form, headers=HX)).text)
    assert "390,00 ₽ −70,00" in shown
    assert "01.12.2026" in shown
    done = await clerk.post("/accounts/20417/tariff", data=form | {"step": "do"}, headers=HX)
    assert done.headers["hx-redirect"] == "/accounts/20417?done=tariff:2026-12-01"
    card = _plain((await clerk.get("/accounts/20417")).text)
    assert "с 01.12.2026: Оптима 50" in card


async def test_a_tariff_beyond_the_money_says_what_is_missing(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20417/tariff", headers=HX)
    seen = re.search(r'name="seen" value="([^"]*)"', dialog.text)
    assert seen
    form = {"key": _key(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
    form |= {"tariff": "opt500", "on": "asap", "step": "do"}
    answer = await clerk.post("/accounts/20417/tariff", data=form, headers=HX)
    if answer.status_code == 422:
        assert "не хватает" in answer.text.lower()
        answer = await clerk.post(
            "/accounts/20417/tariff", data=form | {"anyway": "on"}, headers=HX
        )
    assert answer.status_code == 204


async def test_a_tariff_changed_meanwhile_is_told_with_who_and_when(
    clerk: httpx.AsyncClient, enter: Enter
) -> None:
    dialog = await clerk.get("/accounts/20417/tariff", headers=HX)
    seen = re.search(r'name="seen" value="([^"]*)"', dialog.text)
    assert seen
    form = {"key": _key(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
    form |= {"tariff": "opt500", "on": "next-period", "step": "do"}
    await change_tariff("20417", 1, by=SYSTEM, tariff="opt50", on="next-period")
    answer = await clerk.post("/accounts/20417/tariff", data=form, headers=HX)
    assert answer.status_code == 409
    assert "Оптима 50" in answer.text
    again = re.search(r'name="seen" value="([^"]*)"', answer.text)
    assert again
    done = await clerk.post("/accounts/20417/tariff", data=form | {"seen": again[1]}, headers=HX)
    assert done.status_code == 204


async def test_a_freeze_is_shown_set_and_ended(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20417/freeze", headers=HX)
    assert 'value="2026-11-15"' in dialog.text
    key = _key(dialog.text)
    short = {"key": key, "from": "2026-11-15", "to": "2026-11-16", "reason": "Ремонт"}
    refused = await clerk.post("/accounts/20417/freeze", data=short, headers=HX)
    assert refused.status_code == 422
    assert "Не меньше 7 дней" in refused.text
    assert 'value="Ремонт"' in refused.text
    early = short | {"from": "2026-11-14", "to": "2026-11-24"}
    refused = await clerk.post("/accounts/20417/freeze", data=early, headers=HX)
    assert "15.11.2026" in refused.text
    fine = short | {"to": "2026-11-24"}
    shown = await clerk.post("/accounts/20417/freeze", data=fine, headers=HX)
    assert "10 дней" in _plain(shown.text)
    done = await clerk.post("/accounts/20417/freeze", data=fine | {"step": "do"}, headers=HX)
    assert done.status_code == 204
    card = await clerk.get("/accounts/20417")
    assert "/accounts/20417/freezes/1/end" in card.text
    ending = await clerk.get("/accounts/20417/freezes/1/end", headers=HX)
    form = {"key": _key(ending.text), "on": "2026-11-20", "step": "do"}
    assert (
        await clerk.post("/accounts/20417/freezes/1/end", data=form, headers=HX)
    ).status_code == 204
    view = await read_account("20417", by=SYSTEM)
    assert view.freezes == [(1, date(2026, 11, 15), date(2026, 11, 20))]


@pytest.mark.parametrize("act", ["payment", "promise", "tariff", "freeze", "freezes/1/end"])
async def test_every_dialog_is_a_page_without_scripts(clerk: httpx.AsyncClient, act: str) -> None:
    number = "20421" if act == "freezes/1/end" else "20418"
    answer = await clerk.get(f"/accounts/{number}/{act}")
    assert answer.status_code == 200
    assert "<html" in answer.text
    assert f'action="/accounts/{number}/{act}"' in answer.text


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
    text = (await clerk.get("/find", params={"q": "Спорные платежи"}, headers=HX)).text
    assert re.findall(r'role="option"[^>]*href="([^"]+)"', text)[0] == "/parked"
    for query in ("орловв", "обороты"):  # like a name, and a page beside nothing alike
        text = (await clerk.get("/find", params={"q": query}, headers=HX)).text
        assert re.findall(r'role="option"[^>]*href="([^"]+)"', text)


async def test_a_tariff_for_companies_is_not_offered_to_a_person(
    clerk: httpx.AsyncClient, db: Any
) -> None:
    offered = (await clerk.get("/accounts/20417/tariff", headers=HX)).text
    assert 'value="biz"' in offered
    await db.execute(
        "UPDATE billing_tariff SET attributes = '{\"audience\": \"company\"}' WHERE code = 'biz'"
    )
    await db.execute("UPDATE billing_installation SET catalogue = catalogue + 7")
    offered = (await clerk.get("/accounts/20417/tariff", headers=HX)).text
    assert 'value="biz"' not in offered
    assert 'value="opt500"' in offered


async def test_the_card_says_where_money_came_from_and_who_took_it(
    clerk: httpx.AsyncClient,
) -> None:
    key = _key((await clerk.get("/accounts/20418/payment")).text)
    form = {"key": key, "amount": "100", "source": "cash", "step": "do"}
    await clerk.post("/accounts/20418/payment", data=form)
    await take_payment("20418", by=SYSTEM, amount=100, source="sbp", external_id="s-1")
    text = _plain((await clerk.get("/accounts/20418")).text)
    assert "Платёж: СБП" in text
    assert "Мария Петрова." in text
