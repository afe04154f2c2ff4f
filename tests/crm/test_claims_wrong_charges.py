"""Claims on what was charged wrongly: days by another tariff, charges; once, with the books right."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.accounts import look
from abonent.billing.queries.charged import charges_left
from abonent.billing.rules.held import Held
from abonent.billing.service.corrections import give_charges_back
from abonent.billing.service.payments import charge_fee
from abonent.billing.service.proof import verify
from abonent.billing.service.tariffs import create_tariff
from abonent.crm.claim_errors import NothingToGiveBack, OtherSumNow, OverOwnLimit
from abonent.crm.claim_papers import given_for, stored_paper
from abonent.crm.queries.claims import claim_of, whole_claim
from abonent.crm.service.claims.answering import answer_claim, composed
from abonent.crm.service.claims.deciding import decide_claim, execute_claim, reckon
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.working import investigate_claim
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.documents.printing import print_document
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.settings import Settings
from tests.crm.test_claims import OFFICE, balance, taken
from tests.web.seed import small_provider


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def _wrong() -> int:
    taken_ = await charge_fee(
        "20417", by=SYSTEM, amount=30_000, kind="visit", reason="Выезд", into_debt=True
    )
    return taken_.entry_no


async def _held() -> dict[int, Held]:
    found = await charges_left(await look("20417"), since=date(2020, 1, 1))
    return {one.charge.no: one for one in found}


async def _of_november() -> Held:
    """The month's charge of the first service."""
    [found] = [
        one for one in (await _held()).values()
        if one.charge.service == 1 and date(2026, 11, 2) in one.days
    ]  # fmt: skip
    return found


async def _decided(remedy: Remedy) -> int:
    claim = await taken(subject="charge")
    await investigate_claim(claim, by=SYSTEM)
    await decide_claim(
        claim, by=SYSTEM, decision="full", grounds="Выезд был по нашей вине.", cause="billing",
        remedy=remedy,
    )  # fmt: skip
    await answer_claim(claim, by=SYSTEM, text="Вернём.")
    return claim


async def test_a_fee_charged_by_mistake_goes_back_once_and_the_books_stay_right(
    provider: None,
) -> None:
    before, fee = await balance(), await _wrong()
    assert await balance() == before - 30_000
    left = (await _held())[fee]
    assert (left.total, left.words("en")) == (30_000, "One-off fee: visit of a technician")
    claim = await _decided(Remedy(kind="charges", charges=(fee,)))
    found = await claim_of(claim, by=SYSTEM)
    day = left.charge.day
    assert (found.compensation, found.remedy_charges, found.days) == (
        30_000,
        [fee],
        [(day, 30_000)],
    )
    assert given_for(found, "ru") == f"Ошибочное начисление от {day:%d.%m.%Y}"
    [answer] = (await whole_claim(claim, by=SYSTEM)).answers
    paper = stored_paper(answer.paper)
    assert paper["given_as"] == "Возврат ошибочно начисленного"
    for language in ("ru", "en"):
        printed = await print_document("claim_answer", paper, language=language)
        assert printed.pdf.startswith(b"%PDF")
    assert await execute_claim(claim, by=OFFICE) == 30_000
    assert await balance() == before
    assert fee not in await _held()
    again = await taken()
    await investigate_claim(again, by=SYSTEM)
    with pytest.raises(Malformed):
        await reckon(again, Remedy(kind="charges", charges=(fee,)), by=SYSTEM)
    with pytest.raises(DomainError, match="CHARGE_GIVEN_BACK"):
        await give_charges_back("20417", [fee], by=SYSTEM, reason="ещё раз")
    assert (await verify(by=SYSTEM)).differences == []


async def test_several_charges_go_back_with_what_they_hold_of_past_days_and_no_more(
    provider: None,
) -> None:
    """Three of the month's days were given back before: they do not go back again."""
    await _wrong(), await _wrong()
    service = await _of_november()
    whole = service.total
    unserved = {"first": date(2026, 11, 2), "last": date(2026, 11, 4), "service": 1}
    given = await execute_claim(await _decided(Remedy(kind="unserved", **unserved)), by=OFFICE)
    left, before = await _held(), await balance()
    assert left[service.charge.no].total == whole - given
    assert max(left[service.charge.no].days) < (await look("20417")).open_day
    fees = [no for no, one in left.items() if one.past is None]
    chosen = (service.charge.no, *fees)
    total = whole - given + 60_000
    claim = await _decided(Remedy(kind="charges", charges=chosen))
    assert (await claim_of(claim, by=SYSTEM)).compensation == total
    told = composed(await whole_claim(claim, by=SYSTEM), language="en")
    assert "that were made by mistake" in told
    assert "bonus" not in told
    assert await execute_claim(claim, by=OFFICE) == total
    assert await balance() == before + total
    assert not set(chosen) & set(await _held())
    assert (await verify(by=SYSTEM)).differences == []


