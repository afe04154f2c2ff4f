"""Cash desks against a real database: shifts, receipts, voids and what the drawer should hold."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from abonent.billing.cash_errors import (
    AlreadyVoided,
    DeskNotFound,
    DeskTaken,
    DifferenceUnexplained,
    NoOpenShift,
    NotInDrawer,
    ReceiptNotFound,
    ShiftOpenElsewhere,
    TooLittleGiven,
    WrongShiftState,
)
from abonent.billing.errors import PaymentDiffers
from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.cash.desks import denominations, desks
from abonent.billing.queries.cash.receipts import latest_receipts, receipt, voided_later
from abonent.billing.queries.cash.shifts import own_shift, shift_of, shifts_of_day
from abonent.billing.rules.cash import Taking, count_pieces, joined, should_hold
from abonent.billing.service.cash.offices import set_desk, set_office
from abonent.billing.service.cash.shifts import (
    close_shift,
    count_shift,
    move_cash,
    open_shift,
    resume_shift,
)
from abonent.billing.service.cash.taking import take_at_desk, void_receipt
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.audit import audit_trail
from abonent.kernel.db import reading
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.settings import Settings
from tests.web.seed import OPEN_DAY, small_provider

CASHIER_RIGHTS = frozenset(
    {"desk.*", "billing.account.view", "billing.payment.take", "billing.payment.reverse"}
    | {"billing.shift.work"}
)
OLGA = Actor("user", "1", "Лебедева О. П.", CASHIER_RIGHTS)
ANNA = Actor("user", "2", "Зайцева А. И.", CASHIER_RIGHTS)
HEAD = Actor("user", "3", "Громов П. С.", frozenset({"desk.*", "billing.*"}))


async def make_desks() -> None:
    await set_office("lenina", by=HEAD, name="Офис на Ленина", address="Ленина, 4")
    await set_desk("К1", by=HEAD, office="lenina", name="Касса 1")
    await set_desk("К2", by=HEAD, office="lenina", name="Касса 2")


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)
    await make_desks()


async def take(amount: int, key: str, *, by: Actor = OLGA, **more: Any) -> Any:
    source = more.pop("source", "cash")
    return await take_at_desk("20418", by=by, amount=amount, source=source, external_id=key, **more)


# rules


def test_the_drawer_holds_what_it_began_with_and_cash_alone() -> None:
    takings = [Taking("cash", 3, 90000, 1, 5650), Taking("card", 2, 70000, 0, 0)]
    assert should_hold(500000, takings, -30000) == 500000 + 84350 - 30000


def test_notes_and_coins_are_worth_their_values() -> None:
    assert count_pieces({500000: 2, 10: 3, 100: 0}) == 1000030
    for wrong in ({0: 1}, {-5: 1}, {5: -1}):
        with pytest.raises(ValueError):
            count_pieces(wrong)


def test_takings_of_drawers_are_summed_by_kind_with_cash_first() -> None:
    found = joined(
        [Taking("bank", 1, 5, 0, 0), Taking("cash", 1, 7, 1, 2), Taking("cash", 2, 3, 0, 0)]
    )
    assert found == [Taking("cash", 3, 10, 1, 2), Taking("bank", 1, 5, 0, 0)]


# shifts


async def test_a_shift_goes_from_open_to_counted_to_closed(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    assert (shift.number, shift.state, shift.float_money, shift.day) == (
        "К1-1", "OPEN", 0, OPEN_DAY,
    )  # fmt: skip
    await take(84350, "a")
    counted = await count_shift(shift.id, by=OLGA, pieces={10000: 8, 5000: 0, 50: 87})
    assert (counted.state, counted.counted_sum, counted.difference) == ("COUNTED", 84350, 0)
    closed = await close_shift(shift.id, by=OLGA, handed_in=80000)
    assert (closed.state, closed.left_money, closed.handed_in) == ("CLOSED", 4350, 80000)
    again = await open_shift("К1", by=ANNA)
    assert (again.number, again.float_money) == ("К1-2", 4350)
    done = [row.action for row in await audit_trail(subject="К1-1")]
    assert done == [
        "billing:cash_shift:closed", "billing:cash_shift:counted", "billing:cash_shift:opened",
    ]  # fmt: skip


async def test_a_difference_needs_a_word_and_keeps_it(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    await take(50000, "a")
    await count_shift(shift.id, by=OLGA, pieces={100: 499})
    for words in ("", "   "):
        with pytest.raises(DifferenceUnexplained) as refused:
            await close_shift(shift.id, by=OLGA, explanation=words)
    assert refused.value.value == -100
    closed = await close_shift(shift.id, by=OLGA, explanation="Недостача рубля")
    assert (closed.difference, closed.explanation) == (-100, "Недостача рубля")


async def test_a_desk_has_one_cashier_and_a_cashier_one_desk(provider: None) -> None:
    await open_shift("К1", by=OLGA)
    with pytest.raises(DeskTaken) as taken:
        await open_shift("К1", by=ANNA)
    assert "Лебедева" in taken.value.text("ru")
    with pytest.raises(ShiftOpenElsewhere):
        await open_shift("К2", by=OLGA)
    assert (await open_shift("К2", by=ANNA)).no == 1


async def test_a_desk_out_of_use_or_unknown_is_not_opened(provider: None) -> None:
    await set_desk("К2", by=HEAD, office="lenina", name="Касса 2", active=False)
    for code in ("К2", "К9"):
        with pytest.raises(DeskNotFound):
            await open_shift(code, by=OLGA)
    await open_shift("К1", by=OLGA)
    with pytest.raises(DeskTaken):
        await set_desk("К1", by=HEAD, office="lenina", name="Касса 1", active=False)
    assert [(d.code, d.active, d.cashier_name) for d in await desks(by=OLGA)] == [
        ("К1", True, "Лебедева О. П."),
        ("К2", False, None),
    ]


async def test_cash_is_put_in_and_handed_in_with_its_paper(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    await move_cash(shift.id, by=OLGA, kind="in", amount=300000, reason="Размен, ордер 5")
    await take(60000, "a")
    found = await move_cash(shift.id, by=OLGA, kind="out", amount=350000, reason="Инкассация")
    assert found.should == 10000
    assert [(m.kind, m.amount) for m in found.moves] == [("in", 300000), ("out", 350000)]
    with pytest.raises(NotInDrawer):
        await move_cash(shift.id, by=OLGA, kind="out", amount=10001, reason="Инкассация")
    for wrong in ({"amount": 0}, {"reason": " "}, {"kind": "sideways"}):
        given = {"kind": "in", "amount": 1, "reason": "x"} | wrong
        with pytest.raises(Malformed):
            await move_cash(shift.id, by=OLGA, **given)


async def test_after_the_count_nothing_moves_until_one_goes_on(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    await count_shift(shift.id, by=OLGA, pieces={})
    with pytest.raises(WrongShiftState):
        await take(100, "a")
    with pytest.raises(WrongShiftState):
        await move_cash(shift.id, by=OLGA, kind="in", amount=1, reason="x")
    assert (await resume_shift(shift.id, by=OLGA)).state == "OPEN"
    assert (await take(100, "a")).receipt.number == "К1-1"
    with pytest.raises(WrongShiftState):
        await close_shift(shift.id, by=OLGA)


async def test_a_closed_shift_stays_as_it_is(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    await count_shift(shift.id, by=OLGA, pieces={})
    await close_shift(shift.id, by=OLGA)
    for act in (count_shift(shift.id, by=OLGA, pieces={}), close_shift(shift.id, by=OLGA)):
        with pytest.raises(WrongShiftState):
            await act
    assert await own_shift(by=OLGA) is None


async def test_another_cashiers_shift_is_closed_by_who_supervises(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    with pytest.raises(Forbidden):
        await count_shift(shift.id, by=ANNA, pieces={})
    with pytest.raises(Forbidden):
        await shift_of(shift.id, by=ANNA)
    await count_shift(shift.id, by=HEAD, pieces={})
    assert (await close_shift(shift.id, by=HEAD)).state == "CLOSED"


async def test_more_than_was_counted_is_not_handed_in(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    await take(100, "a")
    await count_shift(shift.id, by=OLGA, pieces={100: 1})
    with pytest.raises(NotInDrawer) as refused:
        await close_shift(shift.id, by=OLGA, handed_in=101)
    assert refused.value.field == "handed_in"


async def test_the_notes_and_coins_of_the_currency_are_data(provider: None) -> None:
    found = await denominations()
    assert (found[0].value, found[-1].value) == (500000, 10)
    assert sum(one.coin for one in found) == 5


# receipts


async def test_a_payment_knows_its_shift_and_its_receipt(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    done = await take(56050, "a", given=100000)
    given = done.receipt
    assert (given.number, given.shift_id, given.change) == ("К1-1", shift.id, 43950)
    assert given.entry_no == done.taken.entry_no
    view = await read_account("20418", by=SYSTEM)
    assert (given.balance, given.through) == (view.balance, view.outlook.until)
    assert given.cashier == OLGA.name


async def test_receipts_are_numbered_without_gaps_also_after_refusals(provider: None) -> None:
    await open_shift("К1", by=OLGA)
    await take(100, "a")
    with pytest.raises(TooLittleGiven):
        await take(100, "b", given=99)
    with pytest.raises(PaymentDiffers):
        await take(200, "a")
    await take(300, "c", source="card")
    async with reading() as connection:
        rows = await connection.fetch("SELECT no FROM cash_receipt ORDER BY no")
    assert [row["no"] for row in rows] == [1, 2]


async def test_the_same_payment_sent_again_gives_the_first_receipt_even_later(
    provider: None,
) -> None:
    shift = await open_shift("К1", by=OLGA)
    first = await take(100, "a")
    await count_shift(shift.id, by=OLGA, pieces={100: 1})
    await close_shift(shift.id, by=OLGA)
    again = await take(100, "a")
    assert again.taken.repeated
    assert again.receipt == first.receipt


async def test_a_card_payment_does_not_lie_in_the_drawer(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    await take(100, "a", source="card", given=500)
    await take(200, "b")
    found = await shift_of(shift.id, by=OLGA)
    assert found.should == 200
    assert found.takings == (Taking("cash", 1, 200, 0, 0), Taking("card", 1, 100, 0, 0))
    assert (await latest_receipts(shift.id, by=OLGA))[1].given is None


async def test_cash_needs_an_open_shift(provider: None) -> None:
    before = await read_account("20418", by=SYSTEM)
    with pytest.raises(NoOpenShift):
        await take(100, "a")
    assert await read_account("20418", by=SYSTEM) == before
    assert (await take(100, "b", source="card")).receipt is None


async def test_without_cash_desks_cash_is_taken_as_ever(db: Any) -> None:
    await small_provider(db)
    assert (await take(100, "a")).receipt is None


# voids


async def test_a_receipt_is_voided_in_ones_own_shift_by_a_reversal(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    taken = await take(50000, "a")
    voided = await void_receipt(taken.receipt.desk_id, 1, by=OLGA, reason="Не тот счёт")
    assert (voided.number, voided.kind, voided.corrected) == ("К1-2", "void", "К1-1")
    assert voided.balance == (await read_account("20418", by=SYSTEM)).balance
    found = await shift_of(shift.id, by=OLGA)
    assert found.should == 0
    assert found.takings == (Taking("cash", 1, 50000, 1, 50000),)
    assert (await receipt(voided.desk_id, 1, by=OLGA)).voiding == "К1-2"
    with pytest.raises(AlreadyVoided):
        await void_receipt(voided.desk_id, 1, by=OLGA, reason="ещё раз")
    with pytest.raises(AlreadyVoided):
        await void_receipt(voided.desk_id, 2, by=OLGA, reason="возврат возврата")


async def test_a_void_needs_a_reason_and_a_receipt(provider: None) -> None:
    await open_shift("К1", by=OLGA)
    given = (await take(100, "a")).receipt
    with pytest.raises(Malformed):
        await void_receipt(given.desk_id, 1, by=OLGA, reason=" ")
    with pytest.raises(ReceiptNotFound):
        await void_receipt(given.desk_id, 2, by=OLGA, reason="x")


async def test_after_closing_only_the_other_right_voids_and_no_drawer_moves(provider: None) -> None:
    shift = await open_shift("К1", by=OLGA)
    given = (await take(100, "a")).receipt
    await count_shift(shift.id, by=OLGA, pieces={100: 1})
    await close_shift(shift.id, by=OLGA)
    with pytest.raises(Forbidden):
        await void_receipt(given.desk_id, 1, by=OLGA, reason="x")
    voided = await void_receipt(given.desk_id, 1, by=HEAD, reason="Ошибка кассира")
    assert (voided.number, voided.shift_id) == ("К1-2", None)
    assert (await shift_of(shift.id, by=OLGA)).takings == (Taking("cash", 1, 100, 0, 0),)
    assert await voided_later(shift.id, by=OLGA) == (1, 100)


async def test_another_cashiers_open_shift_is_not_for_a_cashier_to_void(provider: None) -> None:
    await open_shift("К1", by=OLGA)
    given = (await take(100, "a")).receipt
    await open_shift("К2", by=ANNA)
    with pytest.raises(Forbidden):
        await void_receipt(given.desk_id, 1, by=ANNA, reason="x")
    head = await open_shift_of_head()
    voided = await void_receipt(given.desk_id, 1, by=HEAD, reason="x")
    assert (voided.number, voided.shift_id, voided.corrected) == ("К3-1", head, "К1-1")


async def open_shift_of_head() -> int:
    await set_desk("К3", by=HEAD, office="lenina", name="Касса 3")
    shift = await open_shift("К3", by=HEAD)
    await move_cash(shift.id, by=HEAD, kind="in", amount=1000, reason="Размен")
    return shift.id


async def test_a_receipt_is_never_changed_or_removed(provider: None, db: Any) -> None:
    await open_shift("К1", by=OLGA)
    await take(100, "a")
    for statement in ("UPDATE cash_receipt SET amount = 1", "DELETE FROM cash_receipt"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            async with db.transaction():
                await db.execute(statement)


# reports


async def test_the_day_names_every_shift_for_who_may_see_them(provider: None) -> None:
    await open_shift("К1", by=OLGA)
    await open_shift("К2", by=ANNA)
    await take(100, "a")
    await take(200, "b", by=ANNA)
    all_of_them = await shifts_of_day(OPEN_DAY, by=HEAD)
    assert [(s.number, s.should) for s in all_of_them] == [("К1-1", 100), ("К2-1", 200)]
    assert [s.number for s in await shifts_of_day(OPEN_DAY, by=OLGA)] == ["К1-1"]
    assert await shifts_of_day(OPEN_DAY, by=HEAD, office="other") == []


# side by side


async def test_payments_at_once_at_two_desks_have_numbers_without_gaps(
    fresh_database: Settings,
) -> None:
    async with reading() as connection:
        await small_provider(connection)
    await make_desks()
    await open_shift("К1", by=OLGA)
    await open_shift("К2", by=ANNA)
    turns = [
        take_at_desk(number, by=by, amount=100, source="cash", external_id=f"{number}-{n}")
        for n in range(8)
        for number, by in (("20417", OLGA), ("20418", OLGA), ("20417", ANNA), ("20419", ANNA))
        if not (by is ANNA and number == "20417" and n % 2)
    ]
    done = await asyncio.gather(*turns)
    assert len(done) == len(turns)
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT desk_id, array_agg(no ORDER BY no) AS numbers FROM cash_receipt GROUP BY desk_id"
        )
    assert all(list(row["numbers"]) == list(range(1, len(row["numbers"]) + 1)) for row in rows)
    for by in (OLGA, ANNA):
        shift = await own_shift(by=by)
        assert shift is not None
        assert shift.should == 100 * shift.takings[0].count


async def test_two_people_open_one_desk_at_once_and_one_of_them_is_told(
    fresh_database: Settings,
) -> None:
    async with reading() as connection:
        await small_provider(connection)
    await make_desks()
    ends = await asyncio.gather(
        open_shift("К1", by=OLGA), open_shift("К1", by=ANNA), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["DeskTaken", "Shift"]
