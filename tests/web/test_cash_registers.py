"""The registers of shifts, receipts and fiscal receipts, and setting offices and companies up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from abonent.billing.queries.cash.desks import desks, offices
from abonent.billing.queries.entities import legal_entity
from abonent.billing.service.cash.shifts import close_shift, count_shift, open_shift
from abonent.billing.service.cash.taking import take_at_desk
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM
from abonent.kernel.fiscal.receipts import use_fiscal
from tests.billing.test_cash import OLGA, make_desks
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def head(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


@pytest.fixture
def giving() -> Iterator[None]:
    yield
    use_fiscal(on=False)


async def send(client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    key = key_of((await client.get(path)).text)
    return await client.post(path, data={"key": key, "step": "do", **form}, headers=HX)


async def test_shifts_and_receipts_stand_in_their_registers(head: httpx.AsyncClient) -> None:
    await make_desks()
    shift = await open_shift("К1", by=OLGA)
    await take_at_desk("20418", by=OLGA, amount=56050, source="cash", external_id="a")
    await count_shift(shift.id, by=OLGA, pieces={100: 560})
    await close_shift(shift.id, by=OLGA, explanation="Нет мелочи")
    shifts = plain((await head.get("/cash-shifts")).text)
    for words in ("К1-1", "Лебедева О. П.", "560,50", "−0,50", "Нет мелочи", "закрыта"):
        assert words in shifts
    assert "К1-1" in plain((await head.get("/cash-shifts?differs=1")).text)
    receipts = (await head.get("/receipts")).text
    assert "К1-1" in plain(receipts)
    assert "/cash/receipts/" in receipts
    cashier_sees = plain((await head.get("/receipts?office=other")).text)
    assert "К1-1" not in cashier_sees


async def test_fiscal_receipts_stand_in_their_register(
    head: httpx.AsyncClient, giving: None
) -> None:
    assert "Кассовых чеков нет" in plain((await head.get("/fiscal")).text)
    use_fiscal(on=True)
    await take_payment("20418", by=SYSTEM, amount=100, source="cash", external_id="f")
    page = plain((await head.get("/fiscal")).text)
    assert "ждёт отправки" in page
    assert "20418-" in page


async def test_registers_of_the_desks_are_not_for_cashiers(provider: None, enter: Enter) -> None:
    cashier = await enter("cash")
    for path in ("/cash-shifts", "/receipts", "/provider"):
        assert (await cashier.get(path)).status_code == 403


async def test_an_office_and_its_desks_are_set_up(head: httpx.AsyncClient) -> None:
    assert "Офисов ещё нет" in plain((await head.get("/provider")).text)
    done = await send(
        head, "/provider/offices/new", code="len", name="Ленина", active="on", hours="9–19"
    )
    assert done.headers["hx-redirect"] == "/provider?done=office"
    done = await send(
        head, "/provider/desks/new", code="К1", name="Касса 1", office="len", active="on"
    )
    assert done.headers["hx-redirect"] == "/provider?done=desk"
    changed = await send(head, "/provider/desks/edit/К1", name="Касса у входа", office="len")
    assert changed.status_code == 204
    assert [(d.name, d.active) for d in await desks(by=SYSTEM)] == [("Касса у входа", False)]
    await send(head, "/provider/offices/edit/len", name="Офис на Ленина", active="on")
    assert [o.name for o in await offices(by=SYSTEM)] == ["Офис на Ленина"]
    assert "Касса у входа" in plain((await head.get("/provider?done=desk")).text)


async def test_requisites_are_checked_beside_their_fields(head: httpx.AsyncClient) -> None:
    path = "/provider/companies/main"
    wrong = await send(head, path, name="Сеть", inn="7707083890", bic="1", tax_system="osn")
    assert wrong.status_code == 400
    assert "act-inn-error" in wrong.text
    assert "act-bic-error" in wrong.text
    assert 'value="7707083890"' in wrong.text
    right = await send(head, path, name="Сеть", inn="7707083893", tax_system="usn_income")
    assert right.status_code == 204
    assert (await legal_entity("main", by=SYSTEM)).requisites.inn == "7707083893"
    assert "7707083893" in plain((await head.get("/provider?done=entity")).text)


async def test_the_word_of_a_cash_register_is_taken_from_anybody_and_never_believed(
    provider: None, guest: httpx.AsyncClient
) -> None:
    for body in (
        b"",
        b"not json",
        b"[1]",
        b'{"uuid": 5}',
        b'{"uuid": "x\\u0000"}',
        b'{"uuid": "x"}',
    ):
        answer = await guest.post(
            "/hooks/fiscal", content=body, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 200
