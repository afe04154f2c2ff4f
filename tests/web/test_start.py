"""The start page tells what waits; payments that contradict earlier ones are settled by a person."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from abonent.billing.queries.outside.unmatched import unmatched_payments
from abonent.billing.service import accounts, days, payments
from abonent.billing.service.imports.payments import PaymentRow, take_payments
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.intake import Numbered
from tests.web.seen import plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PART = {"HX-Request": "true"}


@pytest.fixture
async def parked(db: Any) -> int:
    """A payment of 500,00 that came again as 600,00."""
    await days.begin(date(2026, 3, 1), by=SYSTEM)
    await accounts.open_new_account("20417", by=SYSTEM, billing_day=1)
    await payments.take_payment("20417", by=SYSTEM, amount=50000, source="bank", external_id="x1")
    row = PaymentRow(
        account="20417", amount="600.00", date="01.03.2026", source="bank", external_id="x1"
    )  # type: ignore[arg-type]  # the texts of a file
    outcome = await take_payments([Numbered(2, row)], by=SYSTEM)
    assert len(outcome.rejects) == 1
    (found,) = await unmatched_payments(by=SYSTEM)
    return found.id


async def test_the_tiles_tell_the_day_its_payments_and_what_waits(
    parked: int, enter: Enter
) -> None:
    text = (await (await enter("office")).get("/")).text
    assert "1 марта 2026" in text
    assert "открыт, закрывается вручную" in text
    assert text.index("tile urgent") < text.index("1 марта 2026")
    assert "всего 500,00" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "всего 600,00" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "/turnover" not in text


async def test_a_role_without_money_sees_no_money(parked: int, enter: Enter) -> None:
    text = (await (await enter("hr")).get("/")).text
    assert "500,00" not in text
    assert "/parked" not in text
    assert "/day" not in text


async def test_a_tile_tells_how_far_a_closing_is(parked: int, enter: Enter) -> None:
    await days.move_day(date(2026, 3, 1), by=SYSTEM)
    text = (await (await enter("head")).get("/")).text
    assert "закрывается, осталось счетов: " in text


async def test_a_payment_that_contradicts_another_is_closed_with_a_remark(
    parked: int, enter: Enter, db: Any
) -> None:
    browser = await enter("office")
    assert "уже есть с другими данными" in (await browser.get("/parked")).text
    assert "другая сумма" in (await browser.get(f"/parked/{parked}")).text
    empty = {"remark": " ", "key": "a", "step": "do"}
    answer = await browser.post(f"/parked/{parked}/close", data=empty, headers=PART)
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    form = {"remark": "Банк прислал дважды", "key": "b", "step": "do"}
    answer = await browser.post(f"/parked/{parked}/close", data=form, headers=PART)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/outside?done=closed")
    assert "Все платежи разнесены" in (await browser.get("/parked")).text
    answer = await browser.post(f"/parked/{parked}/close", data=form | {"key": "c"}, headers=PART)
    assert answer.status_code == 409
    assert "Этот платёж уже разобрали" in answer.text
    assert "Банк прислал дважды" in answer.text
    row = await db.fetchrow(
        "SELECT after, before FROM audit WHERE action = 'billing:parked:settled'"
    )
    assert "прислал" not in str(dict(row))


async def test_unmatched_payments_need_their_right(parked: int, enter: Enter) -> None:
    browser = await enter("tech")
    assert (await browser.get("/parked")).status_code == 403
    assert (await browser.post(f"/parked/{parked}", data={"number": "1"})).status_code == 403
    assert (await browser.post(f"/parked/{parked}/close", data={})).status_code == 403


async def test_the_tile_of_the_head_counts_what_presses_and_leads_to_just_that(
    db: Any, enter: Enter
) -> None:
    await days.begin(date(2026, 3, 1), by=SYSTEM)
    with clock.moved(clock.now() - timedelta(days=20)):
        for n in range(2):
            new = NewRequest(channel="call", text=f"Вопрос {n}", topic="payment-ways", who="Пётр")
            await take_request(new, by=SYSTEM)
    await take_request(NewRequest(channel="call", text="Чек нужен", topic="receipt"), by=SYSTEM)
    head = await enter("head")
    start = (await head.get("/")).text
    tile = re.search(r'<a class="tile urgent"[^>]*href="(/requests[^"]*)".*?</a>', start, re.DOTALL)
    assert tile is not None
    told = plain(tile[0])
    assert "Просроченные обращения" in told
    assert re.search(r"\b2\b", told)
    listed = (await head.get(tile[1])).text
    assert "Вопрос 0" in listed
    assert "Чек нужен" not in listed


async def test_the_tile_of_a_clerk_leads_to_as_many_as_it_counts(db: Any, enter: Enter) -> None:
    await days.begin(date(2026, 3, 1), by=SYSTEM)
    for topic in ("payment-ways", "payment-ways", "no-internet"):
        new = NewRequest(channel="call", text=f"Вопрос {topic}", topic=topic, who="Пётр")
        await take_request(new, by=SYSTEM)
    await db.execute("UPDATE crm_request SET owner = NULL")
    clerk = await enter("office")
    tile = re.search(
        r'<a class="tile[^>]*href="(/requests[^"]*)".*?</a>', (await clerk.get("/")).text, re.DOTALL
    )
    assert tile is not None
    assert "Обращения вашей команды" in plain(tile[0])
    assert re.search(r"\b2\b", plain(tile[0]))
    listed = (await clerk.get(tile[1].replace("&amp;", "&"))).text
    assert listed.count("Вопрос payment-ways") == 2
    assert "Вопрос no-internet" not in listed
