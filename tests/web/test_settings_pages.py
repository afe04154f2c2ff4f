"""The pages on which the provider sets what it sells and allows."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from abonent.billing.queries.tariffs import catalogue_here
from abonent.billing.service import services, tariffs
from abonent.kernel.actor import SYSTEM
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def head(db: Any, enter: Enter) -> httpx.AsyncClient:
    await small_provider(db)
    return await enter("head")


async def sent(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Open a dialog, fill it in over what it offers, and carry it out."""
    text = (await browser.get(path)).text
    return await browser.post(path, data=fields | {"key": key_of(text), "step": "do"})


async def tariff_id(code: str) -> int:
    return (await catalogue_here()).catalogue.codes[code]


NEW = {
    "name": "Турбо", "code": "turbo", "fee": "777,50", "kind": "internet", "mode": "advance",
    "tax": "vat", "speed": "500", "districts": "Центр, Заречье",
}  # fmt: skip


async def test_a_tariff_is_put_on_sale_and_stands_in_the_register(head: httpx.AsyncClient) -> None:
    answer = await sent(head, "/tariffs/new", **NEW)
    assert answer.status_code == 303
    seen = plain((await head.get(answer.headers["location"])).text)
    assert "Турбо" in seen
    assert "777,50" in seen
    assert "Центр, Заречье" in seen
    register = plain((await head.get("/tariffs?q=турбо")).text)
    assert "Турбо turbo Интернет" in register


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("districts", "Луна", "«Луна» здесь не известно"),
        ("code", "две части", "«две части»: код"),
        ("code", "opt50", "opt50"),
        ("fee", "много", "цифрами"),
    ],
)
async def test_what_is_wrong_with_a_tariff_is_told_beside_its_field(
    head: httpx.AsyncClient, field: str, typed: str, told: str
) -> None:
    answer = await sent(head, "/tariffs/new", **NEW | {field: typed})
    assert answer.status_code in {409, 422, 400}
    assert told in answer.text
    assert f'value="{typed}"' in answer.text or f">{typed}<" in answer.text
    assert "turbo" not in (await catalogue_here()).catalogue.codes


async def test_a_new_price_shows_whom_it_reaches_before_it_is_recorded(
    head: httpx.AsyncClient,
) -> None:
    path = f"/tariffs/{await tariff_id('opt100')}/price"
    given = {"fee": "500", "from": "2026-11-24", "existing": "move"}
    text = plain((await head.post(path, data=given, headers=HX)).text)
    assert "Затронет услуг на 24.11.2026 2" in text
    assert "+80,00 ₽" in text
    assert len((await catalogue_here()).catalogue.tariff("opt100").versions) == 1
    early = await head.post(path, data=given | {"from": "2026-11-15"}, headers=HX)
    assert "первая возможная дата — 24.11.2026" in early.text
    answer = await sent(head, path, **given)
    assert answer.status_code == 303
    page = plain((await head.get(answer.headers["location"])).text)
    assert "предстоит 500,00" in page


async def test_a_tariff_goes_into_the_archive_and_comes_back(head: httpx.AsyncClient) -> None:
    tariff = await tariff_id("opt500")
    assert (await sent(head, f"/tariffs/{tariff}/archive")).status_code == 303
    assert "opt500" in (await catalogue_here()).catalogue.archived
    assert "архив" in plain((await head.get("/tariffs?state=archive")).text)
    assert (await sent(head, f"/tariffs/{tariff}/reopen")).status_code == 303
    assert "opt500" not in (await catalogue_here()).catalogue.archived


async def test_a_tariff_leads_to_its_subscribers_as_they_are_now(head: httpx.AsyncClient) -> None:
    await services.change_tariff("20418", 1, by=SYSTEM, tariff="opt500", on="asap", anyway=True)
    now = plain((await head.get("/subscribers?tariff=opt500")).text)
    was = plain((await head.get("/subscribers?tariff=opt100")).text)
    assert "Семёнов" in now or "Семёнов" in was
    assert ("Семёнов" in now) is not ("Семёнов" in was)


async def test_the_analysis_adds_up_and_fits_a_workbook(head: httpx.AsyncClient) -> None:
    await tariffs.archive_tariff("opt50", by=SYSTEM)
    text = (await head.get("/tariffs/analysis?month=2026-11")).text
    seen = plain(text)
    assert "Анализ тарифов" in seen
    assert "Месяц не закончен" in seen
    assert text.count('role="img"') >= 5
    shares = [row for row in text.split("<tr")[2:] if 'data-label="Доля"' in row]
    found = [re.search(r'data-label="Доля">([\d,]+)', row) for row in shares]
    assert sum(int(float(one[1].replace(",", ".")) * 100 + 0.5) for one in found if one) == 10_000
    answer = await head.get("/tariffs/analysis.xlsx?month=2026-11")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "Тариф"
    assert len(rows) == 1 + 5 + 1


@pytest.mark.parametrize("month", ["", "2026-10", "1999-01", "2999-12"])
async def test_any_month_of_the_analysis_opens(head: httpx.AsyncClient, month: str) -> None:
    assert (await head.get(f"/tariffs/analysis?month={month}")).status_code == 200


async def test_a_month_that_is_none_is_not_found(head: httpx.AsyncClient) -> None:
    assert (await head.get("/tariffs/analysis?month=2026-13")).status_code == 404


OFFER = {
    "code": "three", "name": "На три дня", "days": "3", "days_per_year": "0", "most_days": "3",
    "once_per_days": "30", "ceiling": "500", "least_tenure_days": "0", "ban_days": "90",
    "channel_office": "on", "active": "on", "tariffs": "opt50, opt100",
}  # fmt: skip


