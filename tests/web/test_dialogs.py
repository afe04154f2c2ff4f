"""The dialogs of an account, without a browser: payment, promise, tariff and freeze."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.days import close_days
from abonent.billing.service.services import change_tariff
from abonent.kernel.actor import SYSTEM
from abonent.web.pages import accounts as cards
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, offered_amount, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def clerk(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


async def test_a_payment_is_shown_before_it_is_taken_once(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20418/payment", headers=HX)
    assert dialog.text.lstrip().startswith("<dialog")
    missing = offered_amount(dialog.text)
    assert missing > 0
    form = {"key": key_of(dialog.text), "amount": "500", "source": "cash"}
    before = (await read_account("20418", by=SYSTEM)).balance
    shown = await clerk.post("/accounts/20418/payment", data=form, headers=HX)
    assert shown.status_code == 200
    assert "Оптима 100 заработает сразу" in plain(shown.text)
    assert (await read_account("20418", by=SYSTEM)).balance == before
    for _again in range(2):
        done = await clerk.post("/accounts/20418/payment", data=form | {"step": "do"}, headers=HX)
        assert done.status_code == 204
        assert done.headers["hx-redirect"].startswith("/accounts/20418?done=payment:")
    view = await read_account("20418", by=SYSTEM)
    assert view.state == "served"
    promised = int(
        re.search(r"Станет (?:долг )?(−?[\d ]+,\d\d)", plain(shown.text))[1]  # type: ignore[index]
        .replace(" ", "")
        .replace(",", "")
        .replace("−", "-")
    )
    assert view.balance == promised
    page = plain((await clerk.get(done.headers["hx-redirect"])).text)
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
    key = key_of((await clerk.get("/accounts/20418/payment")).text)
    form = {"key": key, "amount": typed, "source": "cash", "step": "do"}
    answer = await clerk.post("/accounts/20418/payment", data=form, headers=HX)
    assert answer.status_code == 400
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{typed}"' in answer.text


async def test_a_form_sent_again_with_another_amount_is_told_who_took_the_first(
    clerk: httpx.AsyncClient,
) -> None:
    key = key_of((await clerk.get("/accounts/20418/payment")).text)
    form = {"key": key, "amount": "100", "source": "cash", "step": "do"}
    await clerk.post("/accounts/20418/payment", data=form)
    answer = await clerk.post("/accounts/20418/payment", data=form | {"amount": "200"}, headers=HX)
    assert answer.status_code == 409
    assert "Мария Петрова" in answer.text
    assert key_of(answer.text) != key


async def test_a_payment_under_a_key_that_no_form_has_is_not_taken(
    clerk: httpx.AsyncClient,
) -> None:
    form = {"amount": "100", "source": "cash", "step": "do"}
    for key in ("", "k" * 201, secrets.token_hex(5000)):
        answer = await clerk.post("/accounts/20418/payment", data=form | {"key": key})
        assert answer.status_code == 400, key[:5]


async def test_the_same_payment_within_a_minute_is_asked_about(clerk: httpx.AsyncClient) -> None:
    form = {"amount": "100", "source": "cash", "step": "do"}
    for _turn in range(2):
        key = key_of((await clerk.get("/accounts/20418/payment")).text)
        answer = await clerk.post("/accounts/20418/payment", data=form | {"key": key}, headers=HX)
    assert answer.status_code == 400
    assert "Мария Петрова" in answer.text
    sure = form | {"key": key, "again": "on"}
    assert (await clerk.post("/accounts/20418/payment", data=sure, headers=HX)).status_code == 204


async def test_a_promise_is_given_or_the_rule_and_its_date_are_named(
    clerk: httpx.AsyncClient,
) -> None:
    dialog = await clerk.get("/accounts/20418/promise", headers=HX)
    text = plain(dialog.text)
    assert "по 18.11.2026" in text
    assert "Возможно с 25.10.2027" in text
    form = {"key": key_of(dialog.text), "offer": "short", "step": "do"}
    for _again in range(2):
        done = await clerk.post("/accounts/20418/promise", data=form, headers=HX)
        assert done.status_code == 204
    assert (await read_account("20418", by=SYSTEM)).promise is not None
    refused = await clerk.get("/accounts/20418/promise", headers=HX)
    assert "уже действует" in refused.text
    assert "data-commit" in refused.text  # a head may give one by hand
    past = plain((await clerk.get("/accounts/20418/past")).text)
    assert "На 5 дней" in past


async def test_a_promise_by_hand_needs_both_figures(clerk: httpx.AsyncClient) -> None:
    key = key_of((await clerk.get("/accounts/20418/promise")).text)
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
    form = {"key": key_of(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
    form |= {"tariff": "opt50", "on": "next-period", "day": ""}
    shown = plain((await clerk.post("/accounts/20417/tariff", data=form, headers=HX)).text)
    assert "390,00 ₽ −70,00" in shown
    assert "01.12.2026" in shown
    done = await clerk.post("/accounts/20417/tariff", data=form | {"step": "do"}, headers=HX)
    assert done.headers["hx-redirect"] == "/accounts/20417?done=tariff:2026-12-01"
    card = plain((await clerk.get("/accounts/20417")).text)
    assert "с 01.12.2026: Оптима 50" in card


async def test_a_tariff_beyond_the_money_says_what_is_missing(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20417/tariff", headers=HX)
    seen = re.search(r'name="seen" value="([^"]*)"', dialog.text)
    assert seen
    form = {"key": key_of(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
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
    form = {"key": key_of(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
    form |= {"tariff": "opt500", "on": "next-period", "step": "do"}
    await change_tariff("20417", 1, by=SYSTEM, tariff="opt50", on="next-period")
    answer = await clerk.post("/accounts/20417/tariff", data=form, headers=HX)
    assert answer.status_code == 409
    assert "Оптима 50" in answer.text
    again = re.search(r'name="seen" value="([^"]*)"', answer.text)
    assert again
    done = await clerk.post("/accounts/20417/tariff", data=form | {"seen": again[1]}, headers=HX)
    assert done.status_code == 204


async def test_days_and_numbers_beyond_all_reckoning_are_refused(clerk: httpx.AsyncClient) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        form = {"key": "k", "step": "do", "from": day, "to": day, "reason": "Проверка"}
        answer = await clerk.post("/accounts/20417/freeze", data=form)
        assert answer.status_code == 400, day
    answer = await clerk.get(f"/accounts/20417/tariff?service={'9' * 5000}")
    assert answer.status_code == 200


async def test_a_freeze_is_shown_set_and_ended(clerk: httpx.AsyncClient) -> None:
    dialog = await clerk.get("/accounts/20417/freeze", headers=HX)
    assert 'value="2026-11-15"' in dialog.text
    key = key_of(dialog.text)
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
    assert "10 дней" in plain(shown.text)
    done = await clerk.post("/accounts/20417/freeze", data=fine | {"step": "do"}, headers=HX)
    assert done.status_code == 204
    card = await clerk.get("/accounts/20417")
    assert "/accounts/20417/freezes/1/end" in card.text
    ending = await clerk.get("/accounts/20417/freezes/1/end", headers=HX)
    form = {"key": key_of(ending.text), "on": "2026-11-20", "step": "do"}
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


async def test_a_payment_is_told_of_only_while_it_is_new(
    clerk: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"key": key_of((await clerk.get("/accounts/20418/payment")).text)}
    form |= {"amount": "500", "source": "cash", "step": "do"}
    done = await clerk.post("/accounts/20418/payment", data=form, headers=HX)
    address = done.headers["hx-redirect"]
    assert "+500,00 ₽" in plain((await clerk.get(address)).text)
    monkeypatch.setattr(cards, "NEWS", timedelta(0))
    for told_of in (address, "/accounts/20418?done=payment:999", "/accounts/20418?done=payment:x"):
        assert "Оплата принята" not in (await clerk.get(told_of)).text


async def test_a_promise_puts_off_what_is_overdue(clerk: httpx.AsyncClient) -> None:
    await close_days(by=SYSTEM, through=date(2026, 12, 14))
    before = plain((await clerk.get("/accounts/20420")).text)
    assert "просрочено" in before
    form = {"key": key_of((await clerk.get("/accounts/20420/promise")).text)}
    form |= {"offer": "-", "amount": "9000", "days": "5", "step": "do"}
    done = await clerk.post("/accounts/20420/promise", data=form, headers=HX)
    assert done.status_code == 204
    after = plain((await clerk.get("/accounts/20420")).text)
    assert "просрочено" not in after
    assert "отложено по 19 декабря 2026" in after


async def test_a_change_of_tariff_says_how_the_balance_comes_about(
    clerk: httpx.AsyncClient,
) -> None:
    dialog = await clerk.get("/accounts/20417/tariff", headers=HX)
    seen = re.search(r'name="seen" value="([^"]*)"', dialog.text)
    assert seen
    form = {"key": key_of(dialog.text), "service": "1", "was_service": "1", "seen": seen[1]}
    form |= {"tariff": "opt500", "on": "asap"}
    shown = plain((await clerk.post("/accounts/20417/tariff", data=form, headers=HX)).text)
    assert "Возврат за неиспользованные дни: Оптима 100, 14–30 ноября +260,67" in shown
    assert "Оптима 500, 14–30 ноября −504,33" in shown
    assert "Денег хватит по 30 ноября 2026" in shown
    same = form | {"tariff": "opt100", "step": "do"}
    refused = await clerk.post("/accounts/20417/tariff", data=same, headers=HX)
    assert refused.status_code == 400
    done = await clerk.post("/accounts/20417/tariff", data=form | {"step": "do"}, headers=HX)
    assert done.status_code == 204
    card = plain((await clerk.get("/accounts/20417")).text)
    assert "Оптима 500 с 14.11.2026" in card
