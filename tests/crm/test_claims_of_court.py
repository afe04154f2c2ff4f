"""What court brings back: money that was given or taken back before is not given beside it."""

from __future__ import annotations

from typing import Any

import pytest

from abonent.crm.claim_errors import ClaimPaid, OverOwnLimit
from abonent.crm.service.claims.answering import answer_claim
from abonent.crm.service.claims.deciding import execute_claim, set_claim_policy
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.working import close_claim, hand_to_court, withdraw_claim
from abonent.kernel.actor import SYSTEM
from tests.crm.test_claims import OFFICE, balance, decided, seen, taken
from tests.web.seed import small_provider

BONUS = Remedy(kind="bonus", amount=3_000)


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def test_what_was_given_back_is_not_given_again_from_court(provider: None) -> None:
    before, claim = await balance(), await taken()
    await decided(claim, BONUS)
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
    await execute_claim(claim, by=SYSTEM)
    for _ in range(2):
        await hand_to_court(claim, by=SYSTEM, court="Мировой суд, участок 5")
        with pytest.raises(ClaimPaid):
            await execute_claim(claim, by=SYSTEM)
        assert (await seen(claim)).state == "court"
        await close_claim(claim, by=SYSTEM)
    assert await balance() == before + 3_000


async def test_what_was_taken_back_counts_again_when_court_brings_it(provider: None) -> None:
    """Taken back, a decision leaves the clerk's limit to the next one; together they do not stand."""
    await set_claim_policy(by=SYSTEM, own_limit=5_000, head_email="")
    before, claims = await balance(), [await taken() for _ in range(3)]
    for claim in claims:
        await decided(claim, BONUS, by=OFFICE)
        await withdraw_claim(claim, by=OFFICE, note="Передумал.")
    for claim in claims:
        await hand_to_court(claim, by=OFFICE, court="Мировой суд, участок 5")
    for claim in claims:
        with pytest.raises(OverOwnLimit):
            await execute_claim(claim, by=OFFICE)
    assert await balance() == before
    assert await execute_claim(claims[0], by=SYSTEM) == 3_000


async def test_what_the_head_decided_is_carried_out_after_court_by_a_clerk(provider: None) -> None:
    await set_claim_policy(by=SYSTEM, own_limit=1_000, head_email="")
    claim = await taken()
    await decided(claim, BONUS, by=SYSTEM)
    await hand_to_court(claim, by=OFFICE, court="Мировой суд, участок 5")
    assert await execute_claim(claim, by=OFFICE) == 3_000


async def test_a_bonus_below_nothing_is_refused(provider: None) -> None:
    with pytest.raises(Exception, match="MALFORMED"):
        await decided(await taken(), Remedy(kind="bonus", amount=-5))
