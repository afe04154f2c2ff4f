"""The pages of a cash desk: opening, taking, counting, closing, printing and voiding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.queries.cash.receipts import latest_receipts
from abonent.billing.queries.cash.shifts import Shift, shifts_of_day
from abonent.kernel.actor import SYSTEM
from abonent.web.service import create_role, create_token
from tests.billing.test_cash import make_desks
from tests.web.seed import OPEN_DAY, small_provider
from tests.web.seen import HX, key_of, plain

TAKES = {"desk.open", "billing.account.view", "crm.subscriber.view", "billing.payment.take"}
Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)
    await make_desks()


@pytest.fixture
async def cashier(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("cash")


async def shift() -> Shift:
    (found,) = await shifts_of_day(OPEN_DAY, by=SYSTEM)
    return found


async def send(client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """Open a dialog and carry it out."""
    opened = await client.get(path)
    assert opened.status_code == 200, opened.text
    key = "" if 'name="key" value=""' in opened.text else key_of(opened.text)
    return await client.post(path, data={"key": key, "step": "do", **form}, headers=HX)


async def open_it(client: httpx.AsyncClient) -> Shift:
    done = await send(client, "/cash/open", desk="К1")
    assert done.headers["hx-redirect"] == "/cash?done=open"
    return await shift()


async def pay(client: httpx.AsyncClient, amount: str, **more: str) -> httpx.Response:
    form = {"amount": amount, "source": "cash"} | more
    return await send(client, "/accounts/20418/payment", **form)


async def test_a_cashier_without_a_shift_is_led_to_open_one(cashier: httpx.AsyncClient) -> None:
    page = plain((await cashier.get("/cash")).text)
    assert "Открытой смены нет" in page
    dialog = (await cashier.get("/accounts/20418/payment", headers=HX)).text
    assert "/cash/open?then=/accounts/20418" in dialog
    refused = await pay(cashier, "100")
    assert refused.status_code == 422
    assert "откройте" in plain(refused.text)
    done = await send(cashier, "/cash/open?then=/accounts/20418", desk="К2")
    assert done.headers["hx-redirect"] == "/accounts/20418"


async def test_an_address_elsewhere_is_not_gone_to(cashier: httpx.AsyncClient) -> None:
    done = await send(cashier, "/cash/open?then=//evil.example", desk="К1")
    assert done.headers["hx-redirect"] == "/cash?done=open"


async def test_a_day_at_the_desk(cashier: httpx.AsyncClient) -> None:
    own = await open_it(cashier)
    shown = await cashier.post(
        "/accounts/20418/payment",
        data={"amount": "560,50", "source": "cash", "given": "1000", "key": "x"},
        headers=HX,
    )
    assert "Сдача 439,50 ₽" in plain(shown.text)
    done = await pay(cashier, "560,50", given="1000")
    card = (await cashier.get(done.headers["hx-redirect"])).text
    assert "Сдача: 439,50 ₽" in plain(card)
    assert 'data-key="F9"' in card
    await pay(cashier, "300", source="card")
    page = plain((await cashier.get("/cash")).text)
    assert "К1-2" in page
    assert "560,50 ₽" in page
    path = f"/cash/shifts/{own.id}"
    moved = await send(cashier, f"{path}/move", kind="out", amount="500", reason="Инкассация")
    assert moved.headers["hx-redirect"] == "/cash?done=move"
    counted = await send(cashier, f"{path}/count", **{"pieces-5000": "1", "pieces-1000": "1"})
    assert counted.headers["hx-redirect"] == f"{path}/close"
    closing = plain((await cashier.get(f"{path}/close")).text)
    assert "Расхождение −0,50 ₽" in closing
    refused = await send(cashier, f"{path}/close", handed_in="60", explanation="")
    assert refused.status_code == 422
    assert "−0,50" in plain(refused.text)
    assert 'value="60"' in refused.text
    done = await send(cashier, f"{path}/close", handed_in="60", explanation="Нет мелочи")
    assert done.headers["hx-redirect"] == f"/cash?done=close:{own.id}"
    told = (await cashier.get(done.headers["hx-redirect"])).text
    assert "Смена закрыта" in plain(told)
    assert f"/cash/shifts/{own.id}/report.pdf" in told
    closed = await shift()
    assert (closed.left_money, closed.difference, closed.state) == (0, -50, "CLOSED")


async def test_a_banknote_too_small_is_told_beside_its_field(cashier: httpx.AsyncClient) -> None:
    await open_it(cashier)
    refused = await pay(cashier, "560,50", given="500")
    assert refused.status_code == 422
    assert 'id="act-given-error"' in refused.text
    assert "к оплате 560,50" in plain(refused.text)
    assert 'value="500"' in refused.text


async def test_the_count_is_shown_while_one_types_and_slips_are_named(
    cashier: httpx.AsyncClient,
) -> None:
    own = await open_it(cashier)
    path = f"/cash/shifts/{own.id}/count"
    shown = await cashier.post(path, data={"pieces-500000": "2", "pieces-10": "3"}, headers=HX)
    assert "Пересчитано 10 000,30 ₽" in plain(shown.text)
    wrong = await cashier.post(path, data={"pieces-500000": "два", "step": "do"}, headers=HX)
    assert wrong.status_code == 400
    assert "5 000: укажите целое число" in plain(wrong.text)
    assert 'value="два"' in wrong.text
    assert (await shift()).state == "OPEN"


async def test_a_receipt_says_what_the_law_and_the_payer_want(cashier: httpx.AsyncClient) -> None:
    own = await open_it(cashier)
    await pay(cashier, "560,50", given="1000")
    (given,) = await latest_receipts(own.id, by=SYSTEM)
    path = f"/cash/receipts/{given.desk_id}/{given.no}"
    page = await cashier.get(path)
    text = plain(page.text)
    for words in (
        "Квитанция № К1-1",
        "20418",
        "Семёнов Пётр Ильич",
        "560,50 ₽",
        "Пятьсот шестьдесят рублей 50 копеек",
        "Получено 1 000,00 ₽",
        "Сдача 439,50 ₽",
        "Наличные",
        "Мария Петрова",
    ):
        assert words in text
    assert "data-print-now" not in page.text
    assert "data-print-now" in (await cashier.get(f"{path}?print=1")).text
    printed = await cashier.get(f"{path}/receipt.pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")


async def test_a_receipt_is_voided_with_a_reason(cashier: httpx.AsyncClient) -> None:
    own = await open_it(cashier)
    await pay(cashier, "100")
    (given,) = await latest_receipts(own.id, by=SYSTEM)
    path = f"/cash/receipts/{given.desk_id}/{given.no}"
    assert "Аннулировать" in plain((await cashier.get(path)).text)
    refused = await send(cashier, f"{path}/void", reason="")
    assert refused.status_code == 400
    done = await send(cashier, f"{path}/void", reason="Не тот абонент")
    page = plain((await cashier.get(done.headers["hx-redirect"])).text)
    assert "Не тот абонент" in page
    assert "К1-1" in page
    assert "Возврат уже проведён" in page
    assert "Оплата уже принята" not in page
    assert "Аннулировать" not in plain((await cashier.get(path)).text)
    assert (await shift()).should == 0


async def test_reports_are_printed_of_a_shift_and_of_a_day(cashier: httpx.AsyncClient) -> None:
    own = await open_it(cashier)
    await pay(cashier, "100")
    for path in (
        f"/cash/shifts/{own.id}/report.pdf",
        "/cash/day.pdf",
        "/cash/day.pdf?day=2026-11-14&office=lenina",
    ):
        printed = await cashier.get(path)
        assert printed.content.startswith(b"%PDF-"), path
    assert "К1-1" in plain((await cashier.get("/cash/day")).text)
    assert "Ни одной смены" in plain((await cashier.get("/cash/day?day=2026-11-13")).text)
    assert "К1-1" in plain((await cashier.get(f"/cash/shifts/{own.id}")).text)


async def test_another_cashiers_shift_is_not_to_be_seen(
    cashier: httpx.AsyncClient, enter: Enter
) -> None:
    own = await open_it(cashier)
    other, head = await enter("cash"), await enter("head")
    assert (await other.get(f"/cash/shifts/{own.id}")).status_code == 403
    assert (await head.get(f"/cash/shifts/{own.id}")).status_code == 200
    closed = await send(head, f"/cash/shifts/{own.id}/count")
    assert closed.headers["hx-redirect"] == f"/cash/shifts/{own.id}"
    done = await send(head, f"/cash/shifts/{own.id}/close", handed_in="", explanation="")
    assert done.headers["hx-redirect"].startswith(f"/cash/shifts/{own.id}?done=close")


async def test_a_clerk_of_the_office_takes_cash_in_a_shift_of_her_own(
    provider: None, enter: Enter
) -> None:
    clerk = await enter("office")
    assert (await pay(clerk, "100")).status_code == 422
    await open_it(clerk)
    assert (
        (await pay(clerk, "100")).headers["hx-redirect"].startswith("/accounts/20418?done=payment")
    )
    assert (await shift()).should == 10000


async def test_who_opens_no_shift_is_told_who_takes_cash(provider: None, enter: Enter) -> None:
    role = await create_role("Приём карт", rights=TAKES, by=SYSTEM)
    clerk = await enter(role)
    dialog = plain((await clerk.get("/accounts/20418/payment", headers=HX)).text)
    assert "наличные примет кассир" in dialog
    assert "Открыть смену" not in dialog
    assert (await pay(clerk, "100")).status_code == 422
    assert (await pay(clerk, "100", source="card")).headers["hx-redirect"]


async def test_a_payment_voided_on_the_card_leaves_the_drawer(cashier: httpx.AsyncClient) -> None:
    own = await open_it(cashier)
    await pay(cashier, "100")
    (given,) = await latest_receipts(own.id, by=SYSTEM)
    path = f"/accounts/20418/entries/{given.entry_no}/void"
    shown = await cashier.post(path, data={"reason": "Не тот абонент", "key": "k"}, headers=HX)
    assert (shown.status_code, (await shift()).should) == (200, 10000)
    await send(cashier, path, reason="Не тот абонент")
    assert (await shift()).should == 0
    assert len(await latest_receipts(own.id, by=SYSTEM)) == 2


async def test_a_program_takes_back_no_cash_of_a_desk(
    cashier: httpx.AsyncClient, app: Starlette, client_of: Callable[..., httpx.AsyncClient]
) -> None:
    own = await open_it(cashier)
    await pay(cashier, "100")
    (given,) = await latest_receipts(own.id, by=SYSTEM)
    token = await create_token("bank")
    async with client_of(app, Authorization=f"Bearer {token}") as program:
        path = f"/api/v1/accounts/20418/payments/20418-{given.entry_no}/reversal"
        answer = await program.post(path, json={"reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (422, "TAKEN_AT_DESK")
        assert "К1-1" in answer.text
    assert (await shift()).should == 10000


async def test_who_has_no_right_to_a_desk_does_not_see_it(provider: None, enter: Enter) -> None:
    clerk = await enter("collect")
    assert (await clerk.get("/cash")).status_code == 403
    assert 'href="/cash"' not in (await clerk.get("/")).text


async def test_without_desks_the_head_is_told_how_to_set_them_up(db: Any, enter: Enter) -> None:
    await small_provider(db)
    head = await enter("head")
    assert "/provider" in (await head.get("/cash")).text
    assert "Касс ещё нет" in plain((await head.get("/cash")).text)