async def test_only_what_holds_something_is_given_back(provider: None) -> None:
    before, fee = await balance(), await _wrong()
    for chosen in ([0], [999_999], [-1], [10**12], [fee, 999_999]):
        with pytest.raises(DomainError, match="CHARGE_GIVEN_BACK"):
            await give_charges_back("20417", chosen, by=SYSTEM, reason="не то")
    assert await balance() == before - 30_000
    with pytest.raises(DomainError, match="FORBIDDEN"):
        await give_charges_back("20417", [fee], by=OFFICE, reason="без права")
    claim = await taken()
    await investigate_claim(claim, by=SYSTEM)
    for wrong in ((), (999_999,), (fee, 999_999)):
        with pytest.raises(Malformed):
            await reckon(claim, Remedy(kind="charges", charges=wrong), by=SYSTEM)


async def test_charges_stand_under_a_clerks_own_limit(provider: None) -> None:
    taken_ = await charge_fee(
        "20417", by=SYSTEM, amount=150_000, kind="visit", reason="Выезд", into_debt=True
    )
    claim = await taken()
    await investigate_claim(claim, by=SYSTEM)
    remedy = Remedy(kind="charges", charges=(taken_.entry_no,))
    given: dict[str, Any] = {"decision": "full", "grounds": "Ошибка", "cause": "billing"}
    with pytest.raises(OverOwnLimit):
        await decide_claim(claim, by=OFFICE, remedy=remedy, **given)
    assert (await decide_claim(claim, by=SYSTEM, remedy=remedy, **given)).total == 150_000


async def test_of_three_claims_on_one_charge_carried_out_at_once_one_is_paid(
    fresh_database: Settings,
) -> None:
    """Two of them name another charge as well: what is refused gives back nothing of it."""
    async with transaction() as connection:
        await small_provider(connection)
    before = await balance()
    fee, other = await _wrong(), await _wrong()
    named = ((fee,), (fee, other), (other, fee))
    claims = [await _decided(Remedy(kind="charges", charges=one)) for one in named]
    ends = await asyncio.gather(
        *(execute_claim(claim, by=SYSTEM) for claim in claims), return_exceptions=True
    )
    [paid] = [one for one in ends if isinstance(one, int)]
    assert sorted(type(one).__name__ for one in ends) == ["OtherSumNow", "OtherSumNow", "int"]
    assert await balance() == before - 60_000 + paid
    now = sorted(one.params["now"] for one in ends if isinstance(one, OtherSumNow))
    assert now == ([0, 0] if paid == 60_000 else [30_000, 30_000])
    refused = claims[[isinstance(one, OtherSumNow) for one in ends].index(True)]
    assert (await claim_of(refused, by=SYSTEM)).state == "answered"
    assert (await verify(by=SYSTEM)).differences == []


async def test_of_two_claims_on_the_same_days_and_their_charge_at_once_one_is_paid(
    fresh_database: Settings,
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    before = await balance()
    service = await _of_november()
    days = {"first": min(service.days), "last": max(service.days), "service": 1}
    claims = [
        await _decided(Remedy(kind="charges", charges=(service.charge.no,))),
        await _decided(Remedy(kind="unserved", **days)),
    ]
    ends = await asyncio.gather(
        *(execute_claim(claim, by=SYSTEM) for claim in claims), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in ends) == ["OtherSumNow", "int"]
    assert await balance() == before + service.total
    assert (await verify(by=SYSTEM)).differences == []


async def test_days_of_a_wrong_tariff_are_reckoned_by_the_right_one(provider: None) -> None:
    await create_tariff(
        by=SYSTEM, code="right", name="Верный", kind="internet", mode="advance", fee=16_000
    )
    days: dict[str, Any] = {"first": date(2026, 11, 2), "last": date(2026, 11, 4), "service": 1}
    before = await balance()
    claim = await taken(subject="tariff")
    await investigate_claim(claim, by=SYSTEM)
    with pytest.raises(Malformed):
        await reckon(claim, Remedy(kind="tariff", tariff="gone", **days), by=SYSTEM)
    remedy = Remedy(kind="tariff", tariff="right", **days)
    shown = await reckon(claim, remedy, by=SYSTEM)
    assert [day.day for day, _amount in shown.days] == [2, 3, 4]
    assert shown.total == (46_000 - 16_000) * 3 // 30
    await decide_claim(
        claim, by=SYSTEM, decision="full", grounds="Тариф не просили.", cause="billing",
        remedy=remedy,
    )  # fmt: skip
    told = composed(await whole_claim(claim, by=SYSTEM), language="en")
    assert "reckoned anew by the right tariff" in told
    await answer_claim(claim, by=SYSTEM, text="Вернём.")
    assert await execute_claim(claim, by=OFFICE) == shown.total
    assert await balance() == before + shown.total
    again = await taken()
    await investigate_claim(again, by=SYSTEM)
    with pytest.raises(NothingToGiveBack):
        await reckon(again, remedy, by=SYSTEM)
