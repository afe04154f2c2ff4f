"""Contracts: their numbers, their states, and an account that goes to another owner."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.statement import statement
from abonent.billing.service import days, payments, services, tariffs
from abonent.crm.errors import (
    ChangedMeanwhile,
    ContractNumberTaken,
    ContractStands,
    NotGivenBack,
    OwnerOwes,
    SameOwner,
)
from abonent.crm.numbering import check_pattern, number_of, run_of
from abonent.crm.queries import face_of
from abonent.crm.queries.cards import contract_of, owner_changes_of
from abonent.crm.queries.people import contacts_of
from abonent.crm.service.contracts import ContractState, correct_contract, move_contract
from abonent.crm.service.equipment import Device, give_equipment
from abonent.crm.service.numbers import set_number_plan
from abonent.crm.service.owners import TakeOver, change_owner, preview_owner
from abonent.crm.service.subscribers import NewSubscriber, add_subscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Malformed
from abonent.kernel.settings import Settings
from tests.crm.conftest import TODAY

NEW = NewSubscriber("Кузнецова Анна Петровна", phone="+7 903 111-22-33")


async def _contract(number: str) -> Any:
    view = await read_account(number, by=SYSTEM)
    found = await contract_of(view.account, by=SYSTEM)
    assert found is not None
    return found


async def _account(number: str, name: str = "Кто-то") -> str:
    person = NewSubscriber(name)
    await open_subscriber_account(number, by=SYSTEM, billing_day=1, subscriber=person)
    return (await _contract(number)).number


async def _served(number: str, *, paid: int) -> None:
    await tariffs.create_tariff(
        by=SYSTEM, code="opt", name="Оптима", kind="internet", mode="advance", fee=56000
    )
    await services.add_service(number, by=SYSTEM, tariff="opt")
    if paid:
        await payments.take_payment(
            number, by=SYSTEM, amount=paid, source="cash", external_id=f"{number}-1"
        )


def test_a_pattern_becomes_numbers_of_a_run() -> None:
    day = date(2026, 3, 9)
    assert number_of("{year}-{n:05}", day, 7) == "2026-00007"
    assert number_of("Д-{yy}{month}/{n}", day, 12) == "Д-2603/12"
    assert run_of("Д-{yy}{month}/{n}", day) == "Д-2603/"
    assert run_of("{n:03}", day) == run_of("{n:03}", date(2030, 1, 1)) == ""


@pytest.mark.parametrize(
    "pattern", ["", "2026", "{n}{n}", "{year}", "{n:5}", "{day}-{n}", "{n", "x" * 39 + "{n}"]
)
def test_a_pattern_that_makes_no_numbers_is_refused(pattern: str) -> None:
    with pytest.raises(Malformed):
        check_pattern(pattern)


async def test_contracts_are_numbered_without_gaps_by_the_plan(card: str) -> None:
    assert await _account("1") == "1"
    await set_number_plan("main", "contract", by=SYSTEM, pattern="{year}-{n:04}")
    assert await _account("2") == "2026-0001"
    with pytest.raises(Exception, match="already"):
        await _account("2")
    assert await _account("3") == "2026-0002"
    person = NewSubscriber("Из старой базы")
    await open_subscriber_account(
        "4", by=SYSTEM, billing_day=1, subscriber=person, contract="2026-0003"
    )
    assert await _account("5") == "2026-0004"


async def test_numbers_taken_at_once_are_each_taken_once(fresh_database: Settings) -> None:
    await days.begin(TODAY, by=SYSTEM)
    await set_number_plan("main", "contract", by=SYSTEM, pattern="Д-{n}")
    made = await asyncio.gather(*(_account(str(number)) for number in range(1, 9)))
    assert sorted(made) == [f"Д-{count}" for count in range(1, 9)]


async def test_a_contract_goes_only_where_it_may(card: str) -> None:
    seen = (await _contract(card)).version
    with pytest.raises(ContractStands):
        await move_contract(card, by=SYSTEM, to=ContractState.ARCHIVE, seen=seen)
    with pytest.raises(Malformed):
        await move_contract(card, by=SYSTEM, to=ContractState.NOTICE, seen=seen)
    early = date(2026, 3, 1)
    with pytest.raises(Malformed):
        await move_contract(card, by=SYSTEM, to=ContractState.NOTICE, seen=seen, ends_on=early)
    may = date(2026, 5, 1)
    await move_contract(card, by=SYSTEM, to=ContractState.NOTICE, seen=seen, ends_on=may)
    with pytest.raises(ChangedMeanwhile):
        await move_contract(card, by=SYSTEM, to=ContractState.ACTIVE, seen=seen)
    await move_contract(card, by=SYSTEM, to=ContractState.ACTIVE, seen=seen + 1)
    assert (await _contract(card)).ends_on is None
    to = ContractState.TERMINATED
    await move_contract(card, by=SYSTEM, to=to, seen=seen + 2, ends_on=may)
    await move_contract(card, by=SYSTEM, to=ContractState.ARCHIVE, seen=seen + 3)
    assert (await _contract(card)).state == "archive"


async def test_a_number_of_another_subscriber_is_taken(card: str) -> None:
    await _account("77")
    with pytest.raises(ContractNumberTaken):
        await correct_contract(
            card, by=SYSTEM, seen=1, contract="77", signed_on=TODAY, border="flat"
        )
    await correct_contract(
        card,
        by=SYSTEM,
        seen=1,
        contract="Д-1",
        signed_on=TODAY,
        border="other",
        border_text="Муфта",
    )
    found = await _contract(card)
    assert (found.number, found.border, found.border_text) == ("Д-1", "other", "Муфта")


async def test_an_account_goes_to_another_owner_with_its_number_and_history(card: str) -> None:
    await _served(card, paid=100000)
    before = await statement(card, by=SYSTEM)
    looked = await preview_owner(card, by=SYSTEM, over=TakeOver(owner=NEW))
    assert (looked.balance, looked.ends_old) == (44000, True)
    assert (await _contract(card)).number == "20417"
    made = await change_owner(card, by=SYSTEM, over=TakeOver(owner=NEW))
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    assert (face.number, face.name, face.contract) == (card, NEW.name, "2026-00001")
    assert (made.act, made.old_contract, made.balance) == ("2026-0001", "20417", 44000)
    assert (await statement(card, by=SYSTEM)).items == before.items
    view = await read_account(card, by=SYSTEM)
    assert (view.balance, view.state) == (44000, "served")
    (told,) = await owner_changes_of(view.account, by=SYSTEM)
    assert (told.from_name, told.to_name) == ("Семёнов Пётр Ильич", NEW.name)
    phones = [c.shown for c in await contacts_of(face.subscriber, by=SYSTEM)]
    assert phones == ["+7 903 ••• ••-33"]


async def test_the_old_contract_ends_with_its_last_account(card: str, db: Any) -> None:
    await change_owner(card, by=SYSTEM, over=TakeOver(owner=NEW))
    old = await db.fetchrow("SELECT state, ends_on FROM crm_contract WHERE number = '20417'")
    assert tuple(old) == ("terminated", TODAY)


async def test_a_debt_stops_it_until_it_is_paid_or_taken_over(card: str) -> None:
    await payments.charge_fee(
        card, by=SYSTEM, amount=30000, kind="visit", reason="Вызов", into_debt=True
    )
    with pytest.raises(OwnerOwes) as refused:
        await change_owner(card, by=SYSTEM, over=TakeOver(owner=NEW))
    assert "300" in refused.value.text("ru")
    assert (await _contract(card)).number == "20417"
    await change_owner(card, by=SYSTEM, over=TakeOver(owner=NEW, debt=True))
    (told,) = await owner_changes_of((await read_account(card, by=SYSTEM)).account, by=SYSTEM)
    assert (told.balance, told.debt_taken) == (-30000, True)


async def test_money_and_services_stay_behind_when_they_do_not_go_over(card: str) -> None:
    await _served(card, paid=100000)
    over = TakeOver(owner=NEW, services=False, balance=False)
    made = await change_owner(card, by=SYSTEM, over=over)
    assert (made.refunded, made.ended) == (44000, ("Оптима",))
    view = await read_account(card, by=SYSTEM)
    assert view.services[0].end == date(2026, 4, 2)


async def test_equipment_that_does_not_go_over_comes_back_first(card: str) -> None:
    router = Device(kind="router", owner="rent", given_on=TODAY, model="AX3", serial="S1")
    await give_equipment(card, by=SYSTEM, device=router)
    with pytest.raises(NotGivenBack) as refused:
        await change_owner(card, by=SYSTEM, over=TakeOver(owner=NEW, equipment=False))
    assert "AX3 S1" in refused.value.text("ru")
    made = await change_owner(card, by=SYSTEM, over=TakeOver(owner=NEW))
    assert made.devices == ("AX3 S1",)


async def test_the_owner_is_another_person(card: str) -> None:
    face = await face_of(card, by=SYSTEM)
    assert face is not None
    with pytest.raises(SameOwner):
        await change_owner(card, by=SYSTEM, over=TakeOver(owner=face.subscriber))
    known = await add_subscriber(NEW, by=SYSTEM)
    await change_owner(card, by=SYSTEM, over=TakeOver(owner=known))
    after = await face_of(card, by=SYSTEM)
    assert after is not None
    assert after.subscriber == known
