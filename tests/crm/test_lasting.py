"""Until when money lasts: played once for an open day, true until somebody pays or promises."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from abonent.billing.queries.accounts import AccountView, look, read_account
from abonent.billing.rules.forecast import provisions
from abonent.billing.service.days import close_days
from abonent.billing.service.promises import give_promise
from abonent.crm.queries.campaigns import campaign_of, what_became
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.crm.service.campaigns.drafting import Draft
from abonent.crm.service.campaigns.examples import examples_of
from abonent.crm.service.campaigns.moving import launch_campaign
from abonent.crm.service.campaigns.sending import send_batch
from abonent.crm.service.lasting import AHEAD, look_ahead
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.money import format_money
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.reading import read_page
from tests.crm.test_campaigns import counted
from tests.crm.test_notices import NUMBER, pay
from tests.web.seed import small_provider


@pytest.fixture
async def near(db: Any) -> AccountView:
    """The account five days before its money ends; nobody has looked ahead yet."""
    await small_provider(db)
    view = await read_account(NUMBER, by=SYSTEM)
    assert view.outlook.until is not None
    await close_days(by=SYSTEM, through=view.outlook.until - timedelta(6))
    return await read_account(NUMBER, by=SYSTEM)


async def shown(since: date | None, until: date | None) -> dict[str, Any]:
    """The register with its filter: until when money lasts, by account."""
    given = [("column", "number"), ("column", "lasts")]
    given += [("lasts.from", str(since))] if since else []
    given += [("lasts.to", str(until))] if until else []
    asked = await read_asked(SUBSCRIBERS, given, by=SYSTEM)
    assert not asked.errors
    rows = (await read_page(SUBSCRIBERS, asked, by=SYSTEM)).rows
    return {row["number"]: row["lasts"] for row in rows}


async def test_the_register_shows_whose_money_ends_within_some_days(near: AccountView) -> None:
    until = near.outlook.until
    assert until is not None
    assert NUMBER not in await shown(None, until), "nobody has looked ahead yet"
    assert await look_ahead() >= 1
    assert (await shown(near.day, until))[NUMBER] == until
    assert NUMBER not in await shown(None, until - timedelta(1))
    assert NUMBER not in await shown(until + timedelta(1), None)
    for number, last in (await shown(near.day, near.day + AHEAD)).items():
        assert (await read_account(number, by=SYSTEM)).outlook.until == last


async def test_who_pays_or_promises_is_left_out_at_once(near: AccountView) -> None:
    await look_ahead()
    assert NUMBER in await shown(near.day, None)
    await pay(NUMBER, 9_900_000)
    assert NUMBER not in await shown(near.day, None)
    assert (await shown(None, None))[NUMBER] is None


async def test_a_promise_is_money_for_a_while(near: AccountView) -> None:
    await look_ahead()
    await give_promise(NUMBER, by=SYSTEM, amount=50000, days=5)
    assert NUMBER not in await shown(near.day, None)


async def test_days_are_played_once_and_anew_for_the_next_day(near: AccountView, db: Any) -> None:
    played = await look_ahead()
    assert played >= 1
    assert await look_ahead() == 0
    assert await db.fetchval("SELECT count(*) FROM crm_lasting") == played
    await pay(NUMBER, 9_900_000)
    await close_days(by=SYSTEM, through=near.day)
    await look_ahead()
    kept = (
        "SELECT count(*) FROM crm_lasting JOIN billing_account USING (account_id) WHERE number = $1"
    )
    assert await db.fetchval(kept, NUMBER) == 0


async def test_a_campaign_tells_of_the_charge_only_those_for_whom_money_runs_out(
    near: AccountView,
) -> None:
    until = near.outlook.until
    assert until is not None
    await look_ahead()
    noon = datetime.combine(near.day, time(9), UTC)
    draft = Draft(name="Скоро плата", channel="sms", template="pre-due", control=0, hourly=600)
    made = await counted(draft, at=noon)
    tally = (await campaign_of(made, by=SYSTEM)).counted
    assert tally
    assert tally.left >= 1
    assert tally.refused["NO_CHARGE"] >= 1
    with clock.moved(noon):
        told = {
            one.number: one.text for one in await examples_of(await campaign_of(made, by=SYSTEM))
        }
    asked = provisions((await look(NUMBER)).book, near.outlook)[0].amount
    day = until + timedelta(1)
    assert f"Внесите {format_money(asked, 'ru')} до {day:%d.%m.%Y}" in told[NUMBER]
    with clock.moved(noon):
        await launch_campaign(made, by=SYSTEM, typed=tally.left)
        await pay(NUMBER, 9_900_000)
        await send_batch(made)
    became = await what_became(made)
    assert became.sent == tally.left - 1, "who pays meanwhile is told nothing"
    assert became.refused["NO_CHARGE"] == tally.refused["NO_CHARGE"] + 1
