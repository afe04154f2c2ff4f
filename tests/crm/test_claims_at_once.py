"""Claims of one account carried out at the same moment: each has its own money, or none and says so."""

from __future__ import annotations

import asyncio

from abonent.crm.queries.claims import claim_of
from abonent.crm.service.claims.answering import answer_claim
from abonent.crm.service.claims.deciding import decide_claim, execute_claim
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.working import investigate_claim
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.errors import DomainError
from abonent.kernel.settings import Settings
from tests.crm.test_claims import OUTAGE, taken
from tests.web.seed import small_provider

_GIVEN = """
SELECT coalesce(sum(amount), 0)::bigint FROM billing_entry e JOIN billing_account b USING (account_id)
WHERE b.number = '20417' AND e.kind IN ('correction', 'compensation', 'bonus')
"""


async def _answered(remedy: Remedy) -> list[int]:
    async with transaction() as connection:
        await small_provider(connection)
    claims = [await taken() for _ in range(3)]
    for claim in claims:
        await investigate_claim(claim, by=SYSTEM)
        await decide_claim(
            claim, by=SYSTEM, decision="full", grounds="Авария подтверждена.", cause="network",
            remedy=remedy,
        )  # fmt: skip
        await answer_claim(claim, by=SYSTEM, text="Вернём.")
    return claims


async def _carried_out(claims: list[int]) -> tuple[int, int]:
    """How many were carried out, and what they say was given back in all."""
    async with reading() as connection:
        before = await connection.fetchval(_GIVEN)
    ends = await asyncio.gather(
        *(execute_claim(claim, by=SYSTEM) for claim in claims), return_exceptions=True
    )
    assert all(isinstance(one, (int, DomainError)) for one in ends), ends
    said = [(await claim_of(claim, by=SYSTEM)).posted or 0 for claim in claims]
    async with reading() as connection:
        given = await connection.fetchval(_GIVEN) - before
    assert sum(said) == given
    return sum(isinstance(one, int) for one in ends), given


async def test_the_same_days_are_given_back_once_and_the_others_are_refused(
    fresh_database: Settings,
) -> None:
    claims = await _answered(OUTAGE)
    done, given = await _carried_out(claims)
    assert done == 1
    assert given > 0


async def test_bonuses_at_once_are_all_given(fresh_database: Settings) -> None:
    claims = await _answered(Remedy(kind="bonus", amount=10_000))
    assert await _carried_out(claims) == (3, 30_000)
