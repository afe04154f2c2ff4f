"""Registers: rows, filters, order, pages by key, views, files and changes of many rows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from starlette.applications import Starlette

from abonent.billing.service.payments import take_payment
from abonent.billing.service.services import change_tariff
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.jobs import run_job
from abonent.kernel.registers.asked import FEW
from abonent.kernel.settings import Settings
from abonent.web.render import Desk
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
def settings(app: Starlette) -> Settings:
    desk: Desk = app.state.desk
    return desk.settings


@pytest.fixture
async def head(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


def rows_of(text: str) -> list[str]:
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [plain(row) for row in body.split("<tr")[1:]]


async def pay(number: str, amount: int, key: str) -> None:
    await take_payment(number, by=SYSTEM, amount=amount, source="cash", external_id=key)


async def test_subscribers_stand_in_the_order_of_their_names(head: httpx.AsyncClient) -> None:
    rows = rows_of((await head.get("/subscribers")).text)
    names = [row.split()[1] for row in rows]
    assert names == sorted(names, key=lambda name: name.replace("ё", "е"))
    assert len(names) > 3
    turned = rows_of((await head.get("/subscribers?sort=-name")).text)
    assert turned == rows[::-1]


async def test_a_filter_narrows_and_a_chip_takes_it_away(head: httpx.AsyncClient) -> None:
    every = rows_of((await head.get("/subscribers")).text)
    answer = await head.get("/subscribers?state=suspended")
    some = rows_of(answer.text)
    assert 0 < len(some) < len(every)
    chip = re.search(r'<a class="chip" href="([^"]+)">Состояние', answer.text)
    assert chip
    assert rows_of((await head.get(chip[1])).text) == every


async def test_the_tariff_of_today_counts_and_not_the_one_before(
    head: httpx.AsyncClient, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await change_tariff("20417", 1, by=SYSTEM, tariff="opt500", anyway=True)
    await db.execute("UPDATE billing_service_tariff SET since = '2026-11-01'")
    # Few that ever had it are looked through; of many the register's order is followed.
    for few in (FEW, 0):
        monkeypatch.setattr("abonent.kernel.registers.asked.FEW", few)
        (row,) = rows_of((await head.get("/subscribers?tariff=opt500")).text)
        assert "20417" in row
        before = rows_of((await head.get("/subscribers?tariff=opt100")).text)
        assert [("20418" in row, "20417" in row) for row in before] == [(True, False)]
        assert rows_of((await head.get("/subscribers?tariff=none")).text) == []


async def test_a_wrong_filter_is_named_and_nothing_is_shown(head: httpx.AsyncClient) -> None:
    answer = await head.get("/payments", params={"day.from": "31.02.2026"})
    assert answer.status_code == 200
    assert "ГГГГ-ММ-ДД" in answer.text
    assert 'value="31.02.2026"' in answer.text
    assert "<tbody>" not in answer.text


async def test_pages_go_there_and_back_without_a_gap(head: httpx.AsyncClient) -> None:
    for turn in range(120):
        await pay("20417", 100 + turn, f"turn-{turn}")
    seen: list[str] = []
    address = "/payments?sort=-at&account=20417&sum.to=219,00"
    pages = []
    while address:
        pages.append(address)
        text = (await head.get(address)).text
        seen += rows_of(text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(pages) == 3
    assert len(seen) == len(set(seen)) == 120
    previous = re.search(r'rel="prev" href="([^"]+)"', text)
    assert previous
    back = rows_of((await head.get(previous[1].replace("&amp;", "&"))).text)
    assert back == seen[50:100]


async def test_a_broken_cursor_shows_the_first_page(head: httpx.AsyncClient) -> None:
    await pay("20417", 5000, "one")
    whole = rows_of((await head.get("/payments")).text)
    for cursor in ("x", "W10", "WyJhIiwxXQ"):
        assert rows_of((await head.get(f"/payments?after={cursor}")).text) == whole


async def test_a_cursor_beyond_what_numbers_and_instants_hold_shows_the_first_page(
    head: httpx.AsyncClient,
) -> None:
    await pay("20417", 5000, "one")
    whole = rows_of((await head.get("/payments?sort=sum")).text)
    for start in ([2**63, 1], [1, 2**63], [10**30, 1], ["0001-01-01T00:00:00+23:59", 1]):
        cursor = base64.urlsafe_b64encode(json.dumps(start).encode()).decode().rstrip("=")
        for register in ("payments?sort=sum", "payments?sort=-day", "staff?sort=seen"):
            answer = await head.get(f"/{register}&after={cursor}")
            assert answer.status_code == 200, (register, start)
        assert rows_of((await head.get(f"/payments?sort=sum&after={cursor}")).text) == whole


async def test_totals_say_how_many_and_how_much(head: httpx.AsyncClient) -> None:
    await pay("20417", 1_00, "a")
    await pay("20418", 2_50, "b")
    text = plain((await head.get("/payments/total?sum.to=3", headers=HX)).text)
    assert "2 строки" in text
    assert "3,50" in text


async def test_a_count_that_takes_long_waits_until_it_is_asked_for(
    head: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pay("20417", 1_00, "a")
    slow = "count(*) + (SELECT 0 FROM pg_sleep(0.7)) AS rows"
    monkeypatch.setattr("abonent.kernel.registers.reading._COUNT", slow)
    text = (await head.get("/payments/total?sum.to=3", headers=HX)).text
    assert 'hx-get="/payments/count?sum.to=3"' in text
    assert "Сосчитать" in plain(text)
    assert "1 строка" in plain((await head.get("/payments/count?sum.to=3", headers=HX)).text)


async def test_columns_are_chosen_and_stay_in_the_address(head: httpx.AsyncClient) -> None:
    text = (await head.get("/subscribers?column=contract")).text
    heading = plain(text.partition("<thead>")[2].partition("</thead>")[0])
    assert "Договор" in heading
    assert "Тариф" not in heading
    assert "column=contract" in text


async def test_a_view_is_saved_shared_and_deleted(head: httpx.AsyncClient, enter: Enter) -> None:
    path = "/subscribers/views?state=suspended&sort=name"
    form = (await head.get(path, headers=HX)).text
    given = {"key": key_of(form), "step": "do", "name": "Должники", "shared": "on"}
    answer = await head.post(path, data=given)
    assert answer.status_code == 303
    assert "Должники" in (await head.get("/subscribers")).text
    again = await head.post(path, data=given | {"key": "another"})
    assert again.status_code == 409
    assert "уже есть" in again.text
    clerk = await enter("cash")
    text = (await clerk.get("/subscribers")).text
    assert "Должники" in text
    view = (await _one("SELECT id FROM register_view"))["id"]
    assert (await clerk.post(f"/subscribers/views/{view}/delete")).status_code == 404
    assert (await head.post(f"/subscribers/views/{view}/delete")).status_code == 303
    assert "Должники" not in (await head.get("/subscribers")).text


async def test_who_may_not_share_saves_for_oneself(provider: None, enter: Enter) -> None:
    clerk = await enter("cash")
    path = "/subscribers/views?sort=name"
    given = {"key": "k1", "step": "do", "name": "Все", "shared": "on"}
    assert (await clerk.post(path, data=given)).status_code == 303
    assert (await _one("SELECT shared FROM register_view"))["shared"] is False


@pytest.mark.parametrize("what", ["xlsx", "csv"])
async def test_a_file_holds_what_the_register_shows(
    head: httpx.AsyncClient, settings: Settings, what: str
) -> None:
    await pay("20417", 123_45, "a")
    await pay("20418", 2_50, "b")
    assert (await head.post(f"/payments/file?as={what}&sum.to=200")).status_code == 303
    await _work(settings)
    page = (await head.get("/tasks")).text
    link = re.search(r'href="(/tasks/\d+/file)"', page)
    assert link
    answer = await head.get(link[1])
    assert answer.status_code == 200
    if what == "csv":
        text = answer.content.decode("utf-8-sig")
        assert text.splitlines()[0].startswith("Лицевой счёт;")
        assert "123,45" in text
    else:
        book = CalamineWorkbook.from_object(BytesIO(answer.content))
        sheet = book.get_sheet_by_index(0).to_python()
        amounts = {row[4] for row in sheet[1:]}
        assert {123.45, 2.5} <= amounts


async def test_a_file_is_for_who_asked_for_it(
    head: httpx.AsyncClient, enter: Enter, settings: Settings
) -> None:
    await head.post("/payments/file?as=csv")
    await _work(settings)
    task = (await _one("SELECT id FROM register_task"))["id"]
    other = await enter("admin")
    assert (await other.get(f"/tasks/{task}/file")).status_code == 404


async def test_a_fourth_task_waits_until_one_has_ended(head: httpx.AsyncClient) -> None:
    for _turn in range(3):
        assert (await head.post("/payments/file?as=csv")).status_code == 303
    refused = await head.post("/payments/file?as=csv")
    assert refused.status_code == 422
    assert "дождитесь" in refused.text.lower()


async def test_a_register_is_closed_to_who_has_no_right(provider: None, enter: Enter) -> None:
    clerk = await enter("hr")
    for path in ("/payments", "/entries", "/audit", "/subscribers", "/payments/total"):
        assert (await clerk.get(path)).status_code == 403
    assert (await clerk.post("/payments/file?as=csv")).status_code == 403


async def test_the_audit_says_who_did_what(head: httpx.AsyncClient) -> None:
    given = {"key": "k", "step": "do", "name": "Моё"}
    await head.post("/subscribers/views?sort=name", data=given)
    text = plain((await head.get("/audit?action=view")).text)
    assert "Сохранён вид реестра" in text


async def _one(statement: str) -> Any:
    async with reading() as connection:
        return await connection.fetchrow(statement)


async def _work(settings: Settings) -> None:
    async with reading() as connection:
        runs = await connection.fetch("SELECT id FROM job_run WHERE state = 'PLANNED'")
    for run in runs:
        await run_job(run["id"], settings)


async def test_days_to_come_are_offered_where_a_filter_asks_for_them(
    head: httpx.AsyncClient,
) -> None:
    fields = (await head.get("/subscribers/filters")).text
    lasts = fields[fields.index("Деньги кончаются") :].split("</fieldset>")[0]
    assert "за 3 дня" in lasts
    assert "вчера" not in lasts
    assert 'id="filter-lasts-hint"' in lasts
    signed = fields[fields.index("Договор от") :].split("</fieldset>")[0]
    assert "вчера" in signed
