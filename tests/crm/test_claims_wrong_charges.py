"""Claims on what was charged wrongly: days by another tariff, a fee; once, with the books right."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.fees import fees_left
from abonent.billing.service.corrections import give_fee_back
from abonent.billing.service.payments import charge_fee
from abonent.billing.service.proof import verify
from abonent.billing.service.tariffs import create_tariff
from abonent.crm.claim_errors import NothingToGiveBack, OtherSumNow
from abonent.crm.queries.claims import claim_of, whole_claim
from abonent.crm.service.claims.answering import answer_claim, composed
from abonent.crm.service.claims.deciding import Remedy, decide_claim, execute_claim, reckon
from abonent.crm.service.claims.working import investigate_claim
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
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
    [left] = [one for one in await fees_left("20417", since=date(2020, 1, 1)) if one.no == fee]
    assert (left.amount, left.words("en")) == (30_000, "One-off fee: visit of a technician")
    claim = await _decided(Remedy(kind="fee", fee=fee))
    found = await claim_of(claim, by=SYSTEM)
    assert (found.compensation, found.remedy_fee, found.days) == (30_000, fee, [(left.day, 30_000)])
    assert await execute_claim(claim, by=OFFICE) == 30_000
    assert await balance() == before
    assert fee not in {one.no for one in await fees_left("20417", since=date(2020, 1, 1))}
    again = await taken()
    await investigate_claim(again, by=SYSTEM)
    with pytest.raises(Malformed):
        await reckon(again, Remedy(kind="fee", fee=fee), by=SYSTEM)
    with pytest.raises(DomainError, match="FEE_GIVEN_BACK"):
        await give_fee_back("20417", fee, by=SYSTEM, reason="ещё раз")
    assert (await verify(by=SYSTEM)).differences == []


async def test_only_a_fee_is_given_back_as_a_fee(provider: None) -> None:
    async def refused(no: int) -> None:
        with pytest.raises(DomainError, match="NOT_FOUND"):
            await give_fee_back("20417", no, by=SYSTEM, reason="не то")

    before = await balance()
    for no in (0, 1, 999_999, -1, 10**12):
        await refused(no)
    assert await balance() == before
    with pytest.raises(DomainError, match="FORBIDDEN"):
        await give_fee_back("20417", await _wrong(), by=OFFICE, reason="без права")


async def test_of_three_claims_on_one_fee_carried_out_at_once_one_is_paid(
    fresh_database: Settings,
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    before, fee = await balance(), await _wrong()
    claims = [await _decided(Remedy(kind="fee", fee=fee)) for _ in range(3)]
    ends = await asyncio.gather(
        *(execute_claim(claim, by=SYSTEM) for claim in claims), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in ends) == ["OtherSumNow", "OtherSumNow", "int"]
    assert await balance() == before
    refused = claims[[isinstance(one, OtherSumNow) for one in ends].index(True)]
    assert (await claim_of(refused, by=SYSTEM)).state == "answered"


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
