"""Claims of one account in any order, with whatever else happens to it between decision and money."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from abonent.billing.queries.accounts import look
from abonent.billing.queries.charged import charges_left
from abonent.billing.service import days, freezes, payments, services
from abonent.billing.service.proof import verify
from abonent.crm.queries.claims import claim_of
from abonent.crm.service.claims.answering import answer_claim
from abonent.crm.service.claims.deciding import decide_claim, execute_claim
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.working import hand_to_court, investigate_claim
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.errors import DomainError
from tests.crm.test_claims import balance, taken
from tests.web.seed import small_provider

NUMBER = "20417"
STEPS = 60
_TAKEN = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM billing_entry e JOIN billing_account b USING (account_id)
WHERE b.number = $1 AND e.kind NOT IN ('payment', 'bonus', 'refund', 'reversal', 'opening')
"""


class Story:
    """What happens to the account, drawn from one source of chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.claims: list[int] = []
        self.paid = self.refused = 0

    async def open_day(self) -> date:
        return (await look(NUMBER)).open_day

    async def remedy(self) -> Remedy:
        """Any remedy, of days and charges that others have named before as well."""
        chance, today = self.chance, await self.open_day()
        first = today - timedelta(chance.randint(1, 25))
        last = min(today - timedelta(1), first + timedelta(chance.randint(0, 9)))
        span: dict[str, Any] = {"first": first, "last": last}
        kind = chance.choice(["outage", "unserved", "tariff", "discount", "charges", "charges"])
        if kind in {"unserved", "tariff", "discount"}:
            span["service"] = chance.randint(1, len((await look(NUMBER)).book.services))
        if kind == "discount":
            return Remedy(kind=kind, percent=chance.choice([1000, 5000, 10000]), **span)
        if kind == "tariff":
            return Remedy(kind=kind, tariff=chance.choice(["opt50", "opt100", "day", "tv"]), **span)
        if kind != "charges":
            return Remedy(kind=kind, **span)
        held = await charges_left(await look(NUMBER), since=today - timedelta(90))
        chosen = chance.choices(held, k=chance.randint(1, 3)) if held else []
        return Remedy(kind=kind, charges=tuple(one.charge.no for one in chosen))

    async def decide(self) -> None:
        claim = await taken(subject="charge")
        await investigate_claim(claim, by=SYSTEM)
        with suppress(DomainError):
            await decide_claim(
                claim, by=SYSTEM, decision="full", grounds="Ошибка", cause="billing",
                remedy=await self.remedy(),
            )  # fmt: skip
            await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
            self.claims.append(claim)

    async def execute(self) -> None:
        if not self.claims:
            return
        claim, before = self.chance.choice(self.claims), await balance()
        try:
            paid = await execute_claim(claim, by=SYSTEM)
        except DomainError:
            self.refused += 1
            assert await balance() == before
            return
        self.paid += 1
        assert paid == (await claim_of(claim, by=SYSTEM)).compensation > 0

    async def go_to_court(self) -> None:
        if self.claims:
            with suppress(DomainError):
                await hand_to_court(self.chance.choice(self.claims), by=SYSTEM, court="Суд")

    async def live(self) -> None:
        """Something that has nothing to do with claims."""
        chance, today = self.chance, await self.open_day()
        soon = today + timedelta(chance.randint(1, 6))
        own = chance.randint(1, len((await look(NUMBER)).book.services))
        act = chance.randint(0, 6)
        with suppress(DomainError):
            if act <= 1:
                await days.close_days(by=SYSTEM, through=today + timedelta(chance.randint(0, 4)))
            elif act == 2:
                amount = chance.randint(1, 90_000)
                await payments.charge_fee(
                    NUMBER, by=SYSTEM, amount=amount, kind="visit", reason="Выезд", into_debt=True
                )
            elif act == 3:
                until = soon + timedelta(chance.randint(1, 9))
                await freezes.freeze_account(
                    NUMBER, by=SYSTEM, start=soon, end=until, override=True
                )
            elif act == 4:
                tariff = chance.choice(["opt50", "opt100", "day", "biz"])
                await services.change_tariff(
                    NUMBER, own, by=SYSTEM, tariff=tariff, anyway=chance.random() < 0.5
                )
            elif act == 5:
                await payments.take_payment(
                    NUMBER, by=SYSTEM, amount=chance.randint(1, 90_000), source="cash",
                    external_id=f"s{chance.random()}",
                )  # fmt: skip
            else:
                await services.add_service(NUMBER, by=SYSTEM, tariff=chance.choice(["tv", "biz"]))


@pytest.mark.parametrize("seed", range(6))
async def test_no_more_goes_back_than_was_taken_whatever_comes_between(db: Any, seed: int) -> None:
    await small_provider(db)
    story = Story(Random(seed))
    acts = [story.decide] * 4 + [story.execute] * 4 + [story.live] * 4 + [story.go_to_court]
    for _ in range(STEPS):
        await story.chance.choice(acts)()
        async with reading() as connection:
            assert await connection.fetchval(_TAKEN, NUMBER) >= 0
    assert (await verify(by=SYSTEM)).differences == []
    assert story.paid > 2
    assert story.refused > 2
