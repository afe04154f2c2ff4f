"""Cash goes in and out of drawers alone: taking it, taking it back, paying it out, by whatever way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from abonent.billing.cash_errors import (
    NoDrawer,
    NoOpenShift,
    NotInDrawer,
    OtherOffice,
    TakenAtDesk,
)
from abonent.billing.errors import AlreadyReversed
from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.cash.receipts import latest_receipts, receipt
from abonent.billing.queries.cash.shifts import shift_of
from abonent.billing.service.cash.offices import set_desk, set_office
from abonent.billing.service.cash.shifts import close_shift, count_shift, move_cash, open_shift
from abonent.billing.service.cash.taking import (
    refund_at_desk,
    take_at_desk,
    take_back,
    void_receipt,
)
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden
from tests.billing.test_cash import ANNA, HEAD, OLGA, make_desks, take
from tests.web.seed import small_provider

TOKEN = Actor("token", "7", "Терминал", frozenset({"billing.*"}))
CLERK = Actor(
    "user", "9", "Офис", frozenset({"desk.*", "billing.account.view", "billing.payment.take"})
)
NUMBER = "20418"


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)
    await make_desks()


async def balance() -> int:
    return (await read_account(NUMBER, by=SYSTEM)).balance


async def test_nobody_of_the_staff_takes_cash_past_a_drawer(provider: None) -> None:
    before = await balance()
    for clerk in (CLERK, HEAD, OLGA):
        with pytest.raises(NoOpenShift):
            await take(100, "a", by=clerk)
    assert await balance() == before
    assert (await take(100, "card", by=CLERK, source="card")).receipt is None
    # A program has no drawer: what it brings under the name of cash is as its contract says.
    await take_at_desk(NUMBER, by=TOKEN, amount=100, source="cash", external_id="t")


async def test_cash_taken_back_by_any_way_leaves_the_drawer(provider: None) -> None:
    before = await balance()
    shift = await open_shift("К1", by=OLGA)
    taken = await take(100, "a")
    await take_back(NUMBER, taken.taken.entry_no, by=OLGA, reason="Не тот счёт")
    found = await shift_of(shift.id, by=OLGA)
    assert (found.should, await balance()) == (0, before)
    void, given = await latest_receipts(shift.id, by=OLGA)
    assert (void.kind, void.corrected, void.reason) == ("void", given.number, "Не тот счёт")
    with pytest.raises(AlreadyReversed):
        await take_back(NUMBER, taken.taken.entry_no, by=OLGA, reason="ещё раз")


async def test_without_a_drawer_cash_of_a_desk_is_not_taken_back(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    taken = await take(50000, "a")
    was = await balance()
    for by in (TOKEN, HEAD):
        with pytest.raises(TakenAtDesk) as refused:
            await take_back(NUMBER, taken.taken.entry_no, by=by, reason="x")
        assert "К1-1" in refused.value.text("ru")
    await open_shift("К2", by=ANNA)
    with pytest.raises(Forbidden) as other:
        await take_back(NUMBER, taken.taken.entry_no, by=ANNA, reason="x")
    assert "К1-1" in other.value.text("ru")
    assert (await shift_of(shift.id, by=OLGA)).should == 50000
    assert await balance() == was
    assert (await receipt(taken.receipt.desk_id, 1, by=OLGA)).voiding is None


async def test_money_that_is_not_cash_is_voided_with_its_receipt(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    taken = await take(700, "c", source="card")
    await take_back(NUMBER, taken.taken.entry_no, by=TOKEN, reason="Отказ банка")
    assert (await receipt(taken.receipt.desk_id, 1, by=OLGA)).voiding == "К1-2"
    assert (await shift_of(shift.id, by=OLGA)).should == 0


async def test_what_no_desk_took_is_taken_back_as_ever(provider: None) -> None:
    before = await balance()
    for key, source in (("a", "cash"), ("b", "bank")):
        taken = await take_payment(NUMBER, by=TOKEN, amount=100, source=source, external_id=key)
        await take_back(NUMBER, taken.entry_no, by=TOKEN, reason="x")
    assert await balance() == before


async def test_cash_paid_out_leaves_the_drawer_of_who_pays(provider: None) -> None:
    chief = replace(HEAD, id="4")
    shift = await open_shift("К1", by=chief)
    await take(30000, "a", by=chief)
    with pytest.raises(NotInDrawer):
        await refund_at_desk("20421", by=chief, amount=30100, method="cash")
    paid = await refund_at_desk("20421", by=chief, amount=10000, method="cash")
    found = await shift_of(shift.id, by=chief)
    assert found.should == 20000
    assert f"20421-{paid.entry_no}" in found.moves[0].reason
    await refund_at_desk("20421", by=chief, amount=10000, method="bank")
    assert (await shift_of(shift.id, by=chief)).should == 20000


async def test_nobody_of_the_staff_pays_cash_back_past_a_drawer(provider: None) -> None:
    was = (await read_account("20421", by=SYSTEM)).balance
    with pytest.raises(NoDrawer) as refused:
        await refund_at_desk("20421", by=HEAD, amount=10000, method="cash")
    assert refused.value.field == "method"
    assert (await read_account("20421", by=SYSTEM)).balance == was
    await refund_at_desk("20421", by=HEAD, amount=100, method="bank")
    await refund_at_desk("20421", by=TOKEN, amount=100, method="cash")


async def test_no_more_is_voided_than_the_drawer_holds(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    taken = await take(50000, "a")
    await move_cash(shift.id, by=OLGA, kind="out", amount=20000, reason="Сдача в банк")
    was = await balance()
    with pytest.raises(NotInDrawer):
        await void_receipt(taken.receipt.desk_id, 1, by=OLGA, reason="x")
    with pytest.raises(NotInDrawer):
        await take_back(NUMBER, taken.taken.entry_no, by=OLGA, reason="x")
    assert (await shift_of(shift.id, by=OLGA)).should == 30000
    assert await balance() == was
    await move_cash(shift.id, by=OLGA, kind="in", amount=20000, reason="Размен")
    await void_receipt(taken.receipt.desk_id, 1, by=OLGA, reason="x")
    assert (await shift_of(shift.id, by=OLGA)).should == 0


async def test_a_shift_is_opened_in_ones_own_office(provider: None) -> None:
    here = await set_office("lenina", by=HEAD, name="Офис на Ленина", address="Ленина, 4")
    there = await set_office("lesnaya", by=HEAD, name="Офис на Лесной", address="Лесная, 1")
    await set_desk("Л1", by=HEAD, office="lesnaya", name="Касса Л1")
    with pytest.raises(OtherOffice):
        await open_shift("Л1", by=replace(OLGA, office=here))
    shift = await open_shift("Л1", by=replace(OLGA, office=there))
    await count_shift(shift.id, by=OLGA, pieces={})
    await close_shift(shift.id, by=OLGA)
    # Who supervises shifts stands in where a cashier is missing.
    await open_shift("Л1", by=replace(HEAD, office=here))