async def test_an_offer_tells_whom_it_reaches_and_is_kept(head: httpx.AsyncClient) -> None:
    text = plain((await head.post("/offers/new", data=OFFER, headers=HX)).text)
    assert re.search(r"Из них предложение доступно \d", text)
    answer = await sent(head, "/offers/new", **OFFER)
    assert answer.status_code == 303
    assert "Предложение сохранено" in (await head.get(answer.headers["location"])).text
    offer = (await catalogue_here()).catalogue.offers["three"]
    assert offer.tariffs == frozenset({"opt50", "opt100"})
    assert offer.channels == frozenset({"office"})
    assert "На три дня" in plain((await head.get("/offers")).text)
    changed = OFFER | {"active": "", "tariffs": ""}
    assert (await sent(head, "/offers/change?code=three", **changed)).status_code == 303
    offer = (await catalogue_here()).catalogue.offers["three"]
    assert not offer.active
    assert offer.tariffs is None


async def test_an_offer_with_an_unknown_tariff_is_not_kept(head: httpx.AsyncClient) -> None:
    answer = await sent(head, "/offers/new", **OFFER | {"tariffs": "нет"})
    assert "«нет» здесь не известно" in answer.text
    assert "three" not in (await catalogue_here()).catalogue.offers


async def test_the_policy_is_changed_in_one_form(head: httpx.AsyncClient) -> None:
    opened = plain((await head.get("/policy/change")).text)
    assert "Обслуживаемых счетов, которых касаются отсрочка и тихие дни" in opened
    given = {
        "grace_days": "2", "notice_days": "15", "quiet_days": "on", "freeze_least_days": "5",
        "freeze_year_days": "90", "freeze_free_days": "20", "freeze_day_fee": "5",
        "archive_share": "12,5", "arpu_gap": "30",
    }  # fmt: skip
    assert (await sent(head, "/policy/change", **given)).status_code == 303
    seen = plain((await head.get("/policy?done=policy")).text)
    assert "12,5 %" in seen
    assert "Политика сохранена" in seen
    assert (await catalogue_here()).catalogue.freezes.day_fee == 500


async def test_a_tax_rate_is_recorded_for_the_future(head: httpx.AsyncClient) -> None:
    given = {"code": "vat", "rate": "25", "since": "2027-01-01"}
    assert (await sent(head, "/policy/rate", **given)).status_code == 303
    assert "25 %" in plain((await head.get("/policy")).text)
    past = await sent(head, "/policy/rate", **given | {"since": "2026-11-01"})
    assert past.status_code == 422
    assert (await sent(head, "/policy/rate", **given | {"rate": "сто"})).status_code in {400, 422}


async def test_a_year_of_days_off_is_pasted_and_one_day_changed(head: httpx.AsyncClient) -> None:
    assert "На 2026 год выходные ещё не заданы" in plain((await head.get("/calendar")).text)
    days = "31.12;;Новый год\n28.11;рабочий;Перенос"
    assert (await sent(head, "/calendar/2026/fill", days=days)).status_code == 303
    seen = (await head.get("/calendar?year=2026")).text
    assert "Новый год" in seen
    assert "На 2027 год выходные ещё не заданы" in plain(seen)
    wrong = await sent(head, "/calendar/2026/fill", days="31.02")
    assert "Строка 1" in plain(wrong.text)
    day = "/calendar/day/2026-12-30"
    assert (await sent(head, day, state="off", note="Мост")).status_code == 303
    assert "Мост" in (await head.get("/calendar?year=2026")).text
    late = await sent(head, "/calendar/day/2026-11-01", state="off")
    assert late.status_code == 422


async def test_a_rule_of_law_is_checked_by_name(head: httpx.AsyncClient, enter: Enter) -> None:
    assert "не проверено" in plain((await head.get("/legal?state=unchecked")).text)
    rule = "/legal/rules/ru.limitation/2000-01-01"
    assert (await sent(head, f"{rule}/check", checked_by="Юрист Иванова")).status_code == 303
    assert "Юрист Иванова" in plain((await head.get(rule)).text)
    given = {"valid_from": "2027-01-01", "value": "5", "source": "ГК"}
    answer = await sent(head, f"{rule}/edition", **given)
    assert "ждёт проверки" in plain((await head.get(answer.headers["location"])).text)
    office = await enter("office")
    assert (await office.get(rule)).status_code == 200
    assert (await office.get(f"{rule}/check")).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/tariffs/new", "/offers/new", "/policy/change", "/calendar/2026/fill", "/tariffs/analysis"],
)
async def test_the_office_looks_and_does_not_set(
    head: httpx.AsyncClient, enter: Enter, path: str
) -> None:
    office = await enter("office")
    assert (await office.get(path)).status_code == 403
    for seen in ("/tariffs", "/offers", "/policy", "/calendar", "/legal"):
        assert (await office.get(seen)).status_code == 200
    # What it may not change, no row leads to.
    assert "/offers/change" in (await head.get("/offers")).text
    assert "/offers/change" not in (await office.get("/offers")).text


@pytest.mark.parametrize(
    "path",
    ["/tariffs", "/tariffs/analysis?month=2026-11", "/offers", "/policy", "/calendar", "/legal"],
)
async def test_a_page_asks_the_database_no_more_than_it_may(
    db: Any, head: httpx.AsyncClient, path: str
) -> None:
    await head.get(path)
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    db.add_query_logger(note)
    try:
        assert (await head.get(path)).status_code == 200
    finally:
        db.remove_query_logger(note)
    assert len(asked) <= 12, asked
