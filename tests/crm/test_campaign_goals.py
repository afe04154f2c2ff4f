"""What a campaign is for, reached by some of its people in fact: each goal on real acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from abonent.billing.service import days, payments, services, tariffs
from abonent.crm import jobs
from abonent.crm.queries.campaigns import campaign_of
from abonent.crm.rules.people import read_address
from abonent.crm.service.campaigns.counting import ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import Draft, draft_campaign
from abonent.crm.service.campaigns.effect import note_effects
from abonent.crm.service.campaigns.moving import launch_campaign
from abonent.crm.service.campaigns.sending import send_campaigns
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM

PLANNED = jobs.count_people_of_campaign
FIRST_DAY, OPEN_DAY = date(2026, 4, 1), date(2026, 5, 1)
NOON = datetime(2026, 5, 1, 9, tzinfo=UTC)
LATER = NOON + timedelta(hours=5)
NUMBERS = ("30001", "30002", "30003", "30004")
FEE = 50_000
DRAFT = Draft(
    name="Проверка цели", channel="sms", text="Здравствуйте, {name}!", hourly=1_000_000, control=0
)
Act = Callable[[], Awaitable[object]]


async def provider(*, mode: str) -> None:
    """Four subscribers with a service each since the first of April; it is the first of May."""
    await days.begin(FIRST_DAY, by=SYSTEM)
    for code in ("old", "new"):
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=code, kind="internet", mode=mode, fee=FEE, due_days=10
        )
    for at, number in enumerate(NUMBERS):
        await open_subscriber_account(
            number, by=SYSTEM, billing_day=1,
            subscriber=NewSubscriber(f"Иванов {at}", phone=f"7900000000{at}"),
            address=read_address(f"Центр, Мира, 9, кв. {at + 1}"),
        )  # fmt: skip
        await services.add_service(number, by=SYSTEM, tariff="old")
    await days.close_days(by=SYSTEM, through=OPEN_DAY - timedelta(1))


async def written_to(goal: str) -> int:
    """A campaign that has gone out to all four."""
    with clock.moved(NOON):
        made = await draft_campaign("", replace(DRAFT, goal=goal, goal_days=5), by=SYSTEM)
        await ask_count(made, by=SYSTEM)
        assert await count_campaign(made)
        await launch_campaign(made, by=SYSTEM, typed=len(NUMBERS))
        assert await send_campaigns() == len(NUMBERS)
    assert (await campaign_of(made, by=SYSTEM)).handled == len(NUMBERS)
    return made


async def reached(db: Any, campaign: int) -> dict[str, date]:
    rows = await db.fetch(
        "SELECT b.number, p.reached_on FROM crm_campaign_person p JOIN billing_account b"
        " USING (account_id) WHERE p.campaign_id = $1 AND p.reached_on IS NOT NULL",
        campaign,
    )
    return {row["number"]: row["reached_on"] for row in rows}


async def pay(number: str, amount: int) -> None:
    await payments.take_payment(
        number, by=SYSTEM, amount=amount, source="cash", external_id=f"{number}-{amount}"
    )


async def ask(number: str) -> None:
    await take_request(NewRequest(channel="call", text="Нет интернета", account=number), by=SYSTEM)


GOALS: dict[str, tuple[str, Act, Act]] = {
    "debt_gone": ("arrears", lambda: pay("30002", FEE), lambda: pay("30003", FEE - 1)),
    "returned": ("advance", lambda: pay("30002", FEE), lambda: pay("30003", 100)),
    "tariff": (
        "arrears",
        lambda: services.change_tariff("30002", 1, by=SYSTEM, tariff="new"),
        lambda: pay("30003", FEE),
    ),
    "request": ("arrears", lambda: ask("30002"), lambda: pay("30003", FEE)),
}
"""How the service is charged; what reaches the goal; what does not."""


@pytest.mark.parametrize("goal", GOALS)
async def test_only_who_did_it_within_the_days_has_reached_the_goal(db: Any, goal: str) -> None:
    mode, enough, not_enough = GOALS[goal]
    await provider(mode=mode)
    made = await written_to(goal)
    with clock.moved(LATER):
        await enough()
        await not_enough()
        assert await note_effects() == 1
    assert await reached(db, made) == {"30002": OPEN_DAY}


@pytest.mark.parametrize("goal", GOALS)
async def test_who_did_it_before_or_too_late_has_not(db: Any, goal: str) -> None:
    mode, enough, _not_enough = GOALS[goal]
    await provider(mode=mode)
    with clock.moved(NOON - timedelta(hours=1)):
        await enough()
    made = await written_to(goal)
    with clock.moved(LATER):
        await note_effects()
    assert await reached(db, made) == {}
    late = OPEN_DAY + timedelta(6)
    await days.close_days(by=SYSTEM, through=late - timedelta(1))
    with clock.moved(NOON + timedelta(days=6)):
        late_acts = {
            "tariff": lambda: services.change_tariff("30004", 1, by=SYSTEM, tariff="new"),
            "request": lambda: ask("30004"),
        }
        await late_acts.get(goal, lambda: pay("30004", 3 * FEE))()
        await note_effects()
    assert await reached(db, made) == {}
